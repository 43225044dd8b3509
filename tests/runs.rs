//! `runner runs` and `runner log`: what runs of the past tell of themselves, and what their programs said.
#![expect(clippy::disallowed_methods, reason = "tests rename files")]

#[path = "support/hanging.rs"]
mod hanging;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use hanging::hang;
use serde_json::Value;
use support::{Ended, Space, end};
use text_pipeline::{new, ran, run, run_days};

fn runner(space: &Space, arguments: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(arguments);
    end(command)
}

fn runs(space: &Space, arguments: &[&str]) -> Ended {
    runner(space, &[&["runs"], arguments].concat())
}

fn log(space: &Space, arguments: &[&str]) -> Ended {
    runner(space, &[&["log"], arguments].concat())
}

fn json(ended: Ended) -> Value {
    serde_json::from_str(&ended.with(0).stdout).unwrap()
}

/// The names of all runs, the newest first.
fn names(space: &Space) -> Vec<String> {
    let listed = json(runs(space, &["--json", "--all"]));
    listed.as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap().to_string()).collect()
}

#[track_caller]
fn shows(ended: &Ended, part: &str) {
    assert!(ended.stdout.contains(part), "{part:?} is not in\n{}", ended.stdout);
}

#[test]
fn a_run_is_listed_with_what_it_was_asked_and_what_came_of_it() {
    let space = new("runs_listed");
    runs(&space, &[]).with(0).says("nothing ran yet that left a journal");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "FAIL now\n");
    run_days(&space, "2025-01-02", "2025-01-03", &["--task", "take", "--task", "recent+", "--force"]).with(1);
    let listed = runs(&space, &[]).with(0);
    let lines: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "a header and two lines a run\n{}", listed.stdout);
    assert!(lines[1].ends_with("s  failed") && lines[3].ends_with("s  done"), "{}", listed.stdout);
    assert_eq!(lines[2], "    2025-01-02..2025-01-03 take recent+, forced: 1 ran, 1 cached, 1 failed, 4 skipped");
    assert_eq!(lines[4], "    2025-01-01..2025-01-03: 9 ran, 0 cached, 0 failed, 0 skipped");
    let newest = json(runs(&space, &["--json", "-n", "1"]));
    assert_eq!(newest.as_array().unwrap().len(), 1);
    let newest = &newest[0];
    assert_eq!((&newest["end"], &newest["tasks"][1], &newest["ran"]), (&"failed".into(), &"recent+".into(), &1.into()));
    assert_eq!(newest["run"], names(&space)[0]);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    runner(&space, &["retry"]).with(0);
    shows(&runs(&space, &["-n", "1"]).with(0), ", 5 nodes left of an earlier run: ");
}

#[test]
fn a_run_is_running_until_it_is_killed_or_interrupted() {
    for (signal, name, end) in [("-KILL", "runs_killed", "killed"), ("-INT", "runs_interrupted", "interrupted")] {
        let hanging = hang(name);
        let listed = runs(&hanging.space, &[]).with(0);
        assert!(listed.stdout.lines().nth(1).unwrap().ends_with("s  running"), "{}", listed.stdout);
        shows(&listed, " of 9 nodes");
        hanging.look_for("\nrecent@2025-01-01  ran ", |space| runs(space, &["last"]).with(0));
        hanging.look_for("\ntake@2025-01-02    running ", |space| runs(space, &["last"]).with(0));
        hanging.signal(signal);
        let (space, _) = hanging.wait();
        let listed = runs(&space, &[]).with(0);
        assert!(listed.stdout.lines().nth(1).unwrap().ends_with(&format!("  {end}")), "{}", listed.stdout);
        let outcome = if end == "killed" { "killed" } else { "stopped" };
        shows(&runs(&space, &["last"]).with(0), &format!("\ntake@2025-01-02    {outcome} "));
    }
}

#[test]
fn a_run_tells_of_each_program_that_it_started() {
    let space = new("runs_told");
    let pipeline = space.read("pipeline.yaml");
    space.write(
        "pipeline.yaml",
        pipeline.replacen("run: ./take.sh", "run: ./take.sh\n    retries: 2\n    backoff: 10ms", 1),
    );
    let reporting =
        space.read("take.sh").replace("day=once", "echo '{\"rejected\": {\"not a word\": 3}}' > \"$TASK_REPORT\"");
    space.write_program("take.sh", &reporting).write("data/words/2025-01-02.txt", "FAIL now\n");
    run(&space, &[]).with(1);
    let told = runs(&space, &["last"]).with(0);
    let line = |start: &str| {
        told.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| {
            panic!("nothing begins with {start:?}\n{}", told.stdout);
        })
    };
    assert!(line("take@2025-01-01").ends_with("  never ran before"), "{}", told.stdout);
    let failed: Vec<&str> = line("take@2025-01-02").split_whitespace().collect();
    assert_eq!(failed[1..3], ["failed", "3"], "it was tried three times");
    shows(&told, "\n    exit status 7\n");
    assert_eq!(line("skipped"), "skipped      4  take@2025-01-02 failed");
    assert_eq!(line("rejected"), "rejected     3  take@2025-01-01  not a word");
    shows(&told, "\nrejected     6  rows in all\n");
    shows(&told, "nodes    4 ran, 0 cached, 1 failed, 4 skipped\n");
    assert!(!told.stdout.contains("page@2025-01-02"), "what was skipped is summed\n{}", told.stdout);
    let told = json(runs(&space, &["last", "--json"]));
    let program = told["programs"].as_array().unwrap().iter().find(|node| node["node"] == "take@2025-01-02").unwrap();
    assert_eq!((&program["attempts"], &program["message"]), (&3.into(), &"exit status 7".into()));
    assert!(program["peak_memory"].as_u64().unwrap() > 0 && program["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(told["skipped_because"]["take@2025-01-02 failed"], 4);
}

#[test]
fn a_run_is_found_by_enough_of_its_name() {
    let space = new("runs_found");
    run(&space, &[]).with(0);
    run(&space, &["--force"]).with(0);
    let names = names(&space);
    for (written, meant) in
        [("last", &names[0]), (&names[1][..], &names[1]), (&names[0][..names[0].len() - 1], &names[0])]
    {
        shows(&runs(&space, &[written]).with(0), &format!("run      {meant}, done"));
    }
    // A whole name is that run, even if it begins the name of another.
    let longer = format!("{}0", names[0]);
    std::fs::rename(
        space.path(&format!(".cache/v1/runs/{}", names[1])),
        space.path(&format!(".cache/v1/runs/{longer}")),
    )
    .unwrap();
    shows(&runs(&space, &[&names[0]]).with(0), &format!("run      {}, done", names[0]));
    shows(&runs(&space, &[&longer]).with(0), &format!("run      {longer}, done"));
    runs(&space, &["2"]).with(2).says("`2` could be ").says("write more of it");
    runs(&space, &["lst"]).with(2).says("no run `lst`");
}

/// Says which attempt it is, in colour, and fails.
const SPEAKER: &str = r#"#!/bin/sh
echo try >> TRIES
printf 'try %s \033[31mred\007\n' $(wc -l < TRIES) >&2
exit 7
"#;

#[test]
fn a_log_is_that_of_the_attempt_that_is_asked_for() {
    let space = new("log_attempt");
    let pipeline = space.read("pipeline.yaml");
    space.write(
        "pipeline.yaml",
        pipeline.replacen("run: ./take.sh", "run: ./take.sh\n    retries: 2\n    backoff: 10ms", 1),
    );
    space.write_program("take.sh", &SPEAKER.replace("TRIES", &space.path("tries").display().to_string()));
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(1);
    let last = log(&space, &["take@2025-01-01"]).with(0).says("attempt  3 of 3\noutcome  failed: exit status 7");
    assert_eq!(last.stdout, "try 3 [31mred\n", "without what a terminal would act on");
    let first = log(&space, &["take@2025-01-01", "--attempt", "1"]).with(0).says("attempt  1 of 3");
    assert_eq!(first.stdout, "try 1 [31mred\n");
    log(&space, &["take@2025-01-01", "--attempt", "4"]).with(2).says("no attempt 4 in run 2").says("the last is 3");
    let told = json(log(&space, &["take@2025-01-01", "--json", "--attempt", "2"]));
    assert_eq!((&told["log"], &told["attempt"], &told["attempts"]), (&"try 2 [31mred\n".into(), &2.into(), &3.into()));
}

#[test]
fn a_log_is_that_of_the_newest_run_that_started_the_program() {
    let space = new("log_newest");
    space.write("data/words/2025-01-01.txt", "SAY one\n").write("data/words/2025-01-02.txt", "SAY two\n");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "SAY two again\nFAIL\n");
    run(&space, &[]).with(1);
    assert_eq!(log(&space, &["take@2025-01-01"]).with(0).stdout, "one\n");
    assert_eq!(log(&space, &["take@2025-01-02"]).with(0).stdout, "two again\nit says:\n".replace(":\n", ": \n"));
    let first = &names(&space)[1];
    assert_eq!(log(&space, &["take@2025-01-02", "--run", first]).with(0).says(first).stdout, "two\n");
    let last = |node: &str| log(&space, &[node, "--run", "last"]).with(2);
    last("take@2025-01-01").says("take@2025-01-01 did not run in run 2").says("it had a result already");
    last("page@2025-01-02").says("it was skipped, because take@2025-01-02 failed");
    last("page@2031-01-01").says("it was not among its nodes");
}

#[test]
fn a_program_that_said_nothing_has_nothing_to_show() {
    let space = new("log_silent");
    run(&space, &[]).with(0);
    let silent = log(&space, &["take@2025-01-03"]).with(0).says("outcome  ran").says("take@2025-01-03 said nothing");
    assert_eq!(silent.stdout, "");
}

#[test]
fn a_log_that_is_not_there_is_explained() {
    let space = new("log_explained");
    log(&space, &["tke@2025-01-01"]).with(2).says("unknown task `tke`\ndid you mean `take`?");
    log(&space, &["take@2025-1-1"])
        .with(2)
        .says("a day is written YYYY-MM-DD, `today` or `yesterday`, as in take@2025-08-16");
    log(&space, &["take@2025-01-01"]).with(2).says("no run has started take@2025-01-01 yet");
    run(&space, &[]).with(0);
    log(&space, &["take@2031-01-01"]).with(2).says("no run has started take@2031-01-01 yet");
    let name = &names(&space)[0];
    space.remove(".cache/v1/runs");
    let gone = format!("take@2025-01-01 was made by run {name}, whose journal and logs are not there any more");
    log(&space, &["take@2025-01-01"]).with(2).says(&gone);
}

#[test]
fn a_look_at_the_past_writes_nothing() {
    let space = new("runs_write_nothing");
    for arguments in [&["runs"][..], &["log", "take@2025-01-01"]] {
        runner(&space, arguments);
    }
    assert!(!space.exists(".cache") && ran(&space).is_empty());
    run(&space, &[]).with(0);
    let before = space.tree(".");
    for arguments in [&["runs"][..], &["runs", "last"], &["log", "take@2025-01-01"]] {
        runner(&space, arguments).with(0);
    }
    assert!(space.tree(".") == before);
}
