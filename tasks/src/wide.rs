//! Writes the training rows: one row an impression, with the customer's history padded to a fixed length.
//!
//! | column | type | |
//! |---|---|---|
//! | `customer_id` | int64 | |
//! | `item_id` | int32 | the item shown |
//! | `is_order` | bool | the label |
//! | `actions` | list of int32, always `length` long | items, newest first, 0 is padding |
//! | `action_types` | list of int8, always `length` long | 1 click, 2 add-to-cart, 3 order, 0 is padding |
//!
//! No column is nullable. The wide rows are a hundred times the size of what they are made from, and a general writer
//! spends its time on shredding lists into levels. Here every list has the same length, so the levels of a page are the
//! same few bytes for each row, and its values are a customer's padded array copied once a row. The pages are handed to
//! the page interface of polars-parquet, which compresses them and writes headers and footer.
//!
//! The format: <https://parquet.apache.org/docs/file-format/data-pages/> (data page v1: repetition levels, definition
//! levels and values, compressed together) and <https://parquet.apache.org/docs/file-format/data-pages/encodings/>
//! (PLAIN values; levels as RLE runs, each a varint of twice the run's length, then the level in one byte).
//!
//! This file knows Parquet and nothing of where rows and histories come from.

use std::io::Write;
use std::ops::Range;

use anyhow::{Result, bail};
use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema};
use polars_parquet::parquet::metadata::ColumnDescriptor;

use crate::pages::dictionary::Dictionary;
use crate::pages::file::{self, RowGroup};
use crate::pages::{ColumnPages, Sizes, hybrid};
use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID, IS_ORDER, ITEM_ID};

/// The name that the footer gives to the writer; a version would change the bytes and nothing else.
const CREATED_BY: &str = "join";

/// The training rows of a day, in the order in which they are to be written.
pub struct TrainingRows<'a> {
    /// One place an impression, as in `items`, `labels` and `history_rows`.
    pub customers: &'a [i64],
    pub items: &'a [i32],
    pub labels: &'a [bool],
    /// Which of `histories` is the customer's; none means an empty one.
    pub history_rows: &'a [Option<usize>],
    pub histories: Lists<'a>,
    /// How long every list is; at least as long as the longest history.
    pub length: usize,
}

/// Histories side by side: number `n` is the range `offsets[n] .. offsets[n + 1]` of items and types.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    pub offsets: &'a [i64],
    pub items: &'a [i32],
    pub action_types: &'a [i8],
}

impl Lists<'_> {
    /// The length of the longest history.
    pub fn longest(&self) -> usize {
        self.offsets.windows(2).map(|edges| (edges[1] - edges[0]) as usize).max().unwrap_or(0)
    }

    fn range(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
}

/// Writes a Parquet file whose bytes depend on the rows alone.
pub fn write(out: impl Write, rows: &TrainingRows, sizes: Sizes, threads: usize) -> Result<()> {
    if rows.histories.longest() > rows.length {
        bail!(
            "a history of {} actions does not fit into {}: both tasks need the same history_length",
            rows.histories.longest(),
            rows.length
        );
    }
    let count = rows.customers.len().div_ceil(sizes.row_group);
    file::write(out, &arrow_schema(), CREATED_BY, count, threads, |number, columns| {
        let start = number * sizes.row_group;
        row_group(rows, start..rows.customers.len().min(start + sizes.row_group), sizes.page, columns)
    })
}

fn row_group(rows: &TrainingRows, range: Range<usize>, page: usize, columns: &[ColumnDescriptor]) -> Result<RowGroup> {
    let column = |number: usize| ColumnPages::new(&columns[number].descriptor);
    let history_rows = &rows.history_rows[range.clone()];
    let mut dictionary = Dictionary::new();
    let mut places = Vec::new();
    let mut ends = Vec::new();
    for same in history_rows.chunk_by(|a, b| a == b) {
        if let Some(row) = same[0] {
            places.extend(rows.histories.items[rows.histories.range(row)].iter().map(|item| dictionary.place(*item)));
        }
        ends.push(places.len());
    }
    let mut distinct = dictionary.values().to_vec();
    if std::env::var("WIDE_SORT").is_ok() {
        let mut order: Vec<u32> = (1..distinct.len() as u32).collect();
        order.sort_unstable_by_key(|i| distinct[*i as usize]);
        let mut remap = vec![0u32; distinct.len()];
        for (n, o) in order.iter().enumerate() { remap[*o as usize] = n as u32 + 1; }
        for p in &mut places { *p = remap[*p as usize]; }
        distinct[1..].sort_unstable();
    }
    let width = hybrid::width(distinct.len() - 1);
    let mut start = 0;
    let mut ends = ends.into_iter();
    let items = lists(rows, history_rows, page, width, column(3).dictionary(&distinct)?, |bytes, _| {
        let end = ends.next().unwrap_or(start);
        padded(bytes, &places[start..end], |place| place, rows.length, width);
        start = end;
    })?;
    let types = lists(rows, history_rows, page, 2, column(4).dictionary(&[0, 1, 2, 3])?, |bytes, row| {
        let range = row.map_or(0..0, |row| rows.histories.range(row));
        padded(bytes, &rows.histories.action_types[range], |kind| kind as u32, rows.length, 2);
    })?;
    Ok(RowGroup {
        rows: range.len(),
        columns: vec![
            column(0).numbers(&rows.customers[range.clone()])?.finish(),
            column(1).numbers(&rows.items[range.clone()])?.finish(),
            column(2).booleans(&rows.labels[range])?.finish(),
            items,
            types,
        ],
    })
}

fn lists(
    rows: &TrainingRows, history_rows: &[Option<usize>], page: usize, width: usize,
    mut column: ColumnPages, mut encode: impl FnMut(&mut Vec<u8>, Option<usize>),
) -> Result<Vec<polars_parquet::write::CompressedPage>> {
    let length = rows.length;
    let mut encoded = Vec::new();
    let mut current = None;
    for some in history_rows.chunks(page) {
        let mut bytes = Vec::new();
        hybrid::measured(&mut bytes, |levels| {
            for _ in some {
                hybrid::repeated(levels, 1, 0, 1);
                hybrid::repeated(levels, length - 1, 1, 1);
            }
        });
        hybrid::measured(&mut bytes, |levels| hybrid::repeated(levels, some.len() * length, 1, 1));
        bytes.push(width as u8);
        for row in some {
            if current != Some(*row) {
                encoded.clear();
                encode(&mut encoded, *row);
                current = Some(*row);
            }
            bytes.extend_from_slice(&encoded);
        }
        column.lists(some.len(), some.len() * length, bytes)?;
    }
    Ok(column.finish())
}

fn padded<T: Copy>(bytes: &mut Vec<u8>, values: &[T], place: impl Fn(T) -> u32, length: usize, width: usize) {
    let packable = values.len().min(length / 8 * 8);
    let (packed, rest) = values.split_at(packable);
    hybrid::packed(bytes, packed.iter().map(|value| place(*value)), width);
    for value in rest {
        hybrid::repeated(bytes, 1, place(*value), width);
    }
    hybrid::repeated(bytes, length - packable.next_multiple_of(8) - rest.len(), 0, width);
}

fn arrow_schema() -> ArrowSchema {
    let required = |name: &str, dtype| ArrowField::new(name.into(), dtype, false);
    let list = |name, dtype| required(name, ArrowDataType::List(Box::new(required("element", dtype))));
    let fields = [
        required(CUSTOMER_ID, ArrowDataType::Int64),
        required(ITEM_ID, ArrowDataType::Int32),
        required(IS_ORDER, ArrowDataType::Boolean),
        list(ACTIONS, ArrowDataType::Int32),
        list(ACTION_TYPES, ArrowDataType::Int8),
    ];
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
}
