//! Programs as processes of this machine.
//!
//! Each has a guard, so that nothing that it starts outlives it or the runner.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use super::arguments;
use super::child::{Breach, Child, reap};
use super::{Ending, Executor, Exit, Force, Job, guard};
use crate::usage::Usage;

/// Variables that a program may see without their being declared; what they hold is not part of a result.
const ORDINARY: [&str; 4] = ["PATH", "HOME", "USER", "TMPDIR"];

/// Runs programs here.
#[derive(Debug)]
pub struct LocalProcesses {
    state: Mutex<State>,
    /// How many processes the kernel has ended for want of memory so far, if that can be known.
    memory_kills: fn() -> Option<u64>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    ending: bool,
    /// The guards of the programs that run.
    guards: BTreeSet<i32>,
}

/// What is known of the end of a program beside its status.
#[derive(Clone, Copy, Debug, Default)]
struct Circumstances {
    breach: Option<Breach>,
    /// Whether the run was told to end meanwhile.
    ending: bool,
    /// Whether the kernel ended a process of this machine for want of memory meanwhile.
    memory_ran_out: bool,
}

impl Default for LocalProcesses {
    fn default() -> Self {
        LocalProcesses { state: Mutex::default(), memory_kills }
    }
}

impl LocalProcesses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// What it means that a program ended with a status.
fn meaning(status: ExitStatus, circumstances: Circumstances, job: &Job) -> Exit {
    match (circumstances.breach, status.code(), status.signal()) {
        (Some(Breach::Time), ..) => Exit::TimedOut(job.limits.timeout.unwrap_or_default()),
        (Some(Breach::Memory), ..) => Exit::OutOfMemory(job.limits.memory),
        (None, Some(0), _) => Exit::Done,
        _ if circumstances.ending => Exit::Stopped,
        // 137 is what a shell makes of a program that was killed.
        (None, Some(137), _) | (None, None, Some(9)) if circumstances.memory_ran_out => Exit::OutOfMemory(None),
        (None, Some(code), _) => Exit::Status(code),
        (None, None, signal) => Exit::Signal(signal.unwrap_or(0)),
    }
}

impl Executor for LocalProcesses {
    fn execute(&self, job: &Job) -> io::Result<Ending> {
        let stopped = Ending { exit: Exit::Stopped, said: Vec::new(), usage: Usage::default() };
        if self.state().closed {
            return Ok(stopped);
        }
        let (started, memory_kills) = (Instant::now(), (self.memory_kills)());
        let command = command(job)?;
        let mut child = {
            let mut state = self.state();
            if state.closed {
                return Ok(stopped);
            }
            let child = Child::start(command).map_err(|error| explained(error, job))?;
            state.guards.insert(child.guard());
            child
        };
        let ended = child.attend(job);
        if ended.is_err() {
            guard::tell(child.guard(), Force::Kill);
        }
        // Before the guard is waited for: after that its number may be another's.
        let ending = {
            let mut state = self.state();
            state.guards.remove(&child.guard());
            state.ending
        };
        let (status, usage) = reap(child.guard())?;
        arguments::forget(job);
        let ended = ended?;
        let memory_ran_out = memory_kills.zip((self.memory_kills)()).is_some_and(|(before, now)| now > before);
        let circumstances = Circumstances { breach: ended.breach, ending, memory_ran_out };
        Ok(Ending {
            exit: meaning(status, circumstances, job),
            said: ended.words.last_lines(),
            usage: Usage { seconds: started.elapsed().as_secs_f64(), ..usage },
        })
    }

    fn close(&self) {
        self.state().closed = true;
    }

    fn end(&self, force: Force) {
        let mut state = self.state();
        (state.closed, state.ending) = (true, true);
        for guard in &state.guards {
            guard::tell(*guard, force);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
fn command(job: &Job) -> io::Result<Command> {
    let mut command = Command::new(&job.program);
    command
        .args(arguments::on_command_line(job)?)
        .env_clear()
        .envs(ORDINARY.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(job.variables())
        .current_dir(&job.folder)
        .stdin(Stdio::null());
    Ok(command)
}

/// Why a program could not be started, and what is not there if that is not the program itself.
fn explained(error: io::Error, job: &Job) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound || !job.program.exists() {
        return error;
    }
    io::Error::other(format!("{error}; the program that its first line names is not there"))
}

/// How many processes the kernel has ended for want of memory since it started.
fn memory_kills() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/vmstat").ok()?;
    counters.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::exec::Limits;

    /// How a program ends that kills itself, where the kernel counts processes that it kills like this.
    fn killed(memory_kills: fn() -> Option<u64>, words: &str) -> Exit {
        let job = Job {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), words.into()],
            environment: Default::default(),
            folder: "/".into(),
            log: "/dev/null".into(),
            limits: Limits::default(),
        };
        LocalProcesses { memory_kills, ..Default::default() }.execute(&job).unwrap().exit
    }

    #[test]
    fn a_program_that_the_kernel_killed_for_memory_is_told_from_one_that_a_person_killed() {
        static KILLS: AtomicU64 = AtomicU64::new(0);
        let counting = || Some(KILLS.fetch_add(1, Ordering::Relaxed));
        let (killed_itself, child_killed) = ("kill -9 $$", "sh -c 'kill -9 $$'; exit $?");
        for words in [killed_itself, child_killed] {
            assert_eq!(killed(counting, words), Exit::OutOfMemory(None), "{words}");
        }
        assert_eq!(killed(|| Some(7), killed_itself), Exit::Signal(9));
        assert_eq!(killed(|| None, child_killed), Exit::Status(137));
        assert_eq!(killed(counting, "exit 7"), Exit::Status(7));
    }

    #[test]
    fn the_kernel_says_how_many_processes_it_killed_for_memory() {
        assert!(memory_kills().is_some());
    }
}
