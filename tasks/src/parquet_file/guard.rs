//! Panics of the Parquet library, which trusts what files say of themselves, as errors.
//!
//! It does not know what is read.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};

thread_local! {
    /// Whether a panic on this thread is expected and will be told as an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread will be told as an error, so that nobody else needs to speak of it.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Turns a panic into an error.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        // An assertion tells its two sides on lines of their own.
        let text = text.unwrap_or("no details").lines().next().unwrap_or_default().trim();
        Err(anyhow!("the file is damaged: {text}"))
    })
}
