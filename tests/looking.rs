//! Looking at results that are kept: which one is found, what is said when it is not that of now, and that a look
//! changes nothing.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use support::{Ended, Space, end};
use text_pipeline::{new, ran, run};

fn path(space: &Space, arguments: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.arg("path").args(arguments);
    end(command)
}

#[track_caller]
fn content(ended: &Ended) -> String {
    std::fs::read_to_string(ended.stdout.trim_end()).unwrap()
}

#[test]
fn a_path_leads_to_the_result_of_now() {
    let space = new("path_of_now");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "two\n");
    let found = path(&space, &["recent@2025-01-03"]).with(0).does_not_say("note");
    assert_eq!(content(&found), "one\ntwo\nthree\n", "the older of two results is the one of now");
}

#[test]
fn a_result_that_is_not_that_of_now_is_shown_with_a_note() {
    let space = new("path_of_then");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    let found = path(&space, &["recent@2025-01-03"]).with(0);
    assert_eq!(content(&found), "one\ntwo\nthree\n");
    found.says(
        "note: this is the newest result there is, but not that of now: it reads take@2025-01-02, which would run",
    );
    path(&space, &["take@2025-01-02"]).with(0).says("not that of now: changed words/2025-01-02.txt");
    space.remove("data/words");
    path(&space, &["take@2025-01-02"]).with(0).says("not that of now: raw files that it needs are missing");
}

#[test]
fn a_look_writes_nothing() {
    let space = new("look_writes_nothing");
    path(&space, &["recent@2025-01-03"])
        .with(2)
        .says("recent@2025-01-03 has no result yet")
        .says("make it with: runner run --task recent --from 2025-01-03 --to 2025-01-03");
    assert!(!space.exists(".cache") && ran(&space).is_empty());
    run(&space, &[]).with(0);
    let before = space.tree(".");
    path(&space, &["recent@2025-01-03"]).with(0);
    assert!(space.tree(".") == before);
}

#[test]
fn a_wrong_address_is_refused_with_a_way_out() {
    let space = new("wrong_address");
    path(&space, &["recnt@2025-01-03"]).with(2).says("did you mean `recent`?");
    path(&space, &["recent"]).with(2).says("`recent` runs once a day: name one, such as recent@2025-08-16");
    path(&space, &["recent@2025-1-3"])
        .with(2)
        .says("`2025-1-3` is not a day; a day is written YYYY-MM-DD, `today` or `yesterday`, as in recent@2025-08-16");
    path(&space, &["recent@2025-01-03", "--output", "txt"]).with(2).says("`recent` has no output `txt`; it has text");
}

#[test]
fn a_path_is_printed_as_it_is() {
    let space = new("path_as_it_is");
    let cache = "a\tcache \u{202e}\u{1b}[31m";
    run(&space, &["--cache", cache]).with(0);
    let found = path(&space, &["take@2025-01-02", "--cache", cache]).with(0);
    assert_eq!(content(&found), "two\n");
    assert!(found.stdout.contains(cache), "{:?}", found.stdout);
}

#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let space = new("nowhere_to_write");
    run(&space, &[]).with(0);
    for arguments in [
        "status --from 2025-01-01 --to 2025-01-03 --json",
        "run --from 2025-01-01 --to 2025-01-03 --json",
        "path take@2025-01-02",
    ] {
        let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let child =
            command.args(arguments.split(' ')).stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        support::ended(&command, output)
            .with(2)
            .says("error: cannot write what was asked for: No space left on device");
    }
}

#[test]
fn a_hint_is_a_command_that_works_from_here() {
    let space = new("hints");
    let elsewhere = Space::new("hints_elsewhere");
    let pipeline = space.path("pipeline.yaml").display().to_string();
    space.write("data/words/2025-01-02.txt", "FAIL always\n");
    let runner = |arguments: &str| {
        let mut command = elsewhere.command(env!("CARGO_BIN_EXE_runner"), "runner");
        command.args(arguments.split(' '));
        end(command)
    };
    // Every verb takes the same places.
    let places = format!(
        "--pipeline {pipeline} --data {} --cache my --output out --compact packed",
        space.path("data").display()
    );
    let failed = runner(&format!("run --from 2025-01-01 --to 2025-01-03 {places}")).with(1);
    let retry = format!("retry {places}");
    let failed = failed.says(&format!("`runner {retry}` does what is left"));
    assert!(!failed.stderr.contains("`runner retry`"));
    runner(&retry).with(1).says(&format!("`runner {retry}` does what is left")).says("did not make 5 nodes");
    space.write("data/words/2025-01-02.txt", "two\n");
    runner(&retry).with(0);
    assert!(elsewhere.exists("out/dt=2025-01-03/text.txt"));
    for verb in [
        "plan --from 2025-01-01 --to 2025-01-03",
        "status --from 2025-01-01 --to 2025-01-03",
        "why take@2025-01-02",
        "runs",
        "log take@2025-01-02",
        "graph",
        "cache size",
        "cache gc",
        "cache verify",
    ] {
        runner(&format!("{verb} {places}")).with(0);
    }
    runner(&format!("runs nope {places}")).with(2).says(&format!("`runner runs {places}` lists them"));
}
