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
//! ```
//!
//! A result and its entry come into being together, by the rename of one folder, so neither can be there without the
//! other, and a kill at any moment leaves either nothing or the whole. No data is forced to disk before the rename: after
//! a power cut a file can be too short, which its size in the entry tells, and the node is made again.
//!
//! An entry that cannot be read, or a file of it that is missing or of another size, is a miss: never an error and never
//! a hit.

mod digests;
mod entry;
mod key;
mod published;
mod reason;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::day::Day;
use crate::spec::Output;

pub use digests::DigestMemory;
pub use entry::{Entry, OutputFile, StoredEntry};
pub use key::{Manifest, ManifestInput};
pub use reason::Reason;

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

/// The right to make a result and publish it. Only a miss gives one.
#[derive(Debug)]
pub struct Ticket {
    manifest: Manifest,
    home: PathBuf,
}

/// A node that is being made: a private folder for its outputs.
#[derive(Debug)]
pub struct Workspace {
    ticket: Ticket,
    folder: PathBuf,
}

/// The folders of one run; the lock on them lives as long as it does.
#[derive(Debug)]
pub struct RunFolders {
    pub logs: PathBuf,
    work: PathBuf,
    shelf: PathBuf,
    _lock: File,
}

/// How a finished node ended, for its entry.
#[derive(Debug)]
pub struct Finished {
    pub report: serde_json::Value,
    pub said: Vec<String>,
    pub seconds: f64,
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
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

    /// Sets up the folders of a run, and clears away what runs that were killed have left here and in the output folder.
    pub fn begin_run(&self, id: &str, output: &Path) -> Result<RunFolders> {
        let (logs, work) = (self.root.join("runs").join(id), self.root.join("work").join(id));
        for folder in [&logs, &work] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let lock = File::create(work.join("lock")).and_then(|lock| lock.lock().map(|()| lock));
        let lock = lock.with_context(|| format!("cannot lock {}", work.display()))?;
        self.clear_abandoned(id).with_context(|| format!("cannot clear {}", self.root.join("work").display()))?;
        let shelf = published::shelf(output, id);
        published::clear_abandoned(output, |run| {
            self.root.join("runs").join(run).exists() && !self.root.join("work").join(run).exists()
        })
        .with_context(|| format!("cannot clear {}", output.display()))?;
        Ok(RunFolders { logs, work, shelf, _lock: lock })
    }

    /// Removes the work of runs whose lock nobody holds.
    fn clear_abandoned(&self, own: &str) -> io::Result<()> {
        for run in fs::read_dir(self.root.join("work"))? {
            let run = run?;
            if run.file_name() == own {
                continue;
            }
            let abandoned = File::open(run.path().join("lock")).map_or(true, |lock| lock.try_lock().is_ok());
            if abandoned {
                remove_tree(&run.path())?;
            }
        }
        Ok(())
    }

    fn node_folder(&self, task: &str, day: Option<Day>) -> PathBuf {
        let day = day.map_or("once".to_string(), |day| day.to_string());
        self.root.join("results").join(task).join(day)
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
impl RunFolders {
    /// Keeps a script beside the logs.
    pub fn keep_script(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.logs.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Shows a day's result in the output folder, as one rename. Says whether anything had to be done.
    pub fn show(&self, result: &StoredEntry, target: &Path) -> Result<bool> {
        published::show(result, target, &self.shelf).with_context(|| format!("cannot publish {}", target.display()))
    }

    /// Removes what only the run itself needed.
    pub fn finish(self) -> io::Result<()> {
        if self.shelf.exists() {
            remove_tree(&self.shelf)?;
        }
        remove_tree(&self.work)
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
impl Ticket {
    /// Makes the private folder in which a node can write.
    pub fn begin(self, run: &RunFolders, name: &str) -> Result<Workspace> {
        let folder = run.work.join(name);
        if folder.exists() {
            remove_tree(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Workspace { ticket: self, folder })
    }
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
impl Workspace {
    /// Where an output goes: a file, or a folder for an output that is split by day.
    pub fn output(&self, output: &Output) -> PathBuf {
        self.folder.join(&output.file)
    }

    /// Where the program may write its numbers.
    pub fn report(&self) -> PathBuf {
        self.folder.join(".report.json")
    }

    /// The numbers that the program wrote; null if it wrote none, or none that can be read.
    pub fn read_report(&self) -> serde_json::Value {
        fs::read(self.report()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Checks that every declared output is there and makes the folder the node's result, all at once.
    ///
    /// Gives back also whether an earlier result of the same manifest had other content: then the program does not
    /// give the same bytes for the same input.
    pub fn publish(self, outputs: &[Output], finished: Finished) -> Result<(StoredEntry, bool)> {
        let Workspace { ticket, folder } = self;
        let mut files = Vec::new();
        for output in outputs {
            describe(&folder, output, &mut files)?;
        }
        let Finished { report, said, seconds } = finished;
        let entry = Entry { manifest: ticket.manifest, files, report, said, seconds };
        let report = folder.join(".report.json");
        if report.exists() {
            fs::remove_file(report)?;
        }
        fs::write(folder.join(ENTRY_FILE), serde_json::to_vec(&entry)?)?;
        let unstable = install(&folder, &ticket.home, &entry)?;
        Ok((StoredEntry { entry, folder: ticket.home }, unstable))
    }
}

/// Lists the files of an output and makes them read-only.
#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
fn describe(folder: &Path, output: &Output, files: &mut Vec<OutputFile>) -> Result<()> {
    let path = folder.join(&output.file);
    let missing = || format!("it ended well without writing its output `{}`", output.name);
    let mut found = Vec::new();
    match &output.parts {
        None => found.push((None, output.file.clone())),
        Some(pattern) => {
            for part in fs::read_dir(&path).with_context(missing)? {
                let name = part?.file_name().to_string_lossy().into_owned();
                let Some(day) = pattern.parts()[0].day_in(&name) else {
                    bail!("its output `{}` holds {name:?}, which is not named {pattern}", output.name);
                };
                found.push((Some(day), format!("{}/{name}", output.file)));
            }
            found.sort();
        }
    }
    for (part, name) in found {
        let full = folder.join(&name);
        if !full.is_file() {
            bail!(missing());
        }
        fs::set_permissions(&full, fs::Permissions::from_mode(0o444))?;
        files.push(OutputFile::describe(folder, name, &output.name, part)?);
    }
    Ok(())
}

/// Renames a finished folder to its home; a result that is there already makes way. Says whether it had other content.
#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
fn install(folder: &Path, home: &Path, entry: &Entry) -> Result<bool> {
    let node = home.parent().context("a result has a folder above it")?;
    fs::create_dir_all(node).with_context(|| format!("cannot create {}", node.display()))?;
    let earlier = read_entry(home);
    if home.exists() {
        let aside = folder.with_extension("replaced");
        fs::rename(home, &aside)?;
        remove_tree(&aside)?;
    }
    fs::rename(folder, home).with_context(|| format!("cannot move the result to {}", home.display()))?;
    let digests = |entry: &Entry| entry.files.iter().map(|file| (file.path.clone(), file.digest)).collect::<Vec<_>>();
    Ok(earlier.is_some_and(|earlier| digests(&earlier) != digests(entry)))
}

/// The entry in a result's folder, if it can be read.
fn read_entry(home: &Path) -> Option<Entry> {
    serde_json::from_slice(&fs::read(home.join(ENTRY_FILE)).ok()?).ok()
}

/// The entry of a node that was published last.
fn latest(node: &Path) -> Option<Entry> {
    let mut results: Vec<_> = fs::read_dir(node)
        .ok()?
        .filter_map(|result| {
            let path = result.ok()?.path();
            Some((fs::metadata(path.join(ENTRY_FILE)).ok()?.modified().ok()?, path))
        })
        .collect();
    results.sort();
    results.iter().rev().find_map(|(_, path)| read_entry(path))
}

/// Removes a folder with all that is in it.
#[expect(clippy::disallowed_methods, reason = "this room is the one that writes files")]
fn remove_tree(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)
}
