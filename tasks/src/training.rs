//! What training rows are made from: what was shown to customers on a day, and the histories of these customers.
//!
//! Checks that the two tables go together, and finds each impression's history. It does not know the layouts in which
//! training rows are written: [`crate::wide`] and [`crate::compact`] do.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail};
use polars::prelude::DataFrame;

use crate::histories::{Histories, HistoryFile};
use crate::{schema, table};

/// A portion is done with once it has so many rows or actions, and is made from whole row groups of histories; so memory
/// does not grow with the day, and what a portion is does not depend on anything but the tables.
#[derive(Clone, Copy)]
pub struct Portion {
    pub rows: usize,
    pub actions: usize,
}

/// 40 MB of histories.
pub const PORTION: Portion = Portion { rows: 1 << 17, actions: 1 << 23 };

/// The types of actions; the first, 0, is the padding. As written, each is its own place in a dictionary.
pub const TYPES: [i32; 4] = [0, 1, 2, 3];
/// The bits that a type takes.
pub const TYPE_WIDTH: usize = 2;

/// The two tables: the impressions as read, the histories yet to be read.
pub struct Tables {
    impressions: DataFrame,
    labels: Vec<bool>,
    histories: HistoryFile,
}

/// A portion of the training rows of a day, in the order in which they are to be written.
pub struct TrainingRows<'a> {
    /// One place an impression, as in `items`, `labels` and `history_rows`.
    pub customers: &'a [i64],
    pub items: &'a [i32],
    pub labels: &'a [bool],
    /// Which of `histories` is the customer's.
    pub history_rows: Vec<usize>,
    pub histories: Lists<'a>,
}

/// Histories side by side: number `n` is the range `offsets[n] .. offsets[n + 1]` of items and types.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    pub offsets: &'a [i64],
    pub items: &'a [i32],
    pub action_types: &'a [i8],
}

impl Tables {
    /// Fails if the impressions are not sorted.
    pub fn open(impressions: &Path, histories: &Path) -> Result<Self> {
        let impressions = table::read(impressions, schema::impressions())?;
        let labels = table::booleans(&impressions, schema::IS_ORDER)?;
        if !table::int64(&impressions, schema::CUSTOMER_ID)?.is_sorted() {
            bail!(UNSORTED);
        }
        Ok(Tables { impressions, labels, histories: HistoryFile::open(histories)? })
    }

    /// How many rows there are in all.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Calls `take` with each portion of the rows, in order. Fails if histories are not sorted, lack a customer of the
    /// impressions, or hold what no training row may.
    pub fn portions(&self, portion: Portion, mut take: impl FnMut(&TrainingRows) -> Result<()>) -> Result<()> {
        let customers = table::int64(&self.impressions, schema::CUSTOMER_ID)?;
        let (mut start, mut last_known) = (0, None);
        let mut histories = Histories::default();
        for group in 0..self.histories.groups() {
            histories.append(&self.histories.read(group)?);
            let last_group = group + 1 == self.histories.groups();
            let end = match histories.customers.last() {
                Some(last) if !last_group => start + customers[start..].partition_point(|customer| customer <= last),
                _ => customers.len(),
            };
            if last_group || end - start >= portion.rows || histories.items.len() >= portion.actions {
                if !last_known.iter().chain(&histories.customers).is_sorted_by(|a, b| a < b) {
                    bail!(UNSORTED);
                }
                last_known = histories.customers.last().copied().or(last_known);
                take(&self.portion(start..end, &histories)?)?;
                (start, histories) = (end, Histories::default());
            }
        }
        if start < customers.len() {
            take(&self.portion(start..customers.len(), &histories)?)?;
        }
        Ok(())
    }

    fn portion<'a>(&'a self, rows: Range<usize>, histories: &'a Histories) -> Result<TrainingRows<'a>> {
        let is_unknown = |kind: &i8| !(1..=3).contains(kind);
        // All are looked at before one is looked for, which takes a fraction of the time.
        if histories.action_types.iter().fold(false, |unknown, kind| unknown | is_unknown(kind)) {
            let kind = histories.action_types.iter().copied().find(is_unknown).unwrap_or_default();
            bail!("the histories hold an action of type {kind}, which is not one of 1, 2 and 3");
        }
        let customers = &table::int64(&self.impressions, schema::CUSTOMER_ID)?[rows.clone()];
        Ok(TrainingRows {
            customers,
            items: &table::int32(&self.impressions, schema::ITEM_ID)?[rows.clone()],
            labels: &self.labels[rows],
            history_rows: self.match_rows(customers, &histories.customers)?,
            histories: Lists {
                offsets: &histories.offsets,
                items: &histories.items,
                action_types: &histories.action_types,
            },
        })
    }

    /// For each of `customers`, its place among `known`; both ascend.
    ///
    /// A history may be empty, but everyone who was shown something has one.
    fn match_rows(&self, customers: &[i64], known: &[i64]) -> Result<Vec<usize>> {
        let mut place = 0;
        let matches = customers.iter().map(|customer| {
            while known.get(place).is_some_and(|other| other < customer) {
                place += 1;
            }
            if known.get(place) != Some(customer) {
                let path = self.histories.path().display();
                bail!(
                    "customer {customer} was shown something and has no history, not even an empty one: {path} was not made \
                     for these impressions"
                );
            }
            Ok(place)
        });
        matches.collect()
    }
}

const UNSORTED: &str = "impressions and histories must be sorted by customer_id, histories with each customer once";

impl Lists<'_> {
    /// The length of the longest history.
    pub fn longest(&self) -> usize {
        self.offsets.windows(2).map(|edges| (edges[1] - edges[0]) as usize).max().unwrap_or(0)
    }

    /// Where the items and types of a history are.
    pub fn range(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
}
