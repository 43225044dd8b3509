//! The numbers that a task reports of itself, for the runner to keep and for people to read.
//!
//! It counts; it does not decide whether a count is too high.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a task read, wrote and turned away.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub rows_in: u64,
    pub rows_out: u64,
    /// Rejected rows by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<String, u64>,
    /// The oldest event in the output, in microseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_timestamp: Option<i64>,
    /// The newest event in the output, in microseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_timestamp: Option<i64>,
}

impl Report {
    /// Widens the span of timestamps to take in those of `timestamps`.
    pub fn span(&mut self, timestamps: impl IntoIterator<Item = i64>) {
        for timestamp in timestamps {
            self.smallest_timestamp = Some(self.smallest_timestamp.map_or(timestamp, |old| old.min(timestamp)));
            self.largest_timestamp = Some(self.largest_timestamp.map_or(timestamp, |old| old.max(timestamp)));
        }
    }
}
