//! Parquet files of others: the fields that matter, whatever integer width or unit of time they were written with.

mod cells;
mod plain;

use std::path::Path;

use anyhow::Result;
use polars::prelude::*;

use super::collector::Collector;
use super::in_order::in_order;
use super::record::Record;
use super::rejected::Place;
use crate::parquet_file::ParquetFile;
use cells::cell;
use plain::Plain;

/// Rows taken from a file at a time, so that memory does not grow with it.
const ROWS: usize = 1 << 19;

/// Reads all rows of a file, on `threads` threads; a row's number, from 1, stands for its line.
pub fn read(path: &Path, threads: usize, collector: &mut Collector) -> Result<()> {
    let file = ParquetFile::open(path)?;
    let model = collector.part();
    let mut starts = (0..file.rows).step_by(ROWS);
    let mut outcome = Ok(());
    let next = |start: &mut usize| starts.next().map(|next| *start = next).is_some();
    let worker = || |start: &usize| stretch(&file, *start, model.part());
    in_order(threads.min(file.rows.div_ceil(ROWS)), next, worker, |part| match part {
        // Parts after one that cannot be read are of no use.
        Ok(part) if outcome.is_ok() => outcome = collector.append(part, 0),
        Err(error) if outcome.is_ok() => outcome = Err(error),
        _ => {}
    });
    outcome
}

/// Reads the rows from one on, as many as are taken at a time.
fn stretch(file: &ParquetFile, start: usize, mut collector: Collector) -> Result<Collector> {
    let fields = collector.fields().clone();
    let (roles, names): (Vec<_>, Vec<_>) = fields
        .row_fields()
        .map(|(role, name)| (role, name.to_string()))
        .filter(|(_, name)| file.columns.contains(name))
        .unzip();
    let count = ROWS.min(file.rows - start);
    let frame = file.read(&names, start, count)?;
    let columns = names.iter().map(|name| Ok(frame.column(name)?.as_materialized_series()));
    let columns = columns.collect::<PolarsResult<Vec<_>>>()?;
    let column = |role| roles.iter().position(|known| *known == role).map(|index| columns[index].clone());
    let plain = Plain::of(&fields, column);
    for row in 0..count {
        if let Some(values) = plain.as_ref().and_then(|plain| plain.row(row)) {
            collector.accept(&values);
            continue;
        }
        let mut record = Record::default();
        for (role, column) in roles.iter().zip(&columns) {
            record.set(*role, cell(column.get(row)?, *role, &fields)?);
        }
        let place = Place { line: (start + row + 1) as u64, raw: &|| spell(&names, &columns, row) };
        collector.row(&record, &place);
    }
    Ok(collector)
}

/// A row as text, for the table of rejected rows.
fn spell(names: &[String], columns: &[&Series], row: usize) -> String {
    let cells = names.iter().zip(columns).map(|(name, column)| {
        format!("{name}: {}", column.get(row).map_or_else(|_| "?".to_string(), |value| value.to_string()))
    });
    format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
}
