//! What the columns of a table hold, in numbers: nulls, extremes, distinct values, lengths of lists.
//!
//! It reads a stretch of one column at a time, so that a table may be larger than memory, and does not know how its
//! numbers are laid out for people.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::Range;

use anyhow::Result;
use polars_arrow::array::Array;
use serde::Serialize;

use crate::digest::{self, Digest};
use crate::parquet_file::{Column, Field, Kind, ParquetFile, Value, numbers, value};
use crate::selection::Selection;

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
pub fn gather(file: &ParquetFile, columns: &[Field], customer: Option<i64>) -> Result<Statistics> {
    let selection = Selection::new(file, customer)?;
    let mut gatherers: Vec<_> = columns.iter().map(Gatherer::new).collect();
    let mut rows = 0;
    for stretch in selection.stretches() {
        let stretch = stretch?;
        rows += stretch.rows;
        let runs = runs(stretch.selected(usize::MAX));
        for (field, gatherer) in columns.iter().zip(&mut gatherers) {
            for column in &selection.read(&stretch, std::slice::from_ref(field), usize::MAX)? {
                runs.iter().for_each(|run| gatherer.take(column, run.clone()));
            }
        }
    }
    let columns = columns.iter().zip(gatherers).map(|(field, gatherer)| gatherer.finish(field));
    Ok(Statistics { rows, columns: columns.collect() })
}

/// Rows as stretches of rows that follow each other.
fn runs(rows: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some(run) if run.end == row => run.end += 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

/// The numbers of a column so far.
struct Gatherer {
    nulls: usize,
    smallest: Value<'static>,
    largest: Value<'static>,
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
    fn new(field: &Field) -> Self {
        Gatherer {
            nulls: 0,
            smallest: Value::Null,
            largest: Value::Null,
            seen: HashSet::new(),
            countable: !matches!(field.kind, Kind::List(_) | Kind::Map(_) | Kind::Struct(_)),
            lists: matches!(field.kind, Kind::List(_) | Kind::Map(_)).then(Lists::default),
        }
    }

    fn take(&mut self, column: &Column, rows: Range<usize>) {
        if column.values.has_nulls() {
            self.nulls += rows.clone().filter(|row| column.values.is_null(*row)).count();
        }
        let Some(lists) = column.lists() else {
            self.widen(&column.field.kind, &*column.values, rows.clone());
            if self.countable && self.seen.len() <= DISTINCT {
                // At once: between two digests, the processor would wait for memory at each.
                let digests = digest::of_rows(column, rows.filter(|row| !column.values.is_null(*row)));
                self.seen.extend(digests.collect::<Vec<_>>());
            }
            return;
        };
        for items in rows.filter_map(|row| lists.range(row)) {
            if let Some(lengths) = &mut self.lists {
                lengths.take(items.len());
            }
            self.widen(&lists.item.kind, lists.items(), items);
        }
    }

    /// Takes the extremes of some values into account, if their type has an order.
    fn widen(&mut self, kind: &Kind, values: &dyn Array, rows: Range<usize>) {
        if let Some((smallest, largest)) = extremes(values, rows.clone()) {
            return [smallest, largest].into_iter().for_each(|row| self.include(value(kind, values, row)));
        }
        rows.for_each(|row| self.include(value(kind, values, row)));
    }

    fn include(&mut self, value: Value) {
        // What does not even have an order with itself, such as NaN, is no extreme.
        if value.order(&value).is_none() {
            return;
        }
        if self.smallest.is_null() || value.order(&self.smallest) == Some(Ordering::Less) {
            self.smallest = value.clone().into_owned();
        }
        if self.largest.is_null() || value.order(&self.largest) == Some(Ordering::Greater) {
            self.largest = value.into_owned();
        }
    }

    fn finish(self, field: &Field) -> ColumnStatistics {
        let told = |value: Value<'static>| (!value.is_null()).then_some(value);
        ColumnStatistics {
            name: field.name.clone(),
            dtype: field.kind.to_string(),
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

/// Where the smallest and the largest of some numbers are; only of integers without nulls, which need no detour over single
/// values.
fn extremes(values: &dyn Array, rows: Range<usize>) -> Option<(usize, usize)> {
    fn places<N: Copy + Ord>(numbers: &[N], first: usize) -> Option<(usize, usize)> {
        let place =
            |number: Option<N>| numbers.iter().position(|other| Some(*other) == number).map(|place| first + place);
        Some((place(numbers.iter().min().copied())?, place(numbers.iter().max().copied())?))
    }
    if values.has_nulls() {
        return None;
    }
    let first = rows.start;
    (numbers::<i32>(values).and_then(|numbers| places(&numbers[rows.clone()], first)))
        .or_else(|| numbers::<i64>(values).and_then(|numbers| places(&numbers[rows.clone()], first)))
        .or_else(|| numbers::<i8>(values).and_then(|numbers| places(&numbers[rows], first)))
}

impl Lists {
    fn take(&mut self, length: usize) {
        self.count += 1;
        self.items += length;
        self.empty += usize::from(length == 0);
        self.shortest = Some(self.shortest.map_or(length, |shortest| shortest.min(length)));
        self.longest = self.longest.max(length);
    }

    /// None if there was no list.
    fn finish(self) -> Option<Lengths> {
        let count = self.count as f64;
        let (mean, empty) = (self.items as f64 / count, self.empty as f64 / count);
        self.shortest.map(|shortest| Lengths { shortest, mean, longest: self.longest, empty })
    }
}
