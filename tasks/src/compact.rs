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

use std::io::Write;
use std::ops::Range;

use anyhow::{Context, Result};
use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema};

use crate::pages::dictionary::Dictionary;
use crate::pages::file::{self, RowGroup};
use crate::pages::{ColumnPages, Sizes, hybrid, levels, required, required_list};
use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID, IS_ORDER, ITEM_ID};
use crate::training::TrainingRows;

/// The name that the footers give to the writer; a version would change the bytes and nothing else.
const CREATED_BY: &str = "compact";
/// Where a sample's history is.
const HISTORY_ROW: &str = "history_row";
/// The types of actions, and the bits that they take.
const TYPES: [i32; 4] = [0, 1, 2, 3];
const TYPE_WIDTH: usize = 2;

/// Histories vary in length; so many to a page are a megabyte of items at the very most, if there are a thousand in each.
pub const HISTORY_SIZES: Sizes = Sizes { row_group: 1 << 14, page: 1 << 9 };
/// Samples to a row group.
pub const SAMPLES: usize = 1 << 17;

/// The training rows with each history that they refer to once.
pub struct CompactRows<'a> {
    rows: &'a TrainingRows<'a>,
    /// Each customer, and their place among `rows.histories`.
    histories: Vec<(i64, usize)>,
    /// For each impression, the place of its customer among `histories`.
    history_rows: Vec<u32>,
}

impl<'a> CompactRows<'a> {
    /// Fails if a customer has no history, or if there are more histories than 32 bits can number.
    pub fn new(rows: &'a TrainingRows) -> Result<Self> {
        let mut compact = CompactRows { rows, histories: Vec::new(), history_rows: Vec::new() };
        for (customer, history) in rows.customers.iter().zip(&rows.history_rows) {
            let history =
                history.with_context(|| format!("customer {customer} was shown something and has no history"))?;
            if compact.histories.last() != Some(&(*customer, history)) {
                compact.histories.push((*customer, history));
            }
            compact.history_rows.push(number(compact.histories.len() - 1)?);
        }
        Ok(compact)
    }

    /// Writes the histories; the bytes depend on the rows and the sizes alone.
    pub fn write_histories(&self, out: impl Write, sizes: Sizes, threads: usize) -> Result<()> {
        let schema = schema([
            required(CUSTOMER_ID, ArrowDataType::Int64),
            required_list(ACTIONS, ArrowDataType::Int32),
            required_list(ACTION_TYPES, ArrowDataType::Int8),
        ]);
        let count = self.histories.len().div_ceil(sizes.row_group);
        file::write(out, schema, CREATED_BY, count, threads, |number, columns| {
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
        })
    }

    /// Writes the samples, so many to a row group; the bytes depend on the rows and on this number alone.
    pub fn write_samples(&self, out: impl Write, row_group: usize, threads: usize) -> Result<()> {
        let schema = schema([
            required(CUSTOMER_ID, ArrowDataType::Int64),
            required(ITEM_ID, ArrowDataType::Int32),
            required(IS_ORDER, ArrowDataType::Boolean),
            required(HISTORY_ROW, ArrowDataType::UInt32),
        ]);
        let rows = self.rows;
        let count = rows.customers.len().div_ceil(row_group);
        file::write(out, schema, CREATED_BY, count, threads, |number, columns| {
            let start = number * row_group;
            let range = start..rows.customers.len().min(start + row_group);
            let column = |number: usize| ColumnPages::new(&columns[number]);
            Ok(RowGroup {
                rows: range.len(),
                columns: vec![
                    column(0).numbers(&rows.customers[range.clone()])?.finish(),
                    column(1).numbers(&rows.items[range.clone()])?.finish(),
                    column(2).booleans(&rows.labels[range.clone()])?.finish(),
                    column(3).unsigned(&self.history_rows[range])?.finish(),
                ],
            })
        })
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
