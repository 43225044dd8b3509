//! Walks a graph: asks the schedule what is next, the store whether it has to run, the executor to run it, and tells
//! the journal and the progress display.
//!
//! Approach: one thread, the [`director`], owns the schedule and gives nodes out to [`worker`]s over a channel, one
//! worker a slot. A worker takes a node all the way (look up, run, keep, publish) and sends back what became of it. Only
//! the director changes the schedule, decides whether a node is tried again, writes the journal and speaks to the
//! display, so what happens is told in one order.
//!
//! Nodes that are known to have a result are not walked at all; they are found by [`crate::predict`] before.

mod again;
mod ahead;
mod budget;
mod director;
mod inputs;
mod share;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{io, thread};

use anyhow::anyhow;

use crate::exec::Executor;
use crate::failure::Failure;
use crate::graph::NodeId;
use crate::journal::{Counts, Journal};
use crate::layout::Outputs;
use crate::resolve::Resolver;
use crate::store::{Check, Kept, Publication, Queue, Reason, RunFolders};
use crate::ui::Progress;
use crate::usage::Usage;

use director::Director;
pub use inputs::Inputs;
pub use worker::REJECTED;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Summary {
    pub counts: Counts,
    /// By name of the node.
    pub failed: BTreeMap<String, Failure>,
    pub interrupted: bool,
    /// What was said that people should read.
    pub warnings: Vec<String>,
    /// How many rows programs did not let through: by node, and by reason.
    pub rejected: BTreeMap<String, BTreeMap<String, u64>>,
    /// The nodes whose days were published, and those of them that had a result before.
    pub published: BTreeSet<String>,
    pub republished: usize,
    /// The nodes whose days another run has published since this one looked at its inputs.
    pub overtaken: Vec<NodeId>,
}

/// How a graph is walked.
pub struct Engine<'a> {
    pub resolver: Resolver<'a>,
    pub run: &'a RunFolders,
    pub executor: &'a dyn Executor,
    pub progress: &'a dyn Progress,
    /// Where days are published.
    pub outputs: &'a Outputs,
    /// Which nodes must run whether or not they have a result.
    pub forced: &'a (dyn Fn(NodeId) -> bool + Sync),
    pub check: Check,
    /// What is known of the results of earlier runs that programs read.
    pub inputs: Inputs,
    /// How many nodes run side by side, and how many cores they share.
    pub jobs: usize,
    pub cores: usize,
    /// What they may take together, in bytes.
    pub memory: u64,
    pub fail_fast: bool,
    pub started: Instant,
    /// A command of the runner, out of its words, that a person can type here and now.
    pub hint: &'a (dyn Fn(&str) -> String + Sync),
}

/// A node to be taken all the way, for the `attempt`th time in this run.
#[derive(Clone, Copy, Debug)]
struct Assignment {
    id: NodeId,
    attempt: u32,
    /// Nothing else runs beside it.
    alone: bool,
    /// How many threads it may use.
    threads: usize,
    /// The node that is probably next.
    ahead: Option<NodeId>,
}

/// What the director hears.
enum Event {
    /// The program of a node is about to be started.
    Started(Assignment, Reason),
    Finished(NodeId, Outcome),
    /// What a node had to wait for is over.
    Freed(NodeId),
    /// Something that people should read.
    Said(String),
    Interrupted,
}

/// What became of a node that was given out.
enum Outcome {
    Cached(Arc<Kept>, Publication),
    Ran(Box<Success>, Publication),
    /// It read a result that is not what was written, which has to be made again.
    Misled(Damage),
    /// Another run is making it, which says this of itself.
    Taken {
        holder: String,
        queue: Queue,
    },
    Failed(Box<Failure>),
}

/// A kept result that is not what was written.
struct Damage {
    node: NodeId,
    /// The first file that shows it.
    file: String,
    /// Where the result is now, in words.
    aside: String,
}

/// A node that was made.
struct Success {
    kept: Arc<Kept>,
    usage: Usage,
    rejected: BTreeMap<String, u64>,
    /// What its program said, and what is to be said about it.
    said: Vec<String>,
}

/// Tells the walk from outside that it should end.
#[derive(Clone)]
pub struct Interrupter(Sender<Event>);

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
#[derive(Debug)]
pub struct Results(Mutex<Vec<Option<Arc<Kept>>>>);

impl Results {
    pub fn new(known: Vec<Option<Arc<Kept>>>) -> Self {
        Results(Mutex::new(known))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Arc<Kept>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: NodeId) -> Option<Arc<Kept>> {
        self.lock()[id.index()].clone()
    }

    fn set(&self, id: NodeId, kept: Arc<Kept>) {
        self.lock()[id.index()] = Some(kept);
    }
}

impl Engine<'_> {
    /// Walks the part of the graph that has no result yet. An error means that not a single thread could be started.
    pub fn walk(&self, channel: Channel, results: Results, journal: Journal) -> io::Result<Summary> {
        let (give, take) = std::sync::mpsc::channel::<Assignment>();
        let take = Mutex::new(take);
        thread::scope(|scope| {
            let (mut workers, mut refused) = (0, None);
            for _ in 0..self.jobs {
                let (send, take, results) = (channel.send.clone(), &take, &results);
                let work = move || {
                    while let Ok(assignment) = { take.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
                        // A panic here must not leave the walk waiting for a node that nobody works on.
                        let process = AssertUnwindSafe(|| self.process(assignment, results, &send));
                        let outcome = catch_unwind(process).unwrap_or_else(|_| {
                            let message = "the runner itself broke down here; that is a fault of the runner";
                            Outcome::Failed(anyhow!(message).into())
                        });
                        let _ = send.send(Event::Finished(assignment.id, outcome));
                    }
                };
                match thread::Builder::new().spawn_scoped(scope, work) {
                    Ok(_) => workers += 1,
                    Err(error) => refused = Some(error),
                }
            }
            // Fewer threads than asked for do the work all the same, only slower.
            if let (0, Some(error)) = (workers, refused) {
                return Err(error);
            }
            // Workers end when the director, who owns the other end of `take`, is gone.
            Ok(Director::new(self, workers, &results, journal, give, channel.send.clone()).direct(&channel.receive))
        })
    }

    fn name(&self, id: NodeId) -> &str {
        self.resolver.graph.name(id)
    }
}
