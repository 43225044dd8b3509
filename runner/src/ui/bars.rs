//! Progress on a terminal: one bar that counts nodes, and below it what runs now.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Progress};
use crate::store::Reason;
use crate::text::plain;

/// How often the clock on the screen moves.
const TICK: Duration = Duration::from_millis(200);

pub struct Bars {
    bar: ProgressBar,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    ran: usize,
    cached: usize,
    failed: usize,
    running: BTreeSet<String>,
}

impl Bars {
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        // The template is a constant that indicatif accepts; its default would do as well.
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {prefix}  {elapsed}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Bars { bar, counts: Mutex::default() }
    }

    fn update(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut counts);
        let failed = if counts.failed > 0 { format!(", {} failed", counts.failed) } else { String::new() };
        self.bar.set_prefix(format!("({} ran, {} cached{failed})", counts.ran, counts.cached));
        self.bar.set_message(counts.running.iter().cloned().collect::<Vec<_>>().join(" "));
    }
}

impl Progress for Bars {
    fn begin(&self, nodes: usize, cached: usize) {
        self.bar.set_length(nodes as u64);
        self.bar.set_position(cached as u64);
        self.update(|counts| counts.cached = cached);
        self.bar.enable_steady_tick(TICK);
    }

    fn started(&self, name: &str, _: &Reason) {
        self.update(|counts| {
            counts.running.insert(name.to_string());
        });
    }

    fn finished(&self, name: &str, outcome: Outcome) {
        self.update(|counts| {
            counts.running.remove(name);
            match outcome {
                Outcome::Ran => counts.ran += 1,
                Outcome::Cached => counts.cached += 1,
                Outcome::Failed => counts.failed += 1,
                Outcome::Skipped => {}
            }
        });
        self.bar.inc(1);
    }

    fn say(&self, text: &str) {
        self.bar.println(plain(text));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
