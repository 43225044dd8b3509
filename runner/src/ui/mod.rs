//! What is shown while a run goes on, on stderr; the only room that prints meanwhile.

mod bars;
mod meter;
mod patience;
mod plain;

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::Duration;

use crate::journal::Counts;
use crate::store::Reason;

pub use meter::Meter;
pub use patience::Patience;

/// Hears what happens, in order, from one thread.
pub trait Progress: Sync {
    /// There are so many nodes.
    fn begin(&self, nodes: usize);
    /// So many of them came out how.
    fn count(&self, counts: &Counts);
    /// A node has to run, and does so from now on.
    fn started(&self, name: &str, reason: &Reason);
    /// It runs no more; `well`, if it has a result now.
    fn ended(&self, name: &str, well: bool);
    /// Something that people should read.
    fn say(&self, text: &str);
    /// After how long it wants to be shown anew although nothing happens.
    fn pace(&self) -> Option<Duration>;
    fn show(&self);
    /// Nothing more happens.
    fn end(&self);
}

/// A path from the current folder, if it lies below that.
pub fn short(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// A bar on a terminal that can go back in a line, lines elsewhere.
pub fn progress() -> Box<dyn Progress> {
    let moves = std::env::var_os("TERM").is_some_and(|terminal| terminal != "dumb");
    if stderr().is_terminal() && moves { Box::new(bars::Bars::new()) } else { Box::new(plain::Plain::new()) }
}
