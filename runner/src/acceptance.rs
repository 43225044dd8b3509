//! Looks up what a kept result is held against, the report in its entry and those of the days before, and holds it.
//!
//! A run and a plan both ask here, each time they find a result, so that a changed expectation is held against what is
//! there already. What is asked for is known in [`crate::expectation`].

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::day::Day;
use crate::expectation;
use crate::graph::Node;
use crate::spec::{PipelineSpec, TaskId};
use crate::store::{Kept, Store};

/// How many of the days before count; two weeks have each day of the week twice.
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
    measures: RefCell<HashMap<TaskId, Measures>>,
}

/// What the days of a task are compared with, as far as somebody has asked.
struct Measures {
    /// Days that have results and were not looked at yet, in order.
    open: VecDeque<Day>,
    /// The reports of days that do not fall short themselves, in order.
    accepted: Vec<(Day, Value)>,
}

impl<'a> Acceptance<'a> {
    pub fn new(spec: &'a PipelineSpec, store: &'a Store) -> Self {
        Acceptance { spec, store, measures: RefCell::default() }
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

    /// The reports of the last days before a day whose results do not fall short: a source that stays broken must not
    /// become what its next days are compared with.
    fn before(&self, id: TaskId, day: Day) -> Vec<Value> {
        let task = self.spec.task(id);
        let mut measures = self.measures.borrow_mut();
        let open = || Measures { open: self.store.days_of(&task.name).into(), accepted: Vec::new() };
        let Measures { open, accepted } = measures.entry(id).or_insert_with(open);
        while let Some(earlier) = open.pop_front_if(|earlier| *earlier < day) {
            let Some(report) = self.store.last_report(&task.name, earlier) else { continue };
            if expectation::judge(task, Some(earlier), &report, &|| last_before(accepted, earlier)).is_ok() {
                accepted.push((earlier, report));
            }
        }
        last_before(accepted, day)
    }
}

/// The last reports before a day.
fn last_before(accepted: &[(Day, Value)], day: Day) -> Vec<Value> {
    let before = &accepted[..accepted.partition_point(|(earlier, _)| *earlier < day)];
    before.iter().rev().take(DAYS_BEFORE).map(|(_, report)| report.clone()).collect()
}
