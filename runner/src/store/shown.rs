//! Which results the output folders show.
//!
//! The cache keeps a record of what was published where, and that is what counts: however an output folder is moved,
//! copied or mounted, what its days need is known. A file in an output folder that is the very file of a result, or has
//! its size and time, counts too, so that a record that is lost costs nothing.
//!
//! It knows folders and keys. How a day is published is in `published.rs`, and what a result needs in `collect.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::entry::modified;
use super::inventory::{Held, files_below};
use super::key::Key;
use super::log::{Batch, Lines, Log};

/// What was published where: by the folder of a day, the result that it was given last.
#[derive(Debug)]
pub struct Publications {
    log: Log,
    known: OnceLock<Lines>,
}

/// What the folder of a day was given.
#[derive(Debug, Serialize, Deserialize)]
struct Given {
    /// The output folder.
    output: PathBuf,
    key: Key,
}

impl Publications {
    pub fn at(file: PathBuf) -> Self {
        Publications { log: Log::at(file), known: OnceLock::new() }
    }

    /// Whether it was known when this was first asked that a folder shows a result.
    pub fn has(&self, target: &Path, key: &Key) -> bool {
        shows(self.known.get_or_init(|| self.log.read()), target, key)
    }

    /// Notes that a folder shows a result, unless that is known.
    pub fn note(&self, output: &Path, target: &Path, key: Key) -> Result<()> {
        // Other runs may have noted something since the last look.
        if shows(&self.log.read(), target, &key) {
            return Ok(());
        }
        let mut batch = Batch::default();
        let given = Given { output: output.to_path_buf(), key };
        let noted = batch.add(&target.to_string_lossy(), &given).and_then(|()| self.log.add(&batch));
        noted.with_context(|| format!("cannot note in {} what was published", self.log.path().display()))
    }

    /// Leaves out what is no longer shown, if it still is not.
    pub fn compact(&self, shown: &Shown) -> Result<()> {
        let compacted = self.log.compact(|lines| {
            let all = lines.all::<Given>("").map(|(target, _)| target);
            all.filter(|target| !shown.void.contains(target) || Path::new(target).exists()).collect()
        });
        compacted.with_context(|| format!("cannot write {}", self.log.path().display()))
    }

    /// Looks which results are shown, in the output folders that are noted and in more of them. What was published in
    /// those that are `forgotten` is not, unless it is still there. A cache that lies in one of them is no published day.
    pub fn look(&self, outputs: BTreeSet<PathBuf>, forgotten: &[PathBuf], cache: &Path) -> Result<Shown> {
        let mut shown = Shown::default();
        let mut folders = outputs;
        let mut given: BTreeMap<PathBuf, Vec<(String, Key)>> = BTreeMap::new();
        for (target, Given { output, key }) in self.log.read().all::<Given>("") {
            given.entry(output).or_default().push((target, key));
        }
        for (output, days) in given {
            let is_there = |(target, _): &&(String, Key)| Path::new(target).exists();
            let left = days.iter().filter(is_there).count();
            // One that was moved or is not mounted has none of its days; what they need is then not for us to forget.
            let stays = left == 0 && !forgotten.contains(&output);
            let (kept, void): (Vec<_>, Vec<_>) = days.into_iter().partition(|day| stays || is_there(&day));
            if stays {
                shown.gone.insert(output.clone(), kept.len());
            }
            shown.keys.extend(kept.into_iter().map(|(_, key)| key));
            shown.void.extend(void.into_iter().map(|(target, _)| target));
            folders.insert(output);
        }
        let Ok(cache) = fs::canonicalize(cache) else { return Ok(shown) };
        for folder in folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()) {
            for (path, metadata) in files_below(&folder)?.into_iter().filter(|(path, _)| !path.starts_with(&cache)) {
                let shape = Shape::of(&metadata);
                shown.links.insert((shape.device, shape.inode), path);
                shown.copies.insert((shape.size, shape.modified));
            }
        }
        Ok(shown)
    }
}

fn shows(lines: &Lines, target: &Path, key: &Key) -> bool {
    lines.get::<Given>(&target.to_string_lossy()).is_some_and(|given| given.key == *key)
}

/// What some output folders show.
#[derive(Debug, Default)]
pub struct Shown {
    keys: HashSet<Key>,
    links: HashMap<(u64, u64), PathBuf>,
    copies: HashSet<(u64, i64)>,
    /// The output folders of which no day is there any more, and how many there were.
    pub gone: BTreeMap<PathBuf, usize>,
    /// The folders of days that are noted and show nothing any more.
    void: HashSet<String>,
}

impl Shown {
    /// Whether a result is shown.
    pub fn shows(&self, held: &Held) -> bool {
        let copied = |file: &Shape| self.link(file).is_some() || self.copies.contains(&(file.size, file.modified));
        self.keys.contains(&held.key) || held.files.iter().any(copied)
    }

    /// The name that a file of the cache has there, if it is the same file.
    pub fn link(&self, file: &Shape) -> Option<&Path> {
        self.links.get(&(file.device, file.inode)).map(PathBuf::as_path)
    }
}

/// What tells which file of the cache a published file is: the same one, or one that it was copied from.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub device: u64,
    pub inode: u64,
    /// In bytes.
    pub size: u64,
    modified: i64,
    /// How many names it has.
    pub names: u64,
}

impl Shape {
    pub fn of(metadata: &Metadata) -> Self {
        Shape {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: modified(metadata),
            names: metadata.nlink(),
        }
    }
}
