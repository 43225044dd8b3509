//! `runner status`: which results are there and which are not, tasks by days.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::json;

use super::history::told;
use super::project::Project;
use super::selection::Selection;
use super::{CommandError, print, raw_files, tell, width};
use crate::address;
use crate::calendar::{self, Marks, Row};
use crate::cli::StatusArguments;
use crate::day::Day;
use crate::exit::Exit;
use crate::graph::NodeId;
use crate::layout::Outputs;
use crate::plan::Plan;
use crate::predict::{Prediction, predict};
use crate::resolve::{self, Glancing};
use crate::span::Span;
use crate::spec::TaskId;
use crate::state::{Found, State, state};
use crate::store::{Check, Store};
use crate::ui;

/// How many nodes that are not fresh are named.
const MOST_NAMED: usize = 10;

/// A node and its state.
struct Line {
    name: String,
    task: TaskId,
    day: Option<Day>,
    state: State,
    reason: Option<String>,
}

pub fn status(arguments: &StatusArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let command = project.command(&arguments.range)?;
    let plan = project.plan(&Selection::of(&command, &project.spec)?.request)?;
    raw_files::tell_of(&project, &plan);
    let mut lines = present(&project, &plan, &command.outputs)?;
    lines.extend(plan.lacking.iter().map(|((task, day), reason)| Line {
        name: address::name(&project.spec.task(*task).name, *day),
        task: *task,
        day: *day,
        state: State::NoInput,
        reason: Some(format!("{reason}{}", left(&project, (*task, *day), &command.outputs))),
    }));
    if arguments.json {
        print_json(&project, &lines);
    } else {
        print_table(&project, Span { first: command.from, last: command.to }, &lines);
    }
    Ok(Exit::Done)
}

/// What is added where a day that cannot be made any more is published all the same.
fn left(project: &Project, (task, day): (TaskId, Option<Day>), outputs: &Outputs) -> &'static str {
    let published = day.and_then(|day| resolve::published(project.spec.task(task), day, outputs));
    if published.is_some_and(|folder| folder.is_dir()) { "; what was published before stays" } else { "" }
}

/// The nodes that there are, in the order of the graph.
fn present(project: &Project, plan: &Plan, outputs: &Outputs) -> Result<Vec<Line>, CommandError> {
    let programs = project.programs(plan)?;
    let store = Store::open(&project.cache);
    let resolver = project.resolver(plan, &store, &programs);
    let patience = ui::Patience::begin(|| tell("reading raw files that were not read before"));
    let predictions = predict(&resolver, &Glancing::at_all(&store), Check::Stamps, &|_| false);
    drop(patience);
    let published = |(id, prediction): (NodeId, &Prediction)| match resolver.published(id, outputs) {
        Some(target) => {
            prediction.result().is_none_or(|kept| store.is_published(kept, &target, Check::Stamps, u64::MAX))
        }
        None => true,
    };
    let published: Vec<bool> = plan.graph.ids().zip(&predictions).map(published).collect();
    let fresh = |id: NodeId| predictions[id.index()].result().is_some() && published[id.index()];
    let open = plan.graph.ids().filter(|id| !fresh(*id)).map(|id| plan.graph.name(id).to_string());
    let told = told(&store, open.collect());
    let line = |id: NodeId| {
        let (node, name, prediction) = (plan.graph.node(id), plan.graph.name(id), &predictions[id.index()]);
        let older = || store.newest(&project.spec.task(node.task).name, node.day).is_some();
        let found =
            Found { prediction, made: prediction.result().is_some() || older(), published: published[id.index()] };
        let (state, reason) = state(name, &found, &told, &plan.graph);
        Line { name: name.to_string(), task: node.task, day: node.day, state, reason }
    };
    Ok(plan.graph.ids().map(line).collect())
}

fn print_json(project: &Project, lines: &[Line]) {
    let nodes: Vec<_> = lines
        .iter()
        .map(|line| {
            json!({
                "node": line.name, "task": project.spec.task(line.task).name, "day": line.day,
                "state": line.state.word(), "reason": line.reason,
            })
        })
        .collect();
    print(&json!(nodes).to_string());
}

fn print_table(project: &Project, asked: Span, lines: &[Line]) {
    let span = |line: &Line| line.day.and_then(|day| project.spec.task(line.task).span(day));
    let apart = |span: Span| span.last < asked.first || asked.last < span.first;
    let (other, shown): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| span(line).is_some_and(apart));
    let days = days_shown(asked, &shown);
    for line in calendar::lines(&days, &rows(project, asked, &shown), width()) {
        print(&line);
    }
    let legend: Vec<String> = State::ALL.iter().map(|state| format!("{} {}", state.mark(), state.word())).collect();
    print(&format!("\n{}  (blank: no node)", legend.join("  ")));
    print(&count(&shown));
    if !other.is_empty() {
        print(&format!("and {} nodes of other days: {}", other.len(), count_or_all(&other)));
    }
    print_reasons(lines);
}

/// So many days are shown whatever they hold.
const MOST_DAYS: usize = 400;

/// The days of the table: of centuries, those from the first to the last with something other than missing raw files.
fn days_shown(asked: Span, lines: &[&Line]) -> Vec<Day> {
    let days: Vec<Day> = asked.days().collect();
    if days.len() <= MOST_DAYS {
        return days;
    }
    let present = || lines.iter().filter(|line| line.state != State::NoInput).filter_map(|line| line.day);
    let (first, last) = (present().min(), present().max());
    days.into_iter()
        .filter(|day| first.is_some_and(|first| first <= *day) && last.is_some_and(|last| *day <= last))
        .collect()
}

/// A row a task that has nodes, in the order of the pipeline. A month is shown on each of its days that was asked for.
fn rows(project: &Project, asked: Span, lines: &[&Line]) -> Vec<Row> {
    let mut tasks: BTreeMap<TaskId, Marks> = BTreeMap::new();
    for line in lines {
        match (line.day, tasks.entry(line.task).or_insert_with(|| Marks::Days(BTreeMap::new()))) {
            (Some(day), Marks::Days(marks)) => {
                let span = project.spec.task(line.task).span(day).unwrap_or(Span::day(day)).from(asked.first);
                marks.extend(span.days().map(|day| (day, line.state.mark())));
            }
            (_, marks) => *marks = Marks::Once(line.state.mark()),
        }
    }
    let row = |(task, marks): (TaskId, Marks)| Row { name: project.spec.task(task).name.clone(), marks };
    tasks.into_iter().map(row).collect()
}

/// `118 fresh, 4 stale`
fn count(lines: &[&Line]) -> String {
    let counted = State::ALL.map(|state| (lines.iter().filter(|line| line.state == state).count(), state));
    let said = counted.iter().filter(|(count, _)| *count > 0);
    said.map(|(count, state)| format!("{count} {}", state.word())).collect::<Vec<_>>().join(", ")
}

/// The same, where it is known how many there are: `all fresh`, if they are.
fn count_or_all(lines: &[&Line]) -> String {
    match lines {
        [first, rest @ ..] if rest.iter().all(|line| line.state == first.state) => {
            format!("all {}", first.state.word())
        }
        _ => count(lines),
    }
}

/// Names nodes that are not fresh with the reason why, the most urgent first.
fn print_reasons(lines: &[Line]) {
    let mut open: Vec<&Line> = lines.iter().filter(|line| line.state != State::Fresh).collect();
    open.sort_by_key(|line| Reverse(line.state));
    let (named, rest) = open.split_at(open.len().min(MOST_NAMED));
    if !named.is_empty() {
        print("");
    }
    let longest = named.iter().map(|line| line.name.len()).max().unwrap_or(0);
    for line in named {
        let reason = line.reason.as_deref().unwrap_or_default();
        print(&format!("{:<8}  {:<longest$}  {reason}", line.state.word(), line.name));
    }
    if !rest.is_empty() {
        print(&format!("and {} more: {}; --json lists them all", rest.len(), count_or_all(rest)));
    }
}
