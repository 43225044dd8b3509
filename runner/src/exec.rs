//! Runs programs: a command line in, an ending out.
//!
//! It knows processes and nothing of graphs, days or the cache. Behind the trait is a process on this machine; a fake
//! in tests, a cluster one day.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long programs have to end by themselves when they are told to.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(10);
/// How much of the end of a log is read back.
const TAIL: u64 = 16 * 1024;
/// How many lines of it are kept.
const TAIL_LINES: usize = 20;

/// Variables that a program may see without their being declared; what they hold is not part of a result.
const ORDINARY: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR"];

/// A program to run.
#[derive(Debug)]
pub struct Job {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: BTreeMap<String, OsString>,
    pub folder: PathBuf,
    /// Takes everything that the program says.
    pub log: PathBuf,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ending {
    pub exit: Exit,
    /// The last lines of its log.
    pub said: Vec<String>,
    pub seconds: f64,
}

/// What a program's end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Status(i32),
    Signal(i32),
    /// It was told to end, or not started, because the run is.
    Stopped,
}

/// Runs jobs, from many threads at once.
pub trait Executor: Sync {
    /// Runs a program to its end. An error means that it could not be started.
    fn execute(&self, job: &Job) -> io::Result<Ending>;

    /// Ends all programs that run, and starts no more.
    fn stop(&self);
}

/// Programs as processes of this machine. Each leads a process group of its own, which ends with it, and dies with the
/// runner whatever becomes of that.
#[derive(Debug, Default)]
pub struct LocalProcesses {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    groups: BTreeSet<i32>,
}

impl LocalProcesses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    fn signal_all(&self, signal: Signal) {
        for group in &self.state().groups {
            signal_group(*group, signal);
        }
    }
}

impl Executor for LocalProcesses {
    fn execute(&self, job: &Job) -> io::Result<Ending> {
        let started = Instant::now();
        let mut command = command(job)?;
        let mut child = {
            let mut state = self.state();
            if state.stopping {
                return Ok(Ending { exit: Exit::Stopped, said: Vec::new(), seconds: 0.0 });
            }
            let child = command.spawn()?;
            state.groups.insert(child.id() as i32);
            child
        };
        let status = child.wait();
        let stopping = {
            let mut state = self.state();
            state.groups.remove(&(child.id() as i32));
            state.stopping
        };
        signal_group(child.id() as i32, Signal::KILL);
        Ok(Ending {
            exit: exit(status?, stopping),
            said: last_lines(&job.log)?,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    fn stop(&self) {
        self.state().stopping = true;
        self.signal_all(Signal::TERM);
        let until = Instant::now() + GRACE;
        while Instant::now() < until && !self.state().groups.is_empty() {
            thread::sleep(LOOK);
        }
        self.signal_all(Signal::KILL);
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
fn command(job: &Job) -> io::Result<Command> {
    let log = File::create(&job.log)?;
    let mut command = Command::new(&job.program);
    command
        .args(&job.arguments)
        .env_clear()
        .envs(ORDINARY.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(&job.environment)
        .current_dir(&job.folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    die_with_parent(&mut command);
    Ok(command)
}

/// Asks the kernel to kill the program when the thread that started it ends, which it does not while the runner lives.
#[expect(unsafe_code, reason = "between fork and exec only calls that are safe there may be made; both of these are")]
fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    let ask = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The runner may have died before the kernel was asked.
        if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    };
    unsafe { command.pre_exec(ask) };
}

fn signal_group(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        // It fails when nobody is left to be told, which is what is wanted.
        let _ = kill_process_group(group, signal);
    }
}

fn exit(status: ExitStatus, stopping: bool) -> Exit {
    match (status.code(), status.signal()) {
        (Some(0), _) => Exit::Done,
        _ if stopping => Exit::Stopped,
        (Some(code), _) => Exit::Status(code),
        (None, signal) => Exit::Signal(signal.unwrap_or(0)),
    }
}

/// The last lines of a log, without control characters.
fn last_lines(log: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(log)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let clean = |line: &str| line.trim_end().chars().filter(|character| !character.is_control()).collect::<String>();
    let lines: Vec<String> = text.lines().map(clean).filter(|line| !line.is_empty()).collect();
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].to_vec())
}

/// Runs a program that talks to the person at the terminal, and waits for its end.
#[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
pub fn present(program: &Path, arguments: &[OsString]) -> io::Result<ExitStatus> {
    Command::new(program).args(arguments).stdin(Stdio::null()).status()
}

/// A job as a script for `sh`, so that a person can run it; it writes into a new folder and says which.
///
/// `outputs` maps the paths that the job writes to to names in that folder.
pub fn script(name: &str, job: &Job, outputs: &[(PathBuf, String)]) -> String {
    let mut lines = vec![
        "#!/bin/sh".to_string(),
        format!("# {name} as the runner started it; what it writes goes to a folder of its own."),
        "set -eu".to_string(),
        "out=$(mktemp -d)".to_string(),
        "echo \"writing to $out\" >&2".to_string(),
        format!("cd {}", quoted(&job.folder.to_string_lossy())),
    ];
    let mut words = vec!["env".to_string()];
    words.extend(
        job.environment.iter().map(|(name, value)| format!("{name}={}", placed(&value.to_string_lossy(), outputs))),
    );
    words.push(quoted(&job.program.to_string_lossy()));
    words.extend(job.arguments.iter().map(|argument| placed(&argument.to_string_lossy(), outputs)));
    lines.push(words.join(" \\\n  "));
    lines.join("\n") + "\n"
}

/// A word for the shell in which the path of an output stands for one in the new folder.
fn placed(word: &str, outputs: &[(PathBuf, String)]) -> String {
    for (path, name) in outputs {
        if let Some(before) = word.strip_suffix(path.to_string_lossy().as_ref()) {
            return format!(
                "{}\"$out\"/{}",
                if before.is_empty() { String::new() } else { quoted(before) },
                quoted(name)
            );
        }
    }
    quoted(word)
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=@:,+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Exit::Done => formatter.write_str("exit status 0"),
            Exit::Status(status) => write!(formatter, "exit status {status}"),
            Exit::Signal(signal) => write!(formatter, "killed by signal {signal}"),
            Exit::Stopped => formatter.write_str("stopped"),
        }
    }
}
