//! `runner` builds tables day by day from raw files, and runs again only what has changed.
//!
//! ```text
//! cli ─► spec ─► survey ─► plan ─► engine ─┬─► schedule   what is next
//!        pipeline.yaml    graph            ├─► store      has it a result? keep it, publish it
//!                                          ├─► exec       run it
//!                                          ├─► journal    write down what happened
//!                                          └─► ui         show it
//! ```
//!
//! The runner never reads a table, and a task never sees the cache: a command line, files and an exit status are all
//! that passes between them.

mod acceptance;
mod address;
mod calendar;
mod cli;
mod columns;
mod commands;
#[cfg(test)]
mod damage;
mod day;
mod engine;
mod exec;
mod exit;
mod expectation;
mod explain;
mod failure;
mod graph;
mod journal;
mod layout;
mod machine;
mod pattern;
mod picture;
mod plan;
mod predict;
mod program;
mod resolve;
mod schedule;
mod span;
mod spec;
mod state;
mod store;
mod survey;
mod text;
mod ui;
mod usage;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::report_faults();
    exec::hear_of_ends();
    commands::dispatch(cli::parse()).into()
}
