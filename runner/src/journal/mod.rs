//! What happened in a run, as it happens: a file of JSON lines, one an event, that is only ever added to.
//!
//! Every summary of a run and every `retry` derives from it. A run that is killed loses nothing that was written; a line
//! that cannot be read is passed over. It knows names of nodes and nothing of what they are.

mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

pub use record::{Attempt, NodeRecord, Outcome, Record, runs, time};

use crate::day::Day;
use crate::layout::{Layouts, Outputs};
use crate::usage::Usage;

/// The name of the journal in the folder of its run.
const FILE: &str = "journal.jsonl";
/// The name of a file beside it with the number of the run, by which runs are put in order.
const NUMBER: &str = "number";

/// What a run was asked to do: all that it takes to do the same again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub from: Day,
    pub to: Day,
    /// As they were given: `history`, `history+`.
    pub tasks: Vec<String>,
    /// As it was given; absent in what earlier versions have written down.
    pub layout: Option<Layouts>,
    pub jobs: Option<u16>,
    /// In bytes.
    pub memory: Option<u64>,
    pub force: bool,
    pub fail_fast: bool,
    #[serde(default)]
    pub strict: bool,
    pub verify: bool,
    /// The nodes that are left of an earlier run, by name; `None` means all that the rest says.
    pub only: Option<BTreeSet<String>>,
    pub pipeline: PathBuf,
    pub data: PathBuf,
    #[serde(flatten)]
    pub outputs: Outputs,
    pub cache: PathBuf,
}

/// Something that happened. `at` is the time, as RFC 3339 in UTC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began, over all these nodes.
    Began { at: String, process: u32, command: Command, nodes: Vec<String> },
    /// The program of a node was started, for the `attempt`th time in this run.
    Started { at: String, node: String, attempt: u32, reason: String },
    /// It ended well, and its result is kept.
    Ran {
        at: String,
        node: String,
        usage: Usage,
        #[serde(default)]
        rejected: BTreeMap<String, u64>,
    },
    /// It did not; `again` if it is tried once more.
    Failed { at: String, node: String, attempt: u32, message: String, usage: Option<Usage>, again: bool },
    /// These did not get to run, or were stopped.
    Skipped { at: String, nodes: Vec<String>, because: String },
    /// The run is over; `results` has the key of each node's result.
    Ended { at: String, counts: Counts, interrupted: bool, seconds: f64, results: BTreeMap<String, String> },
}

/// How many nodes of a run came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub ran: usize,
    pub cached: usize,
    pub failed: usize,
    pub skipped: usize,
}

/// The current time as it is written in journals.
pub fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Adds to the journal of a run.
#[derive(Debug)]
pub struct Journal {
    /// Gone once it could not be written to.
    file: Option<File>,
}

impl Journal {
    /// Begins a journal in the folder of a run.
    #[expect(clippy::disallowed_methods, reason = "a journal is no result: it is written here, as the run goes on")]
    pub fn begin(folder: &Path) -> io::Result<Self> {
        if let Some(runs) = folder.parent() {
            writeln!(File::create(folder.join(NUMBER))?, "{}", record::next_number(runs))?;
        }
        Ok(Journal { file: Some(File::options().append(true).create(true).open(folder.join(FILE))?) })
    }

    /// A journal that is not kept.
    pub fn none() -> Self {
        Journal { file: None }
    }

    /// Adds an event, as one write, so that a kill leaves whole lines. If that fails nothing more is written: a journal
    /// with a hole would tell of another run.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let written = file.write_all(&line);
        if written.is_err() {
            self.file = None;
        }
        written
    }
}

/// What is said where a journal cannot be written.
pub fn not_written(folder: &Path, error: &io::Error) -> String {
    let journal = folder.join(FILE);
    format!(
        "cannot write {}: {error}; `runner runs` and `runner retry` will not know all of this run",
        journal.display()
    )
}
