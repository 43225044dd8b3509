//! The cells of a column. A column of integers, times or days is asked for its type once and not for every cell.

use polars::prelude::*;

use crate::raw::fields::{Fields, Role};
use crate::raw::record::{Cell, Entry};

/// A column by the type of its cells.
pub enum Typed<'a> {
    Integers(Int64Chunked),
    Instants(&'a Int64Chunked, TimeUnit),
    Days(&'a Int32Chunked),
    /// Cells of any other type.
    Any(&'a Series, Role, &'a Fields),
}

impl<'a> Typed<'a> {
    pub fn of(column: &'a Series, role: Role, fields: &'a Fields) -> Self {
        let any = Typed::Any(column, role, fields);
        match column.dtype() {
            DataType::Datetime(unit, _) => {
                column.datetime().map_or(any, |times| Typed::Instants(times.physical(), *unit))
            }
            DataType::Date => column.date().map_or(any, |days| Typed::Days(days.physical())),
            // A number beyond 64 bits would become a null.
            dtype if dtype.is_integer() => match column.cast(&DataType::Int64) {
                Ok(cast) if cast.null_count() == column.null_count() => {
                    cast.i64().map_or(any, |integers| Typed::Integers(integers.clone()))
                }
                _ => any,
            },
            _ => any,
        }
    }

    pub fn cell(&self, row: usize) -> PolarsResult<Cell<'_>> {
        Ok(match self {
            Typed::Integers(integers) => integers.get(row).map_or(Cell::Null, Cell::Integer),
            Typed::Instants(times, unit) => times.get(row).map_or(Cell::Null, |time| instant(time, *unit)),
            Typed::Days(days) => days.get(row).map_or(Cell::Null, Cell::Day),
            Typed::Any(column, role, fields) => cell(column.get(row)?, *role, fields)?,
        })
    }
}

fn instant(time: i64, unit: TimeUnit) -> Cell<'static> {
    Cell::Instant(match unit {
        TimeUnit::Nanoseconds => time.div_euclid(1_000),
        TimeUnit::Microseconds => time,
        TimeUnit::Milliseconds => time.saturating_mul(1_000),
    })
}

fn cell<'a>(value: AnyValue<'a>, role: Role, fields: &Fields) -> PolarsResult<Cell<'a>> {
    Ok(match value {
        AnyValue::Null => Cell::Null,
        AnyValue::Boolean(value) => Cell::Boolean(value),
        AnyValue::String(text) => Cell::Text(text.into()),
        AnyValue::Date(day) => Cell::Day(day),
        AnyValue::Datetime(time, unit, _) => instant(time, unit),
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
