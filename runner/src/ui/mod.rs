//! What is shown while a run goes on, on stderr; the only room that prints meanwhile.

mod bars;
mod meter;
mod plain;

use std::io::{IsTerminal, stderr};
use std::path::Path;

use crate::store::Reason;

pub use meter::Meter;

/// Hears what happens, in order, from one thread.
pub trait Progress: Sync {
    /// There are so many nodes, and so many of them have a result already.
    fn begin(&self, nodes: usize, cached: usize);
    /// A node has to run, and does so from now on.
    fn started(&self, name: &str, reason: &Reason);
    fn finished(&self, name: &str, outcome: Outcome);
    /// Something that people should read.
    fn say(&self, text: &str);
    /// Nothing more happens.
    fn end(&self);
}

/// What became of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ran,
    Cached,
    Failed,
    Skipped,
}

/// A path from the current folder, if it lies below that.
pub fn short(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// Bars on a terminal, lines elsewhere.
pub fn progress() -> Box<dyn Progress> {
    if stderr().is_terminal() { Box::new(bars::Bars::new()) } else { Box::new(plain::Plain::new()) }
}
