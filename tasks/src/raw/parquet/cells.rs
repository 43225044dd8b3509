//! What stands in a cell, whatever the type of its column.

use polars::prelude::*;

use crate::raw::fields::{Fields, Role};
use crate::raw::record::{Cell, Entry};

/// A time of any unit.
pub fn instant(time: i64, unit: TimeUnit) -> Cell<'static> {
    Cell::Instant(match unit {
        TimeUnit::Nanoseconds => time.div_euclid(1_000),
        TimeUnit::Microseconds => time,
        TimeUnit::Milliseconds => time.saturating_mul(1_000),
    })
}

/// A value of a row's field.
pub fn cell<'a>(value: AnyValue<'a>, role: Role, fields: &Fields) -> PolarsResult<Cell<'a>> {
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
