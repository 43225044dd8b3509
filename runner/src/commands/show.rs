//! `runner show` and `runner path`: the result of a node, to look at or to hand to another tool.
//!
//! Both find what the node's result would be now, as a run does; if that has not been made, they fall back to the
//! newest one that has, and say so. They write nothing and wait for nobody.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::project::{Project, beside};
use super::{CommandError, print, tell};
use crate::address::Address;
use crate::cli::{NodeArguments, ShowArguments};
use crate::day::Day;
use crate::exec;
use crate::exit::Exit;
use crate::plan::Request;
use crate::predict::{Prediction, predict};
use crate::resolve::Reading;
use crate::spec::Output;
use crate::store::{Check, Kept, Store};

/// Prints the path of each file of an output.
pub fn path(arguments: &NodeArguments) -> Result<Exit, CommandError> {
    for path in find(arguments)? {
        print(&path.display().to_string());
    }
    Ok(Exit::Done)
}

/// Hands a file of an output to the program `show`, which knows tables.
pub fn show(arguments: &ShowArguments) -> Result<Exit, CommandError> {
    let paths = find(&arguments.node)?;
    let [path] = &paths[..] else {
        let message = format!("{} has {} parts: name a day, such as {0}@2025-08-16", arguments.node.node, paths.len());
        return Err(CommandError::new(Exit::Usage, anyhow!(message)));
    };
    let mut words: Vec<OsString> = vec![path.into(), "--rows".into(), arguments.rows.to_string().into()];
    if !arguments.columns.is_empty() {
        words.extend(["--columns".into(), arguments.columns.join(",").into()]);
    }
    if let Some(customer) = arguments.customer {
        words.extend(["--customer".into(), customer.to_string().into()]);
    }
    if arguments.schema {
        words.push("--schema".into());
    }
    let shown = exec::present(&beside()?.join("show"), &words).context("cannot start the program `show`")?;
    Ok(if shown.success() { Exit::Done } else { Exit::TaskFailed })
}

/// The files of the output that is asked for.
fn find(arguments: &NodeArguments) -> Result<Vec<PathBuf>, CommandError> {
    let usage = |message: String| CommandError::new(Exit::Usage, anyhow!(message));
    let project = Project::open(&arguments.places)?;
    let address = Address::parse(&arguments.node, &project.spec).map_err(usage)?;
    let output = choose_output(&project, address, arguments.output.as_deref()).map_err(usage)?;
    let store = Store::open(&project.cache);
    let (result, stale) = newest(&project, &store, address)?;
    let task = &project.spec.task(address.task).name;
    let Some(result) = result else {
        let day = address.day.map_or("DAY".to_string(), |day| day.to_string());
        return Err(usage(format!(
            "{} has no result yet\nmake it with: runner run --task {task} --from {day} --to {day}",
            arguments.node
        )));
    };
    if let Some(reason) = stale {
        tell(&format!("note: this is the newest result there is, but not that of now: {reason}"));
    }
    let part = address.day.filter(|_| output.parts.is_some());
    let files = result.files_of(&output.name).filter(|file| part.is_none() || file.part == part);
    let paths: Vec<PathBuf> = files.map(|file| result.path(file)).collect();
    match part {
        Some(day) if paths.is_empty() => Err(usage(format!("`{}` of {task} has nothing for {day}", output.name))),
        _ => Ok(paths),
    }
}

/// The output that was named, or the first that the task has.
fn choose_output<'a>(project: &'a Project, address: Address, name: Option<&str>) -> Result<&'a Output, String> {
    let task = project.spec.task(address.task);
    let known = || task.outputs.iter().map(|output| output.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = match name {
        Some(name) => task.outputs.iter().find(|output| output.name == name),
        None => task.outputs.first(),
    };
    found.ok_or_else(|| format!("`{}` has no output `{}`; it has {}", task.name, name.unwrap_or(""), known()))
}

/// The result of a node as of now, or else the newest that is kept and why it is not that of now.
fn newest(project: &Project, store: &Store, address: Address) -> Result<(Option<Kept>, Option<String>), CommandError> {
    let task = project.spec.task(address.task);
    let own_day = address.own_day(&project.spec);
    let older = |reason: String| Ok((store.newest(&task.name, own_day), Some(reason)));
    // A task that runs once is planned alike for any day.
    let day = address.day.unwrap_or_else(Day::today);
    let plan = match project.plan(&Request { nodes: vec![(address.task, day)] }) {
        Ok(plan) => plan,
        Err(_) => return older("raw files that it needs are missing".to_string()),
    };
    let programs = project.programs(&plan)?;
    let resolver = project.resolver(&plan, store, &programs);
    let predictions = predict(&resolver, &Reading(store), Check::Stamps, &|_| false);
    let requested = plan.graph.ids().zip(predictions).find(|(id, _)| plan.graph.node(*id).requested);
    match requested.map(|(_, prediction)| prediction) {
        Some(Prediction::Cached(kept)) => Ok((Some((*kept).clone()), None)),
        Some(Prediction::WouldRun(reason)) => older(reason.to_string()),
        Some(Prediction::MayRun(needed)) => older(format!("it reads {}, which would run", plan.graph.name(needed))),
        Some(Prediction::WouldFail(message)) => older(message),
        Some(Prediction::Unknown) | None => older("it has nothing to read".to_string()),
    }
}
