//! What a task is asked to report: what falls short is told with both numbers and read by nothing, be its result new or
//! kept.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use support::Space;
use text_pipeline::{add_to_task, new, page, ran, run, run_days, runner};

/// The text pipeline whose `take` is asked for something, over days that report these numbers of `rows`.
fn reporting(name: &str, expect: &str, rows: &[u64]) -> Space {
    let space = new(name);
    add_to_task(&space, "take", &format!("expect: {expect}"));
    for (place, rows) in rows.iter().enumerate() {
        report(&space, place + 1, *rows);
    }
    space
}

fn report(space: &Space, day: usize, rows: u64) {
    let words = format!("REPORT {{\"rows\": {rows}, \"rejected\": {{\"odd\": 2, \"even\": 1}}}}\nword {day}\n");
    space.write(&format!("data/words/2025-01-{day:02}.txt"), words);
}

#[test]
fn a_day_that_reports_too_little_fails_with_both_numbers_and_nothing_reads_it() {
    let space = reporting("too_little", "{rows: {min: 10}}", &[10, 9, 11]);
    run(&space, &["--jobs", "1"])
        .with(1)
        .says("take@2025-01-02 failed: it reports 9 `rows`, but `expect` in pipeline.yaml asks for at least 10\n")
        .says("  skipped  4 that need it")
        .says("9 nodes: 4 ran, 0 cached, 1 failed, 4 skipped");
    assert!(space.exists("data/output/dt=2025-01-01") && !space.exists("data/output/dt=2025-01-02"));
    // What was made is kept: it falls short again without being made again, until less is asked for.
    ran(&space);
    run(&space, &[]).with(1).says("take@2025-01-02 failed: it reports 9 `rows`").says("0 ran, 4 cached, 1 failed");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("min: 10", "min: 9"));
    run(&space, &[]).with(0).says("4 ran, 5 cached");
    assert!(!ran(&space).contains(&"take@2025-01-02".to_string()));
    assert_eq!(page(&space, "2025-01-02"), "word 1\nword 2\n");
}

#[test]
fn what_is_asked_later_is_asked_of_results_that_are_kept_and_every_verb_says_so() {
    let space = reporting("asked_later", "{rows: {min: 1}}", &[10, 9, 11]);
    run(&space, &[]).with(0);
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("min: 1}", "min: 10}"));
    let short = "it reports 9 `rows`, but `expect` in pipeline.yaml asks for at least 10";
    let days = "--from 2025-01-01 --to 2025-01-03";
    let status = runner(&space, &format!("status {days}")).with(0).stdout;
    assert!(status.contains(&format!("failed    take@2025-01-02    {short}")), "{status}");
    let why = runner(&space, "why take@2025-01-02").with(0).stdout;
    assert!(why.contains(&format!("take@2025-01-02 would fail because {short}")), "{why}");
    let why = runner(&space, "why take@2025-01-02 --json").with(0).stdout;
    assert!(why.contains("\"would_fail\""), "{why}");
    let plan = runner(&space, &format!("plan {days}")).with(0).stdout;
    assert!(plan.contains("would fail take@2025-01-02") && plan.contains(short), "{plan}");
    runner(&space, "path take@2025-01-02")
        .with(0)
        .says(&format!("this result falls short, and nothing reads it: {short}"));
    run(&space, &[])
        .with(1)
        .says(&format!("take@2025-01-02 failed: {short}"))
        .says("0 ran, 4 cached, 1 failed, 4 skipped");
    let status = runner(&space, &format!("status {days}")).with(0).stdout;
    assert!(status.contains(&format!("failed    take@2025-01-02    {short}")), "{status}");
    run(&space, &["--verify"]).with(1).says(short);
}

#[test]
fn a_day_is_compared_with_the_median_of_the_days_before_however_many_run_at_once() {
    // Of the two weeks before the last day, most have 10; the first days would lower the median if they counted.
    let mut rows = vec![1, 1, 1, 1];
    rows.extend([10; 12]);
    rows.extend([1000, 4, 5]);
    let space = reporting("share", "{rows: {min_share: 0.5}}", &rows);
    let days = ["2025-01-01", "2025-01-19"];
    let short = "it reports 4 `rows`, but `expect` in pipeline.yaml asks for at least 5: 0.5 of 10, the median of the 14 \
                 days before";
    run_days(&space, days[0], days[1], &["--jobs", "8", "--task", "take"])
        .with(1)
        .says(&format!("take@2025-01-18 failed: {short}\n"))
        .says("19 nodes: 18 ran, 0 cached, 1 failed");
    // The first of a pipeline has nothing to be compared with, and says nothing of it.
    let space = reporting("share_first", "{rows: {min_share: 0.5}}", &[1, 100, 20]);
    run(&space, &["--jobs", "8"]).with(1).says("it reports 20 `rows`").does_not_say("take@2025-01-01 failed");
    run(&space, &["--jobs", "8"]).with(1).says("asks for at least 25.25: 0.5 of 50.5, the median of the 2 days before");
}

#[test]
fn days_that_fell_short_are_no_measure_for_those_after_them() {
    let mut rows = vec![100; 3];
    rows.extend([1; 20]);
    let space = reporting("short_streak", "{rows: {min_share: 0.5}}", &rows);
    for day in [15, 23] {
        run_days(&space, "2025-01-01", &format!("2025-01-{day}"), &["--task", "take"])
            .with(1)
            .says(&format!("take@2025-01-{day} failed: it reports 1 `rows`, but"))
            .says(&format!("{day} nodes: "))
            .says(&format!("{} failed", day - 3))
            .does_not_say("the median of the 4 days before");
    }
}

#[test]
fn a_day_that_is_kept_is_compared_with_the_days_before_as_this_run_makes_them() {
    let space = reporting("measure_made_again", "{rows: {min_share: 0.5}}", &[10, 10, 10]);
    run(&space, &[]).with(0);
    for day in [1, 2] {
        report(&space, day, 100);
    }
    let short =
        "take@2025-01-03 failed: it reports 10 `rows`, but `expect` in pipeline.yaml asks for at least 50: 0.5 of 100";
    run(&space, &[]).with(1).says(short).says("1 failed, 2 skipped");
    run(&space, &[]).with(1).says(short).says("0 ran, 6 cached, 1 failed, 2 skipped");
    // With the files as they were, what was made of the others is no measure.
    for day in [1, 2] {
        report(&space, day, 10);
    }
    run(&space, &[]).with(0).says("9 cached, 0 failed");
    run(&space, &[]).with(0).says("9 cached, 0 failed");
}

#[test]
fn a_number_that_is_not_reported_is_an_error_that_lists_those_that_are() {
    let space = reporting("unnamed", "{row: {min: 1}}", &[1, 1, 1]);
    run(&space, &[]).with(1).says(
        "take@2025-01-01 failed: its report names no number `row`, which `expect` in pipeline.yaml asks about; it names \
         rejected, rows\n",
    );
    let space = new("unnamed_silent");
    add_to_task(&space, "take", "expect: {rows: {min: 1}}");
    run(&space, &[]).with(1).says("it names no number at all");
    let space = reporting("summed", "{rejected: {min: 4}}", &[1, 1, 1]);
    run(&space, &[]).with(1).says("it reports 3 `rejected`, but");
}

#[test]
fn point_in_time_that_is_turned_on_later_is_asked_of_results_that_are_kept() {
    let space = new("later_point_in_time");
    for (day, newest) in [(1, "null"), (2, "1735776000000000"), (3, "1735776000000000")] {
        let words = format!("REPORT {{\"largest_timestamp\": {newest}}}\nword\n");
        space.write(&format!("data/words/2025-01-0{day}.txt"), words);
    }
    run(&space, &[]).with(0);
    add_to_task(&space, "take", "point_in_time: true");
    run(&space, &[])
        .with(1)
        .says("take@2025-01-02 failed: it used an event of 2025-01-02T00:00:00Z, but a row of 2025-01-02 may rest only")
        .does_not_say("take@2025-01-03 failed")
        .says("0 ran, 4 cached, 1 failed, 4 skipped");
}

#[test]
fn what_cannot_be_asked_is_refused_where_it_stands() {
    for (expect, message) in [
        ("{rows: {}}", "nothing is asked of `rows`"),
        ("{rows: {minimum: 1}}", "unknown key `minimum`"),
        ("{rows: {min: many}}", "expected a number, found `many`"),
        ("{rows: {min_share: 0}}", "`0` is not a share"),
        ("{rows: {min_share: 50}}", "`50` is not a share"),
        ("{rows: {min_share: .nan}}", "`NaN` is not a share"),
        ("{rows: {min: .inf}}", "`inf` is not a number that can be reached"),
    ] {
        let space = reporting("expect_refused", expect, &[]);
        run(&space, &[]).with(2).says(message).says(&format!("    expect: {expect}\n"));
    }
    let space = reporting("expect_once", "{rows: {min_share: 0.5}}", &[]);
    let pipeline = space.read("pipeline.yaml").replacen("run: ./take.sh", "run: ./take.sh\n    once: true", 1);
    space.write("pipeline.yaml", pipeline);
    run(&space, &[]).with(2).says("a task that runs once for all days has no days before");
}
