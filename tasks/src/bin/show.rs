//! `show`: the schema, the rows or the statistics of a Parquet table, for people and as JSON for programs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use serde::Serialize;
use tasks::grid::{GridColumn, grid as lay_out};
use tasks::parquet_file::{Column, Field, Kind, ParquetFile, Value};
use tasks::selection::Selection;
use tasks::spelling::{JsonRow, cell, json, legible};
use tasks::statistics::{self, ColumnStatistics, DISTINCT, Distinct, Statistics};
use tasks::task;

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
    /// Show what the columns hold, over all rows: nulls, extremes, distinct values, lengths of lists
    #[arg(long, conflicts_with = "schema")]
    stats: bool,
    /// Print JSON: an object a row, or one object for the schema or the statistics; times are ISO 8601, in UTC
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    task::report_faults();
    let arguments = Show::parse();
    task::print(|out| show(&arguments, out).with_context(|| format!("cannot show {}", arguments.path.display())))
}

fn show(arguments: &Show, out: &mut dyn Write) -> Result<()> {
    let file = ParquetFile::open(&arguments.path)?;
    let named = arguments.columns.iter().map(|name| file.column(name).cloned());
    let columns = if arguments.columns.is_empty() { file.columns.clone() } else { named.collect::<Result<_>>()? };
    if arguments.stats {
        let statistics = statistics::gather(&file, &columns, arguments.customer)?;
        return if arguments.json { line(out, &statistics) } else { tell_statistics(out, &statistics) };
    }
    match (arguments.schema, arguments.json) {
        (true, true) => line(out, &Schema::of(&file, &columns)),
        (true, false) => tell_schema(out, &columns),
        (false, true) => {
            walk(&file, &columns, arguments, |columns, row| line(out, &JsonRow { columns, row })).map(drop)
        }
        (false, false) => {
            let mut grid: Vec<_> = columns.iter().map(grid_column).collect();
            let mut shown = 0;
            let total = walk(&file, &columns, arguments, |columns, row| {
                shown += 1;
                for (lines, column) in grid.iter_mut().zip(columns) {
                    lines.cells.push(cell(&column.value(row)));
                }
                Ok(())
            })?;
            tell_schema(out, &columns)?;
            writeln!(out, "\n{shown} of {total} rows")?;
            Ok(out.write_all(lay_out(&grid).as_bytes())?)
        }
    }
}

/// Hands on the rows that are to be shown, one by one, and says how many there are to choose from.
fn walk(
    file: &ParquetFile,
    columns: &[Field],
    arguments: &Show,
    mut take: impl FnMut(&[Column], usize) -> Result<()>,
) -> Result<usize> {
    let selection = Selection::new(file, arguments.customer)?;
    let (mut left, mut total) = (arguments.rows, 0);
    for stretch in selection.stretches() {
        let stretch = stretch?;
        total += stretch.rows;
        let most = stretch.rows.min(left);
        if most > 0 {
            let columns = selection.read(&stretch, columns, most)?;
            stretch.selected(most).try_for_each(|row| take(&columns, row))?;
            left -= most;
        }
    }
    Ok(total)
}

/// The schema as a program is told.
#[derive(Serialize)]
struct Schema {
    rows: usize,
    columns: Vec<SchemaColumn>,
}

#[derive(Serialize)]
struct SchemaColumn {
    name: String,
    #[serde(rename = "type")]
    dtype: String,
}

impl Schema {
    fn of(file: &ParquetFile, columns: &[Field]) -> Schema {
        let column = |field: &Field| SchemaColumn { name: field.name.clone(), dtype: field.kind.to_string() };
        Schema { rows: file.rows, columns: columns.iter().map(column).collect() }
    }
}

/// A JSON value on a line of its own.
fn line(out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    Ok(writeln!(out, "{}", json(value)?)?)
}

fn tell_schema(out: &mut dyn Write, columns: &[Field]) -> Result<()> {
    let names: Vec<_> = columns.iter().map(|column| legible(&column.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, column) in names.iter().zip(columns) {
        writeln!(out, "{name:width$}  {}", legible(&column.kind.to_string()))?;
    }
    Ok(())
}

/// A column to which cells are still to come.
fn grid_column(field: &Field) -> GridColumn {
    let right =
        matches!(field.kind, Kind::Integer { .. } | Kind::Half | Kind::Single | Kind::Double | Kind::Decimal { .. });
    GridColumn { name: legible(&field.name), cells: Vec::new(), right }
}

/// Three grids, as one would be wider than a terminal: the columns, their extremes, the lengths of lists.
fn tell_statistics(out: &mut dyn Write, statistics: &Statistics) -> Result<()> {
    let columns: Vec<_> = statistics.columns.iter().collect();
    let of = |name: &str, columns: &[&ColumnStatistics], right, told: &dyn Fn(&ColumnStatistics) -> String| {
        let cells = columns.iter().map(|column| told(column)).collect();
        GridColumn { name: name.to_string(), cells, right }
    };
    let extreme = |value: &Option<Value>| value.as_ref().map_or("-".to_string(), |value| abbreviated(cell(value)));
    let name = |column: &ColumnStatistics| legible(&column.name);
    let about = [
        of("column", &columns, false, &name),
        of("type", &columns, false, &|column| legible(&column.dtype)),
        of("nulls", &columns, true, &|column| column.nulls.to_string()),
        of("distinct", &columns, true, &|column| distinct(&column.distinct)),
    ];
    let extremes = [
        of("column", &columns, false, &name),
        of("smallest", &columns, true, &|column| extreme(&column.smallest)),
        of("largest", &columns, true, &|column| extreme(&column.largest)),
    ];
    write!(out, "{} rows\n\n{}\n{}", statistics.rows, lay_out(&about), lay_out(&extremes))?;
    let lists: Vec<_> = columns.into_iter().filter(|column| column.lists.is_some()).collect();
    if lists.is_empty() {
        return Ok(());
    }
    let length = |tell: fn(&statistics::Lengths) -> String| {
        move |column: &ColumnStatistics| column.lists.as_ref().map_or(String::new(), tell)
    };
    let lengths = [
        of("column", &lists, false, &name),
        of("shortest", &lists, true, &length(|lists| lists.shortest.to_string())),
        of("mean", &lists, true, &length(|lists| format!("{:.1}", lists.mean))),
        of("longest", &lists, true, &length(|lists| lists.longest.to_string())),
        of("empty", &lists, true, &length(|lists| format!("{:.2} %", 100.0 * lists.empty))),
    ];
    Ok(write!(out, "\n{}", lay_out(&lengths))?)
}

fn distinct(distinct: &Distinct) -> String {
    match distinct {
        Distinct::Exactly(count) => count.to_string(),
        Distinct::Many => format!("> {DISTINCT}"),
        Distinct::Unknown => "-".to_string(),
    }
}

/// Characters of an extreme that are shown.
const EXTREME: usize = 28;

fn abbreviated(text: String) -> String {
    if text.chars().count() <= EXTREME {
        return text;
    }
    text.chars().take(EXTREME - 1).chain(['…']).collect()
}
