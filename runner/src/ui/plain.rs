//! Progress where no terminal is: a line for each node that ran, so that a log file tells the story.

use std::collections::HashMap;
use std::io::{Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Progress;
use crate::journal::Counts;
use crate::store::Reason;
use crate::text::plain;

pub struct Plain {
    running: Mutex<HashMap<String, (Instant, String)>>,
}

impl Plain {
    pub fn new() -> Self {
        Plain { running: Mutex::default() }
    }
}

impl Progress for Plain {
    fn begin(&self, _: usize) {}

    fn count(&self, _: &Counts) {}

    fn started(&self, name: &str, reason: &Reason) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(name.to_string(), (Instant::now(), reason.to_string()));
    }

    fn ended(&self, name: &str, well: bool) {
        let started = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let (true, Some((start, reason))) = (well, started) {
            self.say(&format!("ran {name:<34} {:>7.2} s  {reason}", start.elapsed().as_secs_f64()));
        }
    }

    fn say(&self, text: &str) {
        // Nobody is left to hear of a stderr that is closed.
        let _ = writeln!(stderr(), "{}", plain(text));
    }

    fn pace(&self) -> Option<Duration> {
        None
    }

    fn show(&self) {}

    fn end(&self) {}
}
