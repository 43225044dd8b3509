//! What a failure costs, what it says, and what is left behind when everything ends at once.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/hanging.rs"]
mod hanging;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;
use std::path::Path;
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

/// A pipeline whose `take` also writes the rows that it rejected.
fn rejecting(name: &str) -> Space {
    let space = new(name);
    let program = space.read("take.sh");
    // Its first output is the text, its second the rejected rows.
    let program = program
        .replace("--out) out=${2#*=} ;;", "--out) case $2 in rejected=*) bad=${2#*=};; *) out=${2#*=};; esac ;;");
    let program = program.replace("for file in $files", "grep '^bad' $files > \"$bad\" || :\nfor file in $files");
    space.write_program("take.sh", &program);
    let pipeline = space.read("pipeline.yaml");
    let outputs = "outputs: {text: text.txt, rejected: rejected.txt}";
    space.write("pipeline.yaml", pipeline.replacen("outputs: {text: text.txt}", outputs, 1));
    space
}

#[test]
fn the_rows_that_a_failed_node_rejected_are_kept_where_one_looks_for_them() {
    let space = rejecting("rejected_of_failed");
    let path = |space: &Space| text_pipeline::runner(space, "path take@2025-01-02 --output rejected").with(0);
    space.write("data/words/2025-01-02.txt", "bad before\ntwo\n");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "bad one\nFAIL\n");
    run(&space, &[]).with(1).says("  rows     runner show take@2025-01-02 --output rejected\n");
    run(&space, &["--pipeline", "pipeline.yaml"])
        .with(1)
        .says("  rows     runner show take@2025-01-02 --output rejected --pipeline pipeline.yaml\n");
    text_pipeline::runner(&space, "why page@2025-01-02")
        .with(0)
        .says("note: take@2025-01-02 failed in run 20")
        .says(": exit status 7; `runner log take@2025-01-02` shows what it said\n");
    let found = path(&space).says("note: these are the rows that take@2025-01-02 rejected when it failed in run 20");
    assert_eq!(fs::read_to_string(found.stdout.trim()).unwrap(), "bad one\n");
    // Once it is made, its own rows are what one wants.
    space.write("data/words/2025-01-02.txt", "bad two\ntwo\n");
    run(&space, &[]).with(0);
    let found = path(&space).does_not_say("note");
    assert_eq!(fs::read_to_string(found.stdout.trim()).unwrap(), "bad two\n");
}

#[test]
fn what_was_rejected_in_a_run_is_one_line_with_the_worst_node() {
    let space = rejecting("rejected_summed");
    for (day, odd) in [(1, 3), (2, 40), (3, 7)] {
        let words = format!("REPORT {{\"rejected\": {{\"odd\": {odd}, \"even\": 1}}}}\nbad\nword {day}\n");
        space.write(&format!("data/words/2025-01-0{day}.txt"), words);
    }
    let look = "look with `runner show take@2025-01-02 --output rejected`";
    let ended = run(&space, &["--json"])
        .with(0)
        .says(&format!("\n53 rows were rejected, most by take@2025-01-02 (41): 50 x odd, 3 x even; {look}\n"));
    assert_eq!(ended.stderr.matches("rejected, ").count(), 1);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(told["rejected"]["take@2025-01-03"], serde_json::json!({"odd": 7, "even": 1}));
    run(&space, &[]).with(0).does_not_say("rejected");
    let space = new("rejected_alone");
    space.write("data/words/2025-01-02.txt", "REPORT {\"rejected\": {\"odd\": 1}}\ntwo\n");
    run(&space, &[]).with(0).says("\n1 row was rejected, by take@2025-01-02: 1 x odd; look with `runner runs last`\n");
}

#[test]
fn a_program_that_reads_of_a_run_hears_what_people_hear() {
    let space = new("told_as_json");
    space.write("data/words/2025-01-01.txt", "SAY it is late\none\n");
    space.write("data/words/2025-01-03.txt", "FAIL the third day is bad\n");
    let ended = run(&space, &["--json"]).with(1);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let failure = &told["failures"][0];
    assert_eq!((&failure["node"], &failure["message"]), (&"take@2025-01-03".into(), &"exit status 7".into()));
    assert_eq!(failure["said"], serde_json::json!(["it says: the third day is bad"]));
    assert_eq!(told["warnings"], serde_json::json!(["take@2025-01-01: it is late"]));
    assert_eq!(told["published"], serde_json::json!(["page@2025-01-01", "page@2025-01-02"]));
}

#[test]
fn a_missing_program_is_named_before_anything_runs() {
    let space = new("missing_program");
    space.remove("page.sh");
    run(&space, &[]).with(2).says("the program of the task `page` is not there").says("page.sh");
    assert!(ran(&space).is_empty());
    run(&space, &["--task", "recent"]).with(0);
}

#[test]
fn where_threads_run_out_a_run_is_slow_or_says_so_and_leaves_nothing_half_made() {
    let space = new("few_threads");
    let library = space.path("few_threads.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/support/few_threads.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).args([&library, &source]);
    assert!(compiler.arg("-ldl").status().unwrap().success(), "{compiler:?}");
    let mut done = 0;
    for threads in 0..8 {
        let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
        command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--force"]);
        command.env("LD_PRELOAD", &library).env("FEW_THREADS", threads.to_string());
        let ended = support::end(command).does_not_say("fault of the runner");
        if ended.status == 0 {
            done += 1;
            assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
        } else {
            ended.with(2).says("error: cannot ");
        }
        assert!(space.tree(".cache/v1/work").is_empty(), "with {threads} threads");
    }
    assert!(done > 0, "some threads are enough");
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
