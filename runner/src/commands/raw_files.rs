//! What people are told of raw files: which lie where no path takes them, which days lack some, and what that costs.

use std::collections::BTreeSet;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::project::Project;
use super::{CommandError, tell};
use crate::day::{self, Day};
use crate::exit::Exit;
use crate::plan::Plan;

/// Says what a run would have to go without.
pub fn tell_of(project: &Project, plan: &Plan) {
    for warning in &plan.warnings {
        tell(&format!("warning: {warning}"));
    }
    for task in &plan.unknown_splits {
        let name = &project.spec.task(*task).name;
        tell(&format!("note: which days `{name}` has files for is known once it has run; others are not shown here"));
    }
    if !plan.not_made.is_empty() {
        let (days, asked, place) = (days(plan).len(), plan.days_asked, project.data.display());
        let lines = lines(project, plan);
        tell(&format!("warning: raw files are missing in {place}: {days} of {asked} days cannot be made\n{lines}"));
    }
}

/// The same before a plan is followed: an error, if nothing that was asked for can be made, or not all of it where all
/// or nothing was asked for.
pub fn check(project: &Project, plan: &Plan, strict: bool) -> Result<(), CommandError> {
    let nothing = plan.graph.len() == 0;
    if plan.not_made.is_empty() || !(nothing || strict) {
        tell_of(project, plan);
        return Ok(());
    }
    for warning in &plan.warnings {
        tell(&format!("warning: {warning}"));
    }
    let why = if nothing { "" } else { ", as --strict asks for all days or none" };
    let message =
        format!("raw files are missing in {}; nothing ran{why}\n{}", project.data.display(), lines(project, plan));
    Err(CommandError::new(Exit::InputMissing, anyhow!(message)))
}

/// What became of the days that could not be made, in one line; nothing, if there are none.
pub fn summary(plan: &Plan) -> Option<String> {
    let days: Vec<Day> = days(plan).into_iter().collect();
    let (number, asked) = (days.len(), plan.days_asked);
    let ranges = day::ranges(&days);
    (number > 0).then(|| format!("not made for want of raw files: {ranges} ({number} of {asked} days)"))
}

pub fn in_json(project: &Project, plan: &Plan) -> Vec<Value> {
    let missing = plan.missing.iter().map(|missing| {
        let tasks: Vec<&str> = missing.tasks.iter().map(|task| project.spec.task(*task).name.as_str()).collect();
        json!({"tasks": tasks, "days": missing.days, "reason": missing.text})
    });
    missing.collect()
}

fn days(plan: &Plan) -> BTreeSet<Day> {
    plan.not_made.iter().map(|(_, day)| *day).collect()
}

/// A reason a line, behind the days that it keeps from being made.
fn lines(project: &Project, plan: &Plan) -> String {
    let nodes: Vec<String> = plan.missing.iter().map(|missing| missing.nodes(&project.spec, &plan.not_made)).collect();
    let width = nodes.iter().map(String::len).filter(|length| *length <= WIDEST).max().unwrap_or(0);
    let lines = nodes.iter().zip(&plan.missing).map(|(nodes, missing)| {
        let text = missing.text.replace('\n', &format!("\n  {:width$}", ""));
        format!("  {nodes:<width$}  {text}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Days that take more room than this do not move the reasons beside the others.
const WIDEST: usize = 40;
