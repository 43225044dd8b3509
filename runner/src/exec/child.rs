//! One process while it runs: what it says is taken down, its limits are watched, and what it took is counted.
//!
//! The thread that started it waits here, without polling: for words, for the end, or for the moment at which a limit
//! has to be looked at.

use std::fs;
use std::io::{self, PipeReader, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use super::local::signal_group;
use super::words::Words;
use super::{Job, Limits};
use crate::usage::Usage;

/// How long a program that took too long has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How often the memory of a program that has a limit is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A process that leads a group of its own.
pub struct Child {
    group: i32,
    ended: OwnedFd,
    pipe: PipeReader,
}

/// A process that has ended.
pub struct Ended {
    pub status: ExitStatus,
    pub breach: Option<Breach>,
    pub words: Words,
    /// Without the wall-clock time.
    pub usage: Usage,
}

/// The limit for which a process was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    Time,
    Memory,
}

impl Child {
    /// Starts a command, with a pipe for its words.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let (pipe, write) = io::pipe()?;
        command.stdout(write.try_clone()?).stderr(write);
        let group = command.spawn()?.id() as i32;
        let pid = Pid::from_raw(group).ok_or(io::ErrorKind::NotFound)?;
        Ok(Child { group, ended: pidfd_open(pid, PidfdFlags::empty())?, pipe })
    }

    /// The number of its process, which is that of its group.
    pub fn group(&self) -> i32 {
        self.group
    }

    /// Stays with the process until it has ended.
    pub fn attend(mut self, job: &Job) -> io::Result<Ended> {
        let mut words = Words::new(&job.log);
        let mut watch = Watch::new(job.limits);
        let mut talking = true;
        while !self.wait(watch.pause(), &mut talking, &mut words)? {
            watch.look(self.group);
        }
        // What was said last is still in the pipe.
        while talking && self.hears(Some(Duration::ZERO), &mut talking, &mut words)? {}
        let (status, usage) = reap(self.group)?;
        Ok(Ended { status, breach: watch.breach, words, usage })
    }

    /// Waits for words, the end, or so long; says whether it has ended.
    fn wait(&mut self, pause: Option<Duration>, talking: &mut bool, words: &mut Words) -> io::Result<bool> {
        let pause = pause.map(timespec);
        let mut events = vec![PollFd::new(&self.ended, PollFlags::IN)];
        if *talking {
            events.push(PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN));
        }
        match poll(&mut events, pause.as_ref()) {
            Err(rustix::io::Errno::INTR) => return Ok(false),
            polled => polled?,
        };
        let happened = |place: usize| events.get(place).is_some_and(|event| !event.revents().is_empty());
        let (ended, said) = (happened(0), happened(1));
        if said {
            self.read(talking, words)?;
        }
        Ok(ended)
    }

    /// Takes words that are there within so long; says whether there were any.
    fn hears(&mut self, pause: Option<Duration>, talking: &mut bool, words: &mut Words) -> io::Result<bool> {
        let mut events = [PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN)];
        poll(&mut events, pause.map(timespec).as_ref())?;
        let said = !events[0].revents().is_empty();
        if said {
            self.read(talking, words)?;
        }
        Ok(said)
    }

    fn read(&mut self, talking: &mut bool, words: &mut Words) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        let count = self.pipe.read(&mut bytes)?;
        *talking = count > 0;
        if count > 0 {
            words.take(&bytes[..count]);
        }
        Ok(())
    }
}

fn timespec(pause: Duration) -> Timespec {
    Timespec { tv_sec: pause.as_secs() as i64, tv_nsec: i64::from(pause.subsec_nanos()) }
}

/// The limits of a process, and what came of them.
struct Watch {
    limits: Limits,
    started: Instant,
    breach: Option<Breach>,
    /// When a process that was asked to end is made to.
    kill: Option<Instant>,
}

impl Watch {
    fn new(limits: Limits) -> Self {
        Watch { limits, started: Instant::now(), breach: None, kill: None }
    }

    /// How long nothing needs to be looked at; forever, if there is no limit.
    fn pause(&self) -> Option<Duration> {
        let until = |moment: Instant| moment.saturating_duration_since(Instant::now());
        if self.breach.is_some() {
            return self.kill.map(until);
        }
        let time = self.limits.timeout.map(|timeout| until(self.started + timeout));
        let memory = self.limits.memory.map(|_| LOOK);
        time.into_iter().chain(memory).min()
    }

    /// Ends the group of a process that has gone beyond a limit.
    fn look(&mut self, group: i32) {
        let now = Instant::now();
        if self.breach.is_some() {
            if self.kill.is_some_and(|kill| kill <= now) {
                signal_group(group, Signal::KILL);
                self.kill = None;
            }
        } else if self.limits.timeout.is_some_and(|timeout| now >= self.started + timeout) {
            self.breach = Some(Breach::Time);
            self.kill = Some(now + GRACE);
            signal_group(group, Signal::TERM);
        } else if self.limits.memory.is_some_and(|limit| resident(group) > limit) {
            self.breach = Some(Breach::Memory);
            signal_group(group, Signal::KILL);
        }
    }
}

/// The resident memory of a process and all that it started, in bytes.
fn resident(process: i32) -> u64 {
    let read = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let status = read("status");
    let own = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"));
    let kibibytes: u64 = own.and_then(|number| number.trim().parse().ok()).unwrap_or(0);
    let children = read(&format!("task/{process}/children"));
    let below: u64 = children.split_whitespace().filter_map(|child| child.parse().ok()).map(resident).sum();
    kibibytes * 1024 + below
}

/// Takes leave of a process that has ended: its status, and what it and those that it waited for took.
#[expect(unsafe_code, reason = "the standard library does not give the resources that a process took")]
fn reap(process: i32) -> io::Result<(ExitStatus, Usage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // Both pointers are to variables that live here, and all bytes zero are a valid `rusage`.
        let reaped = unsafe { libc::wait4(process, &mut status, 0, usage.as_mut_ptr()) };
        let error = io::Error::last_os_error();
        if reaped == process {
            break;
        }
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let usage = unsafe { usage.assume_init() };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let usage = Usage {
        seconds: 0.0,
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak_memory: usage.ru_maxrss as u64 * 1024,
    };
    Ok((ExitStatus::from_raw(status), usage))
}
