//! Writes the training rows as they are: one row an impression, with the customer's history padded to a fixed length.
//!
//! | column | type | |
//! |---|---|---|
//! | `customer_id` | int64 | |
//! | `item_id` | int32 | the item shown |
//! | `is_order` | bool | the label |
//! | `actions` | list of int32, always `length` long | items, newest first, 0 is padding |
//! | `action_types` | list of int8, always `length` long | 1 click, 2 add-to-cart, 3 order, 0 is padding |
//!
//! No column is nullable. The rows are a hundred times the size of what they are made from, as all rows of a customer hold
//! the same two lists. They are never written out: a list is encoded once, and its page says how often it comes (see
//! [`crate::pages::padded`]). Items are places in a dictionary for each row group; types are their own.
//!
//! It does not know where rows and histories come from; what a Parquet file is made of, [`crate::pages`] does.

use std::io::{Seek, Write};
use std::ops::Range;

use anyhow::{Result, bail};
use polars::prelude::{ArrowDataType, ArrowSchema};
use polars_parquet::parquet::metadata::ColumnDescriptor;

use crate::pages::dictionary::Dictionary;
use crate::pages::file::{PageFile, RowGroup};
use crate::pages::padded::PaddedLists;
use crate::pages::{ColumnPages, Sizes, required, required_list};
use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID, IS_ORDER, ITEM_ID};
use crate::training::{TYPE_WIDTH, TYPES, TrainingRows};

/// The sizes for lists of so many values.
///
/// The larger a row group, the less often items are in a dictionary; but many readers decode it as a whole, which is a
/// quarter of a gigabyte of items unless lists are so long that it must be more. Pages are small enough to be decoded a few
/// at a time.
pub fn sizes(length: usize) -> Sizes {
    let row_group = ((1 << 26) / length).clamp(1 << 10, 1 << 16);
    Sizes { row_group, page: row_group / 16 }
}

/// A Parquet file of rows with lists of `length` values.
pub struct WideWriter<W: Write> {
    file: PageFile<W>,
    length: usize,
    sizes: Sizes,
    threads: usize,
}

impl<W: Write + Seek> WideWriter<W> {
    pub fn new(out: W, length: usize, sizes: Sizes, threads: usize) -> Result<Self> {
        Ok(WideWriter { file: PageFile::new(out, arrow_schema())?.sorted(), length, sizes, threads })
    }

    /// Writes some rows as row groups of their own; the bytes do not depend on the number of threads.
    pub fn write(&mut self, rows: &TrainingRows) -> Result<()> {
        let (longest, length, sizes) = (rows.histories.longest(), self.length, self.sizes);
        if longest > length {
            bail!("a history of {longest} actions does not fit into {length}: both tasks need the same history_length");
        }
        let count = rows.customers.len().div_ceil(sizes.row_group);
        self.file.add_all(count, self.threads, |number, columns| {
            let start = number * sizes.row_group;
            let end = rows.customers.len().min(start + sizes.row_group);
            row_group(rows, length, start..end, sizes.page, columns)
        })
    }

    /// Writes the footer, and gives back what was written to.
    pub fn finish(self) -> Result<W> {
        self.file.finish()
    }
}

fn row_group(
    rows: &TrainingRows,
    length: usize,
    range: Range<usize>,
    page: usize,
    columns: &[ColumnDescriptor],
) -> Result<RowGroup> {
    let histories = rows.histories;
    // Each history, and how many rows in a row are the customer's.
    let repeats: Vec<(Range<usize>, usize)> = rows.history_rows[range.clone()]
        .chunk_by(|a, b| a == b)
        .map(|same| (histories.range(same[0]), same.len()))
        .collect();
    let dictionary = Dictionary::new(repeats.iter().map(|(history, _)| &histories.items[history.clone()]));
    let mut places = dictionary.places.iter().copied();
    let mut items = PaddedLists::new(length, dictionary.width());
    let mut types = PaddedLists::new(length, TYPE_WIDTH);
    for (history, count) in repeats {
        items.add(count, places.by_ref().take(history.len()));
        types.add(count, histories.action_types[history].iter().map(|kind| *kind as u32));
    }
    let column = |number: usize| ColumnPages::new(&columns[number]);
    let mut actions = column(3).dictionary(&dictionary.values)?;
    items.write(&mut actions, page)?;
    let mut action_types = column(4).dictionary(&TYPES)?;
    types.write(&mut action_types, page)?;
    Ok(RowGroup {
        rows: range.len(),
        columns: vec![
            column(0).numbers(&rows.customers[range.clone()])?.finish(),
            column(1).numbers(&rows.items[range.clone()])?.finish(),
            column(2).booleans(&rows.labels[range])?.finish(),
            actions.finish(),
            action_types.finish(),
        ],
    })
}

fn arrow_schema() -> ArrowSchema {
    let fields = [
        required(CUSTOMER_ID, ArrowDataType::Int64),
        required(ITEM_ID, ArrowDataType::Int32),
        required(IS_ORDER, ArrowDataType::Boolean),
        required_list(ACTIONS, ArrowDataType::Int32),
        required_list(ACTION_TYPES, ArrowDataType::Int8),
    ];
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
}
