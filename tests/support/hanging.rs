//! A run that is going on for as long as a test wants it to.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]
#![allow(clippy::disallowed_methods, reason = "tests start programs")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;

use crate::support::{Ended, Space, ended};
use crate::text_pipeline::new;

/// A run whose `take@2025-01-02` hangs, and a pipe that ends when its program does.
pub struct Hanging {
    pub space: Space,
    runner: Child,
    command: Command,
    program: File,
}

/// Starts a run and waits until the program that will hang is there.
pub fn hang(name: &str) -> Hanging {
    let space = new(name);
    let pipes = [space.path("block"), space.path("block.never")];
    assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
    space.write("data/words/2025-01-02.txt", format!("BLOCK {}\n", pipes[0].display()));
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03"]).stderr(Stdio::piped()).stdout(Stdio::piped());
    let runner = command.spawn().unwrap();
    // Opening a pipe to read waits for its writer, which is the program.
    let mut started = String::new();
    File::open(&pipes[0]).unwrap().read_to_string(&mut started).unwrap();
    assert!(!started.is_empty());
    // The program waits for a writer of the second pipe; being that writer, we let it go on to wait for words.
    let program = File::options().write(true).open(&pipes[1]).unwrap();
    Hanging { space, runner, command, program }
}

impl Hanging {
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.runner.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Looks until a text is seen: a program can be there a moment before the runner has written down that it is. It looks
    /// again whenever the journal has grown.
    pub fn look_for(&self, text: &str, look: impl Fn(&Space) -> Ended) -> Ended {
        let changes = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
        for run in fs::read_dir(self.space.path(".cache/v1/runs")).unwrap() {
            inotify::add_watch(&changes, run.unwrap().path(), inotify::WatchFlags::MODIFY).unwrap();
        }
        loop {
            let ended = look(&self.space);
            if ended.stdout.contains(text) {
                return ended;
            }
            let mut change = [PollFd::new(&changes, PollFlags::IN)];
            let changed = poll(&mut change, Some(&Timespec { tv_sec: 30, tv_nsec: 0 })).unwrap();
            assert!(changed > 0, "{text:?} is never seen\n{}", ended.stdout);
            rustix::io::read(&changes, &mut [0; 4096]).unwrap();
        }
    }

    /// Waits for the runner, then for the program: a pipe breaks when nobody is left to read it.
    pub fn wait(mut self) -> (Space, Ended) {
        let output = self.runner.wait_with_output().unwrap();
        let ended = ended(&self.command, output);
        while self.program.write(b"words\n").is_ok() {}
        (self.space, ended)
    }
}
