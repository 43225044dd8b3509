//! What training rows are made from: what was shown to customers on a day, and the histories of these customers.
//!
//! Checks that the two tables go together, and finds each impression's history. It does not know the layouts in which
//! training rows are written: [`crate::wide`] and [`crate::compact`] do.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use polars::prelude::{DataFrame, Int8Type, Int32Type, PolarsNumericType};

use crate::{schema, table};

/// The two tables, as read.
pub struct Tables {
    impressions: DataFrame,
    labels: Vec<bool>,
    histories: DataFrame,
}

/// The training rows of a day, in the order in which they are to be written.
pub struct TrainingRows<'a> {
    /// One place an impression, as in `items`, `labels` and `history_rows`.
    pub customers: &'a [i64],
    pub items: &'a [i32],
    pub labels: &'a [bool],
    /// Which of `histories` is the customer's, if there is one.
    pub history_rows: Vec<Option<usize>>,
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
    pub fn read(impressions: &Path, histories: &Path) -> Result<Self> {
        let impressions = table::read(impressions, &schema::impressions())?;
        let labels = table::booleans(&impressions, schema::IS_ORDER)?;
        Ok(Tables { impressions, labels, histories: table::read(histories, &schema::histories())? })
    }

    /// Fails if the tables are not sorted, or hold what no training row may.
    pub fn rows(&self) -> Result<TrainingRows<'_>> {
        let (offsets, items) = lists::<Int32Type>(&self.histories, schema::ACTIONS)?;
        let (type_offsets, action_types) = lists::<Int8Type>(&self.histories, schema::ACTION_TYPES)?;
        if offsets != type_offsets {
            bail!("{} and {} of the histories differ in length", schema::ACTIONS, schema::ACTION_TYPES);
        }
        if let Some(kind) = action_types.iter().find(|kind| !(1..=3).contains(*kind)) {
            bail!("the histories hold an action of type {kind}, which is not one of 1, 2 and 3");
        }
        let customers = table::int64(&self.impressions, schema::CUSTOMER_ID)?;
        Ok(TrainingRows {
            customers,
            items: table::int32(&self.impressions, schema::ITEM_ID)?,
            labels: &self.labels,
            history_rows: match_rows(customers, table::int64(&self.histories, schema::CUSTOMER_ID)?)?,
            histories: Lists { offsets, items, action_types },
        })
    }
}

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

/// Offsets and values of a column of lists that [`table::read`] has read, which are not copied.
fn lists<'a, T: PolarsNumericType>(frame: &'a DataFrame, name: &str) -> Result<(&'a [i64], &'a [T::Native])> {
    let mut chunks = frame.column(name)?.list()?.downcast_iter();
    let (Some(lists), None) = (chunks.next(), chunks.next()) else { bail!("column `{name}` is not in one piece") };
    let values = lists.values().as_any().downcast_ref::<T::Array>();
    let values = values.with_context(|| format!("column `{name}` holds lists of another type"))?;
    if lists.values().null_count() > 0 {
        bail!("the lists of column `{name}` hold {} nulls", lists.values().null_count());
    }
    Ok((lists.offsets().as_slice(), values.values().as_slice()))
}

/// For each of `customers`, its place among `known`; both ascend.
fn match_rows(customers: &[i64], known: &[i64]) -> Result<Vec<Option<usize>>> {
    if !customers.is_sorted() || !known.is_sorted_by(|a, b| a < b) {
        bail!("impressions and histories must be sorted by customer_id, histories with each customer once");
    }
    let mut place = 0;
    let matches = customers.iter().map(|customer| {
        while known.get(place).is_some_and(|other| other < customer) {
            place += 1;
        }
        (known.get(place) == Some(customer)).then_some(place)
    });
    Ok(matches.collect())
}
