//! Columns judged as wholes: most rows are good, and need no look at each of their cells.
//!
//! The rules are those for every row. A row that they do not let through is not told of why: it has to be looked at cell by
//! cell.

use polars_arrow::array::Array;

use super::cells::{cell, instant};
use crate::parquet_file::{Column, Kind, numbers};
use crate::raw::fields::{Fields, Role};
use crate::raw::record::{Cell, Values};
use crate::raw::rules::{self, Problem};

/// The columns of some rows; a value that is not certainly good is `None`.
pub struct Plain {
    customers: Vec<Option<i64>>,
    items: Vec<Option<i32>>,
    timestamps: Option<Vec<Option<i64>>>,
    days: Option<Vec<Option<i32>>>,
}

impl Plain {
    /// `None` if rows are nested, or lack a field.
    pub fn of<'a>(fields: &Fields, column: impl Fn(Role) -> Option<&'a Column>) -> Option<Plain> {
        let judge = |role| column(role).map(|column| Judge { column, role, fields });
        let customers = judge(Role::CustomerId)?.by(rules::customer_id);
        let items = judge(Role::ItemId)?.by(rules::item_id);
        let (mut timestamps, mut days) = (None, None);
        if fields.name(Role::Timestamp).is_some() {
            timestamps = Some(judge(Role::Timestamp)?.by(rules::timestamp));
        }
        if fields.name(Role::Day).is_some() {
            days = Some(judge(Role::Day)?.by(rules::day));
        }
        Some(Plain { customers, items, timestamps, days })
    }

    /// The values of a row that is certainly good.
    pub fn row(&self, row: usize) -> Option<Values> {
        let timestamp = match &self.timestamps {
            Some(timestamps) => Some(timestamps[row]?),
            None => None,
        };
        let day = match &self.days {
            Some(days) => days[row]?,
            None => 0,
        };
        let (customer_id, item_id) = (self.customers[row]?, self.items[row]?);
        Some(Values { customer_id, item_id, timestamp, day, entries: Vec::new() })
    }
}

/// A column and the role that it plays.
struct Judge<'a> {
    column: &'a Column,
    role: Role,
    fields: &'a Fields,
}

impl Judge<'_> {
    fn by<T>(&self, rule: impl Fn(&Cell) -> Result<T, Problem>) -> Vec<Option<T>> {
        let values = &*self.column.values;
        // The usual types are looked at as numbers, without a detour over values of any type.
        match &self.column.field.kind {
            Kind::Instant { unit, .. } => each(values, |time| rule(&instant(time, *unit)).ok()),
            Kind::Day => each(values, |day| rule(&Cell::Day(day)).ok()),
            Kind::Integer { bits: 64, signed: true } => each(values, |number| rule(&Cell::Integer(number)).ok()),
            Kind::Integer { bits: 32, signed: true } => {
                each(values, |number: i32| rule(&Cell::Integer(number.into())).ok())
            }
            _ => None,
        }
        .unwrap_or_else(|| {
            let rows = 0..self.column.len();
            rows.map(|row| rule(&cell(self.column, row, self.role, self.fields)).ok()).collect()
        })
    }
}

/// What is made of each number of an array; of a null, nothing.
fn each<N: polars_arrow::types::NativeType, T>(
    values: &dyn Array,
    make: impl Fn(N) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    let numbers = numbers::<N>(values)?.iter();
    Some(match values.validity() {
        Some(valid) => {
            numbers.zip(valid).map(|(number, is_valid)| if is_valid { make(*number) } else { None }).collect()
        }
        None => numbers.map(|number| make(*number)).collect(),
    })
}
