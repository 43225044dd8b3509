//! The rows that were not let through: where each stands, why, and how it is spelled.
//!
//! It does not know the rules, nor how many rejects are too many.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::{Column, IntoColumn, NamedFrom, Series};

/// Characters of a rejected row that are shown as an example; the table holds it whole.
const EXAMPLE: usize = 200;
/// Reasons that are shown when there are too many rejects.
const TOP_REASONS: usize = 5;

/// The columns of the table of rejected rows, and the file that is being read.
#[derive(Default)]
pub struct Rejected {
    file: String,
    files: Vec<String>,
    pub(super) lines: Vec<i64>,
    pub(super) reasons: Vec<String>,
    pub(super) raw: Vec<String>,
}

/// A raw row's line (or row number in a Parquet file), from 1, and how to spell it again if it is rejected.
pub struct Place<'a> {
    pub line: u64,
    pub raw: &'a dyn Fn() -> String,
}

impl Rejected {
    /// The rows that follow are from this file.
    pub fn begin(&mut self, file: &Path) {
        self.file = file.to_string_lossy().into_owned();
    }

    /// An empty one for a part of the file that is being read.
    pub fn part(&self) -> Rejected {
        Rejected { file: self.file.clone(), ..Rejected::default() }
    }

    /// Adds what a part has gathered, with its lines counted from after `lines`.
    pub fn append(&mut self, mut part: Rejected, lines: u64) {
        self.files.append(&mut part.files);
        self.lines.extend(part.lines.iter().map(|line| line + lines as i64));
        self.reasons.append(&mut part.reasons);
        self.raw.append(&mut part.raw);
    }

    pub fn push(&mut self, place: &Place, reason: String) {
        self.files.push(self.file.clone());
        self.lines.push(place.line as i64);
        self.reasons.push(reason);
        self.raw.push((place.raw)());
    }

    /// Reasons with their counts, the most frequent first.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let mut counts = BTreeMap::<&str, u64>::new();
        for reason in &self.reasons {
            *counts.entry(reason).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().map(|(reason, count)| (reason.to_string(), count)).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// The top reasons, each with the first row that it befell.
    pub fn examples(&self) -> String {
        let mut lines = Vec::new();
        for (reason, count) in self.counts().into_iter().take(TOP_REASONS) {
            let Some(first) = self.reasons.iter().position(|known| *known == reason) else { continue };
            let raw: String = self.raw[first].chars().take(EXAMPLE).collect();
            lines.push(format!("  {count} x {reason}, e.g. {}:{}: {raw}", self.files[first], self.lines[first]));
        }
        lines.join("\n")
    }

    /// The columns of the table, in its order.
    pub fn columns(self) -> Vec<Column> {
        vec![
            column("file", self.files),
            column("line", self.lines),
            column("reason", self.reasons),
            column("raw", self.raw),
        ]
    }
}

fn column<T>(name: &str, values: Vec<T>) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
{
    Series::new(name.into(), values).into_column()
}
