//! Columns of integers, times and days, judged as wholes: most rows are good, and need no look at each of their cells.
//!
//! The rules are those for every row. A row that they do not let through, or that holds a null, is not told of why: it
//! has to be looked at cell by cell.

use polars::prelude::*;

use super::cells::instant;
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
    /// `None` if rows hold anything else, or lack a field.
    pub fn of(fields: &Fields, column: impl Fn(Role) -> Option<Series>) -> Option<Plain> {
        let customers = judge(&column(Role::CustomerId)?, rules::customer_id)?;
        let items = judge(&column(Role::ItemId)?, rules::item_id)?;
        let (mut timestamps, mut days) = (None, None);
        if fields.name(Role::Timestamp).is_some() {
            timestamps = Some(judge(&column(Role::Timestamp)?, rules::timestamp)?);
        }
        if fields.name(Role::Day).is_some() {
            days = Some(judge(&column(Role::Day)?, rules::day)?);
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

fn judge<T>(column: &Series, rule: impl Fn(&Cell) -> Result<T, Problem>) -> Option<Vec<Option<T>>> {
    let judged = |cell: Cell| rule(&cell).ok();
    Some(match column.dtype() {
        DataType::Datetime(unit, _) => {
            let times = column.datetime().ok()?.physical().iter();
            times.map(|time| time.and_then(|time| judged(instant(time, *unit)))).collect()
        }
        DataType::Date => {
            let days = column.date().ok()?.physical().iter();
            days.map(|day| day.and_then(|day| judged(Cell::Day(day)))).collect()
        }
        dtype if dtype.is_integer() => {
            // What is beyond 64 bits becomes a null, and so not certainly good.
            let cast = column.cast(&DataType::Int64).ok()?;
            let integers = cast.i64().ok()?.iter();
            integers.map(|value| value.and_then(|value| judged(Cell::Integer(value)))).collect()
        }
        _ => return None,
    })
}
