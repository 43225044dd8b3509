//! Programs as processes of this machine.
//!
//! Each leads a process group of its own, which ends with it, and dies with the runner whatever becomes of that.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};

use super::child::{Breach, Child};
use super::guard::Guard;
use super::{Ending, Executor, Exit, Force, Job};
use crate::usage::Usage;

/// Variables that a program may see without their being declared; what they hold is not part of a result.
const ORDINARY: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR"];

/// Runs programs here.
#[derive(Debug)]
pub struct LocalProcesses {
    state: Mutex<State>,
    /// Without one, what a program has started can outlive a runner that is killed.
    guard: Option<Guard>,
    /// How many processes the kernel had ended for want of memory when this was last looked at.
    memory_kills: Mutex<Option<u64>>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    ending: bool,
    groups: BTreeSet<i32>,
}

impl LocalProcesses {
    /// Starts the guard. What the runner holds open now, the guard holds too for a moment; so no lock may be held yet.
    pub fn new() -> Self {
        LocalProcesses { state: Mutex::default(), guard: Guard::start().ok(), memory_kills: Mutex::new(memory_kills()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Whether the kernel has ended a process for want of memory since this was last asked.
    fn memory_ran_out(&self) -> bool {
        let mut seen = self.memory_kills.lock().unwrap_or_else(|broken| broken.into_inner());
        let now = memory_kills();
        let before = std::mem::replace(&mut *seen, now);
        now.zip(before).is_some_and(|(now, before)| now > before)
    }

    fn meaning(&self, status: ExitStatus, breach: Option<Breach>, ending: bool, job: &Job) -> Exit {
        match (breach, status.code(), status.signal()) {
            (Some(Breach::Time), ..) => Exit::TimedOut(job.limits.timeout.unwrap_or_default()),
            (Some(Breach::Memory), ..) => Exit::OutOfMemory(job.limits.memory),
            (None, Some(0), _) => Exit::Done,
            _ if ending => Exit::Stopped,
            // 137 is what a shell makes of a program that was killed.
            (None, Some(137), _) | (None, None, Some(9)) if self.memory_ran_out() => Exit::OutOfMemory(None),
            (None, Some(code), _) => Exit::Status(code),
            (None, None, signal) => Exit::Signal(signal.unwrap_or(0)),
        }
    }
}

impl Executor for LocalProcesses {
    fn execute(&self, job: &Job) -> io::Result<Ending> {
        let stopped = Ending { exit: Exit::Stopped, said: Vec::new(), usage: Usage::default() };
        if self.state().closed {
            return Ok(stopped);
        }
        let guard = self.guard.as_ref();
        let started = Instant::now();
        let command = command(job, guard);
        let child = {
            let mut state = self.state();
            if state.closed {
                return Ok(stopped);
            }
            let child = Child::start(command)?;
            state.groups.insert(child.group());
            child
        };
        let group = child.group();
        let ended = child.attend(job);
        signal_group(group, Signal::KILL);
        let ending = {
            let mut state = self.state();
            state.groups.remove(&group);
            state.ending
        };
        if let Some(guard) = guard {
            guard.leave(group);
        }
        let ended = ended?;
        Ok(Ending {
            exit: self.meaning(ended.status, ended.breach, ending, job),
            said: ended.words.last_lines(),
            usage: Usage { seconds: started.elapsed().as_secs_f64(), ..ended.usage },
        })
    }

    fn close(&self) {
        self.state().closed = true;
    }

    fn end(&self, force: Force) {
        let mut state = self.state();
        (state.closed, state.ending) = (true, true);
        let signal = match force {
            Force::Ask => Signal::TERM,
            Force::Kill => Signal::KILL,
        };
        for group in &state.groups {
            signal_group(*group, signal);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
fn command(job: &Job, guard: Option<&Guard>) -> Command {
    let mut command = Command::new(&job.program);
    command
        .args(&job.arguments)
        .env_clear()
        .envs(ORDINARY.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(&job.environment)
        .current_dir(&job.folder)
        .stdin(Stdio::null())
        .process_group(0);
    die_with_runner(&mut command, guard.cloned());
    command
}

/// Asks the kernel to kill the program when the thread that started it ends, which it does not while the runner lives,
/// and tells the guard of its group.
#[expect(unsafe_code, reason = "between fork and exec only calls that are safe there may be made; all of these are")]
fn die_with_runner(command: &mut Command, guard: Option<Guard>) {
    let runner = rustix::process::getpid();
    let prepare = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The runner may have died before the kernel was asked.
        if rustix::process::getppid() != Some(runner) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        guard.as_ref().map_or(Ok(()), Guard::enter)
    };
    unsafe { command.pre_exec(prepare) };
}

/// Sends a signal to all processes of a group.
pub fn signal_group(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        // It fails when nobody is left to be told, which is what is wanted.
        let _ = kill_process_group(group, signal);
    }
}

/// How many processes the kernel has ended for want of memory since it started.
fn memory_kills() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/vmstat").ok()?;
    counters.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}
