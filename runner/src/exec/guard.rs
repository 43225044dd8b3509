//! Sees to it that nothing that a program has started outlives the program or the runner.
//!
//! Between the runner and each program stands a process, the guard. It is the program's parent, and the kernel makes it
//! the parent of whatever those below it leave behind, even of what has begun a session of its own. When the program has
//! ended, the guard kills all that is left below it and then ends in the same way as the program did. It also kills all
//! when the runner says so, and when the runner is gone: the kernel tells it. No other signal reaches it, but for the one
//! that nothing can withstand, and then the kernel kills the program.
//!
//! The guard knows neither limits nor logs. It is forked from a process with threads, so it only makes system calls and
//! allocates nothing.

use std::ffi::CStr;
use std::io::{self, PipeReader};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Signal, getpid, getppid, kill_process, kill_process_group};
use rustix::process::{set_child_subreaper, set_parent_process_death_signal};

use super::{Force, processes};

/// Tells the guard to kill all that is below it.
const KILL: Signal = Signal::USR1;
/// Tells the guard to ask the program, and what is in its group, to end.
const ASK: Signal = Signal::USR2;

/// Has a command start a guard that starts the program. What comes back ends when the guard does.
#[expect(unsafe_code, reason = "between fork and exec only system calls may be made; nothing else is done there")]
pub fn put_before(command: &mut Command) -> io::Result<PipeReader> {
    let (ended, alive) = io::pipe()?;
    let (runner, alive) = (getpid(), OwnedFd::from(alive));
    // What is sent to the runner's group, as by a terminal, does not reach the guard.
    command.process_group(0);
    unsafe { command.pre_exec(move || divide(runner, alive.as_fd())) };
    Ok(ended)
}

/// Tells a guard to end what is below it. It must not have been waited for, or its number may be another's.
pub fn tell(guard: i32, force: Force) {
    let signal = match force {
        Force::Ask => ASK,
        Force::Kill => KILL,
    };
    if let Some(guard) = Pid::from_raw(guard) {
        // It fails when the guard has ended, and then nothing is left to be told.
        let _ = kill_process(guard, signal);
    }
}

/// Becomes two processes: the guard, which does not come back from here, and the one that will be the program.
#[expect(unsafe_code, reason = "there is no safe fork; this process has one thread")]
fn divide(runner: Pid, alive: BorrowedFd) -> io::Result<()> {
    let before = block_signals()?;
    die_with(runner, KILL)?;
    let guard = getpid();
    set_child_subreaper(Some(guard))?;
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            die_with(guard, Signal::KILL)?;
            rustix::process::setpgid(None, None)?;
            set_mask(&before)
        }
        program => watch(guard.as_raw_pid(), program, alive),
    }
}

/// Asks the kernel for a signal when the parent dies. To be exact it is the thread that started this process: the
/// runner's threads live as long as the programs that they have started.
fn die_with(parent: Pid, signal: Signal) -> io::Result<()> {
    set_parent_process_death_signal(Some(signal))?;
    // It may have died before the kernel was asked.
    if getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
}

/// What the guard does.
fn watch(guard: i32, program: i32, alive: BorrowedFd) -> ! {
    keep_only(alive);
    set_name(c"guard");
    let (mut status, mut told) = (None, false);
    loop {
        loop {
            match reap_one() {
                Reaped::Ended(process, how) if process == program => status = Some(how),
                Reaped::Ended(..) => {}
                Reaped::NoneYet => break,
                Reaped::NoneLeft => end_like(status),
            }
        }
        // Whoever cannot be killed, since it runs as someone else, is not waited for.
        if (told || status.is_some()) && !kill_children(guard) {
            end_like(status);
        }
        match next_signal() {
            Some(KILL) => told = true,
            // Its number may be another's once it has ended.
            Some(ASK) if status.is_none() => {
                let _ = Pid::from_raw(program).map(|program| kill_process_group(program, Signal::TERM));
            }
            _ => {}
        }
    }
}

/// Gives this process a name of its own: who ends all that are called like the runner does not end the guard.
#[expect(unsafe_code, reason = "there is no safe way to name a process")]
fn set_name(name: &CStr) {
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Kills the processes whose parent the guard is, and says whether any could be. It gets the children of those next.
fn kill_children(guard: i32) -> bool {
    let mut killed = false;
    processes::each(|process| {
        if process.parent == guard
            && let Some(child) = Pid::from_raw(process.id)
        {
            killed |= kill_process(child, Signal::KILL).is_ok();
        }
    });
    killed
}

/// Closes everything but one file: what the runner has open, its locks among it, is not the guard's.
#[expect(unsafe_code, reason = "files are closed by their numbers, which nothing here uses after that")]
fn keep_only(file: BorrowedFd) {
    unsafe {
        libc::dup2(file.as_raw_fd(), 0);
        if libc::syscall(libc::SYS_close_range, 1, u32::MAX, 0) != 0 {
            // A kernel before 5.9.
            for other in 1..libc::sysconf(libc::_SC_OPEN_MAX).min(1 << 16) as i32 {
                libc::close(other);
            }
        }
    }
}

enum Reaped {
    /// A process, and how it ended.
    Ended(i32, i32),
    NoneYet,
    NoneLeft,
}

/// Takes leave of a child that has ended, if one has.
#[expect(unsafe_code, reason = "the standard library waits only for processes that it has started")]
fn reap_one() -> Reaped {
    let mut status = 0;
    match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
        0 => Reaped::NoneYet,
        -1 => Reaped::NoneLeft,
        process => Reaped::Ended(process, status),
    }
}

/// Blocks all signals, so that they wait until they are asked for; gives what was blocked before.
#[expect(unsafe_code, reason = "there is no safe way to block signals")]
fn block_signals() -> io::Result<libc::sigset_t> {
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        if libc::sigprocmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(before.assume_init())
    }
}

#[expect(unsafe_code, reason = "there is no safe way to unblock signals")]
fn set_mask(mask: &libc::sigset_t) -> io::Result<()> {
    match unsafe { libc::sigprocmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits until a child ends or the guard is told something.
#[expect(unsafe_code, reason = "there is no safe way to wait for signals")]
fn next_signal() -> Option<Signal> {
    let mut awaited = MaybeUninit::uninit();
    let signal = unsafe {
        libc::sigemptyset(awaited.as_mut_ptr());
        for signal in [libc::SIGCHLD, KILL.as_raw(), ASK.as_raw()] {
            libc::sigaddset(awaited.as_mut_ptr(), signal);
        }
        libc::sigwaitinfo(awaited.as_ptr(), std::ptr::null_mut())
    };
    Signal::from_named_raw(signal)
}

/// Ends as the program did, so that the runner sees how that was.
#[expect(unsafe_code, reason = "a process that was forked ends without what the runner does at its own end")]
fn end_like(status: Option<i32>) -> ! {
    let signal = match status {
        Some(status) if libc::WIFEXITED(status) => unsafe { libc::_exit(libc::WEXITSTATUS(status)) },
        Some(status) => libc::WTERMSIG(status),
        // The program could not be killed.
        None => libc::SIGKILL,
    };
    unsafe {
        // The program's own core is enough.
        libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
        libc::signal(signal, libc::SIG_DFL);
        // No other signal than this one: those that were sent to the guard meanwhile are still waiting.
        let mut others = MaybeUninit::uninit();
        libc::sigfillset(others.as_mut_ptr());
        libc::sigdelset(others.as_mut_ptr(), signal);
        libc::sigprocmask(libc::SIG_SETMASK, others.as_ptr(), std::ptr::null_mut());
        libc::raise(signal);
        libc::_exit(128 + signal)
    }
}
