//! The tasks: small programs that turn raw events into training rows, one table at a time.
//!
//! # The task contract
//!
//! ```text
//! TASK [parameters] [--day D] --in NAME=PATH ... --out NAME=PATH ...
//! ```
//!
//! A task reads only its inputs and writes only its outputs. The same inputs give the same bytes, under any number
//! of threads: every table has a total order before it is written, and nothing depends on a clock or on the order of
//! a hash map. People read stderr: a task that has nothing to warn of says nothing. The exit status is 0 or 1, and 2
//! for a command line that makes no sense.
//!
//! Numbers go as JSON to the file that `--report` or `TASK_REPORT` names: `rows_in`, `rows_out`, `rejected` by reason,
//! and `smallest_timestamp` and `largest_timestamp`, the times of the oldest and the newest event that the result rests
//! on, in microseconds since 1970 UTC. `history` always writes these two, as null if it used no action, so that its
//! `largest_timestamp` can be held against the day: it must be before the day begins.
//!
//! Nothing here knows of the runner, of its cache or of `pipeline.yaml`: every task can be run by hand on files.
//!
//! # The tables
//!
//! ```text
//! raw files ─ read ─► events ─── unify ──► actions ─ merge ─► actions ─ history ─► histories ─┐
//! raw files ─ read ─► shown ── impressions ► impressions ───────────────┴────── join, compact ─┴─► training rows
//! ```
//!
//! [`schema`] names them and their columns.

pub mod actions;
pub mod calendar;
pub mod compact;
pub mod difference;
pub mod digest;
mod digits;
pub mod events;
pub mod grid;
pub mod histories;
pub mod history;
pub mod merge;
pub mod order;
pub mod output;
pub mod pages;
pub mod parquet_file;
pub mod raw;
pub mod report;
pub mod schema;
pub mod selection;
pub mod spelling;
pub mod statistics;
pub mod synthetic;
pub mod table;
pub mod task;
pub mod times;
pub mod training;
pub mod wide;

/// A day's tables are vectors of megabytes that come and go. The C library's allocator gives each back to the kernel and
/// faults its pages in anew; this one keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
