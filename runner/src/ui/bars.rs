//! Progress on a terminal: a bar, what came of how many nodes, how long it may take yet, and what runs now. It is one line,
//! however narrow the terminal is.

use std::collections::BTreeSet;
use std::io::stderr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Progress;
use crate::journal::Counts;
use crate::store::Reason;
use crate::text::plain;

/// How often the clock on the screen moves.
const PACE: Duration = Duration::from_millis(200);
/// Columns below which there is no room for a bar beside the words.
const NARROW: u16 = 60;
/// How long a run goes on before it is said how long it may take yet.
const EARLY: Duration = Duration::from_secs(2);

pub struct Bars {
    bar: ProgressBar,
    state: Mutex<State>,
}

struct State {
    nodes: usize,
    counts: Counts,
    /// How many nodes had a result when the run began.
    known: Option<usize>,
    began: Instant,
    running: BTreeSet<String>,
}

impl Bars {
    pub fn new() -> Self {
        let narrow = rustix::termios::tcgetwinsize(stderr()).is_ok_and(|size| size.ws_col < NARROW);
        let template = if narrow { "{wide_msg}" } else { "{bar:24} {wide_msg}" };
        let bar = ProgressBar::no_length();
        // The template is a constant that indicatif accepts; its default would do as well.
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        let running = BTreeSet::new();
        let state = State { nodes: 0, counts: Counts::default(), known: None, began: Instant::now(), running };
        Bars { bar, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        self.bar.set_position(state.over() as u64);
        self.bar.set_message(state.line(state.began.elapsed()));
    }
}

impl State {
    /// How many nodes need nothing more.
    fn over(&self) -> usize {
        let Counts { ran, cached, failed, skipped } = self.counts;
        ran + cached + failed + skipped
    }

    /// `180/285 (120 ran, 60 cached)  12s, about 8s left  history@2025-08-11`
    fn line(&self, elapsed: Duration) -> String {
        let Counts { ran, cached, failed, .. } = self.counts;
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let seconds = |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
        let done = self.over().saturating_sub(self.known.unwrap_or(0));
        let left = self.nodes.saturating_sub(self.over());
        let left = match done {
            1.. if elapsed >= EARLY => format!(", about {} left", seconds(elapsed.mul_f64(left as f64 / done as f64))),
            _ => String::new(),
        };
        let running = self.running.iter().cloned().collect::<Vec<_>>().join(" ");
        let (over, nodes) = (self.over(), self.nodes);
        format!("{over}/{nodes} ({ran} ran, {cached} cached{failed})  {}{left}  {running}", seconds(elapsed))
    }
}

impl Progress for Bars {
    fn begin(&self, nodes: usize) {
        self.bar.set_length(nodes as u64);
        self.update(|state| state.nodes = nodes);
    }

    fn count(&self, counts: &Counts) {
        self.update(|state| {
            state.counts = *counts;
            state.known.get_or_insert(counts.cached);
        });
    }

    fn started(&self, name: &str, _: &Reason) {
        self.update(|state| {
            state.running.insert(name.to_string());
        });
    }

    fn ended(&self, name: &str, _: bool) {
        self.update(|state| {
            state.running.remove(name);
        });
    }

    fn say(&self, text: &str) {
        self.bar.println(plain(text));
    }

    fn pace(&self) -> Option<Duration> {
        Some(PACE)
    }

    fn show(&self) {
        self.update(|_| ());
        self.bar.tick();
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_beside_the_bar_add_up_and_say_how_long_it_may_take_yet() {
        let counts = Counts { ran: 10, cached: 20, failed: 1, skipped: 2 };
        let running = BTreeSet::from(["take@2025-01-01".to_string()]);
        let mut state = State { nodes: 46, counts, known: Some(20), began: Instant::now(), running };
        assert_eq!(state.line(Duration::from_secs(1)), "33/46 (10 ran, 20 cached, 1 failed)  1s  take@2025-01-01");
        let line = state.line(Duration::from_secs(26));
        assert_eq!(line, "33/46 (10 ran, 20 cached, 1 failed)  26s, about 26s left  take@2025-01-01");
        state.counts = Counts { cached: 20, ..Counts::default() };
        assert_eq!(state.line(Duration::from_secs(60)), "20/46 (0 ran, 20 cached)  1m  take@2025-01-01");
    }
}
