//! Looks up what a kept result is held against, the report in its entry and those of the days before, and holds it.
//!
//! A run and a plan both ask here, each time they find a result, so that a changed expectation is held against what is
//! there already. What is asked for is known in [`crate::expectation`].

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::Value;

use crate::day::Day;
use crate::expectation;
use crate::graph::Node;
use crate::spec::{PipelineSpec, TaskId};
use crate::store::{Kept, Store};

/// How many of the days before that have a result count; two weeks have each day of the week twice.
const DAYS_BEFORE: usize = 14;

/// Whether a result is good enough for those that read it.
#[derive(Debug)]
pub enum Verdict {
    Accepted,
    /// It falls short, of this.
    Refused(String),
    /// Its record cannot be read any more.
    Lost,
}

/// Looks each report up once for as long as it lives.
pub struct Acceptance<'a> {
    spec: &'a PipelineSpec,
    store: &'a Store,
    /// The days of which a task has results, in order.
    days: RefCell<HashMap<TaskId, Vec<Day>>>,
    reports: RefCell<HashMap<(TaskId, Day), Option<Value>>>,
}

impl<'a> Acceptance<'a> {
    pub fn new(spec: &'a PipelineSpec, store: &'a Store) -> Self {
        Acceptance { spec, store, days: RefCell::default(), reports: RefCell::default() }
    }

    /// Holds the result of a node against what its task asks for.
    pub fn judge(&self, node: &Node, kept: &Kept) -> Verdict {
        let task = self.spec.task(node.task);
        if !expectation::asks(task) {
            return Verdict::Accepted;
        }
        let Some(entry) = kept.entry() else { return Verdict::Lost };
        let before = || node.day.map_or(Vec::new(), |day| self.before(node.task, day));
        match expectation::judge(task, node.day, &entry.report, &before) {
            Ok(()) => Verdict::Accepted,
            Err(shortfall) => Verdict::Refused(shortfall),
        }
    }

    /// The reports of the last days before a day that have a result.
    fn before(&self, task: TaskId, day: Day) -> Vec<Value> {
        let name = &self.spec.task(task).name;
        let mut days = self.days.borrow_mut();
        let days = days.entry(task).or_insert_with(|| self.store.days_of(name));
        let mut reports = self.reports.borrow_mut();
        let mut report =
            |day: &Day| reports.entry((task, *day)).or_insert_with(|| self.store.newest_report(name, *day)).clone();
        days.iter().rev().filter(|earlier| **earlier < day).filter_map(&mut report).take(DAYS_BEFORE).collect()
    }
}
