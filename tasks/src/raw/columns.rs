//! The rows that are let through, column by column, on their way into a table.
//!
//! It does not know what may be let through, nor when rows are written.

use polars::prelude::{Column, Int32Chunked, Int64Chunked, IntoColumn};

use super::fields::Source;
use super::record::Values;
use crate::calendar;
use crate::schema::{self, Schema};
use crate::table;

/// Columns of the same length each; those that the source does not have are empty.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) customers: Vec<i64>,
    pub(super) items: Vec<i32>,
    pub(super) timestamps: Vec<i64>,
    pub(super) days: Vec<i32>,
    pub(super) labels: Vec<bool>,
}

impl Columns {
    pub(super) fn rows(&self) -> usize {
        self.customers.len()
    }

    /// Makes room for as many more rows, which costs less than to grow step by step.
    pub(super) fn reserve(&mut self, rows: usize, source: Source) {
        self.customers.reserve(rows);
        self.items.reserve(rows);
        match source {
            Source::Impressions => self.labels.reserve(rows),
            _ => self.timestamps.reserve(rows),
        }
        if source == Source::PreviousOrders {
            self.days.reserve(rows);
        }
    }

    /// Takes in a row; one of impressions becomes a row for each entry.
    pub(super) fn push(&mut self, values: &Values, source: Source) {
        if source == Source::Impressions {
            self.customers.extend(values.entries.iter().map(|_| values.customer_id));
            self.items.extend(values.entries.iter().map(|(item, _)| item));
            self.labels.extend(values.entries.iter().map(|(_, label)| label));
            return;
        }
        self.customers.push(values.customer_id);
        self.items.push(values.item_id);
        if source == Source::PreviousOrders {
            self.days.push(values.day);
        }
        // Only orders have no time of their own, unless a field is named for it: theirs is the beginning of their day.
        self.timestamps.push(values.timestamp.unwrap_or(i64::from(values.day) * calendar::DAY));
    }

    pub(super) fn append(&mut self, mut others: Columns) {
        self.customers.append(&mut others.customers);
        self.items.append(&mut others.items);
        self.timestamps.append(&mut others.timestamps);
        self.days.append(&mut others.days);
        self.labels.append(&mut others.labels);
    }

    /// Keeps so many rows and gives back those behind them.
    pub(super) fn split_off(&mut self, rows: usize) -> Columns {
        let rest = |length: usize| rows.min(length);
        Columns {
            customers: self.customers.split_off(rows),
            items: self.items.split_off(rows),
            timestamps: self.timestamps.split_off(rest(self.timestamps.len())),
            days: self.days.split_off(rest(self.days.len())),
            labels: self.labels.split_off(rest(self.labels.len())),
        }
    }

    /// The columns of the table that [`schema`] describes.
    pub(super) fn into_table(self, source: Source) -> Vec<Column> {
        let mut columns = vec![
            Int64Chunked::from_vec(schema::CUSTOMER_ID.into(), self.customers).into_column(),
            Int32Chunked::from_vec(schema::ITEM_ID.into(), self.items).into_column(),
        ];
        match source {
            Source::Impressions => columns.push(Column::new(schema::IS_ORDER.into(), self.labels)),
            _ => columns.push(table::instant_column(schema::TIMESTAMP, self.timestamps)),
        }
        if source == Source::PreviousOrders {
            columns.push(table::day_column(schema::DAY, self.days));
        }
        columns
    }
}

/// The table that the rows of a source become.
pub(super) fn schema(source: Source) -> Schema {
    match source {
        Source::Impressions => schema::impressions(),
        Source::Clicks | Source::AddToCarts => schema::events(),
        Source::PreviousOrders => schema::orders(),
    }
}
