//! Finding a result that is kept, by the name of its node: what it would be now, as a run finds it, or else the newest
//! there is. Nothing is written, and nobody is waited for.

use std::path::PathBuf;

use super::project::Project;
use super::{CommandError, failed_attempt, tell};
use crate::address::Address;
use crate::cli::ProjectPlaces;
use crate::day::Day;
use crate::engine::REJECTED;
use crate::plan::Request;
use crate::predict::{Prediction, predict};
use crate::resolve::Glancing;
use crate::spec::Output;
use crate::store::{Check, Kept, Store};

/// A result, and which of its files were asked for.
pub struct Found {
    /// Without it, what was asked for is of an attempt that failed.
    pub kept: Option<Kept>,
    pub address: Address,
    /// The name of the output.
    pub output: String,
    pub paths: Vec<PathBuf>,
}

impl Found {
    /// The one file that was asked for.
    pub fn path(&self, node: &str) -> Result<&PathBuf, CommandError> {
        match &self.paths[..] {
            [path] => Ok(path),
            paths => Err(CommandError::usage(format!(
                "{node} has {} parts: name a day, such as {node}@2025-08-16",
                paths.len()
            ))),
        }
    }
}

/// The files of an output of a node; says so if they are not those of now.
pub fn find(places: &ProjectPlaces, node: &str, output: Option<&str>) -> Result<Found, CommandError> {
    let project = Project::open(&places.clone().into())?;
    let address = Address::parse(node, &project.spec).map_err(CommandError::usage)?;
    let output = choose_output(&project, address, output).map_err(CommandError::usage)?;
    let store = Store::open(&project.cache);
    let (kept, note) = newest(&project, &store, address)?;
    let task = &project.spec.task(address.task).name;
    if output.name == REJECTED
        && (note.is_some() || kept.is_none())
        && let Some((path, run)) = failed_attempt::rejected(&store, &address.node(&project.spec), &output.file)
    {
        tell(&format!("note: these are the rows that {node} rejected when it failed in run {run}"));
        return Ok(Found { paths: vec![path], address, output: output.name.clone(), kept: None });
    }
    let Some(kept) = kept else {
        let day = address.day.map_or("DAY".to_string(), |day| day.to_string());
        return Err(CommandError::usage(format!(
            "{node} has no result yet\nmake it with: {}",
            project.hint(&format!("run --task {task} --from {day} --to {day}"))
        )));
    };
    if let Some(note) = note {
        tell(&format!("note: {note}"));
    }
    let part = address.day.filter(|_| output.parts.is_some());
    let paths = files(&kept, &output.name, part);
    match part {
        Some(day) if paths.is_empty() => {
            Err(CommandError::usage(format!("`{}` of {task} has nothing for {day}", output.name)))
        }
        _ => Ok(Found { paths, address, output: output.name.clone(), kept: Some(kept) }),
    }
}

/// The files of an output, or the file of a day among them.
pub fn files(kept: &Kept, output: &str, part: Option<Day>) -> Vec<PathBuf> {
    let files = kept.files_of(output).filter(|file| part.is_none() || file.part == part);
    files.map(|file| kept.path(file)).collect()
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

/// The result of a node as of now, or else the newest that is kept; and what is to be noted about it.
fn newest(project: &Project, store: &Store, address: Address) -> Result<(Option<Kept>, Option<String>), CommandError> {
    let task = project.spec.task(address.task);
    let own_day = address.own_day(&project.spec);
    let older = |reason: String| {
        let note = format!("this is the newest result there is, but not that of now: {reason}");
        Ok((store.newest(&task.name, own_day), Some(note)))
    };
    // A task that runs once is planned alike for any day.
    let day = address.day.unwrap_or_else(Day::today);
    let plan = project.plan(&Request { nodes: vec![(address.task, day)] })?;
    if !plan.not_made.is_empty() {
        return older("raw files that it needs are missing".to_string());
    }
    let programs = project.programs(&plan)?;
    let resolver = project.resolver(&plan, store, &programs);
    let predictions = predict(&resolver, &Glancing::at_all(store), Check::Stamps, &|_| false);
    let requested = plan.graph.ids().zip(predictions).find(|(id, _)| plan.graph.node(*id).requested);
    match requested.map(|(_, prediction)| prediction) {
        Some(Prediction::Cached(kept)) => Ok((Some((*kept).clone()), None)),
        Some(Prediction::Refused(kept, shortfall)) => {
            Ok((Some((*kept).clone()), Some(format!("this result falls short, and nothing reads it: {shortfall}"))))
        }
        Some(Prediction::WouldRun(reason)) => older(reason.to_string()),
        Some(Prediction::MayRun(needed)) => older(format!("it reads {}, which would run", plan.graph.name(needed))),
        Some(Prediction::WouldFail(message)) => older(message),
        Some(Prediction::Unknown) | None => older("it has nothing to read".to_string()),
    }
}
