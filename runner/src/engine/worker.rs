//! Takes one node all the way: looks it up, runs its program if it has to, checks what came of it, keeps it, publishes
//! it. Runs on a worker's thread and decides nothing about other nodes or further attempts.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::{Assignment, Damage, Engine, Event, Outcome, Results, Success};
use crate::acceptance::{Acceptance, Verdict};
use crate::exec::{self, Ending, Exit, Job};
use crate::failure::{Failure, FailureKind};
use crate::graph::NodeId;
use crate::resolve::{KeptFile, Reading, Resolved};
use crate::spec::Task;
use crate::store::{Aside, Begun, Check, ENTRY_FILE, Finished, Kept, Lookup, Publication, Reason, Workspace};
use crate::text;
use crate::ui;

/// What a program reports as the rows that it did not let through, by reason; and how its output of these rows is called.
pub const REJECTED: &str = "rejected";

/// What came of running a program.
enum Made {
    Well(Box<Success>),
    /// It read a result that is not what was written.
    From(Damage),
}

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
            let damage = self.inputs.damage(id);
            let check = if damage.is_some() { Check::Contents } else { self.check };
            let ticket = match self.resolver.store.lookup(resolved.manifest.clone(), check, (self.forced)(id)) {
                Lookup::Hit(kept) => {
                    if check == Check::Contents {
                        self.inputs.trust(id);
                    }
                    let damage = match self.accept(id, &kept)? {
                        None => self.damage_to_publish(id, &kept)?,
                        damage => damage,
                    };
                    if let Some(damage) = damage {
                        let _ = send.send(Event::Said(damage.describe(self.name(id), "is made again")));
                        continue;
                    }
                    kept.note_use();
                    let publication = self.publish(id, &kept)?;
                    results.set(id, Arc::clone(&kept));
                    return Ok(Outcome::Cached(kept, publication));
                }
                Lookup::Miss(ticket) => match damage {
                    Some(file) => ticket.because(Reason::Damaged { file }),
                    None => *ticket,
                },
            };
            match ticket.begin(self.run, self.name(id))? {
                Begun::Mine(workspace) => {
                    let _ = send.send(Event::Started(assignment, workspace.reason().clone()));
                    let success = match self.execute(assignment, &resolved, *workspace)? {
                        Made::Well(success) => success,
                        Made::From(damage) => return Ok(Outcome::Misled(damage)),
                    };
                    self.inputs.trust(id);
                    self.accept_new(id, &success)?;
                    let publication = self.publish(id, &success.kept)?;
                    results.set(id, Arc::clone(&success.kept));
                    return Ok(Outcome::Ran(success, publication));
                }
                // Another run has made it since it was looked up.
                Begun::There => {}
                Begun::Theirs { holder, queue } => return Ok(Outcome::Taken { holder, queue }),
            }
        }
    }

    /// Holds a result of an earlier run against what its task asks for, unless its record turns out to be damaged.
    fn accept(&self, id: NodeId, kept: &Kept) -> Result<Option<Damage>, Box<Failure>> {
        match self.judge(id, kept) {
            Verdict::Accepted => Ok(None),
            Verdict::Refused(shortfall) => Err(Failure::refused(shortfall)),
            Verdict::Lost => match self.resolver.store.set_aside(&kept.folder)? {
                Aside::Taken(holder) => Err(anyhow!("its result is damaged, and {holder} has it in hand").into()),
                aside => Ok(Some(Damage { node: id, file: ENTRY_FILE.to_string(), aside: place(&aside) })),
            },
        }
    }

    /// Holds a result that was made just now against what its task asks for. It is kept all the same: it can be looked
    /// at, and is not made again when less is asked for.
    fn accept_new(&self, id: NodeId, success: &Success) -> Result<(), Box<Failure>> {
        let (usage, said) = (Some(success.usage), success.said.clone());
        match self.judge(id, &success.kept) {
            Verdict::Accepted => Ok(()),
            Verdict::Refused(shortfall) => Err(Box::new(Failure { usage, said, ..*Failure::refused(shortfall) })),
            Verdict::Lost => Err(anyhow!("its result is gone as soon as it was kept").into()),
        }
    }

    fn judge(&self, id: NodeId, kept: &Kept) -> Verdict {
        Acceptance::new(self.resolver.spec, self.resolver.store).judge(self.resolver.graph.node(id), kept)
    }

    /// Runs the program of a node, and looks meanwhile whether what it reads is what was written.
    fn execute(&self, assignment: Assignment, resolved: &Resolved, workspace: Workspace) -> Result<Made, Box<Failure>> {
        let job = self.job(assignment, resolved, &workspace);
        let (files, unwanted) = (self.inputs.open(&resolved.kept), AtomicBool::new(false));
        let (ending, damaged) = thread::scope(|scope| {
            let look = || self.inputs.first_damaged(&files, &unwanted);
            let looking = match files.is_empty() {
                true => None,
                false => thread::Builder::new().spawn_scoped(scope, look).ok(),
            };
            let ending = self.executor.execute(&job);
            unwanted.store(matches!(ending, Ok(Ending { exit: Exit::Stopped, .. })), Ordering::Relaxed);
            // Where no thread can be had, the program is looked after first.
            let found = looking.map_or_else(|| Ok(look()), thread::ScopedJoinHandle::join);
            (ending, found.unwrap_or_else(|fault| resume_unwind(fault)))
        });
        match damaged.or_else(|| self.inputs.first_gone(&resolved.kept)) {
            // Whatever came of it: what the program made of such a file says nothing.
            Some(file) => Ok(Made::From(self.put_away(file)?)),
            None => {
                self.keep(assignment, resolved, workspace, &job, ending).map(|success| Made::Well(Box::new(success)))
            }
        }
    }

    /// Takes a damaged result out of the way, unless it is being made again already.
    fn put_away(&self, file: &KeptFile) -> Result<Damage> {
        let aside = self.resolver.store.set_aside(&file.result.folder)?;
        Ok(Damage { node: file.node, file: file.name().to_string(), aside: place(&aside) })
    }

    /// Checks what came of a program, and keeps it.
    fn keep(
        &self,
        assignment: Assignment,
        resolved: &Resolved,
        workspace: Workspace,
        job: &Job,
        ending: std::io::Result<Ending>,
    ) -> Result<Success, Box<Failure>> {
        let node = self.resolver.graph.node(assignment.id);
        let task = self.resolver.spec.task(node.task);
        let attempt = Attempt { engine: self, name: self.name(assignment.id), task, workspace: &workspace, job };
        let ending = ending.map_err(|error| attempt.not_started(&error))?;
        let finished = attempt.check(&ending, resolved)?;
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
        let Some(target) = self.resolver.published(id, self.outputs) else { return Ok(Publication::Unchanged) };
        let output = target.parent().unwrap_or(&target);
        self.resolver.store.publish(self.run, kept, output, &target, self.check)
    }

    /// Reads a result of an earlier run again before others see it: what is damaged is not published.
    fn damage_to_publish(&self, id: NodeId, kept: &Arc<Kept>) -> Result<Option<Damage>> {
        let Some(target) = self.resolver.published(id, self.outputs) else { return Ok(None) };
        if self.resolver.store.is_published(kept, &target, self.check, u64::MAX) {
            return Ok(None);
        }
        let file = |place| KeptFile { node: id, result: Arc::clone(kept), place };
        let files: Vec<KeptFile> = (0..kept.files.len()).map(file).collect();
        let damaged = self.inputs.first_damaged(&self.inputs.open(&files), &AtomicBool::new(false));
        damaged.map(|file| self.put_away(file)).transpose()
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
        let rejected = self.keep_rejected();
        let script = exec::script(self.name, self.job, &self.placed());
        Box::new(Failure {
            message,
            kind,
            said: ending.map_or(Vec::new(), |ending| ending.said.clone()),
            log: Some(self.job.log.clone()),
            script: self.engine.run.keep_script(&format!("{}.sh", self.name), &script).ok(),
            usage: ending.map(|ending| ending.usage),
            rejected,
        })
    }

    /// Keeps the rows that it did not let through, if there are any: they are what tells why it failed.
    fn keep_rejected(&self) -> bool {
        let output = self.task.outputs.iter().find(|output| output.name == REJECTED && output.parts.is_none());
        output.is_some_and(|output| {
            let path = self.workspace.output(output);
            self.engine.run.keep_rejected(self.name, &path, &output.file).unwrap_or(false)
        })
    }

    fn not_started(&self, error: &std::io::Error) -> Box<Failure> {
        self.failed(format!("cannot start {}: {error}", self.job.program.display()), FailureKind::Program, None)
    }

    /// Whether all went well: the exit status, and that what was read stayed as it was.
    fn check(&self, ending: &Ending, resolved: &Resolved) -> Result<Finished, Box<Failure>> {
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
        Ok(Finished { report, said: ending.said.clone(), usage: ending.usage })
    }
}

/// How many rows a program says that it did not let through, by reason.
fn rejected(report: &Value) -> BTreeMap<String, u64> {
    let counts = report.get(REJECTED).and_then(Value::as_object).into_iter().flatten();
    counts.filter_map(|(reason, count)| Some((reason.clone(), count.as_u64()?))).collect()
}

/// Where a damaged result is now, in words.
fn place(aside: &Aside) -> String {
    match aside {
        Aside::Moved(place) => format!("it is set aside in {}", ui::short(place).display()),
        Aside::Mended => "it is gone from the cache".to_string(),
        Aside::Taken(holder) => format!("{holder} has it in hand"),
    }
}

impl Damage {
    /// `name` is that of the node whose result it is, and `then` what becomes of it.
    pub fn describe(&self, name: &str, then: &str) -> String {
        format!("{name}: {} is missing or not what was written; {}, and {then}", self.file, self.aside)
    }
}
