//! From a pipeline and a range of days to a graph: which nodes there are, and what each reads.
//!
//! Pure: it is told which raw files exist and what was asked for, and touches nothing. Whether a node has to run is
//! not known here; that is found node by node while the graph is walked ([`crate::engine`]).
//!
//! A node exists on a day if every input that it cannot do without exists, and at least one input does. A window and a
//! month take the days that exist; days before a source begins are no fault. Days that lack files between others are
//! gaps.

mod lacking;
mod unfolding;

use std::collections::BTreeMap;
use std::fmt;

use crate::day::{self, Day};
use crate::graph::Graph;
use crate::spec::{Gaps, Origin, PipelineSpec, SourceId, TaskId};
use crate::survey::Survey;

use unfolding::Unfolding;

/// What is asked for: some tasks on some days, in order of the days.
#[derive(Debug)]
pub struct Request {
    /// A task that runs once for all days is needed for the day beside it; of one that runs once a month, the month of
    /// that day is meant.
    pub nodes: Vec<(TaskId, Day)>,
}

impl Request {
    /// Some tasks, on every day of a range.
    pub fn range(first: Day, last: Day, tasks: &[TaskId]) -> Self {
        Request { nodes: first.through(last).flat_map(|day| tasks.iter().map(move |task| (*task, day))).collect() }
    }

    fn tasks(&self) -> Vec<TaskId> {
        let mut tasks: Vec<TaskId> = self.nodes.iter().map(|(task, _)| *task).collect();
        tasks.sort();
        tasks.dedup();
        tasks
    }
}

/// A graph, and what there is to say about the files that it starts from.
#[derive(Debug)]
pub struct Plan {
    pub graph: Graph,
    pub gaps: Vec<Gap>,
    /// The nodes that were asked for, or needed for what was, and cannot be; with the raw files that each lacks.
    pub lacking: BTreeMap<(TaskId, Option<Day>), String>,
    /// All raw files that are needed and not there.
    pub missing: Vec<String>,
}

/// Days without files in the middle of a source.
#[derive(Debug)]
pub struct Gap {
    pub source: SourceId,
    pub days: Vec<Day>,
}

/// Raw files that are needed and not there.
#[derive(Debug)]
pub struct MissingInputs(Vec<String>);

/// Unfolds the pipeline over the days asked for, all of which must be there.
pub fn plan(spec: &PipelineSpec, survey: &Survey, request: &Request) -> Result<Plan, MissingInputs> {
    let plan = unfold(spec, survey, request);
    if plan.missing.is_empty() { Ok(plan) } else { Err(MissingInputs(plan.missing)) }
}

/// Unfolds the pipeline over the days asked for, as far as there are raw files.
pub fn unfold(spec: &PipelineSpec, survey: &Survey, request: &Request) -> Plan {
    let mut unfolding = Unfolding::new(spec, survey);
    for (task, day) in &request.nodes {
        unfolding.request(*task, *day);
    }
    let gaps = unfolding.gaps(request.nodes.iter().map(|(_, day)| *day).max());
    let Unfolding { graph, lacking, mut missing, .. } = unfolding;
    for gap in gaps.iter().filter(|gap| spec.source(gap.source).gaps == Gaps::Refuse) {
        missing.push(format!("{} and its gaps are refused", gap.describe(spec)));
    }
    // Where a source is not there at all, its single days are not worth a word.
    let empty = empty_sources(spec, survey, request);
    let missing = if empty.is_empty() { missing } else { empty };
    Plan { graph, gaps, lacking, missing }
}

/// The sources that are needed and have not a single file.
fn empty_sources(spec: &PipelineSpec, survey: &Survey, request: &Request) -> Vec<String> {
    let needed = reachable_sources(spec, &request.tasks());
    let empty = needed.into_iter().filter(|id| survey.source(*id).is_empty() && !spec.source(*id).optional);
    empty
        .map(|id| spec.source(id))
        .map(|source| format!("{}: not a single file; looked for {}", source.name, source.path))
        .collect()
}

/// The sources that some tasks read, directly or through other tasks, in the order of the file.
fn reachable_sources(spec: &PipelineSpec, tasks: &[TaskId]) -> Vec<SourceId> {
    let mut wanted = vec![false; spec.tasks.len()];
    let mut stack = tasks.to_vec();
    let mut sources = Vec::new();
    while let Some(task) = stack.pop() {
        if std::mem::replace(&mut wanted[task.0], true) {
            continue;
        }
        stack.extend(spec.needs(task));
        sources.extend(spec.task(task).inputs.iter().filter_map(|input| match input.from {
            Origin::Source(source) => Some(source),
            Origin::Output(..) => None,
        }));
    }
    sources.sort();
    sources.dedup();
    sources
}

impl Gap {
    /// `clicks: no files for 2025-06-02..2025-06-04 (clicks/dt={day}/*)`
    pub fn describe(&self, spec: &PipelineSpec) -> String {
        let source = spec.source(self.source);
        format!("{}: no files for {} ({})", source.name, day::ranges(&self.days), source.path)
    }
}

impl fmt::Display for MissingInputs {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for MissingInputs {}
