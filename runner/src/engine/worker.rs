//! Takes one node all the way: looks it up, runs its program if it has to, checks what came of it, keeps it, publishes
//! it. Runs on a worker's thread and decides nothing about other nodes or further attempts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use anyhow::{Context, Result};
use chrono::DateTime;
use serde_json::Value;

use super::{Assignment, Engine, Event, Outcome, Results, Success};
use crate::day::Day;
use crate::exec::{self, Ending, Exit, Job};
use crate::failure::{Failure, FailureKind};
use crate::graph::NodeId;
use crate::resolve::{Reading, Resolved};
use crate::spec::Task;
use crate::store::{Begun, Finished, Kept, Lookup, Publication, Workspace};
use crate::text;

/// What a program reports as the newest event that its result rests on, in microseconds since 1970 UTC.
const LARGEST_TIMESTAMP: &str = "largest_timestamp";
/// What a program reports as the rows that it did not let through, by reason.
const REJECTED: &str = "rejected";

impl Engine<'_> {
    pub(super) fn process(&self, assignment: Assignment, results: &Results, send: &Sender<Event>) -> Outcome {
        self.make(assignment, results, send).unwrap_or_else(Outcome::Failed)
    }

    fn make(&self, assignment: Assignment, results: &Results, send: &Sender<Event>) -> Result<Outcome, Box<Failure>> {
        let id = assignment.id;
        if let Some(next) = assignment.ahead {
            self.fetch_ahead(next);
        }
        loop {
            let resolved = self.resolver.resolve(id, &|needed| results.get(needed), &Reading(self.resolver.store))?;
            let resolved = resolved.context("what it reads could not be read")?;
            let ticket = match self.resolver.store.lookup(resolved.manifest.clone(), self.check, (self.forced)(id)) {
                Lookup::Hit(kept) => {
                    kept.note_use();
                    let publication = self.publish(id, &kept)?;
                    results.set(id, Arc::clone(&kept));
                    return Ok(Outcome::Cached(kept, publication));
                }
                Lookup::Miss(ticket) => ticket,
            };
            match ticket.begin(self.run, self.name(id))? {
                Begun::Mine(workspace) => {
                    let _ = send.send(Event::Started(assignment, workspace.reason().clone()));
                    let success = self.execute(assignment, &resolved, *workspace)?;
                    let publication = self.publish(id, &success.kept)?;
                    results.set(id, Arc::clone(&success.kept));
                    return Ok(Outcome::Ran(Box::new(success), publication));
                }
                // Another run has made it since it was looked up.
                Begun::There => {}
                Begun::Theirs { holder, queue } => return Ok(Outcome::Taken { holder, queue }),
            }
        }
    }

    fn execute(
        &self,
        assignment: Assignment,
        resolved: &Resolved,
        workspace: Workspace,
    ) -> Result<Success, Box<Failure>> {
        let node = self.resolver.graph.node(assignment.id);
        let task = self.resolver.spec.task(node.task);
        let job = self.job(assignment, resolved, &workspace);
        let attempt = Attempt { engine: self, name: self.name(assignment.id), task, workspace: &workspace, job: &job };
        let ending = self.executor.execute(&job).map_err(|error| attempt.not_started(&error))?;
        let finished = attempt.check(&ending, resolved, node.day)?;
        let rejected = rejected(&finished.report);
        let fresh = workspace
            .keep(&task.outputs, finished)
            .map_err(|error| attempt.failed(format!("{error:#}"), FailureKind::Program, Some(&ending)))?;
        let mut said = ending.said;
        if fresh.unstable {
            said.push(
                "warning: the same inputs gave other bytes than last time; what reads it will run again".to_string(),
            );
        }
        if let Some(declared) = task.limits.memory.filter(|declared| ending.usage.peak_memory > *declared) {
            said.push(format!(
                "warning: it took {} of memory, more than the {} declared for `{}`",
                text::size(ending.usage.peak_memory),
                text::size(declared),
                task.name
            ));
        }
        if !fresh.undeclared.is_empty() {
            let names = fresh.undeclared.join(", ");
            said.push(format!("note: what it wrote beside its outputs was not kept: {names}"));
        }
        self.resolver.store.remember(&task.name, node.day, &fresh.kept);
        self.resolver.store.index.learn_peak(&task.name, ending.usage.peak_memory);
        Ok(Success { kept: Arc::new(fresh.kept), usage: ending.usage, rejected, said })
    }

    fn job(&self, assignment: Assignment, resolved: &Resolved, workspace: &Workspace) -> Job {
        let node = self.resolver.graph.node(assignment.id);
        let task = self.resolver.spec.task(node.task);
        let declared = &resolved.manifest.environment;
        let mut environment: BTreeMap<_, _> =
            declared.iter().map(|(name, value)| (name.clone(), value.into())).collect();
        environment.insert("POLARS_MAX_THREADS".to_string(), assignment.threads.to_string().into());
        environment.insert("TASK_REPORT".to_string(), workspace.report().into());
        Job {
            program: self.resolver.programs[&node.task].path.clone(),
            arguments: resolved.arguments(task, |output| workspace.output(output)),
            environment,
            folder: self.resolver.data.to_path_buf(),
            log: self.run.log(self.name(assignment.id), assignment.attempt),
            limits: exec::Limits {
                timeout: task.limits.timeout,
                // Alone it may take what there is.
                memory: task.limits.memory.filter(|_| !assignment.alone),
            },
        }
    }

    /// Puts a result into the folder of its layout, if its task is one that is published.
    fn publish(&self, id: NodeId, kept: &Kept) -> Result<Publication> {
        let output = self.outputs.of(self.resolver.spec.task(self.resolver.graph.node(id).task).layout);
        match self.resolver.published(id, self.outputs) {
            Some(target) => self.resolver.store.publish(self.run, kept, output, &target, self.check),
            None => Ok(Publication::Unchanged),
        }
    }
}

/// A program that has been given a node to make.
struct Attempt<'a> {
    engine: &'a Engine<'a>,
    name: &'a str,
    task: &'a Task,
    workspace: &'a Workspace,
    job: &'a Job,
}

impl Attempt<'_> {
    /// Where the program was told to write, and what that is called in a folder of one's own.
    fn placed(&self) -> Vec<(std::path::PathBuf, String)> {
        let mut placed = vec![(self.workspace.report(), "report.json".to_string())];
        let outputs = self.task.outputs.iter();
        placed.extend(outputs.map(|output| (self.workspace.output(output), output.file.clone())));
        placed
    }

    fn failed(&self, message: String, kind: FailureKind, ending: Option<&Ending>) -> Box<Failure> {
        let script = exec::script(self.name, self.job, &self.placed());
        Box::new(Failure {
            message,
            kind,
            said: ending.map_or(Vec::new(), |ending| ending.said.clone()),
            log: Some(self.job.log.clone()),
            script: self.engine.run.keep_script(&format!("{}.sh", self.name), &script).ok(),
            usage: ending.map(|ending| ending.usage),
        })
    }

    fn not_started(&self, error: &std::io::Error) -> Box<Failure> {
        self.failed(format!("cannot start {}: {error}", self.job.program.display()), FailureKind::Program, None)
    }

    /// Whether all went well: the exit status, what was read, and what the program reports.
    fn check(&self, ending: &Ending, resolved: &Resolved, day: Option<Day>) -> Result<Finished, Box<Failure>> {
        let kind = match ending.exit {
            Exit::Done => None,
            Exit::Stopped => Some(FailureKind::Stopped),
            Exit::OutOfMemory(_) => Some(FailureKind::Memory),
            _ => Some(FailureKind::Program),
        };
        // What a program makes of a file that changes under its hands says nothing about the program.
        let ended_by_itself = matches!(ending.exit, Exit::Done | Exit::Status(_));
        if let Some(path) = resolved.moved().filter(|_| ended_by_itself) {
            let message = format!("{} changed while it was read", path.display());
            return Err(self.failed(message, FailureKind::Moved, Some(ending)));
        }
        if let Some(kind) = kind {
            return Err(self.failed(ending.exit.to_string(), kind, Some(ending)));
        }
        let report = self.workspace.read_report();
        if let (true, Some(day)) = (self.task.point_in_time, day)
            && let Err(message) = looks_back(&report, day)
        {
            return Err(self.failed(message, FailureKind::Program, Some(ending)));
        }
        Ok(Finished { report, said: ending.said.clone(), usage: ending.usage })
    }
}

/// Whether a result rests only on events before its day; the error says on which it does.
fn looks_back(report: &Value, day: Day) -> Result<(), String> {
    match report.get(LARGEST_TIMESTAMP) {
        Some(Value::Null) => Ok(()),
        Some(Value::Number(number)) if number.as_i64().is_some_and(|newest| newest < day.start()) => Ok(()),
        Some(newest) => {
            let spelled = newest.as_i64().and_then(DateTime::from_timestamp_micros);
            let spelled = spelled.map_or(newest.to_string(), |time| time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string());
            Err(format!("it used an event of {spelled}, but a row of {day} may rest only on what was before that day"))
        }
        None => Err(format!(
            "its report names no `{LARGEST_TIMESTAMP}`, which a task with `point_in_time: true` has to (null if it \
             used no event)"
        )),
    }
}

/// How many rows a program says that it did not let through, by reason.
fn rejected(report: &Value) -> BTreeMap<String, u64> {
    let counts = report.get(REJECTED).and_then(Value::as_object).into_iter().flatten();
    counts.filter_map(|(reason, count)| Some((reason.clone(), count.as_u64()?))).collect()
}
