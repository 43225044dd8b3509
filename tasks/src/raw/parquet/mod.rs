//! Parquet files of others: the fields that matter, whatever type they were written with.

mod cells;
mod plain;

use std::path::Path;

use anyhow::Result;

use super::collector::Collector;
use super::fields::{Fields, Role};
use super::in_order::in_order;
use super::record::Record;
use super::rejected::{Place, Shift};
use crate::parquet_file::{Field, Kind, ParquetFile};
use crate::spelling::JsonRow;
use cells::cell;
use plain::Plain;

/// Rows taken from a file at a time, so that memory does not grow with it.
const ROWS: usize = 1 << 19;

/// Reads all rows of a file, on `threads` threads; a row's number, from 1, stands for its line.
pub fn read(path: &Path, threads: usize, collector: &mut Collector) -> Result<()> {
    read_stretches(&ParquetFile::open(path)?, ROWS, threads, collector)
}

/// The same, so many rows at a time.
pub fn read_stretches(file: &ParquetFile, rows: usize, threads: usize, collector: &mut Collector) -> Result<()> {
    let model = collector.part();
    let wanted = Wanted::of(file, model.fields());
    note_lacking(file, collector);
    let mut starts = (0..file.rows).step_by(rows);
    let mut outcome = Ok(());
    let next = |start: &mut usize| starts.next().map(|next| *start = next).is_some();
    let worker = || |start: &usize| stretch(file, &wanted, *start, rows.min(file.rows - *start), model.part());
    in_order(threads.min(file.rows.div_ceil(rows)), next, worker, |part| match part {
        // Parts after one that cannot be read are of no use.
        Ok(part) if outcome.is_ok() => outcome = collector.append(part, Shift::default()),
        Err(error) if outcome.is_ok() => outcome = Err(error),
        _ => {}
    });
    outcome
}

/// Where a file lacks a field, tells what it has: its rejected rows show no more than was read.
fn note_lacking(file: &ParquetFile, collector: &mut Collector) {
    let fields = collector.fields().clone();
    let names = |columns: &[Field]| columns.iter().map(|column| column.name.clone()).collect();
    if fields.row_fields().any(|(_, name)| file.column(name).is_err()) {
        collector.lacks(None, names(&file.columns));
    }
    let list = fields.name(Role::Impressions);
    let column = list.and_then(|list| file.column(list).ok());
    let Some(Kind::List(item)) = column.map(|column| &column.kind) else { return };
    let Kind::Struct(parts) = &item.kind else { return };
    let mut wanted = Role::all().filter(|role| fields.entry_list(*role).is_some());
    if wanted.any(|role| !parts.iter().any(|part| fields.entry_role(&part.name) == Some(role))) {
        collector.lacks(list, names(parts));
    }
}

/// What is read of a file: the columns of the fields that it has, and of their structs only the fields that matter.
struct Wanted {
    columns: Vec<Field>,
    /// For each role that has a field, the place of its column.
    roles: Vec<(Role, usize)>,
}

impl Wanted {
    fn of(file: &ParquetFile, fields: &Fields) -> Wanted {
        let (mut columns, mut roles) = (Vec::<Field>::new(), Vec::new());
        for (role, name) in fields.row_fields() {
            // One column may stand for several roles.
            let place = columns.iter().position(|column| column.name == name);
            let Some(place) = place.or_else(|| {
                columns.push(file.column(name).ok()?.only(&|part| fields.entry_role(part).is_some()));
                Some(columns.len() - 1)
            }) else {
                continue;
            };
            roles.push((role, place));
        }
        Wanted { columns, roles }
    }
}

/// Reads some rows.
fn stretch(
    file: &ParquetFile,
    wanted: &Wanted,
    start: usize,
    count: usize,
    mut collector: Collector,
) -> Result<Collector> {
    let fields = collector.fields().clone();
    let columns = file.read(&wanted.columns, start, count)?;
    let column = |role| wanted.roles.iter().find(|(known, _)| *known == role).map(|(_, place)| &columns[*place]);
    let plain = Plain::of(&fields, column);
    for row in 0..count {
        if let Some(values) = plain.as_ref().and_then(|plain| plain.row(row)) {
            collector.accept(&values);
            continue;
        }
        let mut record = Record::default();
        for (role, place) in &wanted.roles {
            record.set(*role, cell(&columns[*place], row, *role, &fields));
        }
        // A row is kept as JSON, with the fields that were looked at.
        let raw = || serde_json::to_string(&JsonRow { columns: &columns, row }).unwrap_or_default();
        collector.row(&record, &Place::numbered((start + row + 1) as u64, &raw));
    }
    Ok(collector)
}
