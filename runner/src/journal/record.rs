//! A run as its journal has it, read back: what ran, what became of each node, what is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{Command, Counts, Event, FILE, NUMBER};
use crate::usage::Usage;

/// A run as its journal has it.
#[derive(Debug)]
pub struct Record {
    pub id: String,
    pub folder: PathBuf,
    pub began: String,
    pub process: u32,
    pub command: Command,
    /// All nodes that it was over.
    pub planned: Vec<String>,
    /// The nodes of which the journal says something.
    pub nodes: BTreeMap<String, NodeRecord>,
    pub ended: Option<Ended>,
}

/// What became of a node in a run.
#[derive(Clone, Debug, Default)]
pub struct NodeRecord {
    pub attempts: Vec<Attempt>,
    /// Why it did not get to run, or not to its end.
    pub skipped: Option<String>,
}

/// One time that a node's program was started.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub at: String,
    pub reason: String,
    /// `None` while it runs, and if the run was killed meanwhile.
    pub outcome: Option<Outcome>,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    Ran { usage: Usage, rejected: BTreeMap<String, u64> },
    Failed { message: String, usage: Option<Usage> },
}

/// The end of a run.
#[derive(Clone, Debug)]
pub struct Ended {
    pub at: String,
    pub counts: Counts,
    pub interrupted: bool,
    pub seconds: f64,
    pub results: BTreeMap<String, String>,
}

/// The names of all runs below a folder, the newest first: by their numbers, as a clock can be wrong. Of runs that
/// began at the same time, and those without a number, the name decides.
pub fn runs(folder: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let names = found.filter_map(|run| run.ok()?.file_name().into_string().ok());
    let mut runs: Vec<(u64, String)> = names.map(|name| (number(&folder.join(&name)), name)).collect();
    runs.sort_by(|a, b| b.cmp(a));
    runs.into_iter().map(|(_, name)| name).collect()
}

/// The number of a run, by its folder; 0 if it has none.
fn number(run: &Path) -> u64 {
    fs::read_to_string(run.join(NUMBER)).ok().and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The number of a run that begins: one more than those that are there have.
pub(super) fn next_number(runs: &Path) -> u64 {
    let found = fs::read_dir(runs).into_iter().flatten().flatten();
    found.map(|run| number(&run.path())).max().unwrap_or(0).saturating_add(1)
}

impl Record {
    /// The record of a run, if its journal says at least what it was about.
    pub fn read(runs: &Path, id: &str) -> Option<Record> {
        let folder = runs.join(id);
        let bytes = fs::read(folder.join(FILE)).ok()?;
        Record::parse(id, &folder, &bytes)
    }

    fn parse(id: &str, folder: &Path, bytes: &[u8]) -> Option<Record> {
        let mut record = None;
        for event in bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()) {
            match (event, &mut record) {
                (Event::Began { at, process, command, nodes }, None) => {
                    record = Some(Record {
                        id: id.to_string(),
                        folder: folder.to_path_buf(),
                        began: at,
                        process,
                        command,
                        planned: nodes,
                        nodes: BTreeMap::new(),
                        ended: None,
                    });
                }
                (event, Some(record)) => record.add(event),
                (_, None) => {}
            }
        }
        record
    }

    fn add(&mut self, event: Event) {
        match event {
            Event::Began { .. } => {}
            Event::Started { at, node, reason, .. } => {
                self.nodes.entry(node).or_default().attempts.push(Attempt { at, reason, outcome: None });
            }
            Event::Ran { node, usage, rejected, .. } => self.end_attempt(node, Outcome::Ran { usage, rejected }),
            Event::Failed { at, node, message, usage, .. } => {
                // A node can fail before its program is started.
                let attempts = &mut self.nodes.entry(node.clone()).or_default().attempts;
                if attempts.last().is_none_or(|attempt| attempt.outcome.is_some()) {
                    attempts.push(Attempt { at, reason: String::new(), outcome: None });
                }
                self.end_attempt(node, Outcome::Failed { message, usage });
            }
            Event::Skipped { nodes, because, .. } => {
                for node in nodes {
                    self.nodes.entry(node).or_default().skipped = Some(because.clone());
                }
            }
            Event::Ended { at, counts, interrupted, seconds, results } => {
                self.ended = Some(Ended { at, counts, interrupted, seconds, results });
            }
        }
    }

    fn end_attempt(&mut self, node: String, outcome: Outcome) {
        if let Some(attempt) = self.nodes.entry(node).or_default().attempts.last_mut() {
            attempt.outcome = Some(outcome);
        }
    }

    /// The nodes that this run was to make and did not: they failed, were skipped, or were not reached before its end.
    pub fn left(&self) -> BTreeSet<String> {
        let made = |node: &&String| {
            let last = self.nodes.get(*node).and_then(|record| record.attempts.last());
            last.is_some_and(|attempt| matches!(attempt.outcome, Some(Outcome::Ran { .. })))
        };
        match &self.ended {
            Some(ended) => self.planned.iter().filter(|node| !ended.results.contains_key(*node)).cloned().collect(),
            // It was killed, and nobody knows which of the others had results: they will be found again.
            None => self.planned.iter().filter(|node| !made(node)).cloned().collect(),
        }
    }
}

impl NodeRecord {
    /// Whether its program was started and has not ended.
    pub fn is_running(&self) -> bool {
        self.skipped.is_none() && self.attempts.last().is_some_and(|attempt| attempt.outcome.is_none())
    }

    /// What it failed of, if it did.
    pub fn failure(&self) -> Option<&str> {
        match &self.attempts.last()?.outcome {
            Some(Outcome::Failed { message, .. }) => Some(message),
            _ => None,
        }
    }
}

/// A time of a journal, if it is one.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage::{Chance, damaged, executions};
    use crate::journal::now;
    use crate::layout::{Layouts, Outputs};

    /// The journal of a run in which everything that can happen to a node happened.
    fn journal() -> Vec<u8> {
        let node = || "take@2025-01-01".to_string();
        let command = Command {
            from: "2025-01-01".parse().unwrap(),
            to: "2025-01-03".parse().unwrap(),
            tasks: vec!["take+".into()],
            layout: Some(Layouts::Both),
            jobs: Some(2),
            memory: Some(1 << 30),
            force: false,
            fail_fast: false,
            strict: false,
            verify: true,
            only: Some(BTreeSet::from([node()])),
            pipeline: "/p/pipeline.yaml".into(),
            data: "/p/data".into(),
            outputs: Outputs { output: "/p/output".into(), compact: "/p/compact".into(), beside: Vec::new() },
            cache: "/p/.cache".into(),
        };
        let usage = Usage { seconds: 0.5, cpu_seconds: 0.25, peak_memory: 1 << 20 };
        let (at, because) = (now(), "take@2025-01-01 failed".to_string());
        let rejected = BTreeMap::from([("item_id is null".to_string(), 3)]);
        let results = BTreeMap::from([(node(), "00ff".to_string())]);
        let failed = Event::Failed {
            at: at.clone(),
            node: node(),
            attempt: 1,
            message: "exit status 7".into(),
            usage: Some(usage),
            again: true,
        };
        let events = [
            Event::Began { at: at.clone(), process: 7, command, nodes: vec![node(), "page@2025-01-01".into()] },
            Event::Started { at: at.clone(), node: node(), attempt: 1, reason: "never ran before".into() },
            failed,
            Event::Started { at: at.clone(), node: node(), attempt: 2, reason: "never ran before".into() },
            Event::Ran { at: at.clone(), node: node(), usage, rejected },
            Event::Skipped { at: at.clone(), nodes: vec!["page@2025-01-01".into()], because },
            Event::Ended { at, counts: Counts::default(), interrupted: false, seconds: 1.5, results },
        ];
        events.iter().flat_map(|event| [serde_json::to_vec(event).unwrap(), b"\n".to_vec()].concat()).collect()
    }

    #[test]
    fn a_journal_reads_back_as_it_was_written() {
        let record = Record::parse("run", Path::new("/runs/run"), &journal()).unwrap();
        let take = &record.nodes["take@2025-01-01"];
        assert_eq!(take.attempts.len(), 2);
        assert!(matches!(take.attempts[0].outcome, Some(Outcome::Failed { .. })));
        assert!(matches!(&take.attempts[1].outcome, Some(Outcome::Ran { rejected, .. }) if rejected.len() == 1));
        assert_eq!(record.nodes["page@2025-01-01"].skipped.as_deref(), Some("take@2025-01-01 failed"));
        assert_eq!(record.left(), BTreeSet::from(["page@2025-01-01".to_string()]));
    }

    #[test]
    fn a_journal_that_was_cut_off_leaves_what_it_does_not_say_was_made() {
        let whole = journal();
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let record = Record::parse("run", Path::new("/runs/run"), &lines[..4].concat()).unwrap();
        assert!(record.nodes["take@2025-01-01"].is_running());
        assert_eq!(record.left().len(), 2);
    }

    #[test]
    fn whatever_a_journal_holds_it_is_read_as_far_as_it_can_be() {
        let whole = journal();
        for seed in 0..executions() {
            let bytes = damaged(&whole, &mut Chance(seed));
            if let Some(record) = Record::parse("run", Path::new("/runs/run"), &bytes) {
                let left = record.left();
                assert!(left.iter().all(|node| record.planned.contains(node)), "seed {seed}");
            }
        }
    }
}
