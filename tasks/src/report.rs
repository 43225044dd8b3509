//! The numbers that a task reports of itself, for the runner to keep and for people to read.
//!
//! It counts; it does not decide whether a count is too high, nor whether a time is too late.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::times::Times;

/// What a task read, wrote and turned away.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Rows of all inputs; for `read` those in the raw files, also those that were rejected.
    pub rows_in: u64,
    /// Rows of the table that was written; `read` makes a row of each entry of an impression row.
    pub rows_out: u64,
    /// Rejected rows, and entries of impression rows, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<String, u64>,
    /// The times of the events that the result rests on; none for a task that has no events with times.
    #[serde(flatten)]
    pub events: Option<Span>,
}

/// From when to when the events are that a result rests on, in microseconds since 1970 UTC.
///
/// In a report both keys are there, null if there was no event: who holds `largest_timestamp` against the day that was
/// made can then tell a result that rests on nothing from a task that does not say.
#[derive(Debug, Default, Serialize)]
pub struct Span {
    pub smallest_timestamp: Option<i64>,
    pub largest_timestamp: Option<i64>,
}

impl Report {
    /// Widens the span of the events to take in some actions.
    pub fn widen(&mut self, times: Times) {
        self.span(times.0.into_iter().flat_map(|(oldest, newest)| [oldest, newest]));
    }

    /// Widens the span of the events to take in those at `timestamps`.
    pub fn span(&mut self, timestamps: impl IntoIterator<Item = i64>) {
        for timestamp in timestamps {
            let events = self.events.get_or_insert_default();
            events.smallest_timestamp = Some(events.smallest_timestamp.map_or(timestamp, |old| old.min(timestamp)));
            events.largest_timestamp = Some(events.largest_timestamp.map_or(timestamp, |old| old.max(timestamp)));
        }
    }
}
