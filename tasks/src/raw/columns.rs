//! The rows that are let through, column by column, on their way into a table.
//!
//! It does not know what may be let through, nor when rows are written.

use std::ops::Range;

use anyhow::Result;
use polars_parquet::parquet::metadata::ColumnDescriptor;

use super::fields::Source;
use super::record::Values;
use crate::calendar;
use crate::pages::ColumnPages;
use crate::pages::file::RowGroup;
use crate::schema::{self, Schema};

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

    /// Takes away so many rows from the front.
    pub(super) fn remove(&mut self, rows: usize) {
        fn remove<T>(values: &mut Vec<T>, rows: usize) {
            values.drain(..rows.min(values.len()));
        }
        remove(&mut self.customers, rows);
        remove(&mut self.items, rows);
        remove(&mut self.timestamps, rows);
        remove(&mut self.days, rows);
        remove(&mut self.labels, rows);
    }

    /// Some rows as a row group of the table that [`schema`] describes.
    pub(super) fn row_group(
        &self,
        rows: Range<usize>,
        source: Source,
        columns: &[ColumnDescriptor],
    ) -> Result<RowGroup> {
        let column = |number: usize| ColumnPages::uncompressed(&columns[number]);
        let mut pages = vec![
            column(0).numbers(&self.customers[rows.clone()])?,
            column(1).numbers(&self.items[rows.clone()])?,
            match source {
                Source::Impressions => column(2).booleans(&self.labels[rows.clone()])?,
                _ => column(2).numbers(&self.timestamps[rows.clone()])?,
            },
        ];
        if source == Source::PreviousOrders {
            pages.push(column(3).numbers(&self.days[rows.clone()])?);
        }
        Ok(RowGroup { rows: rows.len(), columns: pages.into_iter().map(ColumnPages::finish).collect() })
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
