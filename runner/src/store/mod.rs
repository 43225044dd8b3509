//! The cache: results by key. Only [`crate::exec`], with logs, and [`crate::journal`] write files beside this room.
//!
//! # What is in a key
//!
//! | in it | why |
//! |---|---|
//! | the content of the program | another program may give another result |
//! | the names and content of the files that belong to it (`with`) | what it imports is part of it |
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
//!   runs/20250817T030000Z-4711/             a run's journal and logs, and a script for each node that failed
//!   work/20250817T030000Z-4711/             what is being made; locked while the run lives, removed by the next run
//!   work/removed-...                        what `runner cache gc` is removing; likewise, if that was killed
//!   claims/history@2025-08-10-3f2a91...     locked while a run makes this result
//!   damaged/                                what was found not to be what was written, set aside
//!   index                                   digests of raw files and programs, and what is in each result
//!   published                               which result was published where: what `runner cache gc` must leave
//!   lock, in-use, index.lock, ...           held for moments
//! ```
//!
//! The time of a result's folder says when a run last used it. A file of a split output that is as in the result before
//! is a second name of that one's. `index` and `published` are only ever added to, a sealed line for each record, and
//! made new now and then without what no longer counts.
//!
//! A result and its entry come into being together, by the rename of one folder, so neither can be there without the
//! other, and a kill at any moment leaves either nothing or the whole. No data is forced to disk before the rename:
//! after a power cut a file can be too short, which its size in the entry tells, and the node is made again.
//!
//! The results are the truth. The index only saves the opening of entries; without it, or with a damaged one, entries
//! are read. An entry that cannot be read, or a file of it that is missing or of another size, is a miss: never an
//! error and never a hit. A file's content is hashed again where its time has changed, when a program of a later run
//! reads it, when a day of a later run is published from it, and on request.

#![expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]

mod claim;
mod collect;
mod entry;
mod index;
mod inventory;
mod key;
mod lock;
mod log;
mod own_folder;
mod parallel;
mod parquet;
mod published;
mod reason;
mod removal;
mod reports;
mod run_folders;
mod sealed;
mod shown;
mod stamp;
mod swap;
mod verify;
mod workspace;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::day::Day;

pub use claim::Queue;
pub use collect::{Goes, Limits, Needs, Stays, Subject, choose, stays};
pub use entry::{Entry, Kept};
pub use index::Index;
pub use inventory::{Held, Inventory, Place};
pub use key::{Digest, Key, Manifest, ManifestInput};
pub use published::{Before, Publication};
pub use reason::{Change, Reason};
pub use removal::Removal;
pub use run_folders::{RunFolders, log_name, rejected_name};
pub use shown::Shown;
pub use stamp::Seen;
pub use verify::{Aside, Verdict};
pub use workspace::{Begun, Finished, Ticket, Workspace};

use index::{Indexed, Use};
use shown::Publications;
use stamp::Stamp;

/// The name of the record in a result's folder, which no output can have.
pub const ENTRY_FILE: &str = "entry.json";
/// The version of everything below the cache folder.
const VERSION: &str = "v1";
/// The file that is locked while results must not be removed.
const IN_USE: &str = "in-use";
/// The folder of the results of a task that runs once for all days.
const ONCE: &str = "once";
/// How long ago the last use of a result may lie without being noted again.
const REFRESHED: Duration = Duration::from_secs(3600);

/// The cache of a pipeline.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    pub index: Index,
    publications: Publications,
    /// Held while a damaged result is set aside: several nodes may come upon it at once.
    setting_aside: Mutex<()>,
}

/// What is known of a node with a certain manifest.
#[derive(Debug)]
pub enum Lookup {
    Hit(Arc<Kept>),
    Miss(Box<Ticket>),
}

/// How a result is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// By sizes and times.
    Stamps,
    /// By content.
    Contents,
}

impl Store {
    /// A cache in a folder, which need not exist: only running a node writes into it.
    pub fn open(cache: &Path) -> Self {
        let root = cache.join(VERSION);
        let publications = Publications::at(root.join("published"));
        Store { index: Index::load(root.join("index")), publications, setting_aside: Mutex::default(), root }
    }

    /// Whether anything was ever kept in it.
    pub fn is_there(&self) -> bool {
        self.root.is_dir()
    }

    /// Where the runs of this cache keep their journals and logs, a folder each.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Whether a run is still going on.
    pub fn is_alive(&self, run: &str) -> bool {
        run_folders::is_alive(&self.root.join("work").join(run))
    }

    /// The runs that go on.
    pub fn living(&self) -> Vec<String> {
        let Ok(found) = fs::read_dir(self.root.join("work")) else { return Vec::new() };
        let names = found.filter_map(|run| run.ok()?.file_name().into_string().ok());
        names.filter(|run| self.is_alive(run)).collect()
    }

    /// Keeps results from being removed for as long as this lives; `None` if there are none yet. Who removes some is
    /// waited for, and `waiting` told of it before.
    pub fn hold(&self, waiting: impl Fn(&str)) -> Option<File> {
        let file = lock::open_existing(&self.root.join(IN_USE)).ok()?;
        lock::wait(file, true, waiting).ok()
    }

    /// Finds the result of a manifest; `forced` means that it is not good enough to have one.
    pub fn lookup(&self, manifest: Manifest, check: Check, forced: bool) -> Lookup {
        let key = manifest.key();
        let node = self.node_folder(&manifest.task, manifest.day);
        let home = node.join(key.to_string());
        let (reason, previous) = match self.find(key, &home, &manifest) {
            Some(_) if forced => (Reason::Forced, Some(key)),
            Some(mut kept) => match kept.check(check == Check::Contents) {
                Err(file) => (Reason::Damaged { file: file.path }, Some(key)),
                Ok(renewed) => {
                    if renewed {
                        self.remember(&manifest.task, manifest.day, &kept);
                    }
                    return Lookup::Hit(Arc::new(kept));
                }
            },
            None => match latest(&node) {
                Some(latest) => (Reason::between(&latest.manifest, &manifest), Some(latest.manifest.key())),
                None => (Reason::FirstRun, None),
            },
        };
        Lookup::Miss(Box::new(Ticket { manifest, reason, previous, home }))
    }

    /// The result in a folder, as the index or its entry has it; whether its files are still there is another question.
    fn find(&self, key: Key, home: &Path, manifest: &Manifest) -> Option<Kept> {
        let stamp = Stamp::take(&home.join(ENTRY_FILE)).ok()?;
        if let Some(indexed) = self.index.result(&key).filter(|indexed| indexed.entry == stamp) {
            return Some(Kept { key, folder: home.to_path_buf(), files: indexed.files });
        }
        let entry = Entry::read(home)?;
        let kept = Kept { key, folder: home.to_path_buf(), files: entry.files };
        self.remember(&manifest.task, manifest.day, &kept);
        Some(kept)
    }

    /// Remembers a result, so that it is found without reading its entry.
    pub fn remember(&self, task: &str, day: Option<Day>, kept: &Kept) {
        if let Ok(entry) = Stamp::take(&kept.folder.join(ENTRY_FILE)) {
            self.index.remember(kept.key, Indexed { task: task.to_string(), day, entry, files: kept.files.clone() });
        }
    }

    /// Writes down what was learnt since the index was read.
    pub fn save_index(&self) -> Result<()> {
        self.index.save(|key, result| self.node_folder(&result.task, result.day).join(key.to_string()))
    }

    /// Leaves out of the index what is no longer so.
    fn compact_index(&self) -> Result<()> {
        self.index.compact(|key, result| self.node_folder(&result.task, result.day).join(key.to_string()))
    }

    /// Sets up the folders of a run that `publishes` into some of its output folders, and clears away what runs that were
    /// killed have left here and there. `before` is what was published when the run began to look.
    ///
    /// The run may get another name than `id`, where that is taken. An output folder into which it cannot publish is an
    /// error.
    pub fn begin_run(&self, id: &str, outputs: &[&Path], publishes: &[&Path], before: Before) -> Result<RunFolders> {
        RunFolders::begin(&self.root, id, outputs, publishes, before)
    }

    /// Clears away what runs that were killed have left, where no run begins that would.
    pub fn tidy(&self, outputs: &[&Path]) -> Result<()> {
        run_folders::tidy(&self.root, outputs)
    }

    /// Whether the output folder shows a result as it is. A copy is read if it is not remembered, up to a `largest` size
    /// in bytes; one that is too large to be read counts as another.
    pub fn is_published(&self, result: &Kept, target: &Path, check: Check, largest: u64) -> bool {
        published::is_published(result, target, |path| match check == Check::Contents {
            true => stamp::hash(path).ok(),
            false => self.index.see(path, largest).ok().flatten().map(|seen| seen.digest),
        })
    }

    /// Puts a day's result into an output folder, unless it is there already, or something else has come there since the
    /// run looked.
    pub fn publish(
        &self,
        run: &RunFolders,
        result: &Kept,
        output: &Path,
        target: &Path,
        check: Check,
    ) -> Result<Publication> {
        let shown = || self.is_published(result, target, check, u64::MAX);
        let publication = match shown() {
            true => Publication::Unchanged,
            false => run.publish(result, output, target, &shown)?,
        };
        if publication != Publication::Overtaken {
            self.publications.note(output, target, result.key)?;
        }
        Ok(publication)
    }

    /// Whether it is noted that a folder shows a result, so that the result stays as long as the folder does.
    pub fn is_noted(&self, result: &Kept, target: &Path) -> bool {
        self.publications.has(target, &result.key)
    }

    /// What is shown in output folders: in those that are noted, and in more of them. What was published in some that
    /// are `forgotten` does not count once it is gone.
    pub fn shown(&self, outputs: BTreeSet<PathBuf>, forgotten: &[PathBuf]) -> Result<Shown> {
        self.publications.look(outputs, forgotten, &self.root)
    }

    /// Notes that a run uses results, for others to see which were not used for long. Where the last run used the very
    /// same it is enough to do so now and then.
    pub fn note_use(&self, results: &[&Kept]) {
        let mut hasher = blake3::Hasher::new();
        for kept in results {
            hasher.update(kept.key.as_bytes());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let used = Use { digest: Digest(hasher.finalize()), at: now };
        let last = self.index.last_use();
        if last.is_none_or(|last| last.digest != used.digest || now.abs_diff(last.at) > REFRESHED.as_secs()) {
            results.iter().for_each(|kept| kept.note_use());
            self.index.remember_use(used);
        }
    }

    /// The newest result of a node whose files are all there, whatever it was made from.
    pub fn newest(&self, task: &str, day: Option<Day>) -> Option<Kept> {
        let results = results_of(&self.node_folder(task, day));
        results.into_iter().rev().find_map(|folder| whole(folder, task, day))
    }

    /// A certain result of a node, if it is still there.
    pub fn result(&self, task: &str, day: Option<Day>, key: &Key) -> Option<Kept> {
        whole(self.node_folder(task, day).join(key.to_string()), task, day)
    }

    /// The result of a node that has an output with a certain content, if it is still there.
    pub fn with_output(&self, task: &str, day: Option<Day>, digest: &Digest) -> Option<Kept> {
        let results =
            results_of(&self.node_folder(task, day)).into_iter().filter_map(|folder| whole(folder, task, day));
        results.rev().find(|kept| kept.files.iter().any(|file| file.digest == *digest))
    }

    fn node_folder(&self, task: &str, day: Option<Day>) -> PathBuf {
        let day = day.map_or(ONCE.to_string(), |day| day.to_string());
        self.root.join("results").join(task).join(day)
    }
}

/// The result of a node in a folder, if its files are all there.
fn whole(folder: PathBuf, task: &str, day: Option<Day>) -> Option<Kept> {
    let entry = Entry::read(&folder)?;
    let mut kept = Kept { key: entry.manifest.key(), folder, files: entry.files };
    let own = entry.manifest.task == task && entry.manifest.day == day;
    (own && kept.check(false).is_ok()).then_some(kept)
}

/// The entry of a node that was kept last.
fn latest(node: &Path) -> Option<Entry> {
    results_of(node).iter().rev().find_map(|folder| Entry::read(folder))
}

/// The folders of a node's results, the oldest first.
fn results_of(node: &Path) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(node) else { return Vec::new() };
    let kept = |folder: PathBuf| Some((fs::metadata(folder.join(ENTRY_FILE)).ok()?.modified().ok()?, folder));
    let mut results: Vec<_> = folders.filter_map(|folder| kept(folder.ok()?.path())).collect();
    results.sort();
    results.into_iter().map(|(_, folder)| folder).collect()
}
