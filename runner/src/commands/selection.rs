//! Which tasks a command line is about, and which of their nodes have to run whether or not anything has changed.

use std::collections::BTreeSet;

use super::CommandError;
use crate::address::Address;
use crate::day::Day;
use crate::graph::{Graph, NodeId};
use crate::journal::Command;
use crate::layout::Layouts;
use crate::plan::Request;
use crate::spec::{PipelineSpec, TaskId};

/// What is asked for.
pub struct Selection {
    pub request: Request,
    /// The nodes of the tasks that were named; none, if all were meant.
    named: BTreeSet<(TaskId, Option<Day>)>,
    only: Option<BTreeSet<String>>,
    force: bool,
}

impl Selection {
    /// What a command asks for: what is left of an earlier run, or whole tasks on whole days.
    pub fn of(command: &Command, spec: &PipelineSpec) -> Result<Self, CommandError> {
        if command.from > command.to {
            return Err(CommandError::usage(format!("--from {} is after --to {}", command.from, command.to)));
        }
        let layouts = command.layout.unwrap_or(spec.layouts);
        let named = named(spec, &command.tasks, layouts)?;
        let request = match &command.only {
            Some(nodes) => left(spec, nodes, command.from)?,
            None => Request::range(command.from, command.to, &chosen(spec, &named, layouts)?),
        };
        let days = || command.from.through(command.to);
        let named = named.iter().flat_map(|id| days().map(move |day| (*id, spec.task(*id).node_day(day)))).collect();
        Ok(Selection { request, named, only: command.only.clone(), force: command.force })
    }

    /// Whether a node must run although it may have a result. Of tasks that were named, only the days asked for must.
    pub fn forces(&self, graph: &Graph, id: NodeId) -> bool {
        let node = graph.node(id);
        let left = self.only.as_ref().is_none_or(|only| only.contains(graph.name(id)));
        self.force && left && (self.named.is_empty() || self.named.contains(&(node.task, node.day)))
    }
}

/// The tasks that were named, with their followers where that was asked for, as far as these are in the layout.
fn named(spec: &PipelineSpec, tasks: &[String], layouts: Layouts) -> Result<Vec<TaskId>, CommandError> {
    let mut named = Vec::new();
    for text in tasks {
        let (name, followers) = text.strip_suffix('+').map_or((text.as_str(), false), |name| (name, true));
        let task = spec.find_task(name).map_err(CommandError::usage)?;
        named.push(task);
        if followers {
            let followers = followers_of(spec, task).into_iter();
            named.extend(followers.filter(|follower| layouts.include(spec.task(*follower).layout)));
        }
    }
    Ok(named)
}

/// The tasks that were named; else those of the layout that nothing reads from.
fn chosen(spec: &PipelineSpec, named: &[TaskId], layouts: Layouts) -> Result<Vec<TaskId>, CommandError> {
    let read_by_none = |id: &TaskId| !spec.task_ids().any(|other| spec.needs(other).any(|needed| needed == *id));
    let wanted = |id: &TaskId| read_by_none(id) && layouts.include(spec.task(*id).layout);
    let mut tasks = if named.is_empty() { spec.task_ids().filter(wanted).collect() } else { named.to_vec() };
    tasks.sort();
    tasks.dedup();
    if tasks.is_empty() {
        return Err(CommandError::usage(
            "no task makes days of this layout\nask for another with --layout".to_string(),
        ));
    }
    Ok(tasks)
}

/// All tasks that read from a task, directly or not.
fn followers_of(spec: &PipelineSpec, task: TaskId) -> Vec<TaskId> {
    let mut followers = vec![task];
    let mut place = 0;
    while let Some(task) = followers.get(place).copied() {
        place += 1;
        for id in spec.task_ids() {
            if !followers.contains(&id) && spec.needs(id).any(|needed| needed == task) {
                followers.push(id);
            }
        }
    }
    followers.split_off(1)
}

/// Nodes by name. A task that runs once is needed for the first day of the run.
fn left(spec: &PipelineSpec, names: &BTreeSet<String>, from: Day) -> Result<Request, CommandError> {
    let mut nodes = Vec::new();
    for name in names {
        let address = Address::parse(name, spec).map_err(CommandError::usage)?;
        nodes.push((address.task, address.day.unwrap_or(from)));
    }
    nodes.sort_by_key(|(task, day)| (*day, *task));
    Ok(Request { nodes })
}
