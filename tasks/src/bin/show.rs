//! `show`: the schema and rows of a Parquet table, for people.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use polars::prelude::{AnyValue, DataFrame};
use tasks::parquet_file::ParquetFile;

/// Show the schema and the first rows of a Parquet table
#[derive(Parser)]
#[command(version)]
struct Show {
    /// The table
    path: PathBuf,
    /// Rows to show
    #[arg(long, default_value_t = 10)]
    rows: usize,
    /// Columns to show, separated by commas; all of them if not given
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// Show the schema alone
    #[arg(long)]
    schema: bool,
}

fn main() -> ExitCode {
    tasks::task::report_faults();
    let arguments = Show::parse();
    match show(&arguments).with_context(|| format!("cannot show {}", arguments.path.display())) {
        Ok(text) => {
            // A reader that has seen enough (`show ... | head`) closes the pipe; that is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            tasks::task::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn show(arguments: &Show) -> Result<String> {
    let file = ParquetFile::open(&arguments.path)?;
    file.expect(arguments.columns.iter().map(String::as_str))?;
    let columns = if arguments.columns.is_empty() { file.columns.clone() } else { arguments.columns.clone() };
    let rows = if arguments.schema { 0 } else { arguments.rows.min(file.rows) };
    let frame = file.read(&columns, 0, rows)?;
    let width = columns.iter().map(String::len).max().unwrap_or(0);
    let mut text: String =
        frame.columns().iter().map(|column| format!("{:width$}  {}\n", column.name(), column.dtype())).collect();
    if !arguments.schema {
        text.push_str(&format!("\n{rows} of {} rows\n", file.rows));
        text.push_str(&grid(&frame)?);
    }
    Ok(text)
}

/// The rows of a table under the names of its columns, numbers to the right.
fn grid(frame: &DataFrame) -> Result<String> {
    let mut columns = Vec::new();
    for column in frame.columns() {
        let mut cells = vec![column.name().to_string()];
        for row in 0..frame.height() {
            cells.push(match column.get(row)? {
                AnyValue::String(text) => text.to_string(),
                value => value.to_string(),
            });
        }
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        columns.push((cells, width, column.dtype().is_numeric()));
    }
    let mut text = String::new();
    for row in 0..=frame.height() {
        let line = columns.iter().map(|(cells, width, numeric)| {
            let cell = &cells[row];
            if *numeric { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        text.push_str(line.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    Ok(text)
}
