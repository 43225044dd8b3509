//! What is remembered between runs so that a run with nothing to do need not open a single result: digests of raw files
//! and programs, where results are and what is in them, and how much memory tasks took.
//!
//! All of it is found again without the index, only slower: a file is hashed, a result's own entry is read. So an index
//! that is lost or damaged costs time and nothing else, and what it says of a result is held against the files there.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::entry::OutputFile;
use super::key::Key;
use super::sealed;
use super::stamp::{self, Seen, Stamp};

/// What the index says of a result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Indexed {
    /// The name of its task.
    pub task: String,
    /// The stamp of its entry.
    pub entry: Stamp,
    pub files: Vec<OutputFile>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    /// Raw files and programs, by path.
    files: HashMap<String, Seen>,
    results: HashMap<Key, Indexed>,
    /// The largest memory that any node of a task took, in bytes.
    peaks: HashMap<String, u64>,
}

/// The index, read once and written once a run.
#[derive(Debug)]
pub struct Index {
    file: PathBuf,
    /// What reads the file, on a thread of its own: there is other work to do until it is needed.
    reader: Mutex<Option<JoinHandle<Content>>>,
    content: OnceLock<Mutex<Content>>,
    grown: AtomicBool,
}

impl Index {
    /// Begins to read what was remembered; nothing, if that cannot be read.
    pub fn load(file: PathBuf) -> Self {
        let path = file.clone();
        let reader = thread::Builder::new().spawn(move || sealed::read(&path).unwrap_or_default()).ok();
        Index { file, reader: Mutex::new(reader), content: OnceLock::new(), grown: AtomicBool::new(false) }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        let content = self.content.get_or_init(|| {
            let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
            Mutex::new(reader.and_then(|reader| reader.join().ok()).unwrap_or_default())
        });
        content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The digest of a file's content, from memory or by reading it; `None` if it is not remembered and larger than
    /// `largest`, in bytes.
    pub fn see(&self, path: &Path, largest: u64) -> io::Result<Option<Seen>> {
        let stamp = Stamp::take(path)?;
        let known = self.content().files.get(path.to_string_lossy().as_ref()).copied();
        if let Some(seen) = known.filter(|seen| seen.stamp == stamp) {
            return Ok(Some(seen));
        }
        if stamp.size() > largest {
            return Ok(None);
        }
        // The stamp was taken first: if the file changes while it is read, that is not its stamp afterwards.
        let seen = Seen { stamp, digest: stamp::hash(path)? };
        if !stamp.is_young() {
            self.content().files.insert(path.to_string_lossy().into_owned(), seen);
            self.grown.store(true, Ordering::Relaxed);
        }
        Ok(Some(seen))
    }

    pub fn result(&self, key: &Key) -> Option<Indexed> {
        self.content().results.get(key).cloned()
    }

    pub fn remember(&self, key: Key, result: Indexed) {
        self.content().results.insert(key, result);
        self.grown.store(true, Ordering::Relaxed);
    }

    pub fn forget(&self, keys: &[Key]) {
        let mut content = self.content();
        for key in keys {
            content.results.remove(key);
        }
    }

    /// The largest memory that any node of a task was seen to take, in bytes.
    pub fn peak(&self, task: &str) -> Option<u64> {
        self.content().peaks.get(task).copied()
    }

    pub fn learn_peak(&self, task: &str, bytes: u64) {
        let mut content = self.content();
        if content.peaks.get(task).is_none_or(|known| *known < bytes) {
            content.peaks.insert(task.to_string(), bytes);
            self.grown.store(true, Ordering::Relaxed);
        }
    }

    /// The mean size of a task's results in bytes, by task.
    pub fn mean_sizes(&self) -> HashMap<String, u64> {
        let mut sums: HashMap<String, (u64, u64)> = HashMap::new();
        for result in self.content().results.values() {
            let (bytes, count) = sums.entry(result.task.clone()).or_default();
            *bytes += result.files.iter().map(|file| file.size).sum::<u64>();
            *count += 1;
        }
        sums.into_iter().map(|(task, (bytes, count))| (task, bytes / count.max(1))).collect()
    }

    /// Writes down what is remembered, if there is anything new, beside what other runs have written meanwhile.
    pub fn save(&self) -> Result<()> {
        if !self.grown.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let mut content = self.content();
        self.write(|theirs: Content| {
            let ours = &mut *content;
            for (path, seen) in theirs.files {
                ours.files.entry(path).or_insert(seen);
            }
            for (key, result) in theirs.results {
                ours.results.entry(key).or_insert(result);
            }
            for (task, peak) in theirs.peaks {
                let known = ours.peaks.entry(task).or_insert(peak);
                *known = peak.max(*known);
            }
            std::mem::take(ours)
        })
    }

    /// Strikes results out of the index on disk.
    pub fn strike(&self, keys: &[Key]) -> Result<()> {
        self.forget(keys);
        self.write(|mut theirs: Content| {
            for key in keys {
                theirs.results.remove(key);
            }
            theirs
        })
    }

    /// Changes the file under a lock, so that no other run's words are lost.
    fn write(&self, change: impl FnOnce(Content) -> Content) -> Result<()> {
        let write = || {
            let lock = File::create(self.file.with_extension("lock"))?;
            lock.lock()?;
            let content = change(sealed::read(&self.file).unwrap_or_default());
            let unfinished = self.file.with_extension("tmp");
            sealed::write(&unfinished, &content)?;
            fs::rename(&unfinished, &self.file)
        };
        write().with_context(|| format!("cannot write {}", self.file.display()))
    }
}
