//! Writes the training rows without the repetition: each history once, and for each impression where its history is.
//!
//! | `histories` | type | |
//! |---|---|---|
//! | `customer_id` | int64 | each customer who was shown something once, ascending |
//! | `actions` | list of int32 | items, newest first; not padded, and empty for a customer without a history |
//! | `action_types` | list of int8 | 1 click, 2 add-to-cart, 3 order |
//!
//! | `samples` | type | |
//! |---|---|---|
//! | `customer_id` | int64 | |
//! | `item_id` | int32 | the item shown |
//! | `is_order` | bool | the label |
//! | `history_row` | uint32 | the row of `histories`, from 0 |
//!
//! No column is nullable; samples are in the order of the rows of [`crate::wide`]. Items are places in a dictionary for
//! each row group, types are their own; a page holds them as one bit-packed run.

use std::io::{Seek, Write};
use std::ops::Range;

use anyhow::{Context, Result};
use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema};
use polars_parquet::parquet::metadata::ColumnDescriptor;

use crate::pages::dictionary::Dictionary;
use crate::pages::file::{PageFile, RowGroup};
use crate::pages::{ColumnPages, Sizes, hybrid, levels, required, required_list};
use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID, IS_ORDER, ITEM_ID};
use crate::training::{TYPE_WIDTH, TYPES, TrainingRows};

/// Where a sample's history is.
const HISTORY_ROW: &str = "history_row";

/// The sizes of both files.
#[derive(Clone, Copy)]
pub struct CompactSizes {
    pub histories: Sizes,
    /// Samples to a row group.
    pub samples: usize,
}

/// Histories vary in length; so many to a page are a megabyte of items at the very most, if there are a thousand in each.
pub const SIZES: CompactSizes =
    CompactSizes { histories: Sizes { row_group: 1 << 14, page: 1 << 9 }, samples: 1 << 17 };

/// The two files.
pub struct CompactWriter<W: Write> {
    histories: PageFile<W>,
    samples: PageFile<W>,
    sizes: CompactSizes,
    threads: usize,
    /// Histories written so far.
    written: usize,
}

/// Some of the training rows, with each history that they refer to once.
struct CompactRows<'a> {
    rows: &'a TrainingRows<'a>,
    /// Each customer, and their place among `rows.histories`.
    histories: Vec<(i64, usize)>,
    /// For each impression, the row of its history in the file.
    history_rows: Vec<u32>,
}

impl<W: Write + Seek> CompactWriter<W> {
    pub fn new(histories: W, samples: W, sizes: CompactSizes, threads: usize) -> Result<Self> {
        let histories_schema = schema([
            required(CUSTOMER_ID, ArrowDataType::Int64),
            required_list(ACTIONS, ArrowDataType::Int32),
            required_list(ACTION_TYPES, ArrowDataType::Int8),
        ]);
        let samples_schema = schema([
            required(CUSTOMER_ID, ArrowDataType::Int64),
            required(ITEM_ID, ArrowDataType::Int32),
            required(IS_ORDER, ArrowDataType::Boolean),
            required(HISTORY_ROW, ArrowDataType::UInt32),
        ]);
        Ok(CompactWriter {
            histories: PageFile::new(histories, histories_schema)?.sorted(),
            samples: PageFile::new(samples, samples_schema)?.sorted(),
            sizes,
            threads,
            written: 0,
        })
    }

    /// Writes some rows as row groups of their own; the bytes do not depend on the number of threads. Fails if
    /// there are more histories than 32 bits can number.
    pub fn write(&mut self, rows: &TrainingRows) -> Result<()> {
        let rows = CompactRows::new(rows, self.written)?;
        let (sizes, samples) = (self.sizes.histories, self.sizes.samples);
        self.histories.add_all(rows.histories.len().div_ceil(sizes.row_group), self.threads, |number, columns| {
            rows.histories_row_group(number, sizes, columns)
        })?;
        self.samples.add_all(rows.history_rows.len().div_ceil(samples), self.threads, |number, columns| {
            let start = number * samples;
            rows.samples_row_group(start..rows.history_rows.len().min(start + samples), columns)
        })?;
        self.written += rows.histories.len();
        Ok(())
    }

    /// Writes the footers, and gives back what histories and samples were written to.
    pub fn finish(self) -> Result<(W, W)> {
        Ok((self.histories.finish()?, self.samples.finish()?))
    }
}

impl<'a> CompactRows<'a> {
    fn new(rows: &'a TrainingRows, written: usize) -> Result<Self> {
        let mut compact = CompactRows { rows, histories: Vec::new(), history_rows: Vec::new() };
        for (customer, history) in rows.customers.iter().zip(&rows.history_rows) {
            if compact.histories.last() != Some(&(*customer, *history)) {
                compact.histories.push((*customer, *history));
            }
            compact.history_rows.push(number(written + compact.histories.len() - 1)?);
        }
        Ok(compact)
    }

    fn histories_row_group(&self, number: usize, sizes: Sizes, columns: &[ColumnDescriptor]) -> Result<RowGroup> {
        let histories = self.histories.chunks(sizes.row_group).nth(number).unwrap_or_default();
        let customers: Vec<i64> = histories.iter().map(|(customer, _)| *customer).collect();
        let lists: Vec<_> = histories.iter().map(|(_, row)| self.rows.histories.range(*row)).collect();
        let items = self.rows.histories.items;
        let types = self.rows.histories.action_types;
        let dictionary = Dictionary::new(lists.iter().map(|list| &items[list.clone()]));
        let mut actions = ColumnPages::new(&columns[1]).dictionary(&dictionary.values)?;
        let mut action_types = ColumnPages::new(&columns[2]).dictionary(&TYPES)?;
        let mut places = &dictionary.places[..];
        for lists in lists.chunks(sizes.page) {
            let (some, rest) = places.split_at(lists.iter().map(Range::len).sum());
            places = rest;
            let some_types: Vec<i8> = lists.iter().flat_map(|list| &types[list.clone()]).copied().collect();
            page(&mut actions, lists, some.iter().copied(), dictionary.width())?;
            page(&mut action_types, lists, some_types.iter().map(|kind| *kind as u32), TYPE_WIDTH)?;
        }
        let customers = ColumnPages::new(&columns[0]).numbers(&customers)?;
        let columns = vec![customers.finish(), actions.finish(), action_types.finish()];
        Ok(RowGroup { rows: histories.len(), columns })
    }

    fn samples_row_group(&self, range: Range<usize>, columns: &[ColumnDescriptor]) -> Result<RowGroup> {
        let rows = self.rows;
        let column = |number: usize| ColumnPages::new(&columns[number]);
        let columns = vec![
            column(0).numbers(&rows.customers[range.clone()])?.finish(),
            column(1).numbers(&rows.items[range.clone()])?.finish(),
            column(2).booleans(&rows.labels[range.clone()])?.finish(),
            column(3).unsigned(&self.history_rows[range.clone()])?.finish(),
        ];
        Ok(RowGroup { rows: range.len(), columns })
    }
}

/// A page of lists whose values, places in a dictionary, come one after the other.
fn page(
    column: &mut ColumnPages,
    lists: &[Range<usize>],
    values: impl ExactSizeIterator<Item = u32>,
    width: usize,
) -> Result<()> {
    let lengths: Vec<usize> = lists.iter().map(Range::len).collect();
    let mut bytes = Vec::new();
    levels::of_lists(&mut bytes, &lengths);
    bytes.push(width as u8);
    hybrid::packed(&mut bytes, values, width);
    column.lists(lists.len(), levels::entries(&lengths), bytes)
}

/// The number of a history, as samples have it.
fn number(row: usize) -> Result<u32> {
    row.try_into().context("there are more than 4294967296 histories, more than history_row can number")
}

fn schema<const COLUMNS: usize>(fields: [ArrowField; COLUMNS]) -> ArrowSchema {
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_32_bits_cannot_number_is_refused() {
        assert_eq!(number((1 << 32) - 1).unwrap(), u32::MAX);
        assert!(number(1 << 32).unwrap_err().to_string().contains("more than 4294967296 histories"));
    }
}
