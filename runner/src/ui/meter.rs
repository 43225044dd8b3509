//! Progress through bytes on a terminal, where the work takes so long that one would wonder. Elsewhere it is silent.

use std::sync::Once;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long work may take without a word.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct Meter {
    bar: ProgressBar,
    shown: Once,
}

impl Meter {
    pub fn new(bytes: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        // The template is a constant that indicatif accepts; its default would do as well.
        let style = ProgressStyle::with_template("{bar:24} {decimal_bytes}/{decimal_total_bytes}  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Meter { bar, shown: Once::new() }
    }

    /// So many bytes more are done; any thread may say so.
    pub fn advance(&self, bytes: u64) {
        if self.bar.elapsed() >= PATIENCE {
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
        self.bar.inc(bytes);
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
