//! `diff`: what changed from one Parquet table to another, for people and as JSON for programs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use tasks::difference::{compare, words};
use tasks::spelling::json;
use tasks::task;

/// Tell what changed from one Parquet table to another
///
/// Rows that are in both tables are matched off, wherever they are. What is left is paired by customer_id (by the first
/// column if there is none), in order of appearance: a pair is a changed row, the rest were added or removed. Rows are
/// compared in the columns that both tables have with the same type.
///
/// The exit status is 0 whether the tables differ or not, and 1 if they cannot be compared.
#[derive(Parser)]
#[command(version)]
struct Diff {
    /// The table as it was
    old: PathBuf,
    /// The table as it is
    new: PathBuf,
    /// Rows to give as examples
    #[arg(long, default_value_t = 3)]
    rows: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    task::report_faults();
    let arguments = Diff::parse();
    task::print(|out| diff(&arguments, out))
}

fn diff(arguments: &Diff, out: &mut dyn Write) -> Result<()> {
    let difference = compare(&arguments.old, &arguments.new, arguments.rows).context("cannot compare")?;
    let text = if arguments.json { json(&difference)? + "\n" } else { words(&difference) };
    Ok(out.write_all(text.as_bytes())?)
}
