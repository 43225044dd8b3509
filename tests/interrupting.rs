//! What happens when a run is asked to end: once, twice, and with programs that will not.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use support::Space;
use text_pipeline::{new, page, ran, run, runner};

/// A run whose `take@2025-01-02` has begun and waits.
struct Waiting {
    space: Space,
    runner: Child,
    words: BufReader<ChildStderr>,
    /// The program goes on when this is gone.
    program: Option<File>,
}

fn wait(name: &str, program: impl Fn(String) -> String) -> Waiting {
    let space = new(name);
    space.write_program("take.sh", &program(space.read("take.sh")));
    let pipes = [space.path("pause"), space.path("pause.never")];
    assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
    space.write("data/words/2025-01-02.txt", format!("PAUSE {}\ntwo\n", pipes[0].display()));
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--jobs", "1"]);
    let mut runner = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut started = String::new();
    File::open(&pipes[0]).unwrap().read_to_string(&mut started).unwrap();
    assert!(!started.is_empty());
    let program = Some(File::options().write(true).open(&pipes[1]).unwrap());
    Waiting { words: BufReader::new(runner.stderr.take().unwrap()), space, runner, program }
}

impl Waiting {
    /// Asks the runner to end, and waits until it says that it has heard.
    fn interrupt(&mut self) {
        self.signal();
        let mut heard = String::new();
        while !heard.contains("interrupted: nothing more is started, and the 1 that run") {
            assert!(self.words.read_line(&mut heard).unwrap() > 0, "{heard}");
        }
    }

    fn signal(&self) {
        assert!(Command::new("kill").args(["-INT", &self.runner.id().to_string()]).status().unwrap().success());
    }

    fn end(mut self) -> (Space, String) {
        let mut said = String::new();
        self.words.read_to_string(&mut said).unwrap();
        assert_eq!(self.runner.wait().unwrap().code(), Some(130), "{said}");
        (self.space, said)
    }
}

/// A program that does not end when it is asked to.
fn stubborn(program: String) -> String {
    program.replacen("#!/bin/sh\n", "#!/bin/sh\ntrap '' TERM INT\n", 1)
}

#[test]
fn before_programs_run_there_is_nothing_to_wait_for() {
    for (signal, name) in [("-INT", "early_interrupt"), ("-TERM", "early_end")] {
        let space = new(name);
        run(&space, &[]).with(0);
        // A run that removes results is waited for.
        let lock = File::options().write(true).open(space.path(".cache/v1/in-use")).unwrap();
        lock.lock().unwrap();
        let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
        command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--force"]).stderr(Stdio::piped());
        let mut runner = command.spawn().unwrap();
        let mut words = BufReader::new(runner.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("waiting for ") {
            assert!(words.read_line(&mut said).unwrap() > 0, "{said}");
        }
        assert!(Command::new("kill").args([signal, &runner.id().to_string()]).status().unwrap().success());
        assert_eq!(runner.wait().unwrap().code(), Some(130), "{said}");
        words.read_to_string(&mut said).unwrap();
        assert!(said.ends_with("\ninterrupted\n"), "{said}");
        drop(lock);
        ran(&space);
        run(&space, &[]).with(0).says("0 ran, 9 cached");
    }
}

#[test]
fn a_program_that_ends_soon_after_an_interruption_has_its_result_kept() {
    let mut waiting = wait("grace", |program| program);
    waiting.interrupt();
    waiting.program = None;
    let (space, said) = waiting.end();
    assert!(said.contains("ran take@2025-01-02"), "{said}");
    assert!(said.contains("4 ran, 0 cached, 0 failed, 5 skipped") && said.contains(", interrupted"), "{said}");
    ran(&space);
    runner(&space, "retry").with(0);
    let left = ["page@2025-01-02", "page@2025-01-03", "recent@2025-01-02", "recent@2025-01-03", "take@2025-01-03"];
    assert_eq!(ran(&space), left);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_second_interruption_ends_programs_at_once_even_those_that_will_not() {
    let mut waiting = wait("twice", stubborn);
    waiting.interrupt();
    waiting.signal();
    let (space, said) = waiting.end();
    assert!(said.contains("3 ran, 0 cached, 0 failed, 6 skipped"), "{said}");
    assert!(!said.contains("failed: take"), "{said}");
    space.write("data/words/2025-01-02.txt", "two\n");
    runner(&space, "retry").with(0).says("6 ran");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_program_that_will_not_end_is_ended_after_a_while() {
    let mut waiting = wait("stubborn", stubborn);
    waiting.interrupt();
    let (space, said) = waiting.end();
    assert!(said.contains("3 ran, 0 cached, 0 failed, 6 skipped"), "{said}");
    space.write("data/words/2025-01-02.txt", "two\n");
    run(&space, &[]).with(0).says("6 ran, 3 cached");
}
