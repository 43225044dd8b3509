//! What the results of a task report of themselves, by day. It does not know what the numbers mean.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{Entry, Store};
use crate::day::Day;

impl Store {
    /// The days of which a task has results, in order.
    pub fn days_of(&self, task: &str) -> Vec<Day> {
        let Ok(found) = fs::read_dir(self.root.join("results").join(task)) else { return Vec::new() };
        let mut days: Vec<Day> = found.filter_map(|day| day.ok()?.file_name().to_str()?.parse().ok()).collect();
        days.sort();
        days
    }

    /// What the result of a node reports that was used last: the newest one may be of raw files that are not there any
    /// more.
    pub fn last_report(&self, task: &str, day: Day) -> Option<Value> {
        let folders = fs::read_dir(self.node_folder(task, Some(day))).ok()?;
        let used = |folder: PathBuf| Some((fs::metadata(&folder).ok()?.modified().ok()?, folder));
        let mut results: Vec<_> = folders.filter_map(|folder| used(folder.ok()?.path())).collect();
        results.sort();
        results.iter().rev().find_map(|(_, folder)| Entry::read(folder)).map(|entry| entry.report)
    }
}
