//! A word about work that takes long before anything else is shown.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long work may take without a word.
const LONG: Duration = Duration::from_secs(1);

/// Work that goes on for as long as this lives.
pub struct Patience {
    /// Its going tells the thread that waits.
    _over: Sender<()>,
}

impl Patience {
    /// `tell` is called from another thread if the work takes long.
    pub fn begin(tell: impl FnOnce() + Send + 'static) -> Self {
        let (over, is_over) = channel();
        let wait = move || {
            if is_over.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
                tell();
            }
        };
        // Where no thread can be had, the work goes on without a word.
        let _ = thread::Builder::new().spawn(wait);
        Patience { _over: over }
    }
}
