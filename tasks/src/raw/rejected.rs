//! The rows that were not let through: where each stands, why, and how it is spelled.
//!
//! They are passed on to a table as they come. What stays is how often each reason was found, with an example. It does
//! not know the rules, nor how many rejects are too many.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use polars::prelude::{Column, IntoColumn, NamedFrom, Series};

use crate::schema;
use crate::table::TableWriter;

/// Bytes of the longest row of a text file that is read as one; a longer one is passed over, as memory has an end.
pub const LONGEST_ROW: usize = 8 << 20;

/// Bytes of a rejected row that the table keeps.
const LONGEST_RAW: usize = 1 << 16;
/// Characters of a rejected row that are shown as an example.
const EXAMPLE: usize = 200;
/// Reasons that are shown.
const TOP_REASONS: usize = 5;

/// Rejects of a row group, which ends earlier where raw text takes this many bytes.
const ROW_GROUP: usize = 1 << 13;
const ROW_GROUP_BYTES: usize = 1 << 20;

/// What was rejected, and the file that is being read.
#[derive(Default)]
pub struct Rejected {
    file: Arc<str>,
    /// What is not in the table yet.
    pub(super) waiting: Vec<Reject>,
    /// Bytes of its raw text.
    bytes: usize,
    reasons: BTreeMap<String, Count>,
    /// Where rejects go; without it they stay.
    table: Option<TableWriter>,
}

/// A row, or entries of a row, and why they were not let through.
#[derive(Clone)]
pub struct Reject {
    file: Arc<str>,
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) reason: String,
    /// How many entries of the row; 0 for the row as a whole.
    pub(super) entries: u64,
    pub(super) raw: Arc<str>,
    /// Whether it is the first of its row, whose raw text is kept once.
    pub(super) is_first: bool,
}

/// How often a reason was found, and the first row with it.
struct Count {
    count: u64,
    example: Reject,
}

/// Where a raw row is, and how to spell it again if it is rejected.
pub struct Place<'a> {
    /// Its line (or row number in a Parquet file), from 1.
    pub line: u64,
    /// The byte of the line at which it begins, from 1: several rows may be on one line.
    pub column: u64,
    /// How many bytes it is in a text file, where it may be longer than what `raw` spells.
    pub bytes: u64,
    pub raw: &'a dyn Fn() -> String,
}

/// How far one place in a file is behind another: the ends of lines between, and the bytes behind the last of them.
#[derive(Clone, Copy, Default)]
pub struct Shift {
    pub lines: u64,
    pub bytes: u64,
}

impl<'a> Place<'a> {
    /// The place of a row that has a number, from 1, and no line.
    pub fn numbered(number: u64, raw: &'a dyn Fn() -> String) -> Place<'a> {
        Place { line: number, column: 1, bytes: 0, raw }
    }
}

impl Reject {
    /// The raw text that is kept with it.
    pub(super) fn kept(&self) -> &str {
        if self.is_first { &self.raw } else { "" }
    }
}

impl AddAssign<Shift> for Shift {
    fn add_assign(&mut self, further: Shift) {
        self.bytes = further.bytes + if further.lines == 0 { self.bytes } else { 0 };
        self.lines += further.lines;
    }
}

impl Rejected {
    /// One that writes what it is given into a table.
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Rejected { table: Some(TableWriter::create(path, schema::rejected())?), ..Rejected::default() })
    }

    /// The rows that follow are from this file.
    pub fn begin(&mut self, file: &Path) {
        self.file = file.to_string_lossy().into();
    }

    /// An empty one for a part of the file that is being read.
    pub fn part(&self) -> Rejected {
        Rejected { file: self.file.clone(), ..Rejected::default() }
    }

    /// Adds what a part has gathered that begins so far behind the beginning of the file.
    pub fn append(&mut self, part: Rejected, shift: Shift) {
        for mut reject in part.waiting {
            if reject.line == 1 {
                reject.column += shift.bytes;
            }
            reject.line += shift.lines;
            self.add(reject);
        }
    }

    /// Takes in a row as a whole.
    pub fn row(&mut self, place: &Place, reason: String) {
        self.entries(place, [(reason, 0)]);
    }

    /// Takes in what is wrong with how many entries of a row.
    pub fn entries(&mut self, place: &Place, reasons: impl IntoIterator<Item = (String, u64)>) {
        let mut reasons = reasons.into_iter().peekable();
        if reasons.peek().is_none() {
            return;
        }
        let raw: Arc<str> = shortened((place.raw)(), place.bytes).into();
        for (number, (reason, entries)) in reasons.enumerate() {
            let (file, raw, is_first) = (self.file.clone(), raw.clone(), number == 0);
            self.add(Reject { file, line: place.line, column: place.column, reason, entries, raw, is_first });
        }
    }

    fn add(&mut self, reject: Reject) {
        let count = reject.entries.max(1);
        match self.reasons.get_mut(&reject.reason) {
            Some(known) => known.count += count,
            None => {
                let mut example = reject.clone();
                if self.reasons.len() >= TOP_REASONS {
                    example.raw = beginning(&reject.raw).into();
                }
                self.reasons.insert(reject.reason.clone(), Count { count, example });
            }
        }
        self.bytes += reject.kept().len();
        self.waiting.push(reject);
    }

    /// Writes rejects as soon as there are enough; how many are written at a time does not depend on how they came.
    pub fn pass_on(&mut self) -> Result<()> {
        while self.table.is_some() && (self.waiting.len() >= ROW_GROUP || self.bytes >= ROW_GROUP_BYTES) {
            let mut bytes = 0;
            let is_full = |reject: &Reject| {
                bytes += reject.kept().len();
                bytes >= ROW_GROUP_BYTES
            };
            let end = self.waiting.iter().position(is_full).map_or(self.waiting.len(), |last| last + 1);
            self.write(end.min(ROW_GROUP))?;
        }
        Ok(())
    }

    /// Writes the first rejects of those that wait.
    fn write(&mut self, count: usize) -> Result<()> {
        let Some(table) = &mut self.table else { return Ok(()) };
        let rejects: Vec<Reject> = self.waiting.drain(..count).collect();
        self.bytes -= rejects.iter().map(|reject| reject.kept().len()).sum::<usize>();
        table.add(vec![
            texts("file", rejects.iter().map(|reject| &*reject.file)),
            numbers("line", rejects.iter().map(|reject| reject.line)),
            numbers("column", rejects.iter().map(|reject| reject.column)),
            texts("reason", rejects.iter().map(|reject| reject.reason.as_str())),
            numbers("entries", rejects.iter().map(|reject| reject.entries)),
            texts("raw", rejects.iter().map(Reject::kept)),
        ])
    }

    /// Writes what is left, and the end of the table. Counts stay.
    pub fn finish(&mut self) -> Result<()> {
        self.pass_on()?;
        self.write(self.waiting.len())?;
        self.table.take().map_or(Ok(()), TableWriter::finish)
    }

    /// Reasons with their counts, the most frequent first.
    pub fn counts(&self) -> Vec<(&str, u64)> {
        let mut counts: Vec<_> = self.reasons.iter().map(|(reason, known)| (reason.as_str(), known.count)).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// The top reasons in a line.
    pub fn summary(&self) -> String {
        let counts = self.counts();
        let mut parts: Vec<_> = counts.iter().map(|(reason, count)| format!("{count} x {reason}")).collect();
        if parts.len() > TOP_REASONS {
            let others: u64 = counts[TOP_REASONS..].iter().map(|(_, count)| count).sum();
            parts.truncate(TOP_REASONS);
            parts.push(format!("{others} x something else"));
        }
        parts.join(", ")
    }

    /// The top reasons, each with the first row that it befell.
    pub fn examples(&self) -> String {
        let lines = self.counts().into_iter().take(TOP_REASONS).map(|(reason, count)| {
            let Reject { file, line, column, raw, .. } = &self.reasons[reason].example;
            let column = if *column > 1 { format!(":{column}") } else { String::new() };
            format!("  {count} x {reason}, e.g. {file}:{line}{column}: {}", beginning(raw))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The raw text of the first row that a reason befell; of reasons after the first few, its beginning.
    pub fn example(&self, reason: &str) -> Option<&str> {
        self.reasons.get(reason).map(|known| &*known.example.raw)
    }
}

/// A raw row of `bytes` bytes (or as many as there are here) as it is kept: what is too long is cut, and says so.
fn shortened(mut raw: String, bytes: u64) -> String {
    if raw.len() > LONGEST_RAW {
        let bytes = bytes.max(raw.len() as u64);
        let end = raw.floor_char_boundary(LONGEST_RAW);
        raw.truncate(end);
        raw.push_str(&format!(" [cut here: {end} of {bytes} bytes]"));
    }
    raw
}

/// The beginning of a row, on one line.
fn beginning(raw: &str) -> String {
    raw.chars().take(EXAMPLE).map(|letter| if matches!(letter, '\r' | '\n') { ' ' } else { letter }).collect()
}

fn texts<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn numbers(name: &str, values: impl Iterator<Item = u64>) -> Column {
    Series::new(name.into(), values.map(|value| value as i64).collect::<Vec<_>>()).into_column()
}
