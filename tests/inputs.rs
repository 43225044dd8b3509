//! Which raw files are found, which days that makes, and what is said about those that are missing.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::os::unix::fs::PermissionsExt;

use support::Space;
use text_pipeline::{new, page, ran, run, run_days, runner};

#[test]
fn days_without_files_are_named_with_their_place_and_all_others_are_made() {
    let space = new("missing_days");
    space.write("data/words/2025-01-07.txt", "seven\n").write("data/words/2025-01-06.txt", "six\n");
    run_days(&space, "2025-01-02", "2025-01-07", &[])
        .with(3)
        .says("3 of 6 days cannot be made")
        .says("  2025-01-04..2025-01-05  words: no file for 2025-01-04..2025-01-05; looked for words/{day}.txt\n")
        .says("  2025-01-06              words: no file for 2025-01-05, the newest day that is looked back on; ")
        .says("not made for want of raw files: 2025-01-04..2025-01-06 (3 of 6 days)\n");
    assert!(["2025-01-03", "2025-01-07"].iter().all(|day| space.exists(&format!("data/output/dt={day}"))));
}

#[test]
fn a_source_without_a_single_file_is_named_with_the_place_looked_for() {
    let space = new("missing_source");
    space.remove("data/words");
    run(&space, &[]).with(3).says("words: not a single file; looked for words/{day}.txt");
    space.write("data/words/2025-01-01.txt", "one\n");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace(", optional: true}\ntasks", "}\ntasks"));
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(3).says("names: not a single file; looked for names.txt");
}

#[test]
fn an_optional_source_is_used_when_it_is_there() {
    let space = new("optional_source");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/names.txt", "Ada\n");
    run(&space, &[]).with(0).says("added names.txt");
    assert_eq!(ran(&space), ["page@2025-01-01", "page@2025-01-02", "page@2025-01-03"]);
    assert_eq!(page(&space, "2025-01-01"), "one\nAda\n");
}

#[test]
fn days_before_a_source_begins_are_no_fault() {
    let space = new("source_begins");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).does_not_say("warning");
    assert_eq!(page(&space, "2025-01-01"), "one\n");
}

#[test]
fn an_older_gap_is_a_warning_with_its_days_and_an_error_if_gaps_are_refused() {
    let space = new("gap");
    for day in ["2024-12-24", "2024-12-28", "2024-12-31"] {
        space.write(&format!("data/words/{day}.txt"), "early\n");
    }
    let warning = "words: no files for 2024-12-25..2024-12-27, 2024-12-29..2024-12-30 (words/{day}.txt)";
    run(&space, &[]).with(0).says(&format!("warning: {warning}"));
    assert_eq!(page(&space, "2025-01-01"), "early\none\n");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("words: {", "words: {gaps: refuse, "));
    let refused = "words: no files for 2024-12-30 (words/{day}.txt) and its gaps are refused";
    run(&space, &[])
        .with(3)
        .says(&format!("  2025-01-01  {refused}"))
        .says("not made for want of raw files: 2025-01-01 (1 of 3 days)");
    space.write("pipeline.yaml", space.read("pipeline.yaml").replace("lookback_days: 2", "lookback_days: null"));
    run(&space, &[])
        .with(3)
        .says("nothing ran")
        .says("words: no files for 2024-12-25..2024-12-27, 2024-12-29..2024-12-30 ");
}

#[test]
fn a_day_is_not_made_without_the_newest_day_that_it_looks_back_on() {
    let space = new("gap_newest");
    space.write("data/words/2025-01-05.txt", "five\n").write("data/words/2025-01-06.txt", "six\n");
    run_days(&space, "2025-01-05", "2025-01-06", &[])
        .with(3)
        .says("  2025-01-05  words: no file for 2025-01-04, the newest day that is looked back on; looked for words/2025-01-04.txt\n")
        .says("`gaps: allow` for the source `words` in pipeline.yaml makes such days without it\n")
        .says("warning: words: no files for 2025-01-04 (words/{day}.txt)")
        .says("not made for want of raw files: 2025-01-05 (1 of 2 days)");
    assert_eq!(page(&space, "2025-01-06"), "five\nsix\n", "it lacks an older day, and that was told");
    assert!(!space.exists("data/output/dt=2025-01-05"));
    let pipeline = space.read("pipeline.yaml").replace("words: {", "words: {gaps: allow, ");
    space.write("pipeline.yaml", pipeline);
    run_days(&space, "2025-01-05", "2025-01-06", &[]).with(0).says("warning: words: no files for 2025-01-04 ");
    assert_eq!(page(&space, "2025-01-05"), "three\nfive\n");
}

/// Words and sayings of a day are taken together, whichever of them there is; months of them stand in for their days.
fn two_sources(name: &str) -> Space {
    let space = new(name);
    let pipeline =
        space.read("pipeline.yaml").replace("  names: {", "  sayings: {path: 'sayings/{day}.txt'}\n  names: {");
    let pipeline = pipeline.replace(
        "    inputs: {raw: {source: words}}",
        "    inputs: {words: {source: words, optional: true}, sayings: {source: sayings, optional: true}}",
    );
    space.write("pipeline.yaml", pipeline);
    for day in 1..=3 {
        space.write(&format!("data/sayings/2025-01-0{day}.txt"), "a saying\n");
    }
    space
}

#[test]
fn a_day_of_one_source_is_a_gap_although_another_has_it_and_both_are_optional() {
    let space = two_sources("gap_of_one");
    space.remove("data/sayings/2025-01-02.txt");
    run_days(&space, "2025-01-03", "2025-01-03", &[])
        .with(3)
        .says("nothing ran")
        .says("sayings: no file for 2025-01-02, the newest");
    run_days(&space, "2025-01-02", "2025-01-02", &[]).with(0).says("warning: sayings: no files for 2025-01-02");
    space.write("data/sayings/2025-01-02.txt", "found\n");
    run_days(&space, "2025-01-03", "2025-01-03", &[]).with(0).does_not_say("warning");
    assert_eq!(page(&space, "2025-01-03"), "one\na saying\ntwo\nfound\nthree\na saying\n");
    space.remove("data/sayings");
    run(&space, &[]).with(3).says("nothing ran").says("sayings: not a single file; looked for sayings/{day}.txt");
}

#[test]
fn a_day_that_a_look_back_waits_for_keeps_from_being_made_what_looks_back_on_that_in_turn() {
    let space = new("gap_in_turn");
    let pipeline = space.read("pipeline.yaml");
    let later = "  later:\n    run: ./take.sh\n    inputs: {before: {from: recent.text, lookback_days: 2}, today: {source: words}}\n    \
                 outputs: {text: text.txt}\n  page:";
    space.write("pipeline.yaml", pipeline.replace("  page:", later));
    for day in ["2025-01-05", "2025-01-06", "2025-01-07"] {
        space.write(&format!("data/words/{day}.txt"), "late\n");
    }
    // Without the fourth there is no `recent` of the fifth, which is the newest that `later` of the sixth looks back on.
    run_days(&space, "2025-01-06", "2025-01-07", &["--task", "later"])
        .with(3)
        .says("  2025-01-06  words: no file for 2025-01-04, the newest day")
        .says("(1 of 2 days)");
}

#[test]
fn a_month_that_is_over_hides_no_day_that_is_waited_for() {
    let space = two_sources("gap_and_month");
    let month = "  month:\n    run: ./take.sh\n    every: month\n    inputs: {text: {from: take.text}}\n    outputs: {text: \
                 text.txt}\n  recent:";
    let pipeline = space.read("pipeline.yaml").replace("  recent:", month).replace(
        "before: {from: take.text, lookback_days: 2}",
        "months: {from: month.text, lookback_days: 40}\n      before: {from: take.text, lookback_days: 40, without: months}",
    );
    space.write("pipeline.yaml", pipeline);
    for day in 4..=31 {
        for source in ["words", "sayings"] {
            space.write(&format!("data/{source}/2025-01-{day:02}.txt"), "more\n");
        }
    }
    for source in ["words", "sayings"] {
        space
            .write(&format!("data/{source}/2025-02-01.txt"), "more\n")
            .write(&format!("data/{source}/2025-02-02.txt"), "more\n");
    }
    space.remove("data/sayings/2025-01-31.txt");
    run_days(&space, "2025-02-01", "2025-02-02", &[])
        .with(3)
        .says("  2025-02-01  sayings: no file for 2025-01-31, the newest day")
        .says("(1 of 2 days)")
        .says("warning: sayings: no files for 2025-01-31 ");
}

#[test]
fn all_or_nothing_can_be_asked_for() {
    let space = new("strict");
    run_days(&space, "2025-01-03", "2025-01-04", &["--strict"])
        .with(3)
        .says("nothing ran, as --strict asks for all days or none")
        .says("words: no file for 2025-01-04; looked for words/2025-01-04.txt");
    assert!(ran(&space).is_empty() && !space.exists(".cache"));
    run_days(&space, "2025-01-02", "2025-01-03", &["--strict"]).with(0);
}

#[test]
fn nothing_runs_for_a_day_that_is_not_made() {
    let space = new("missing_only");
    space.write("data/words/2025-01-05.txt", "five\n").write("data/words/2025-01-09.txt", "nine\n");
    run_days(&space, "2025-01-05", "2025-01-05", &[]).with(3).says("nothing ran");
    run_days(&space, "2025-01-03", "2025-01-09", &[])
        .with(3)
        .says("not made for want of raw files: 2025-01-04..2025-01-09 (6 of 7 days)");
    let made = ["page@2025-01-03", "recent@2025-01-03", "take@2025-01-01", "take@2025-01-02", "take@2025-01-03"];
    assert_eq!(ran(&space), made);
}

#[test]
fn a_failure_counts_for_more_than_missing_files_and_retry_does_both_when_they_have_come() {
    let space = new("missing_and_failed");
    space.write("data/words/2025-01-02.txt", "FAIL on purpose\n");
    run_days(&space, "2025-01-01", "2025-01-04", &[])
        .with(1)
        .says("not made for want of raw files: 2025-01-04 (1 of 4 days)");
    space.write("data/words/2025-01-02.txt", "two\n");
    runner(&space, "retry").with(3).says("words: no file for 2025-01-04");
    space.write("data/words/2025-01-04.txt", "four\n");
    runner(&space, "retry").with(0);
    assert_eq!(page(&space, "2025-01-04"), "two\nthree\nfour\n");
    runner(&space, "retry").with(0).says("left nothing undone");
}

#[test]
fn a_plan_names_what_would_not_be_made_and_says_so_with_its_exit_status() {
    let space = new("missing_plan");
    let plan = runner(&space, "plan --from 2025-01-03 --to 2025-01-04 --json").with(3);
    let plan: serde_json::Value = serde_json::from_str(&plan.says("words: no file for 2025-01-04").stdout).unwrap();
    assert_eq!(plan["nodes"], 5);
    assert_eq!(plan["not_made"][0]["days"], serde_json::json!(["2025-01-04"]));
    let run: serde_json::Value =
        serde_json::from_str(&run_days(&space, "2025-01-03", "2025-01-04", &["--json"]).with(3).stdout).unwrap();
    assert_eq!(run["not_made"], plan["not_made"]);
    assert_eq!(run["not_made"][0]["reason"], "words: no file for 2025-01-04; looked for words/2025-01-04.txt");
}

#[test]
fn centuries_without_a_file_are_one_line() {
    let space = new("missing_centuries");
    let ended = run_days(&space, "1700-01-01", "2025-01-03", &[]).with(3);
    assert!(ended.stderr.lines().filter(|line| line.contains("1700")).count() <= 2, "{}", ended.stderr);
    let ended =
        ended.says("1700-01-01..2024-12-31  words: no file for 1700-01-01..2024-12-31; looked for words/{day}.txt");
    ended.says("9 nodes: ");
    let status = runner(&space, "status --from 1700-01-01 --to 2025-01-03").with(0).stdout;
    assert!(status.lines().count() < 30, "{status}");
}

#[test]
fn days_can_be_counted_back_from_yesterday_and_called_by_their_names() {
    let space = new("last_days");
    run_days(&space, "yesterday", "today", &[]).with(3).says("nothing ran").says("words: no file for ");
    runner(&space, "run --last 2 --to 2025-01-03").with(0);
    assert_eq!(ran(&space).iter().filter(|node| node.starts_with("page")).count(), 2);
    runner(&space, "plan --last 1 --to 2025-01-01").with(0);
    runner(&space, "run --last 0").with(2);
    runner(&space, "run --last 4000000000").with(2).says("is not in 1..=36525");
    runner(&space, "run --last 2 --from 2025-01-01").with(2).says("cannot be used with");
    runner(&space, "run --from 2025-01-01").with(2).says("--to <DAY>");
    // Whatever day it is, what ends with yesterday is not there.
    runner(&space, "status --last 3").with(0).says("3 of 3 days cannot be made");
    runner(&space, "why take@yesterday").with(3).says("words: no file for ");
}

#[test]
fn a_look_back_takes_its_days_and_no_more_at_both_ends() {
    let space = new("look_back_ends");
    space.write("data/words/2025-01-04.txt", "four\n").write("data/words/2025-01-05.txt", "five\n");
    run_days(&space, "2025-01-04", "2025-01-05", &[]).with(0);
    assert_eq!(page(&space, "2025-01-04"), "two\nthree\nfour\n");
    assert_eq!(page(&space, "2025-01-05"), "three\nfour\nfive\n");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("lookback_days: 2", "lookback_days: null"));
    run_days(&space, "2025-01-05", "2025-01-05", &[]).with(0);
    assert_eq!(page(&space, "2025-01-05"), "one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn hidden_files_are_ignored_and_files_of_a_day_come_in_order_of_name() {
    let space = new("files_of_a_day");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("'words/{day}.txt'", "'words/dt={day}/*'"));
    for (name, word) in [("b.txt", "b"), ("a.txt", "a"), ("_SUCCESS", "no"), (".a.crc", "no"), ("B.txt", "B")] {
        space.write(&format!("data/words/dt=2025-01-01/{name}"), format!("{word}\n"));
    }
    space.write("data/words/dt=2025-01-01/deeper/c.txt", "no\n").write("data/words/dt=yesterday/a.txt", "no\n");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).does_not_say("SUCCESS").does_not_say("crc");
    assert_eq!(page(&space, "2025-01-01"), "B\na\nb\n");
    ran(&space);
    space.write("data/words/dt=2025-01-01/c.txt", "c\n");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).says("added words/dt=2025-01-01/c.txt");
    assert_eq!(page(&space, "2025-01-01"), "B\na\nb\nc\n");
}

#[test]
fn a_pipeline_is_found_from_a_folder_below_and_its_paths_start_at_its_own_folder() {
    let space = new("folder_below");
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.current_dir(space.path("data/words")).args(["run", "--from", "2025-01-01", "--to", "2025-01-01"]);
    support::end(command).with(0);
    assert_eq!(page(&space, "2025-01-01"), "one\n");
}

#[test]
fn the_folders_can_be_given_on_the_command_line() {
    let space = new("given_folders");
    space.write("elsewhere/words/2025-01-01.txt", "uno\n");
    let folders = ["--data", "elsewhere", "--output", "there/out", "--cache", "there/cache"];
    run_days(&space, "2025-01-01", "2025-01-01", &folders).with(0);
    assert_eq!(space.read("there/out/dt=2025-01-01/text.txt"), "uno\n");
    assert!(space.exists("there/cache/v1") && !space.exists(".cache"));
}

#[test]
fn a_published_day_is_replaced_whole_and_put_back_if_it_is_missing_or_edited() {
    let space = new("published_day");
    run(&space, &[]).with(0);
    let day = "data/output/dt=2025-01-02";
    space.write(&format!("{day}/stale.txt"), "left by something else\n");
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(space.tree(day).len(), 1);
    space.remove(day);
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    space.remove(&format!("{day}/text.txt")).write(&format!("{day}/text.txt"), "edited\n");
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    let hidden: Vec<_> = space.tree("data/output").into_iter().filter(|(path, _)| path.starts_with('.')).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn results_are_read_only() {
    let space = new("read_only_results");
    run(&space, &[]).with(0);
    let mode = std::fs::metadata(space.path("data/output/dt=2025-01-01/text.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o222, 0);
}

#[test]
fn nonsense_on_the_command_line_is_refused_with_a_way_out() {
    let space = new("nonsense");
    run_days(&space, "2025-01-03", "2025-01-01", &[]).with(2).says("--from 2025-01-03 is after --to 2025-01-01");
    run_days(&space, "2025-02-30", "2025-03-01", &[]).with(2).says("`2025-02-30` is not a day");
    run(&space, &["--task", "recnet"]).with(2).says("unknown task `recnet`").says("did you mean `recent`?");
    run(&space, &["--jobs", "0"]).with(2);
    run(&space, &["--pipeline", "nowhere.yaml"]).with(2).says("nowhere.yaml: cannot be read");
    assert!(ran(&space).is_empty());
}
