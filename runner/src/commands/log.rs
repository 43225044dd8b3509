//! `runner log`: what a node's program said.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use super::history::{End, find_run, outcome, read_run};
use super::project::Project;
use super::{CommandError, print, tell};
use crate::address::Address;
use crate::cli::LogArguments;
use crate::exit::Exit;
use crate::journal::{self, NodeRecord, Outcome, Record};
use crate::store::{Store, log_name};
use crate::text::plain;

/// What a run says of a node whose program it started.
struct Told {
    run: Record,
    end: End,
    node: NodeRecord,
}

pub fn log(arguments: &LogArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let address = Address::parse(&arguments.node, &project.spec).map_err(CommandError::usage)?;
    let name = address.node(&project.spec);
    let store = Store::open(&project.cache);
    let told = match &arguments.run {
        Some(run) => in_run(find_run(&project, &store, Some(run))?, &name)?,
        None => newest(&store, &name).ok_or_else(|| never_started(&project, &store, address))?,
    };
    show(&told, &name, arguments.attempt, arguments.json)
}

/// Shows the log of an attempt at a node; of the last, if none is named.
fn show(told: &Told, name: &str, attempt: Option<u32>, json: bool) -> Result<Exit, CommandError> {
    let Told { run, end, node } = told;
    let last = node.attempts.len() as u32;
    let number = attempt.unwrap_or(last);
    let Some(attempts) = node.attempts.get(..number as usize) else {
        return Err(CommandError::usage(format!(
            "{name} has no attempt {number} in run {}; the last is {last}",
            run.id
        )));
    };
    let became = outcome(attempts, *end);
    let message = match attempts.last().and_then(|attempt| attempt.outcome.as_ref()) {
        Some(Outcome::Failed { message, .. }) => Some(message),
        _ => None,
    };
    let file = run.folder.join(log_name(name, number));
    let text = read(&file)?;
    if json {
        print(
            &json!({
                "node": name, "run": run.id, "attempt": number, "attempts": last, "outcome": became,
                "message": message, "file": text.as_ref().map(|_| file), "log": text.as_deref().map(plain),
            })
            .to_string(),
        );
        return Ok(Exit::Done);
    }
    tell(&format!("run      {}\nattempt  {number} of {last}", run.id));
    tell(&format!("outcome  {became}{}", message.map_or(String::new(), |message| format!(": {message}"))));
    match text {
        Some(text) => print(text.strip_suffix('\n').unwrap_or(&text)),
        None => tell(&format!("{name} said nothing")),
    }
    Ok(Exit::Done)
}

/// The text of a log; there is none of a program that said nothing.
fn read(file: &Path) -> Result<Option<String>, CommandError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display()))?,
    }
}

/// What the newest run tells that started the program of a node.
fn newest(store: &Store, name: &str) -> Option<Told> {
    journal::runs(&store.runs()).iter().find_map(|run| {
        let (run, end) = read_run(store, run)?;
        let node = started(&run, name)?;
        Some(Told { run, end, node })
    })
}

/// What a certain run tells; the error says what became of the node there.
fn in_run((run, end): (Record, End), name: &str) -> Result<Told, CommandError> {
    if let Some(node) = started(&run, name) {
        return Ok(Told { run, end, node });
    }
    let because = match run.nodes.get(name).and_then(|node| node.skipped.as_ref()) {
        Some(because) => format!("it was skipped, because {because}"),
        None if !run.planned.iter().any(|planned| planned == name) => "it was not among its nodes".to_string(),
        None if run.ended.is_none() => "it had a result already, or its turn did not come".to_string(),
        None => "it had a result already".to_string(),
    };
    Err(CommandError::usage(format!("{name} did not run in run {}: {because}", run.id)))
}

fn started(run: &Record, name: &str) -> Option<NodeRecord> {
    run.nodes.get(name).filter(|node| !node.attempts.is_empty()).cloned()
}

/// Why there is nothing to show of a node.
fn never_started(project: &Project, store: &Store, address: Address) -> CommandError {
    let name = address.node(&project.spec);
    let task = &project.spec.task(address.task).name;
    let kept = store.newest(task, address.own_day(&project.spec)).and_then(|kept| kept.entry());
    CommandError::usage(match kept {
        Some(entry) => format!("{name} was made by run {}, whose journal and logs are not there any more", entry.run),
        None => format!("no run has started {name} yet; `{}` lists the runs that there were", project.hint("runs")),
    })
}
