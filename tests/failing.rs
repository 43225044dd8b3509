//! What a failure costs, what it says, and what is left behind when everything ends at once.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/hanging.rs"]
mod hanging;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;
use std::process::Command;

use hanging::hang;
use support::Space;
use text_pipeline::{new, page, ran, run};

#[test]
fn a_failing_day_stops_only_what_depends_on_it() {
    let space = new("failing_day");
    space.write("data/words/2025-01-01.txt", "FAIL the first day is bad\n");
    // The look-back of the later days reaches the first one, so only a day beyond it is untouched.
    space.write("data/words/2025-01-04.txt", "four\n");
    let ended = text_pipeline::run_days(&space, "2025-01-01", "2025-01-04", &[])
        .with(1)
        .says("take@2025-01-01 failed: exit status 7")
        .says("it says: the first day is bad")
        .says("failed: take@2025-01-01")
        .says("12 nodes: 5 ran, 0 cached, 1 failed, 6 skipped");
    assert_eq!(page(&space, "2025-01-04"), "two\nthree\nfour\n");
    assert!(!space.exists("data/output/dt=2025-01-03"));
    let log = ended.stderr.lines().find_map(|line| line.trim().strip_prefix("log      ")).unwrap();
    assert_eq!(space.read(log), "it says: the first day is bad\n");
    space.write("data/words/2025-01-01.txt", "one\n");
    ran(&space);
    text_pipeline::run_days(&space, "2025-01-01", "2025-01-04", &[]).with(0).says("7 ran, 5 cached");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_failure_gives_a_command_that_fails_in_the_same_way_by_hand() {
    let space = new("by_hand");
    space.write("data/words/2025-01-02.txt", "FAIL it's \"bad\" $HOME\n");
    let failed = run(&space, &[]).with(1);
    let script = failed.stderr.lines().find_map(|line| line.trim().strip_prefix("by hand  ")).unwrap();
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(&space.folder);
        support::end(command)
    };
    shell(script).with(7).says("it says: it's \"bad\" $HOME");
    space.write("data/words/2025-01-02.txt", "two\n");
    let out = shell(script).with(0).says("writing to ").stderr;
    let folder = out.lines().find_map(|line| line.strip_prefix("writing to ")).unwrap();
    assert_eq!(fs::read_to_string(format!("{folder}/text.txt")).unwrap(), "two\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_failed_rerun_leaves_the_published_day_in_place() {
    let space = new("failed_rerun");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-03.txt", "FAIL later\n");
    run(&space, &[]).with(1);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn fail_fast_starts_nothing_more() {
    let space = new("fail_fast");
    space.write("data/words/2025-01-01.txt", "FAIL at once\n");
    run(&space, &["--fail-fast", "--jobs", "1"]).with(1).says("0 ran, 0 cached, 1 failed, 8 skipped");
    assert_eq!(ran(&space), ["take@2025-01-01"]);
}

#[test]
fn a_program_killed_by_a_signal_or_silent_about_its_output_has_failed() {
    let space = new("silent_program");
    space.write("data/words/2025-01-01.txt", "SILENT\n").write("data/words/2025-01-02.txt", "DIE\n");
    run(&space, &[])
        .with(1)
        .says("take@2025-01-01 failed: it ended well without writing its output `text`")
        .says("take@2025-01-02 failed: killed by signal 9");
    run(&space, &[]).with(1).says("2 failed");
}

#[test]
fn what_a_program_says_is_shown_beside_its_node() {
    let space = new("said");
    space.write("data/words/2025-01-01.txt", "SAY warning: \u{1b}[31mred\u{7}\none\n");
    run(&space, &[]).with(0).says("take@2025-01-01: warning: [31mred\n");
}

#[test]
fn a_missing_program_is_named_before_anything_runs() {
    let space = new("missing_program");
    space.remove("page.sh");
    run(&space, &[]).with(2).says("the program of the task `page` is not there").says("page.sh");
    assert!(ran(&space).is_empty());
    run(&space, &["--task", "recent"]).with(0);
}

/// The same command again, without what made it hang, gives what an undisturbed run gives.
fn recovers(space: &Space, name: &str) {
    space.write("data/words/2025-01-02.txt", "two\n");
    run(space, &[]).with(0);
    let undisturbed = new(name);
    run(&undisturbed, &[]).with(0);
    assert_eq!(space.tree("data/output"), undisturbed.tree("data/output"));
    assert!(space.tree(".cache/v1/work").is_empty(), "{:?}", space.tree(".cache/v1/work"));
}

#[test]
fn ctrl_c_ends_the_programs_and_leaves_nothing_half_made() {
    for (signal, name) in [("-INT", "ctrl_c"), ("-TERM", "terminated")] {
        let hanging = hang(name);
        hanging.signal(signal);
        let (space, ended) = hanging.wait();
        let ended = ended.with(130).says("interrupted").does_not_say("failed: take");
        assert!(!ended.stderr.contains("panicked"));
        assert!(space.tree(".cache/v1/work").is_empty());
        assert!(!space.exists("data/output/dt=2025-01-02"));
        recovers(&space, &format!("{name}_undisturbed"));
    }
}

#[test]
fn a_killed_runner_takes_its_programs_along_and_the_next_run_repairs() {
    let hanging = hang("killed");
    hanging.signal("-KILL");
    let (space, ended) = hanging.wait();
    ended.with(-9);
    assert!(!space.tree(".cache/v1/work").is_empty(), "what was killed left its work behind");
    recovers(&space, "killed_undisturbed");
}
