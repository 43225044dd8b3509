//! What stands in a cell, whatever the type of its column.

use std::borrow::Cow;

use polars_arrow::array::{Array, StructArray};

use crate::parquet_file::{Column, Field, Kind, Unit, Value, typed, value};
use crate::raw::fields::{Fields, Role};
use crate::raw::json;
use crate::raw::record::{Cell, Entry};

/// A time of any unit.
pub fn instant(time: i64, unit: Unit) -> Cell<'static> {
    let micros = match unit {
        Unit::Nanoseconds => Some(time.div_euclid(1_000)),
        Unit::Microseconds => Some(time),
        Unit::Milliseconds => time.checked_mul(1_000),
        Unit::Seconds => time.checked_mul(1_000_000),
    };
    micros.map_or(Cell::Garbled, Cell::Instant)
}

/// What stands in a row of the column of a field.
pub fn cell<'a>(column: &'a Column, row: usize, role: Role, fields: &Fields) -> Cell<'a> {
    match column.lists() {
        Some(lists) if role == Role::Impressions => match lists.range(row) {
            Some(range) => Cell::Entries(range.map(|index| entry(lists.item, lists.items(), index, fields)).collect()),
            None => Cell::Null,
        },
        _ => single(column.value(row), role, fields),
    }
}

fn single<'a>(value: Value<'a>, role: Role, fields: &Fields) -> Cell<'a> {
    match value {
        Value::Null => Cell::Null,
        Value::Boolean(value) => Cell::Boolean(value),
        Value::Integer(number) => integer(number),
        Value::Decimal(digits, scale) => match 10_i128.checked_pow(scale as u32) {
            Some(one) if digits % one == 0 => integer(digits / one),
            None if digits == 0 => Cell::Integer(0),
            _ => Cell::Other,
        },
        Value::Huge(digits, scale) => match digits.split_at_checked(digits.len().saturating_sub(scale)) {
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => {
                whole.parse().map_or(Cell::Huge, Cell::Integer)
            }
            _ => Cell::Other,
        },
        Value::Day(day) => Cell::Day(day),
        Value::Instant(time, unit) => instant(time, unit),
        Value::Text(text) => text_cell(text, role, fields),
        // Many writers do not say which of their bytes are text.
        Value::Bytes(Cow::Borrowed(bytes)) => {
            std::str::from_utf8(bytes).map_or(Cell::Garbled, |text| text_cell(text.into(), role, fields))
        }
        _ => Cell::Other,
    }
}

fn integer(number: i128) -> Cell<'static> {
    number.try_into().map_or(Cell::Huge, Cell::Integer)
}

fn text_cell<'a>(text: Cow<'a, str>, role: Role, fields: &Fields) -> Cell<'a> {
    match text {
        // As in a CSV file.
        Cow::Borrowed(text) if role == Role::Impressions => json::entries(text, fields),
        text => Cell::Text(text),
    }
}

/// An entry of an impression row; it is a struct.
fn entry<'a>(item: &'a Field, items: &'a dyn Array, index: usize, fields: &Fields) -> Cell<'a> {
    if items.is_null(index) {
        return Cell::Null;
    }
    let (Kind::Struct(parts), Some(structs)) = (&item.kind, typed::<StructArray>(items)) else { return Cell::Other };
    let mut entry = Entry::default();
    for (part, values) in parts.iter().zip(structs.values()) {
        if let Some(role) = fields.entry_role(&part.name) {
            entry.set(role, single(value(&part.kind, &**values, index), role, fields));
        }
    }
    Cell::Entry(Box::new(entry))
}
