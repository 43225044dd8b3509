//! What the results of a task report of themselves, by day. It does not know what the numbers mean.

use std::fs;

use serde_json::Value;

use super::{Store, latest};
use crate::day::Day;

impl Store {
    /// The days of which a task has results, in order.
    pub fn days_of(&self, task: &str) -> Vec<Day> {
        let Ok(found) = fs::read_dir(self.root.join("results").join(task)) else { return Vec::new() };
        let mut days: Vec<Day> = found.filter_map(|day| day.ok()?.file_name().to_str()?.parse().ok()).collect();
        days.sort();
        days
    }

    /// What the newest result of a node reports.
    pub fn newest_report(&self, task: &str, day: Day) -> Option<Value> {
        latest(&self.node_folder(task, Some(day))).map(|entry| entry.report)
    }
}
