//! `show`: the schema and rows of a Parquet table, for people.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use polars::prelude::{AnyValue, ChunkCompareEq, DataFrame};
use tasks::parquet_file::ParquetFile;
use tasks::schema::CUSTOMER_ID;

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
    /// Show only rows with this customer_id
    #[arg(long, value_name = "ID")]
    customer: Option<i64>,
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
    let wanted = if arguments.schema { 0 } else { arguments.rows };
    let (frame, total) = match arguments.customer {
        None => (file.read(&columns, 0, wanted.min(file.rows))?, file.rows),
        Some(customer) => rows_of(&file, customer, &columns, wanted)?,
    };
    let width = columns.iter().map(String::len).max().unwrap_or(0);
    let mut text: String =
        frame.columns().iter().map(|column| format!("{:width$}  {}\n", column.name(), column.dtype())).collect();
    if !arguments.schema {
        text.push_str(&format!("\n{} of {total} rows\n", frame.height()));
        text.push_str(&grid(&frame)?);
    }
    Ok(text)
}

/// Rows of a table that are read at a time in search of a customer.
const STRIDE: usize = 1 << 16;

/// The first `wanted` rows of a customer, and how many there are.
fn rows_of(file: &ParquetFile, customer: i64, columns: &[String], wanted: usize) -> Result<(DataFrame, usize)> {
    file.expect([CUSTOMER_ID])?;
    let mut found = file.read(columns, 0, 0)?;
    let mut total = 0;
    for start in (0..file.rows).step_by(STRIDE) {
        let count = STRIDE.min(file.rows - start);
        let ids = file.read(&[CUSTOMER_ID.to_string()], start, count)?;
        let matches = ids.column(CUSTOMER_ID)?.i64()?.equal(customer);
        let matching = matches.sum().unwrap_or(0) as usize;
        if matching > 0 && found.height() < wanted {
            let rows = file.read(columns, start, count)?.filter(&matches)?;
            found.vstack_mut(&rows.head(Some(wanted - found.height())))?;
        }
        total += matching;
    }
    Ok((found, total))
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
