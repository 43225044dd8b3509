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

use anyhow::{Result, bail};
use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema};
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::error::{ParquetError, ParquetResult};
use polars_parquet::parquet::page::{DataPage, DataPageHeader, DataPageHeaderV1, Page};
use polars_parquet::parquet::statistics::PrimitiveStatistics;
use polars_parquet::parquet::types::NativeType;
use polars_parquet::parquet::write::{Compressor, DynIter, DynStreamingIterator, FileWriter, Version, WriteOptions};
use polars_parquet::write::{CompressionOptions, Descriptor, ZstdLevel, schema_to_metadata_key, to_parquet_schema};

use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID, IS_ORDER, ITEM_ID};

/// Rows of a row group. A reader holds a row group decoded: 40 MB at a length of 1000.
const ROW_GROUP: usize = 8_192;
/// Rows of a page of lists: 256 KB of `actions` at a length of 1000. Smaller pages cost readers time.
const PAGE: usize = 64;
/// The fastest level: the repetition within a page is so long that higher ones gain little.
const ZSTD_LEVEL: i32 = 1;
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

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
}

/// Writes a Parquet file whose bytes depend on the rows alone.
pub fn write(out: impl Write, rows: &TrainingRows) -> Result<()> {
    if rows.histories.longest() > rows.length {
        bail!(
            "a history of {} actions does not fit into {}: both tasks need the same history_length",
            rows.histories.longest(),
            rows.length
        );
    }
    let arrow_schema = arrow_schema();
    let schema = to_parquet_schema(&arrow_schema)?;
    // No page index: polars-parquet writes one only for columns whose every page has statistics.
    let options = WriteOptions { write_statistics: false, version: Version::V1 };
    let mut file = FileWriter::new(out, schema.clone(), options, Some(CREATED_BY.to_string()));
    let compression = CompressionOptions::Zstd(Some(ZstdLevel::try_new(ZSTD_LEVEL)?));
    for start in (0..rows.customers.len()).step_by(ROW_GROUP) {
        let end = rows.customers.len().min(start + ROW_GROUP);
        let columns = COLUMNS.iter().zip(schema.columns()).map(|(column, description)| {
            let pages = pages(rows, *column, start, end, &description.descriptor);
            Ok::<_, ParquetError>(DynStreamingIterator::new(Compressor::new(pages, compression, Vec::new())))
        });
        file.write((end - start) as u64, DynIter::new(columns))?;
    }
    file.end(Some(vec![schema_to_metadata_key(&arrow_schema)]))?;
    Ok(())
}

#[derive(Clone, Copy)]
enum WideColumn {
    CustomerId,
    ItemId,
    IsOrder,
    Actions,
    ActionTypes,
}

/// The columns in the order of [`arrow_schema`].
const COLUMNS: [WideColumn; 5] =
    [WideColumn::CustomerId, WideColumn::ItemId, WideColumn::IsOrder, WideColumn::Actions, WideColumn::ActionTypes];

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

/// The pages of a column for a range of rows, made one at a time.
fn pages<'a>(
    rows: &'a TrainingRows,
    column: WideColumn,
    start: usize,
    end: usize,
    descriptor: &'a Descriptor,
) -> impl Iterator<Item = ParquetResult<Page>> + 'a {
    let size = if matches!(column, WideColumn::Actions | WideColumn::ActionTypes) { PAGE } else { ROW_GROUP };
    (start..end).step_by(size).map(move |start| Ok(page(rows, column, start, end.min(start + size), descriptor)))
}

fn page(rows: &TrainingRows, column: WideColumn, start: usize, end: usize, descriptor: &Descriptor) -> Page {
    let range = start..end;
    let (values, bytes, statistics) = match column {
        WideColumn::CustomerId => numbers(&rows.customers[range], descriptor),
        WideColumn::ItemId => numbers(&rows.items[range], descriptor),
        WideColumn::IsOrder => (end - start, bits(&rows.labels[range]), None),
        WideColumn::Actions => lists(rows, start, end, |place| rows.histories.items[place]),
        WideColumn::ActionTypes => lists(rows, start, end, |place| i32::from(rows.histories.action_types[place])),
    };
    let header = DataPageHeader::V1(DataPageHeaderV1 {
        num_values: values as i32,
        encoding: Encoding::Plain.into(),
        definition_level_encoding: Encoding::Rle.into(),
        repetition_level_encoding: Encoding::Rle.into(),
        statistics,
    });
    Page::Data(DataPage::new(header, CowBuffer::Owned(bytes), descriptor.clone(), end - start))
}

type Values = (usize, Vec<u8>, Option<polars_parquet::parquet::statistics::ParquetStatistics>);

/// A page of plain numbers with their smallest and largest, by which readers skip row groups.
fn numbers<T: NativeType + Ord>(values: &[T], descriptor: &Descriptor) -> Values {
    let statistics = PrimitiveStatistics {
        primitive_type: descriptor.primitive_type.clone(),
        null_count: Some(0),
        distinct_count: None,
        min_value: values.iter().min().copied(),
        max_value: values.iter().max().copied(),
    };
    let bytes = values.iter().flat_map(|value| value.to_le_bytes().as_ref().to_vec()).collect();
    (values.len(), bytes, Some(statistics.serialize()))
}

/// PLAIN booleans: eight to a byte, the first in the lowest bit.
fn bits(values: &[bool]) -> Vec<u8> {
    let pack = |eight: &[bool]| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    values.chunks(8).map(pack).collect()
}

/// A page of lists: the levels of `end - start` lists of equal length, then their values.
///
/// `value` gives the value at a place of the histories. int8 is stored as INT32, as Parquet has no shorter type.
fn lists(rows: &TrainingRows, start: usize, end: usize, value: impl Fn(usize) -> i32) -> Values {
    let (count, length) = (end - start, rows.length);
    let mut bytes = Vec::with_capacity(count * (length * 4 + 16) + 32);
    with_length(&mut bytes, |levels| {
        for _ in 0..count {
            run(levels, 1, 0);
            run(levels, length - 1, 1);
        }
    });
    with_length(&mut bytes, |levels| run(levels, count * length, 1));
    let mut previous = None;
    for history_row in &rows.history_rows[start..end] {
        let row_start = bytes.len();
        if previous == Some(history_row) {
            bytes.extend_from_within(row_start - length * 4..);
            continue;
        }
        bytes.resize(row_start + length * 4, 0);
        if let Some(history_row) = history_row {
            let slots = bytes[row_start..].chunks_exact_mut(4);
            for (slot, place) in slots.zip(rows.histories.range(*history_row)) {
                slot.copy_from_slice(&value(place).to_le_bytes());
            }
        }
        previous = Some(history_row);
    }
    (count * length, bytes, None)
}

/// Writes something with its length before it, in four bytes.
fn with_length(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    write(bytes);
    let length = (bytes.len() - start - 4) as u32;
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// An RLE run of a level of at most one bit; an empty run is left out.
fn run(bytes: &mut Vec<u8>, length: usize, level: u8) {
    let mut header = length << 1;
    if header == 0 {
        return;
    }
    while header >= 0x80 {
        bytes.push(header as u8 | 0x80);
        header >>= 7;
    }
    bytes.extend_from_slice(&[header as u8, level]);
}
