//! What the columns of a table hold, in numbers: nulls, extremes, distinct values, lengths of lists.
//!
//! It reads a stretch of one column at a time, so that a table may be larger than memory, and does not know how its
//! numbers are laid out for people.

use std::collections::HashSet;

use anyhow::Result;
use polars::prelude::{AnyValue, DataType, ListChunked, Series};
use serde::Serialize;

use crate::digest::{self, Digest};
use crate::parquet_file::ParquetFile;
use crate::selection::Selection;
use crate::spelling::Value;

/// Distinct values that are counted at most: 32 MB of digests for a column.
pub const DISTINCT: usize = 1 << 20;

#[derive(Serialize)]
pub struct Statistics {
    pub rows: usize,
    pub columns: Vec<ColumnStatistics>,
}

#[derive(Serialize)]
pub struct ColumnStatistics {
    pub name: String,
    #[serde(rename = "type")]
    pub dtype: String,
    pub nulls: usize,
    /// Of a column of lists, the smallest and the largest of all their items.
    pub smallest: Option<Value<'static>>,
    pub largest: Option<Value<'static>>,
    pub distinct: Distinct,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<Lengths>,
}

/// How many different values a column holds, nulls left out.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Distinct {
    /// They are counted by their digests, of which no two that differ are the same.
    Exactly(usize),
    /// More than [`DISTINCT`]; it would take too much memory to know.
    Many,
    /// Lists and structs are not counted.
    Unknown,
}

/// How long the lists of a column are.
#[derive(Serialize)]
pub struct Lengths {
    pub shortest: usize,
    pub mean: f64,
    pub longest: usize,
    /// The share of lists without items.
    pub empty: f64,
}

/// The numbers of these columns over the selected rows.
pub fn gather(file: &ParquetFile, columns: &[String], customer: Option<i64>) -> Result<Statistics> {
    let selection = Selection::new(file, customer)?;
    let types = file.read(columns, 0, 0)?;
    let mut gatherers: Vec<_> = types.columns().iter().map(|column| Gatherer::new(column.dtype())).collect();
    let mut rows = 0;
    for stretch in selection.stretches() {
        let stretch = stretch?;
        rows += stretch.rows;
        for (name, gatherer) in columns.iter().zip(&mut gatherers) {
            let frame = selection.read(&stretch, std::slice::from_ref(name), stretch.rows)?;
            gatherer.take(frame.column(name)?.as_materialized_series())?;
        }
    }
    let columns = columns.iter().zip(gatherers).zip(types.columns());
    let columns = columns.map(|((name, gatherer), column)| gatherer.finish(name, column.dtype()));
    Ok(Statistics { rows, columns: columns.collect() })
}

/// The numbers of a column so far.
struct Gatherer {
    nulls: usize,
    smallest: AnyValue<'static>,
    largest: AnyValue<'static>,
    seen: HashSet<Digest>,
    countable: bool,
    lists: Option<Lists>,
}

#[derive(Default)]
struct Lists {
    count: usize,
    items: usize,
    empty: usize,
    shortest: Option<usize>,
    longest: usize,
}

impl Gatherer {
    fn new(dtype: &DataType) -> Self {
        Gatherer {
            nulls: 0,
            smallest: AnyValue::Null,
            largest: AnyValue::Null,
            seen: HashSet::new(),
            countable: !dtype.is_nested(),
            lists: dtype.is_list().then(Lists::default),
        }
    }

    fn take(&mut self, values: &Series) -> Result<()> {
        self.nulls += values.null_count();
        match &mut self.lists {
            None => {
                self.widen(values)?;
                self.count(values)
            }
            Some(lists) => {
                let values = values.list()?.rechunk().into_owned();
                lists.take(&values);
                self.widen(&items(&values))
            }
        }
    }

    /// Takes the extremes of `values` into account, if their type has an order.
    fn widen(&mut self, values: &Series) -> Result<()> {
        let dtype = values.dtype();
        if !(dtype.is_primitive_numeric() || dtype.is_temporal() || dtype.is_bool() || dtype.is_string()) {
            return Ok(());
        }
        let (smallest, largest) = (values.min_reduce()?.into_value(), values.max_reduce()?.into_value());
        if !smallest.is_null() && (self.smallest.is_null() || smallest < self.smallest) {
            self.smallest = smallest;
        }
        if !largest.is_null() && (self.largest.is_null() || largest > self.largest) {
            self.largest = largest;
        }
        Ok(())
    }

    fn count(&mut self, values: &Series) -> Result<()> {
        if self.countable && self.seen.len() <= DISTINCT {
            self.seen.extend(digest::of_column(&values.drop_nulls().into())?);
        }
        Ok(())
    }

    fn finish(self, name: &str, dtype: &DataType) -> ColumnStatistics {
        let told = |value: AnyValue<'static>| (!value.is_null()).then_some(Value(value));
        ColumnStatistics {
            name: name.to_string(),
            dtype: dtype.to_string(),
            nulls: self.nulls,
            smallest: told(self.smallest),
            largest: told(self.largest),
            distinct: match self.seen.len() {
                _ if !self.countable => Distinct::Unknown,
                count if count <= DISTINCT => Distinct::Exactly(count),
                _ => Distinct::Many,
            },
            lists: self.lists.and_then(Lists::finish),
        }
    }
}

impl Lists {
    fn take(&mut self, lists: &ListChunked) {
        for chunk in lists.downcast_iter() {
            let is_list = |row: usize| chunk.validity().is_none_or(|valid| valid.get_bit(row));
            let lengths = chunk.offsets().lengths().enumerate().filter(|(row, _)| is_list(*row));
            for (_, length) in lengths {
                self.count += 1;
                self.items += length;
                self.empty += usize::from(length == 0);
                self.shortest = Some(self.shortest.map_or(length, |shortest| shortest.min(length)));
                self.longest = self.longest.max(length);
            }
        }
    }

    /// None if there was no list.
    fn finish(self) -> Option<Lengths> {
        let count = self.count as f64;
        let (mean, empty) = (self.items as f64 / count, self.empty as f64 / count);
        self.shortest.map(|shortest| Lengths { shortest, mean, longest: self.longest, empty })
    }
}

/// The items of all lists of a single chunk.
fn items(lists: &ListChunked) -> Series {
    let items = lists.get_inner();
    // What lies before the first list or after the last belongs to none: a filter or a slice leaves it in memory.
    match lists.downcast_iter().next() {
        Some(chunk) => items.slice(*chunk.offsets().first(), chunk.offsets().range() as usize),
        None => items,
    }
}
