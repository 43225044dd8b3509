//! What a node may take, how often it is tried, and what it may rest on.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use support::{Space, start};
use text_pipeline::{add_to_task, new, page, ran, run, runner};

/// The text pipeline with keys added to `take`, and the words of the second day.
fn with(name: &str, keys: &str, words: &str) -> Space {
    let space = new(name);
    add_to_task(&space, "take", keys);
    let folder = space.folder.display().to_string();
    space.write("data/words/2025-01-02.txt", words.replace("SPACE", &folder));
    space
}

/// How often a node's program was started.
fn times(space: &Space, node: &str) -> usize {
    ran(space).iter().filter(|ran| *ran == node).count()
}

/// Whether a process whose command line holds a text is there.
fn is_running(text: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        std::fs::read(path.join("cmdline")).ok()
    });
    processes.into_iter().any(|line| String::from_utf8_lossy(&line).contains(text))
}

#[test]
fn a_program_that_never_ends_is_ended_with_all_that_it_started() {
    let space = with("timeout", "timeout: 300ms", "SLEEP\n");
    // The number makes its process one that can be told from those of other tests.
    let program = space.read("take.sh");
    space.write_program("take.sh", &program.replace("sleep 1000", "sleep 31536000.1"));
    run(&space, &[])
        .with(1)
        .says("take@2025-01-02 failed: took longer than 300ms")
        .says("4 ran, 0 cached, 1 failed, 4 skipped");
    assert!(!is_running("31536000.1"), "what the program started has outlived it");
    space.write("data/words/2025-01-02.txt", "two\n");
    run(&space, &[]).with(0);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_program_that_fails_is_tried_again_as_often_as_its_task_allows() {
    let space = with("retries", "retries: 2\n    backoff: 10ms", "FAIL always\n");
    run(&space, &[])
        .with(1)
        .says("take@2025-01-02 failed: exit status 7; it is tried again in 10ms")
        .says("take@2025-01-02 failed: exit status 7; it is tried again in 20ms")
        .says("failed: take@2025-01-02");
    assert_eq!(times(&space, "take@2025-01-02"), 3);
    space.write("data/words/2025-01-02.txt", format!("ONCE {}/marker\ntwo\n", space.folder.display()));
    run(&space, &[]).with(0).says("tried again in 10ms").says("0 failed, 0 skipped");
    assert_eq!(times(&space, "take@2025-01-02"), 2);
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
}

#[test]
fn a_node_that_takes_too_much_memory_is_told_apart_and_tried_once_more_alone() {
    let space = with("memory", "memory: 40MB", "EAT 200000000\ntwo\n");
    run(&space, &[])
        .with(0)
        .says("take@2025-01-02 failed: out of memory: it took more than 40.0 MB; it is tried again alone")
        .says("0 failed");
    assert_eq!(times(&space, "take@2025-01-02"), 2);
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
}

/// How many programs run side by side when there is so much memory, as the runner says when it is interrupted. The first
/// `blocked` of them wait to be ended.
fn side_by_side(name: &str, memory: &str, blocked: usize) -> String {
    let space = with(name, "memory: 60MB", "two\n");
    let pipes: Vec<_> = (1..=blocked).map(|day| space.path(&format!("pause{day}"))).collect();
    for (day, pipe) in (1..).zip(&pipes) {
        let never = pipe.with_extension("never");
        assert!(Command::new("mkfifo").args([pipe, &never]).status().unwrap().success());
        space.write(&format!("data/words/2025-01-0{day}.txt"), format!("PAUSE {}\n", pipe.display()));
    }
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--jobs", "3", "--memory", memory]);
    let mut runner = start(command.stderr(Stdio::piped()));
    for pipe in &pipes {
        assert!(!std::fs::read_to_string(pipe).unwrap().is_empty());
    }
    let number = runner.0.id().to_string();
    let interrupt = || assert!(Command::new("kill").args(["-INT", &number]).status().unwrap().success());
    interrupt();
    let mut words = BufReader::new(runner.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said = words.find(|line| line.contains("nothing more is started")).unwrap();
    interrupt();
    words.for_each(drop);
    assert_eq!(runner.0.wait().unwrap().code(), Some(130));
    said
}

#[test]
fn no_more_nodes_run_side_by_side_than_fit_into_memory() {
    let one = side_by_side("memory_for_one", "100MB", 1);
    assert!(one.contains("and the 1 that run"), "{one}");
    let two = side_by_side("memory_for_two", "130MB", 2);
    assert!(two.contains("and the 2 that run"), "{two}");
}

#[test]
fn what_a_task_took_before_is_what_has_to_fit_where_nothing_is_declared() {
    let space = new("memory_learnt");
    for day in 1..=3 {
        space.write(&format!("data/words/2025-01-0{day}.txt"), format!("EAT 150000000\nword {day}\n"));
    }
    let run =
        |more: &[&str]| run(&space, &[&["--task", "take", "--force", "--memory", "200MB"], more].concat()).with(0);
    run(&["--jobs", "1"]);
    run(&["--jobs", "3"]);
    // Each program begins only after the one before has ended.
    let journals = space.tree(".cache/v1/runs").into_iter().filter(|(path, _)| path.ends_with("journal.jsonl"));
    let mut journals = journals.map(|(_, journal)| String::from_utf8(journal).unwrap());
    let events = journals.find(|journal| journal.contains("\"jobs\":3")).unwrap();
    let events = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].clone());
    let told: Vec<_> = events.filter(|event| event == "started" || event == "ran").collect();
    assert_eq!(told, ["started", "ran", "started", "ran", "started", "ran"]);
}

#[test]
fn fail_fast_ends_a_run_only_once_a_node_has_failed_for_good() {
    let words = "ONCE SPACE/marker\ntwo\n";
    let space = with("retries_fail_fast", "retries: 1\n    backoff: 10ms", words);
    run(&space, &["--fail-fast"]).with(0).says("it is tried again in 10ms").says("0 failed, 0 skipped");
    let space = with("memory_fail_fast", "memory: 40MB", "EAT 200000000\ntwo\n");
    run(&space, &["--fail-fast"]).with(0).says("it is tried again alone").says("0 failed, 0 skipped");
}

#[test]
fn an_input_that_changes_while_it_is_read_is_read_again() {
    let space = with("moved_once", "retries: 0", "MOVE SPACE/marker\ntwo\n");
    run(&space, &[])
        .with(0)
        .says("words/2025-01-02.txt changed while it was read; it is tried again at once")
        .says("0 failed");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\nmoved\n");
    ran(&space);
    run(&space, &[]).with(0).says("0 ran");
}

#[test]
fn an_input_that_changes_all_the_time_is_an_error_and_gives_no_result() {
    let space = with("moved_always", "retries: 0", "SHIFT now\ntwo\n");
    run(&space, &[]).with(1).says("take@2025-01-02 failed: ").says("words/2025-01-02.txt changed while it was read\n");
    assert_eq!(times(&space, "take@2025-01-02"), 2);
    assert!(!space.exists("data/output/dt=2025-01-02"));
    assert!(!space.exists(".cache/v1/results/take/2025-01-02"));
}

#[test]
fn a_program_that_is_replaced_while_it_runs_is_run_again() {
    let space = with("program_moved", "retries: 0", "MOVE SPACE/marker\ntwo\n");
    let program = space.read("take.sh").replace("echo moved >> \"$file\"", "echo \"# new\" >> \"$0\"");
    space.write_program("take.sh", &program);
    run(&space, &["--jobs", "1"]).with(0).says("take.sh changed while it was read");
    ran(&space);
    // What ran before the change is made again by the next run, for its program is another one.
    run(&space, &[]).with(0);
    run(&space, &[]).with(0).says("0 ran");
}

#[test]
fn a_row_may_not_rest_on_what_was_not_before_its_day() {
    // 2025-01-02T00:00:00Z in microseconds, and one less.
    for (newest, status) in [("1735776000000000", 1), ("1735775999999999", 0), ("null", 0), ("\"soon\"", 1)] {
        let report = format!("REPORT {{\"largest_timestamp\": {newest}}}\ntwo\n");
        let space = with(&format!("point_in_time_{}", newest.len()), "point_in_time: true", &report);
        for day in ["2025-01-01", "2025-01-03"] {
            space.write(&format!("data/words/{day}.txt"), "REPORT {\"largest_timestamp\": null}\n");
        }
        let ended = run(&space, &[]).with(status);
        if status == 1 {
            let spelled = if newest.starts_with('1') { "2025-01-02T00:00:00Z" } else { newest };
            ended.says(&format!(
                "take@2025-01-02 failed: it used an event of {spelled}, but a row of 2025-01-02 may rest only on what \
                 was before that day"
            ));
            assert!(!space.exists("data/output/dt=2025-01-02"));
        }
    }
    let space = with("point_in_time_silent", "point_in_time: true", "two\n");
    run(&space, &[]).with(1).says("its report names no `largest_timestamp`");
}

#[test]
fn an_output_that_is_cut_off_or_leads_elsewhere_is_no_result() {
    let space = new("cut_off");
    let pipeline =
        space.read("pipeline.yaml").replacen("outputs: {text: text.txt}", "outputs: {text: text.parquet}", 1);
    space.write("pipeline.yaml", pipeline);
    run(&space, &["--task", "take"])
        .with(1)
        .says("its output `text` is not a whole Parquet file: text.parquet, 4 bytes");
    let space = new("linked");
    let program =
        space.read("take.sh").replace("exit 0\n", "mv \"$out\" \"$note.txt\"; ln -s \"$note.txt\" \"$out\"\n");
    space.write_program("take.sh", &program);
    run(&space, &["--task", "take"]).with(1).says("its output `text` is not a plain file: text.txt");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(space.path("ran.txt")).unwrap().permissions());
    assert_ne!(mode & 0o200, 0, "what the link leads to was left alone");
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    for (keys, message) in [
        ("timeout: soon", "`soon` is not a length of time"),
        ("timeout: 0s", "`0s` is not a length of time"),
        ("memory: much", "`much` is not an amount of memory"),
        ("memory: 500", "`500` is not an amount of memory"),
        ("retries: -1", "expected a whole number"),
        ("backoff: 1", "`1` is not a length of time"),
    ] {
        let space = with("limits_refused", keys, "two\n");
        run(&space, &[]).with(2).says(message).says(&format!("    {keys}\n"));
    }
    let space = with("memory_refused", "retries: 0", "two\n");
    for (size, said) in [
        ("lots", "write a number with a unit, such as 500MB or 2GiB"),
        ("8", "write a number with a unit, such as 8GB"),
    ] {
        runner(&space, &format!("run --from 2025-01-01 --to 2025-01-01 --memory {size}")).with(2).says(said);
    }
}
