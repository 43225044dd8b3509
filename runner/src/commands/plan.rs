//! `runner plan`: what a run would do, and why.

use serde_json::json;

use super::project::Project;
use super::selection::Selection;
use super::{CommandError, print, raw_files, tell};
use crate::cli::PlanArguments;
use crate::exit::Exit;
use crate::graph::NodeId;
use crate::journal::Command;
use crate::predict::{Prediction, predict};
use crate::resolve::Glancing;
use crate::store::{Check, Store};
use crate::ui;

pub fn plan(arguments: &PlanArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let command = Command { force: arguments.force, ..project.command(&arguments.range)? };
    show(&project, &command, arguments.json)
}

/// Shows what a command would do.
pub fn show(project: &Project, command: &Command, json: bool) -> Result<Exit, CommandError> {
    let selection = Selection::of(command, &project.spec)?;
    let plan = project.plan(&selection.request)?;
    raw_files::check(project, &plan, command.strict)?;
    let programs = project.programs(&plan)?;
    let store = Store::open(&project.cache);
    let resolver = project.resolver(&plan, &store, &programs);
    let forced = |id: NodeId| selection.forces(&plan.graph, id);
    let patience = ui::Patience::begin(|| tell("reading raw files that were not read before"));
    let predictions = predict(&resolver, &Glancing::at_all(&store), Check::Stamps, &forced);
    drop(patience);
    let (mut cached, mut would, mut may, mut fail) = (0, Vec::new(), Vec::new(), Vec::new());
    for (id, prediction) in plan.graph.ids().zip(&predictions) {
        let listed = match prediction {
            Prediction::Cached(_) => {
                cached += 1;
                continue;
            }
            Prediction::WouldRun(_) => &mut would,
            Prediction::MayRun(_) => &mut may,
            Prediction::WouldFail(_) | Prediction::Refused(..) => &mut fail,
            Prediction::Unknown => continue,
        };
        listed.extend(prediction.reason(&plan.graph).map(|reason| (plan.graph.name(id), reason)));
    }
    if json {
        let listed = |nodes: &[(&str, String)]| -> Vec<_> {
            nodes.iter().map(|(name, reason)| json!({"node": name, "reason": reason})).collect()
        };
        let nodes = predictions.len();
        print(
            &json!({
                "nodes": nodes, "cached": cached, "would_run": listed(&would), "may_run": listed(&may),
                "would_fail": listed(&fail), "not_made": raw_files::in_json(project, &plan),
            })
            .to_string(),
        );
    } else {
        let all = [("would run", &would), ("may run", &may), ("would fail", &fail)];
        let lines = all.iter().flat_map(|(verb, nodes)| nodes.iter().map(move |node| (verb, node)));
        let lines: Vec<String> =
            lines.map(|(verb, (name, reason))| format!("{verb:<10} {name:<36} {reason}")).collect();
        if !lines.is_empty() {
            print(&lines.join("\n"));
        }
    }
    let failing = if fail.is_empty() { String::new() } else { format!("{} would fail, ", fail.len()) };
    tell(&format!(
        "{} nodes: {} would run, {} may run, {failing}{cached} cached; nothing ran",
        predictions.len(),
        would.len(),
        may.len()
    ));
    Ok(if plan.not_made.is_empty() { Exit::Done } else { Exit::InputMissing })
}
