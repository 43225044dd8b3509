//! Walks a graph: asks the schedule what is next, the store whether it has to run, the executor to run it, and tells
//! the progress display.
//!
//! Approach: this thread owns the schedule and gives nodes out to worker threads over a channel, one worker a slot. A
//! worker takes a node all the way (look up, run, keep, publish) and sends back what became of it. Only this thread
//! changes the schedule and speaks to the display, so what happens is told in one order.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Result, anyhow};

use crate::exec::{self, Executor, Exit, Job};
use crate::failure::Failure;
use crate::graph::NodeId;
use crate::resolve::{Resolved, Resolver};
use crate::schedule::Schedule;
use crate::store::{Finished, Lookup, Reason, RunFolders, StoredEntry, Workspace};
use crate::ui::{Outcome, Progress};

/// Tells the walk from outside that it should end.
#[derive(Clone)]
pub struct Interrupter(Sender<Event>);

/// What the walking thread hears.
enum Event {
    /// A node turned out to have to run.
    Started(NodeId, Reason),
    Finished(NodeId, Result<Success, Failure>),
    Interrupted,
}

/// A node that has a result.
struct Success {
    ran: bool,
    /// What its program said, and what is to be said about it.
    said: Vec<String>,
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Summary {
    pub ran: usize,
    pub cached: usize,
    /// By name of the node.
    pub failed: BTreeMap<String, Failure>,
    /// Names of the nodes that did not get to run.
    pub skipped: Vec<String>,
    pub interrupted: bool,
}

/// How a graph is walked.
pub struct Engine<'a> {
    pub resolver: Resolver<'a>,
    pub run: &'a RunFolders,
    pub executor: &'a dyn Executor,
    pub progress: &'a dyn Progress,
    /// Where days are published.
    pub output: &'a Path,
    /// Which nodes must run whether or not they have a result.
    pub forced: &'a (dyn Fn(NodeId) -> bool + Sync),
    /// How many nodes run side by side, and how many threads each may use.
    pub jobs: usize,
    pub threads: usize,
    pub fail_fast: bool,
}

/// The channel between a walk and those who interrupt it.
pub struct Channel {
    send: Sender<Event>,
    receive: Receiver<Event>,
}

impl Channel {
    pub fn new() -> Self {
        let (send, receive) = channel();
        Channel { send, receive }
    }

    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.send.clone())
    }
}

impl Interrupter {
    pub fn interrupt(&self) {
        // A walk that is over needs no telling.
        let _ = self.0.send(Event::Interrupted);
    }
}

/// The results so far, by node.
type Results = Mutex<Vec<Option<Arc<StoredEntry>>>>;

impl Engine<'_> {
    /// Walks the whole graph.
    pub fn walk(&self, channel: Channel) -> Summary {
        let results: Results = Mutex::new(vec![None; self.resolver.graph.len()]);
        let (give, take) = std::sync::mpsc::channel::<NodeId>();
        let take = Mutex::new(take);
        thread::scope(|scope| {
            for _ in 0..self.jobs {
                let (send, take, results) = (channel.send.clone(), &take, &results);
                scope.spawn(move || {
                    while let Ok(id) = { take.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
                        // A panic here must not leave the walk waiting for a node that nobody works on.
                        let process = AssertUnwindSafe(|| self.process(id, results, &send));
                        let outcome = catch_unwind(process).unwrap_or_else(|_| {
                            Err(anyhow!("the runner itself broke down here; that is a fault of the runner").into())
                        });
                        let _ = send.send(Event::Finished(id, outcome));
                    }
                });
            }
            let summary = self.direct(&give, &channel.receive);
            // Workers end when nobody is left to give them anything.
            drop(give);
            summary
        })
    }

    /// Gives out nodes and takes in what became of them until nothing is left.
    fn direct(&self, give: &Sender<NodeId>, receive: &Receiver<Event>) -> Summary {
        let mut schedule = Schedule::new(self.resolver.graph);
        let mut summary = Summary::default();
        let mut running = 0;
        self.progress.begin(self.resolver.graph.len());
        loop {
            while running < self.jobs
                && let Some(id) = schedule.next()
            {
                let _ = give.send(id);
                running += 1;
            }
            if running == 0 {
                break;
            }
            let Ok(event) = receive.recv() else { break };
            match event {
                Event::Started(id, reason) => self.progress.started(self.name(id), &reason),
                Event::Finished(id, outcome) => {
                    running -= 1;
                    self.take_in(id, outcome, &mut schedule, &mut summary);
                }
                Event::Interrupted => {
                    summary.interrupted = true;
                    self.skip(schedule.stop(), &mut summary);
                }
            }
        }
        self.progress.end();
        summary
    }

    fn take_in(&self, id: NodeId, outcome: Result<Success, Failure>, schedule: &mut Schedule, summary: &mut Summary) {
        let name = self.name(id);
        match outcome {
            Ok(Success { ran, said }) => {
                schedule.done(id);
                let outcome = if ran { Outcome::Ran } else { Outcome::Cached };
                *(if ran { &mut summary.ran } else { &mut summary.cached }) += 1;
                self.progress.finished(name, outcome);
                for line in said {
                    self.progress.say(&format!("{name}: {line}"));
                }
            }
            Err(failure) => {
                let skipped = schedule.failed(id);
                if failure.stopped {
                    summary.skipped.push(name.to_string());
                    self.progress.finished(name, Outcome::Skipped);
                } else {
                    self.progress.finished(name, Outcome::Failed);
                    self.progress.say(&failure.describe(name, skipped.len()));
                    summary.failed.insert(name.to_string(), failure);
                }
                self.skip(skipped, summary);
                if self.fail_fast {
                    self.skip(schedule.stop(), summary);
                }
            }
        }
    }

    fn skip(&self, nodes: Vec<NodeId>, summary: &mut Summary) {
        for id in nodes {
            self.progress.finished(self.name(id), Outcome::Skipped);
            summary.skipped.push(self.name(id).to_string());
        }
    }

    /// Takes one node all the way. Runs on a worker's thread.
    fn process(&self, id: NodeId, results: &Results, send: &Sender<Event>) -> Result<Success, Failure> {
        let lock = || results.lock().unwrap_or_else(PoisonError::into_inner);
        let resolved = self.resolver.resolve(id, |needed| lock()[needed.index()].clone())?;
        let (entry, ran, said) = match self.resolver.store.lookup(resolved.manifest.clone(), (self.forced)(id)) {
            Lookup::Hit(entry) => (entry, false, Vec::new()),
            Lookup::Miss(ticket, reason) => {
                let _ = send.send(Event::Started(id, reason));
                let workspace = ticket.begin(self.run, self.name(id))?;
                let (entry, said) = self.execute(id, &resolved, workspace)?;
                (entry, true, said)
            }
        };
        self.publish(id, &entry)?;
        lock()[id.index()] = Some(Arc::new(entry));
        Ok(Success { ran, said })
    }

    fn execute(
        &self,
        id: NodeId,
        resolved: &Resolved,
        workspace: Workspace,
    ) -> Result<(StoredEntry, Vec<String>), Failure> {
        let name = self.name(id);
        let node = self.resolver.graph.node(id);
        let task = self.resolver.spec.task(node.task);
        let mut environment: BTreeMap<_, _> =
            resolved.manifest.environment.iter().map(|(name, value)| (name.clone(), value.into())).collect();
        environment.insert("POLARS_MAX_THREADS".to_string(), self.threads.to_string().into());
        environment.insert("TASK_REPORT".to_string(), workspace.report().into());
        let job = Job {
            program: self.resolver.programs[node.task.0].clone(),
            arguments: resolved.arguments(task, |output| workspace.output(output)),
            environment,
            folder: self.resolver.data.to_path_buf(),
            log: self.run.logs.join(format!("{name}.log")),
        };
        let mut placed = vec![(workspace.report(), "report.json".to_string())];
        placed.extend(task.outputs.iter().map(|output| (workspace.output(output), output.file.clone())));
        let fail = |message: String, said: Vec<String>, stopped: bool| {
            let script = self.run.keep_script(&format!("{name}.sh"), &exec::script(name, &job, &placed)).ok();
            Failure { message, said, log: Some(job.log.clone()), script, stopped }
        };
        let ending = self
            .executor
            .execute(&job)
            .map_err(|error| fail(format!("cannot start {}: {error}", job.program.display()), Vec::new(), false))?;
        if ending.exit != Exit::Done {
            return Err(fail(ending.exit.to_string(), ending.said, ending.exit == Exit::Stopped));
        }
        let finished = Finished { report: workspace.read_report(), said: ending.said.clone(), seconds: ending.seconds };
        let mut said = ending.said;
        let kept = workspace.keep(&task.outputs, finished);
        let (entry, unstable) = kept.map_err(|error| fail(format!("{error:#}"), said.clone(), false))?;
        if unstable {
            said.push(
                "warning: the same inputs gave other bytes than last time; what reads it will run again".to_string(),
            );
        }
        Ok((entry, said))
    }

    /// Puts a result into the output folder, if its task is one that is published.
    fn publish(&self, id: NodeId, entry: &StoredEntry) -> Result<()> {
        let node = self.resolver.graph.node(id);
        if let (Some(folder), Some(day)) = (&self.resolver.spec.task(node.task).publish, node.day) {
            self.run.publish(entry, &self.output.join(folder.replace(crate::pattern::DAY, &day.to_string())))?;
        }
        Ok(())
    }

    fn name(&self, id: NodeId) -> &str {
        self.resolver.graph.name(id)
    }
}
