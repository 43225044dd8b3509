//! A batch split into runs of rows, each with its own part of the output, and threads that take one after the other: so one
//! that the machine is slow to start is not waited for with half of the batch. Does not know what a part is.

use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

use crate::day::Fault;

/// The rows of a part.
const PART: usize = 128;
/// Fewer parts than this are not worth a thread, which takes as long to start as they do.
const PARTS_A_THREAD: usize = 3;

/// Samples in runs, each with its part of the output, which `split` divides after so many rows.
pub fn parts<T>(mut samples: &[i64], mut out: T, split: impl Fn(T, usize) -> (T, T)) -> Vec<(&[i64], T)> {
    let mut parts = Vec::new();
    while !samples.is_empty() {
        let (own, others) = samples.split_at(PART.min(samples.len()));
        let (part, after) = split(out, own.len());
        parts.push((own, part));
        (samples, out) = (others, after);
    }
    parts
}

/// Works on all parts, several at a time. A thread that the machine does not have leaves its part to the others.
pub fn on_threads<T: Send>(
    parts: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> Result<(), Fault> + Sync,
) -> Result<(), Fault> {
    let others = threads.min(parts.len() / PARTS_A_THREAD).saturating_sub(1);
    let parts = Mutex::new(parts.into_iter());
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || -> Result<(), Fault> {
        while let Some(part) = next() {
            work(part)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..others).filter_map(|_| Builder::new().spawn_scoped(scope, run).ok()).collect();
        let own = run();
        threads.into_iter().fold(own, |result, thread| result.and(thread.join().unwrap_or(Err(Fault::Day))))
    })
}
