//! What runs of the past left behind: finding one by what a person calls it, how it ended, what all of them tell of nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::CommandError;
use super::project::Project;
use crate::journal::{self, Attempt, Outcome, Record};
use crate::state::Told;
use crate::store::Store;
use crate::usage::Usage;

/// How a person calls the newest run.
const LAST: &str = "last";

/// The run that is meant, and how it ended: the last, or the one whose name begins like that.
pub fn find_run(project: &Project, store: &Store, name: Option<&str>) -> Result<(Record, End), CommandError> {
    let usage = CommandError::usage;
    let name = name.filter(|name| *name != LAST);
    let runs = journal::runs(&store.runs());
    // A whole name is that run, also where another name goes on from it.
    let exact = runs.iter().find(|run| name == Some(run.as_str()));
    let begin = runs.iter().filter(|run| name.is_none_or(|name| run.starts_with(name)));
    let wanted: Vec<&String> = exact.map_or_else(|| begin.collect(), |run| vec![run]);
    let mut records = wanted.iter().filter_map(|run| read_run(store, run));
    match (name, &wanted[..]) {
        (None, _) => records.next().ok_or_else(|| usage("nothing ran yet that left a journal".to_string())),
        (Some(name), []) => Err(usage(format!("no run `{name}`; `{}` lists them", project.hint("runs")))),
        (Some(name), [only]) => {
            records.next().ok_or_else(|| usage(format!("the journal of {only} (`{name}`) is lost")))
        }
        (Some(name), [first, second, ..]) => {
            Err(usage(format!("`{name}` could be {second} or {first}: write more of it")))
        }
    }
}

/// A run and how it ended, if it has a journal.
pub fn read_run(store: &Store, run: &str) -> Option<(Record, End)> {
    // Asked before the journal is read: a run that ends in between has written down that it did.
    let alive = store.is_alive(run);
    let record = Record::read(&store.runs(), run)?;
    let end = match &record.ended {
        Some(ended) if ended.interrupted => End::Interrupted,
        Some(ended) if ended.counts.failed > 0 => End::Failed,
        Some(_) => End::Done,
        None if alive => End::Running,
        None => End::Killed,
    };
    Some((record, end))
}

/// What the journals say of nodes: which of all nodes are being made, and which of these `open` ones failed when they
/// were last heard of.
pub fn told(store: &Store, mut open: BTreeSet<String>) -> Told {
    let mut told = Told::default();
    for run in journal::runs(&store.runs()) {
        // Asked before its journal is read: a run that ends in between has written down what became of its nodes.
        let alive = store.is_alive(&run);
        if !alive && open.is_empty() {
            continue;
        }
        for (name, node) in Record::read(&store.runs(), &run).map(|record| record.nodes).unwrap_or_default() {
            if alive && node.is_running() {
                told.running.insert(name.clone(), run.clone());
            }
            if open.remove(&name)
                && let Some(message) = node.failure()
            {
                told.failed.insert(name, message.to_string());
            }
        }
    }
    told
}

/// The runs that made each node, as far as there are journals of them, the newest first.
pub fn makers(store: &Store) -> BTreeMap<String, Vec<String>> {
    let mut makers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for run in journal::runs(&store.runs()) {
        for (name, node) in Record::read(&store.runs(), &run).map(|record| record.nodes).unwrap_or_default() {
            let last = node.attempts.last().and_then(|attempt| attempt.outcome.as_ref());
            if matches!(last, Some(Outcome::Ran { .. })) {
                makers.entry(name).or_default().push(run.clone());
            }
        }
    }
    makers
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Failed,
    Interrupted,
    /// It is over and did not get to say so.
    Killed,
    /// It is not over.
    Running,
}

impl End {
    pub fn word(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Failed => "failed",
            End::Interrupted => "interrupted",
            End::Killed => "killed",
            End::Running => "running",
        }
    }
}

/// What became of a node whose program was started.
pub fn outcome(attempts: &[Attempt], end: End) -> &'static str {
    match (attempts.last().and_then(|attempt| attempt.outcome.as_ref()), end) {
        (Some(Outcome::Ran { .. }), _) => "ran",
        (Some(Outcome::Failed { .. }), _) => "failed",
        (None, End::Running) => "running",
        (None, End::Killed) => "killed",
        (None, _) => "stopped",
    }
}

/// What all attempts at a node took together; `None` if none of them was measured.
pub fn usage(attempts: &[Attempt]) -> Option<Usage> {
    let measured = attempts.iter().filter_map(|attempt| match attempt.outcome.as_ref()? {
        Outcome::Ran { usage, .. } => Some(*usage),
        Outcome::Failed { usage, .. } => *usage,
    });
    measured.reduce(|sum, usage| Usage {
        seconds: sum.seconds + usage.seconds,
        cpu_seconds: sum.cpu_seconds + usage.cpu_seconds,
        peak_memory: sum.peak_memory.max(usage.peak_memory),
    })
}

/// How many nodes did not get to run, by the cause of that.
pub fn skipped(record: &Record) -> BTreeMap<&str, usize> {
    let mut causes = BTreeMap::new();
    for node in record.nodes.values().filter(|node| node.attempts.is_empty()) {
        if let Some(because) = &node.skipped {
            *causes.entry(because.as_str()).or_insert(0) += 1;
        }
    }
    causes
}
