//! Runs programs: a command line in, an ending out.
//!
//! It knows processes and nothing of graphs, days or the cache. Behind the trait is a process on this machine
//! ([`local`]); a fake in tests, a cluster one day.

mod arguments;
mod child;
mod guard;
mod local;
mod processes;
mod script;
mod words;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

pub use local::LocalProcesses;
pub use script::script;

use crate::text;
use crate::usage::Usage;

/// A program to run.
#[derive(Debug)]
pub struct Job {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: BTreeMap<String, OsString>,
    pub folder: PathBuf,
    /// Takes everything that the program says; there is no such file if it says nothing.
    pub log: PathBuf,
    pub limits: Limits,
}

/// Variables that are the same for every program that does not declare others: they decide how text is sorted, how
/// numbers are written and what an hour is.
const FIXED: [(&str, &str); 2] = [("LANG", "C.UTF-8"), ("TZ", "UTC")];

impl Job {
    /// The variables that do not depend on who starts the runner, and where.
    fn variables(&self) -> BTreeMap<String, OsString> {
        let fixed = FIXED.map(|(name, value)| (name.to_string(), value.into()));
        fixed.into_iter().chain(self.environment.clone()).collect()
    }
}

/// What a program may take before it is ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    pub timeout: Option<Duration>,
    /// In bytes, of the program and all that it started.
    pub memory: Option<u64>,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ending {
    pub exit: Exit,
    /// The last lines that it said, without control characters.
    pub said: Vec<String>,
    pub usage: Usage,
}

/// What a program's end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Status(i32),
    Signal(i32),
    /// It took longer than it may, and was ended with all that it started.
    TimedOut(Duration),
    /// It took more memory than it may (in bytes), or the kernel ended it for want of memory.
    OutOfMemory(Option<u64>),
    /// It was told to end, or not started, because the run is.
    Stopped,
}

/// How programs are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// They are asked to end, and can still put things in order.
    Ask,
    Kill,
}

/// Runs jobs, from many threads at once.
pub trait Executor: Sync {
    /// Runs a program to its end. An error means that it could not be started.
    fn execute(&self, job: &Job) -> io::Result<Ending>;

    /// Starts no more programs; those that run go on.
    fn close(&self);

    /// Ends all programs that run, and starts no more.
    fn end(&self, force: Force);
}

/// Has the kernel tell of programs that end, also where whoever started the runner did not want to hear of its own: that is
/// handed down, and then nobody would know how a program ended.
#[expect(unsafe_code, reason = "there is no safe way to set what a signal does")]
pub fn hear_of_ends() {
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// Runs a program that talks to the person at the terminal, and waits for its end.
#[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
pub fn present(program: &Path, arguments: &[OsString]) -> io::Result<ExitStatus> {
    Command::new(program).args(arguments).stdin(Stdio::null()).status()
}

/// Runs a program and takes what it prints.
#[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
pub fn ask(program: &Path, arguments: &[OsString]) -> io::Result<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_string()))
}

impl std::fmt::Display for Exit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Exit::Done => formatter.write_str("exit status 0"),
            Exit::Status(status) => write!(formatter, "exit status {status}"),
            Exit::Signal(signal) => write!(formatter, "killed by signal {signal}"),
            Exit::TimedOut(limit) => write!(formatter, "took longer than {}", humantime::format_duration(*limit)),
            Exit::OutOfMemory(Some(limit)) => {
                write!(formatter, "out of memory: it took more than {}", text::size(*limit))
            }
            Exit::OutOfMemory(None) => formatter.write_str("out of memory: the kernel ended it"),
            Exit::Stopped => formatter.write_str("stopped"),
        }
    }
}
