//! The cache: results by key, and the only room that writes files.
//!
//! # What is in a key
//!
//! | in it | why |
//! |---|---|
//! | the content of the program | another program may give another result |
//! | the parameters, as arguments | likewise |
//! | the declared variables | the program sees them and no others, but for a few such as `PATH` |
//! | each input's content, name and order | an unchanged result of another node stops the wave here |
//! | a raw file's path below the data folder | the program sees it and may write it into its result |
//! | task, day, declared outputs, format version | |
//!
//! Not in it: times, absolute paths, host, user, number of jobs and threads. What a program reads behind the runner's
//! back (the network, a clock, a file that is not an input, a shared library) is not in it either.
//!
//! # On disk
//!
//! ```text
//! .cache/v1/
//!   results/history/2025-08-10/3f2a91.../   a finished node: its outputs, read-only, and entry.json
//!   runs/20250817T030000Z-4711/             the logs of a run, and a script for each node that failed
//!   work/20250817T030000Z-4711/             what is being made; locked while the run lives, removed by the next run
//!   digests.json                            digests of raw files and programs
//!   lock                                    held for a moment while a run begins
//! ```
//!
//! A result and its entry come into being together, by the rename of one folder, so neither can be there without the
//! other, and a kill at any moment leaves either nothing or the whole. No data is forced to disk before the rename:
//! after a power cut a file can be too short, which its size in the entry tells, and the node is made again.
//!
//! An entry that cannot be read, or a file of it that is missing or of another size, is a miss: never an error and
//! never a hit.

#![expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]

mod digests;
mod entry;
mod key;
mod published;
mod reason;
mod run_folders;
mod workspace;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::day::Day;

pub use digests::DigestMemory;
pub use entry::{Entry, OutputFile, StoredEntry};
pub use key::{Manifest, ManifestInput};
pub use reason::Reason;
pub use run_folders::RunFolders;
pub use workspace::{Finished, Ticket, Workspace};

/// The name of the record in a result's folder, which no output can have.
pub const ENTRY_FILE: &str = "entry.json";
/// The version of everything below the cache folder.
const VERSION: &str = "v1";

/// The cache of a pipeline.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    pub digests: DigestMemory,
}

/// What is known of a node with a certain manifest.
#[derive(Debug)]
pub enum Lookup {
    Hit(StoredEntry),
    Miss(Ticket, Reason),
}

impl Store {
    /// A cache in a folder, which need not exist: only running a node writes into it.
    pub fn open(cache: &Path) -> Self {
        let root = cache.join(VERSION);
        Store { digests: DigestMemory::load(root.join("digests.json")), root }
    }

    /// Finds the result of a manifest; `forced` means that it is not good enough to have one.
    pub fn lookup(&self, manifest: Manifest, forced: bool) -> Lookup {
        let node = self.node_folder(&manifest.task, manifest.day);
        let home = node.join(manifest.key().to_string());
        let reason = match read_entry(&home).filter(|entry| entry.manifest == manifest) {
            Some(_) if forced => Reason::Forced,
            Some(entry) => match entry.files.iter().find(|file| !file.is_intact(&home)) {
                Some(file) => Reason::Damaged { file: file.path.clone() },
                None => return Lookup::Hit(StoredEntry { entry, folder: home }),
            },
            None => match latest(&node) {
                Some(latest) => Reason::between(&latest.manifest, &manifest),
                None => Reason::FirstRun,
            },
        };
        Lookup::Miss(Ticket { manifest, home }, reason)
    }

    /// Sets up the folders of a run, and clears away what runs that were killed have left here and in the output
    /// folder.
    pub fn begin_run(&self, id: &str, output: &Path) -> Result<RunFolders> {
        RunFolders::begin(&self.root, id, output)
    }

    /// The newest result of a node whose files are all there, whatever it was made from.
    pub fn newest(&self, task: &str, day: Option<Day>) -> Option<StoredEntry> {
        let node = self.node_folder(task, day);
        results_of(&node).into_iter().rev().find_map(|folder| {
            let entry = read_entry(&folder)?;
            entry.files.iter().all(|file| file.is_intact(&folder)).then_some(StoredEntry { entry, folder })
        })
    }

    fn node_folder(&self, task: &str, day: Option<Day>) -> PathBuf {
        let day = day.map_or("once".to_string(), |day| day.to_string());
        self.root.join("results").join(task).join(day)
    }
}

/// The entry in a result's folder, if it can be read.
fn read_entry(home: &Path) -> Option<Entry> {
    serde_json::from_slice(&fs::read(home.join(ENTRY_FILE)).ok()?).ok()
}

/// The entry of a node that was kept last.
fn latest(node: &Path) -> Option<Entry> {
    results_of(node).iter().rev().find_map(|folder| read_entry(folder))
}

/// The folders of a node's results, the oldest first.
fn results_of(node: &Path) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(node) else { return Vec::new() };
    let kept = |folder: PathBuf| Some((fs::metadata(folder.join(ENTRY_FILE)).ok()?.modified().ok()?, folder));
    let mut results: Vec<_> = folders.filter_map(|folder| kept(folder.ok()?.path())).collect();
    results.sort();
    results.into_iter().map(|(_, folder)| folder).collect()
}
