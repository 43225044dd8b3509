//! Parquet files of others: the fields that matter, whatever integer width or unit of time they were written with.

use std::path::Path;

use anyhow::Result;
use polars::prelude::*;

use super::collector::Collector;
use super::fields::{Fields, Role};
use super::record::{Cell, Entry, Record};
use super::rejected::Place;
use crate::parquet_file::ParquetFile;

/// Rows taken from a file at a time, so that memory does not grow with it.
const ROWS: usize = 1 << 19;

/// Reads all rows of a file; a row's number, from 1, stands for its line.
pub fn read(path: &Path, collector: &mut Collector) -> Result<()> {
    let fields = collector.fields().clone();
    let file = ParquetFile::open(path)?;
    let rows = file.rows;
    let (roles, names): (Vec<_>, Vec<_>) = fields
        .row_fields()
        .map(|(role, name)| (role, name.to_string()))
        .filter(|(_, name)| file.columns.contains(name))
        .unzip();
    for start in (0..rows).step_by(ROWS) {
        let frame = file.read(&names, start, ROWS.min(rows - start))?;
        let columns = names.iter().map(|name| Ok(frame.column(name)?.as_materialized_series()));
        let columns = columns.collect::<PolarsResult<Vec<_>>>()?;
        for row in 0..ROWS.min(rows - start) {
            let mut record = Record::default();
            for (role, column) in roles.iter().zip(&columns) {
                record.set(*role, cell(column.get(row)?, *role, &fields)?);
            }
            let place = Place { line: (start + row + 1) as u64, raw: &|| spell(&names, &columns, row) };
            collector.row(&record, &place);
        }
    }
    Ok(())
}

fn cell<'a>(value: AnyValue<'a>, role: Role, fields: &Fields) -> PolarsResult<Cell<'a>> {
    Ok(match value {
        AnyValue::Null => Cell::Null,
        AnyValue::Boolean(value) => Cell::Boolean(value),
        AnyValue::String(text) => Cell::Text(text.into()),
        AnyValue::Date(day) => Cell::Day(day),
        AnyValue::Datetime(time, unit, _) => Cell::Instant(match unit {
            TimeUnit::Nanoseconds => time.div_euclid(1_000),
            TimeUnit::Microseconds => time,
            TimeUnit::Milliseconds => time.saturating_mul(1_000),
        }),
        AnyValue::List(series) if role == Role::Impressions => entries(&series, fields)?,
        value if value.is_integer() => value.extract().map_or(Cell::Huge, Cell::Integer),
        _ => Cell::Other,
    })
}

/// The entries of one impression row; an entry is a struct.
fn entries(list: &Series, fields: &Fields) -> PolarsResult<Cell<'static>> {
    let Ok(structs) = list.struct_() else { return Ok(Cell::Other) };
    let parts: Vec<_> = structs
        .fields_as_series()
        .into_iter()
        .filter_map(|part| Some((fields.entry_role(part.name())?, part)))
        .collect();
    let mut entries = Vec::with_capacity(list.len());
    for index in 0..list.len() {
        if list.get(index)?.is_null() {
            entries.push(Cell::Null);
            continue;
        }
        let mut entry = Entry::default();
        for (role, part) in &parts {
            // A label or an item id borrows nothing; a text in their place only has to be known for a text.
            entry.set(
                *role,
                match cell(part.get(index)?, *role, fields)? {
                    Cell::Text(text) => Cell::Text(text.into_owned().into()),
                    Cell::Integer(value) => Cell::Integer(value),
                    Cell::Boolean(value) => Cell::Boolean(value),
                    Cell::Huge => Cell::Huge,
                    Cell::Null => Cell::Null,
                    _ => Cell::Other,
                },
            );
        }
        entries.push(Cell::Entry(Box::new(entry)));
    }
    Ok(Cell::Entries(entries))
}

/// A row as text, for the table of rejected rows.
fn spell(names: &[String], columns: &[&Series], row: usize) -> String {
    let cells = names.iter().zip(columns).map(|(name, column)| {
        format!("{name}: {}", column.get(row).map_or_else(|_| "?".to_string(), |value| value.to_string()))
    });
    format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
}
