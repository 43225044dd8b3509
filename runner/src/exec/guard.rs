//! Sees to it that nothing outlives a runner that was killed.
//!
//! The kernel kills a program when the thread that started it dies, but not what that program has started. So the
//! runner starts one more process, the guard, which does nothing but read a pipe: each program writes its process group
//! into it before it begins, and the runner when it has ended. When the runner is gone, however that came about, the pipe
//! ends, and the guard kills the groups that are left.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustix::process::Signal;

use super::local::signal_group;

/// The way to tell the guard.
#[derive(Clone, Debug)]
pub struct Guard {
    pipe: Arc<OwnedFd>,
}

impl Guard {
    /// Starts the guard: this very program, under the name of a command that people do not see.
    #[expect(clippy::disallowed_methods, reason = "this room is the one that starts programs")]
    #[expect(unsafe_code, reason = "between fork and exec only calls that are safe there may be made; setsid is")]
    pub fn start() -> io::Result<Self> {
        let (read, write) = io::pipe()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("guard").stdin(read).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").env_clear();
        // A session of its own: what is sent to the runner's group or terminal does not reach it.
        unsafe { command.pre_exec(|| Ok(rustix::process::setsid().map(|_| ())?)) };
        command.spawn()?;
        Ok(Guard { pipe: Arc::new(write.into()) })
    }

    /// Says that this process leads a group. Called between fork and exec: it makes one system call and allocates
    /// nothing.
    pub fn enter(&self) -> io::Result<()> {
        let group = rustix::process::getpid().as_raw_pid();
        rustix::io::write(self.pipe.as_fd(), &group.to_le_bytes()).map(|_| ()).map_err(io::Error::from)
    }

    /// Says that a group has ended.
    pub fn leave(&self, group: i32) {
        // Without a guard there is nobody to tell.
        let _ = rustix::io::write(self.pipe.as_fd(), &(-group).to_le_bytes());
    }
}

/// What the guard does.
pub fn watch() {
    let mut groups = BTreeSet::new();
    let mut word = [0; 4];
    while io::stdin().lock().read_exact(&mut word).is_ok() {
        match i32::from_le_bytes(word) {
            group @ 2.. => {
                groups.insert(group);
            }
            group => {
                groups.remove(&group.saturating_neg());
            }
        }
    }
    for group in groups {
        signal_group(group, Signal::KILL);
    }
}
