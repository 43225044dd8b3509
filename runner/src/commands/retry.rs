//! `runner retry`: what an earlier run left undone.

use std::collections::BTreeSet;

use anyhow::anyhow;

use super::history::{End, find_run};
use super::interruption::Interruption;
use super::project::Project;
use super::selection::Selection;
use super::{CommandError, run, tell};
use crate::address;
use crate::cli::{Places, ProjectPlaces, RetryArguments};
use crate::exit::Exit;
use crate::journal::Command;
use crate::layout::{self, Outputs};
use crate::store::Store;

pub fn retry(arguments: &RetryArguments) -> Result<Exit, CommandError> {
    let interruption = Interruption::watch()?;
    let project = Project::open(&arguments.places)?;
    let store = Store::open(&project.cache);
    let (record, end) = find_run(&project, &store, arguments.run.as_deref())?;
    if end == End::Running {
        let message = format!("run {} (process {}) is still going on", record.id, record.process);
        return Err(CommandError::new(Exit::Usage, anyhow!(message)));
    }
    let left = record.left();
    if left.is_empty() {
        tell(&format!("run {} left nothing undone", record.id));
        return Ok(Exit::Done);
    }
    let count = left.len();
    tell(&format!("run {} did not make {count} {}", record.id, if count == 1 { "node" } else { "nodes" }));
    let places = with_places_of(&record.command, &arguments.places);
    let project = Project::open(&places)?;
    let left = still_there(left, &record.command, &project)?;
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    let command = Command {
        only: Some(left),
        pipeline: project.pipeline.clone(),
        data: project.data.clone(),
        cache: project.cache.clone(),
        outputs: project.outputs()?,
        ..record.command
    };
    // Hints are for the person who typed this.
    let project = Project { given: arguments.places.clone(), ..project };
    run::make(&project, command, &interruption, arguments.json)
}

/// The nodes without those that there would be none of today: what they read was removed, and can be done without.
fn still_there(
    mut left: BTreeSet<String>,
    command: &Command,
    project: &Project,
) -> Result<BTreeSet<String>, CommandError> {
    let whole = Command { only: None, ..command.clone() };
    let plan = project.plan(&Selection::of(&whole, &project.spec)?.request)?;
    let lacking = plan.lacking.keys().map(|(task, day)| address::name(&project.spec.task(*task).name, *day));
    let there: BTreeSet<String> = plan.graph.ids().map(|id| plan.graph.name(id).to_string()).chain(lacking).collect();
    let gone: Vec<String> = left.extract_if(.., |name| !there.contains(name)).collect();
    if let [first, rest @ ..] = &gone[..] {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        tell(&format!("left out, for what it read is not there any more: {first}{more}"));
    }
    Ok(left)
}

/// The places that the command line names, and for the rest those of an earlier run.
fn with_places_of(earlier: &Command, given: &Places) -> Places {
    let given = given.clone();
    // Compact days lie beside an output folder that is named now.
    let compact = match &given.output {
        Some(output) => Outputs::beside(output, layout::COMPACT),
        None => earlier.outputs.compact.clone(),
    };
    Places {
        project: ProjectPlaces {
            pipeline: given.project.pipeline.or_else(|| Some(earlier.pipeline.clone())),
            data: given.project.data.or_else(|| Some(earlier.data.clone())),
            cache: given.project.cache.or_else(|| Some(earlier.cache.clone())),
        },
        output: given.output.or_else(|| Some(earlier.outputs.output.clone())),
        compact: given.compact.or(Some(compact)),
    }
}
