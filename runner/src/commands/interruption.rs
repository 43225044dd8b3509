//! What a request to end (Ctrl-C, SIGTERM) does, from the first moment of a run to its last.
//!
//! While programs run, they may come to their end, within reason. Before and after that, nothing has to be put in order:
//! a run that is killed costs nothing either, so it ends at once.

use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use super::{CommandError, tell};
use crate::engine::Interrupter;
use crate::exec::{Executor, Force, LocalProcesses};
use crate::exit::Exit;

/// How long programs may go on after a request to end, before they are asked to end too.
const GRACE: Duration = Duration::from_secs(5);
/// How long they then have before they are made to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Hears requests to end.
#[derive(Default)]
pub struct Interruption {
    walk: Mutex<Option<Walk>>,
}

/// Programs that run.
struct Walk {
    executor: Arc<LocalProcesses>,
    interrupter: Interrupter,
    requests: Requests,
}

/// How often it was asked for the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Requests(u32);

/// What a request leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Nothing more is started.
    Wait,
    KillPrograms,
    EndAtOnce,
}

impl Requests {
    fn next(&mut self) -> Answer {
        self.0 += 1;
        match self.0 {
            1 => Answer::Wait,
            2 => Answer::KillPrograms,
            // The runner itself may be at work on something long, such as a large raw file.
            _ => Answer::EndAtOnce,
        }
    }
}

impl Interruption {
    /// Hears requests from now on, until the process ends.
    pub fn watch() -> Result<Arc<Self>, CommandError> {
        let interruption = Arc::new(Interruption::default());
        let heard = Arc::clone(&interruption);
        ctrlc::set_handler(move || heard.request()).context("cannot watch for Ctrl-C")?;
        Ok(interruption)
    }

    /// Does work during which programs run.
    pub fn during<T>(&self, executor: &Arc<LocalProcesses>, interrupter: Interrupter, work: impl FnOnce() -> T) -> T {
        *self.walk() = Some(Walk { executor: Arc::clone(executor), interrupter, requests: Requests::default() });
        let done = work();
        *self.walk() = None;
        done
    }

    fn walk(&self) -> MutexGuard<'_, Option<Walk>> {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self) {
        let mut walk = self.walk();
        let answer = walk.as_mut().map_or(Answer::EndAtOnce, |walk| walk.requests.next());
        match (&*walk, answer) {
            (Some(walk), Answer::Wait) => walk.wait(),
            (Some(walk), Answer::KillPrograms) => walk.executor.end(Force::Kill),
            _ => {
                tell("interrupted");
                process::exit(Exit::Interrupted as i32);
            }
        }
    }
}

impl Walk {
    /// Lets the programs that run come to their end, within reason.
    fn wait(&self) {
        self.interrupter.interrupt();
        self.executor.close();
        let executor = Arc::clone(&self.executor);
        let patience = move || {
            thread::sleep(GRACE);
            executor.end(Force::Ask);
            thread::sleep(LAST_WORDS);
            executor.end(Force::Kill);
        };
        // Where no thread can be had, there is no waiting.
        if thread::Builder::new().spawn(patience).is_err() {
            self.executor.end(Force::Ask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_more_urgent_than_the_one_before() {
        let mut requests = Requests::default();
        let answers = [0; 4].map(|_| requests.next());
        assert_eq!(answers, [Answer::Wait, Answer::KillPrograms, Answer::EndAtOnce, Answer::EndAtOnce]);
    }
}
