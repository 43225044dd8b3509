//! What a program took. Data only: it is measured in [`crate::exec`], kept in [`crate::store`] and told by the commands.

use serde::{Deserialize, Serialize};

/// What a program took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// By the clock on the wall.
    pub seconds: f64,
    /// Of all its processes that it waited for.
    pub cpu_seconds: f64,
    /// The largest resident memory of any of its processes, in bytes. The kernel counts from the fork on, so it is
    /// never less than the runner's own.
    pub peak_memory: u64,
}
