//! `runner runs`: the runs of the past, or what one of them did.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::history::{End, find_run, read_run};
use super::project::Project;
use super::{CommandError, print, run_details, tell};
use crate::cli::RunsArguments;
use crate::columns::align;
use crate::exit::Exit;
use crate::journal::{self, Command, Counts, Record};
use crate::store::Store;

/// A run in short.
pub struct Overview {
    pub record: Record,
    pub end: End,
    /// Of a run without an end these are the nodes that its journal tells of, which are not those that were cached.
    pub counts: Counts,
    /// Not known of a run that was killed.
    pub seconds: Option<f64>,
}

pub fn runs(arguments: &RunsArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let store = Store::open(&project.cache);
    if let Some(name) = &arguments.run {
        run_details::show(&Overview::of(find_run(&project, &store, Some(name))?), arguments.json);
        return Ok(Exit::Done);
    }
    let names = journal::runs(&store.runs());
    let most = if arguments.all { usize::MAX } else { usize::from(arguments.number) };
    let overviews = names.iter().filter_map(|name| read_run(&store, name)).map(Overview::of);
    let overviews: Vec<Overview> = overviews.take(most).collect();
    if arguments.json {
        print(&json!(overviews.iter().map(Overview::json).collect::<Vec<_>>()).to_string());
    } else if overviews.is_empty() {
        tell("nothing ran yet that left a journal");
    } else {
        list(&overviews);
    }
    Ok(Exit::Done)
}

/// Two lines a run: which it is and how it ended; what it was asked to do and what came of it.
fn list(overviews: &[Overview]) {
    let mut rows = vec![["run", "began (UTC)", "took", "end"].map(str::to_string).to_vec()];
    rows.extend(overviews.iter().map(|overview| {
        vec![overview.record.id.clone(), overview.began(), overview.took(), overview.end.word().to_string()]
    }));
    let mut lines = align(&rows, &[2]).into_iter();
    if let Some(header) = lines.next() {
        print(&header);
    }
    for (line, overview) in lines.zip(overviews) {
        print(&line);
        print(&format!("    {}: {}", asked(&overview.record.command), overview.came_out()));
    }
}

impl Overview {
    fn of((record, end): (Record, End)) -> Self {
        let since = |began: DateTime<Utc>| (Utc::now() - began).as_seconds_f64();
        let seconds = match &record.ended {
            Some(ended) => Some(ended.seconds),
            None => journal::time(&record.began).filter(|_| end == End::Running).map(since),
        };
        Overview { counts: counts(&record), record, end, seconds }
    }

    /// When it began, in UTC.
    pub fn began(&self) -> String {
        let began = journal::time(&self.record.began);
        began.map_or(self.record.began.clone(), |began| began.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    pub fn took(&self) -> String {
        match self.seconds {
            Some(seconds) if seconds < 60.0 => format!("{seconds:.2} s"),
            Some(seconds) => humantime::format_duration(Duration::from_secs(seconds as u64)).to_string(),
            None => "?".to_string(),
        }
    }

    /// `11 ran, 272 cached, 0 failed, 0 skipped`
    pub fn came_out(&self) -> String {
        let Counts { ran, cached, failed, skipped } = self.counts;
        match self.record.ended {
            Some(_) => format!("{ran} ran, {cached} cached, {failed} failed, {skipped} skipped"),
            None => format!("{ran} ran, {failed} failed, {skipped} skipped of {} nodes", self.record.planned.len()),
        }
    }

    pub fn json(&self) -> Value {
        let (Record { id, began, command, planned, ended, .. }, counts) = (&self.record, self.counts);
        json!({
            "run": id, "began": began, "ended": ended.as_ref().map(|ended| &ended.at), "seconds": self.seconds,
            "from": command.from, "to": command.to, "tasks": command.tasks, "force": command.force,
            "only": command.only, "nodes": planned.len(), "ran": counts.ran,
            "cached": ended.as_ref().map(|_| counts.cached), "failed": counts.failed, "skipped": counts.skipped,
            "end": self.end.word(),
        })
    }
}

/// What a run was asked to do: `2025-08-03..2025-08-16 history+`.
pub fn asked(command: &Command) -> String {
    let mut said = format!("{}..{}", command.from, command.to);
    for task in &command.tasks {
        said.push_str(&format!(" {task}"));
    }
    if command.force {
        said.push_str(", forced");
    }
    if let Some(nodes) = &command.only {
        said.push_str(&format!(", {} nodes left of an earlier run", nodes.len()));
    }
    said
}

fn counts(record: &Record) -> Counts {
    if let Some(ended) = &record.ended {
        return ended.counts;
    }
    let mut counts = Counts::default();
    for node in record.nodes.values() {
        if node.skipped.is_some() {
            counts.skipped += 1;
        } else if node.failure().is_some() {
            counts.failed += 1;
        } else if !node.is_running() {
            counts.ran += 1;
        }
    }
    counts
}
