//! One program while it runs: what it says is taken down, its limits are watched, and what it took is counted.
//!
//! The thread that started it waits here, without polling: for words, for the end, or for the moment at which a limit
//! has to be looked at.

use std::io::{self, PipeReader, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::words::Words;
use super::{Force, Job, Limits, guard, processes};
use crate::usage::Usage;

/// How long a program that took too long has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How often the memory of a program that has a limit is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// It is looked at less often where that takes long: for so many times as long it is then left alone.
const REST: u32 = 20;

/// A program and its guard.
pub struct Child {
    /// The process to wait for: it ends after the program, in the same way.
    guard: i32,
    ended: PipeReader,
    pipe: PipeReader,
}

/// A program that has ended, and all that it started with it.
pub struct Ended {
    pub breach: Option<Breach>,
    pub words: Words,
}

/// The limit for which a process was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    Time,
    Memory,
}

impl Child {
    /// Starts a command, with a pipe for its words. Nothing can go wrong once it is started.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let (pipe, write) = io::pipe()?;
        command.stdout(write.try_clone()?).stderr(write);
        let ended = guard::put_before(&mut command)?;
        Ok(Child { guard: command.spawn()?.id() as i32, ended, pipe })
    }

    /// The number of its guard. It is nobody else's until the child is reaped.
    pub fn guard(&self) -> i32 {
        self.guard
    }

    /// Stays with the program until it has ended.
    pub fn attend(&mut self, job: &Job) -> io::Result<Ended> {
        let mut words = Words::new(&job.log);
        let mut watch = Watch::new(job.limits);
        let mut talking = true;
        while !self.wait(watch.pause(), &mut talking, &mut words)? {
            watch.look(self.guard);
        }
        // What was said last is still in the pipe.
        while talking && self.hears(Some(Duration::ZERO), &mut talking, &mut words)? {}
        Ok(Ended { breach: watch.breach, words })
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

/// The limits of a program, and what came of them.
struct Watch {
    limits: Limits,
    breach: Option<Breach>,
    /// When a program that takes too long is asked to end, and when it is made to.
    end: Option<Instant>,
    /// When its memory is looked at next.
    look: Option<Instant>,
}

impl Watch {
    fn new(limits: Limits) -> Self {
        let now = Instant::now();
        // A moment that no clock can tell never comes.
        let end = limits.timeout.and_then(|timeout| now.checked_add(timeout));
        Watch { limits, breach: None, end, look: limits.memory.map(|_| now + LOOK) }
    }

    /// How long nothing needs to be looked at; forever, if there is no limit.
    fn pause(&self) -> Option<Duration> {
        let next = self.end.into_iter().chain(self.look).min();
        next.map(|moment| moment.saturating_duration_since(Instant::now()))
    }

    /// Ends a program that has gone beyond a limit, with all that it started.
    fn look(&mut self, guard: i32) {
        let now = Instant::now();
        if self.end.is_some_and(|end| end <= now) {
            let first = self.breach.is_none();
            guard::tell(guard, if first { Force::Ask } else { Force::Kill });
            (self.breach, self.look) = (self.breach.or(Some(Breach::Time)), None);
            self.end = first.then(|| now + GRACE);
        } else if self.look.is_some_and(|look| look <= now) {
            let memory = processes::memory_below(guard);
            self.look = Some(Instant::now() + LOOK.max(now.elapsed() * REST));
            if self.limits.memory.is_some_and(|limit| memory > limit) {
                guard::tell(guard, Force::Kill);
                (self.breach, self.look, self.end) = (Some(Breach::Memory), None, None);
            }
        }
    }
}

/// Takes leave of a guard: how its program ended, and what that and all below it took, but for the wall-clock time.
#[expect(unsafe_code, reason = "the standard library does not give the resources that a process took")]
pub fn reap(process: i32) -> io::Result<(ExitStatus, Usage)> {
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
