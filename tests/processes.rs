//! What becomes of the processes that a program starts: none outlives the program, its limits, or the runner.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};

use support::{Ended, Space, end, start};
use text_pipeline::{add_to_task, new, page, ran, run, runner};

/// The text pipeline in which `take@2025-01-02` first does this, in the shell. `$alive` is a pipe that [`words`] reads.
fn doing(name: &str, what: &str) -> Space {
    let space = new(name);
    let pipes = ["alive", "never"].map(|pipe| space.path(pipe));
    assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
    let [alive, never] = pipes.map(|pipe| pipe.display().to_string());
    let what =
        format!("if [ $day = 2025-01-02 ]; then alive={alive}; never={never}\n{what}\nfi\nfor file in $files; do");
    let program = space.read("take.sh").replacen("for file in $files; do", &what, 1);
    space.write_program("take.sh", &program);
    space
}

/// Starts a process with a session of its own, which nobody waits for and no signal to a group reaches. It says so, and
/// again after a minute if it is still there.
const DAEMON: &str =
    "setsid sh -c 'trap \"\" TERM HUP INT; exec 3>\"$0\"; echo started >&3; sleep 60; echo outlived >&3' $alive &";

/// All that is said into the pipe until nobody is left who could.
fn words(space: &Space) -> String {
    let mut words = String::new();
    File::open(space.path("alive")).unwrap().read_to_string(&mut words).unwrap();
    words
}

/// Starts `runner run` one node after another, says what is said into the pipe, and how the run ended.
fn run_and_listen(space: &Space) -> (String, Ended) {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--jobs", "1"]).stderr(Stdio::piped());
    let mut runner = start(&mut command);
    let words = words(space);
    // A program that should be gone goes on to its end, so that the test fails and does not wait for ever.
    drop(File::options().read(true).write(true).open(space.path("never")));
    let mut stderr = Vec::new();
    runner.0.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    let output = Output { status: runner.0.wait().unwrap(), stdout: Vec::new(), stderr };
    (words, support::ended(&command, output))
}

#[test]
fn whoever_starts_the_runner_need_not_want_to_hear_of_its_own_programs() {
    let space = new("deaf_parent");
    let mut shell = Command::new("sh");
    let words = "trap '' CHLD; exec \"$0\" run --from 2025-01-01 --to 2025-01-03";
    shell.args(["-c", words, env!("CARGO_BIN_EXE_runner")]).current_dir(&space.folder).stdin(Stdio::null());
    end(shell).with(0).says("9 nodes: 9 ran, 0 cached, 0 failed");
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    // The program goes on once the other is there.
    let space = doing("leaving_behind", &format!("{DAEMON}\nwhile [ ! -e $alive.there ]; do sleep 0.01; done"));
    let program = space.read("take.sh").replace("echo started >&3", "echo started >&3; : > \"$0\".there");
    space.write_program("take.sh", &program);
    let (words, ended) = run_and_listen(&space);
    assert_eq!(words, "started\n");
    ended.with(0);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_program_that_takes_too_long_and_will_not_end_is_killed_with_all_that_it_started() {
    let space = doing("too_long", &format!("trap '' TERM\n{DAEMON}\ncat $never"));
    add_to_task(&space, "take", "timeout: 300ms");
    let (words, ended) = run_and_listen(&space);
    assert_eq!(words, "started\n");
    ended.with(1).says("take@2025-01-02 failed: took longer than 300ms").says("4 ran, 0 cached, 1 failed, 4 skipped");
}

#[test]
fn a_program_that_takes_too_long_is_asked_to_end_first() {
    let space = doing("asked_first", "trap 'echo goodbye > $alive; exit 1' TERM\ncat $never & wait");
    add_to_task(&space, "take", "timeout: 300ms");
    let (words, ended) = run_and_listen(&space);
    assert_eq!(words, "goodbye\n");
    ended.with(1).says("took longer than 300ms");
}

#[test]
fn all_programs_end_with_a_runner_that_is_killed() {
    let space = doing("runner_killed", &format!("exec 4> $alive\n{DAEMON}\necho begun >&4\ncat $never"));
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03"]).stderr(Stdio::null());
    let mut runner = start(&mut command);
    let mut words = BufReader::new(File::open(space.path("alive")).unwrap());
    let mut said = String::new();
    while !said.contains("started") || !said.contains("begun") {
        assert!(words.read_line(&mut said).unwrap() > 0, "{said}");
    }
    runner.0.kill().unwrap();
    runner.0.wait().unwrap();
    words.read_to_string(&mut said).unwrap();
    assert!(!said.contains("outlived"), "{said}");
    // What is left waits for the next run.
    let program = space.read("take.sh").replace("cat $never", "").replace("setsid", "true");
    space.write_program("take.sh", &program.replace("exec 4> $alive", "exec 4> /dev/null"));
    run(&space, &[]).with(0);
}

#[test]
fn a_guard_has_a_name_of_its_own_and_hears_no_signal_that_can_be_ignored() {
    let space = doing(
        "guard_signalled",
        "cat /proc/$PPID/comm > $note.guard\nfor signal in TERM INT HUP QUIT; do kill -$signal $PPID; done",
    );
    run(&space, &[]).with(0).says("9 ran");
    assert_eq!(space.read("ran.guard"), "guard\n");
}

#[test]
fn a_guard_that_is_killed_fails_its_own_node_and_no_other() {
    let space = doing("guard_killed", "kill -9 $PPID; exec cat $never");
    run(&space, &["--jobs", "1"])
        .with(1)
        .says("take@2025-01-02 failed: killed by signal 9")
        .says("4 ran, 0 cached, 1 failed, 4 skipped");
}

#[test]
fn a_runner_waits_for_every_guard() {
    let space = doing("guards_awaited", "echo $PPID > $alive; cat $never");
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--jobs", "1"]).stderr(Stdio::null());
    let mut runner = start(&mut command);
    let guard: u32 = words(&space).trim().parse().unwrap();
    // Nodes ran before this one, and nothing is left of their guards.
    assert!(!ran(&space).is_empty());
    assert_eq!(children(runner.0.id()), [guard]);
    drop(File::options().write(true).open(space.path("never")).unwrap());
    assert!(runner.0.wait().unwrap().success());
}

/// The processes whose parent a process is, those among them that nobody has waited for.
fn children(parent: u32) -> Vec<u32> {
    let numbers =
        fs::read_dir("/proc").unwrap().filter_map(|process| process.unwrap().file_name().to_str()?.parse().ok());
    let is_child = |process: &u32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|text| text.trim() == parent.to_string()))
    };
    numbers.filter(is_child).collect()
}

#[test]
fn memory_counts_whichever_thread_has_started_what_takes_it() {
    let space = new("memory_of_threads");
    add_to_task(&space, "take", "memory: 60MB");
    let eater = "import subprocess, sys, threading\n\
                 eat = lambda: subprocess.run(['sh', '-c', 'head -c 200000000 /dev/zero | tail -c 200000000 | wc -c'])\n\
                 thread = threading.Thread(target=eat)\n\
                 thread.start()\n\
                 thread.join()\n";
    space.write("eat.py", eater);
    let eat = format!(
        "[ $day = 2025-01-02 ] && python3 {} > $note.eaten\nfor file in $files; do",
        space.path("eat.py").display()
    );
    let program = space.read("take.sh").replacen("for file in $files; do", &eat, 1);
    space.write_program("take.sh", &program);
    run(&space, &[]).says("take@2025-01-02 failed: out of memory: it took more than 60.0 MB; it is tried again alone");
}

#[test]
fn a_limit_beyond_what_a_clock_can_tell_is_no_limit() {
    let space = new("timeout_for_ever");
    add_to_task(&space, "take", "timeout: 500000000000y");
    run(&space, &[]).with(0).says("9 ran");
}

/// A program that understands a file of arguments, and fails while there is a file `fail`.
const COUNTER: &str = "#!/bin/sh\n\
    [ $# = 1 ] || exit 9\n\
    file=${1#@}\n\
    [ ! -e \"${0%/*}/fail\" ] || exit 7\n\
    grep -c '^names=' \"$file\" > \"$(sed -n 's/^text=//p' \"$file\")\"\n";

/// Names in such a number that they do not fit on the command line of the only program.
fn with_many_names(name: &str) -> Space {
    let space = Space::new(name);
    space.write_program("count.sh", COUNTER);
    space.write(
        "pipeline.yaml",
        "sources:\n  names: {path: names/**}\ntasks:\n  count:\n    run: ./count.sh\n    once: true\n    inputs: \
         {names: {source: names}}\n    outputs: {text: text.txt}\n",
    );
    for number in 0..2000 {
        space.write(&format!("data/names/{number:0>100}.txt"), "name\n");
    }
    space
}

/// Runs with a stack so small that Linux takes few arguments.
fn run_with_few_arguments(space: &Space) -> Ended {
    let runner = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    let mut command = space.command("/bin/sh", "sh");
    let runner = runner.get_program().display().to_string();
    command.arg("-c").arg(format!("ulimit -s 512; exec {runner} run --from 2025-01-01 --to 2025-01-01"));
    end(command)
}

#[test]
fn arguments_that_do_not_fit_on_a_command_line_come_in_a_file() {
    let space = with_many_names("many_names");
    run_with_few_arguments(&space).with(0).says("1 ran");
    let path = runner(&space, "path count").with(0);
    assert_eq!(fs::read_to_string(path.stdout.trim_end()).unwrap(), "2000\n");
    // That they came so is no part of the result, and the file is gone.
    run(&space, &[]).with(0).says("0 ran");
    assert!(!space.tree(".cache").iter().any(|(path, _)| path.contains("arguments")));
}

#[test]
fn a_script_to_run_by_hand_puts_them_into_a_file_too() {
    let space = with_many_names("many_names_by_hand");
    space.write("fail", "");
    let failed = run_with_few_arguments(&space).with(1);
    let script = failed.stderr.lines().find_map(|line| line.trim().strip_prefix("by hand  sh ")).unwrap();
    space.remove("fail");
    let mut command = space.command("/bin/sh", "sh");
    command.arg(script);
    let ended = end(command).with(0);
    let folder = ended.stderr.trim().strip_prefix("writing to ").unwrap();
    assert_eq!(fs::read_to_string(format!("{folder}/text.txt")).unwrap(), "2000\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_name_that_a_file_of_arguments_cannot_hold_is_refused() {
    let space = with_many_names("many_names_broken");
    space.write("data/names/two\nlines.txt", "name\n");
    run_with_few_arguments(&space)
        .with(1)
        .says("its arguments do not fit on a command line")
        .says("two\\nlines.txt\" cannot be handed over in a file: it holds a line break");
}
