//! The exit statuses of the runner; the one list of them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for is there.
    Done = 0,
    /// A task failed; what does not depend on it is there. Or the cache was looked through, and something in it was
    /// damaged.
    TaskFailed = 1,
    /// The command line or `pipeline.yaml` makes no sense, or the runner itself could not do its work.
    Usage = 2,
    /// Raw files that are needed are not there; nothing ran.
    InputMissing = 3,
    /// Ctrl-C or a request to end.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
