//! What is remembered between runs so that a run with nothing to do need not open a single result: digests of raw files
//! and programs, where results are and what is in them, and how much memory tasks took.
//!
//! All of it is found again without the index, only slower: a file is hashed, a result's own entry is read. So an index
//! that is lost or damaged costs time and nothing else, and what it says of a result is held against the files there.
//! A run adds what it learnt; what is no longer so is left out when the file is made new.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::entry::OutputFile;
use super::key::{Digest, Key};
use super::log::{Batch, Lines, Log};
use super::stamp::{Seen, Stamp};
use crate::day::Day;

/// How the names of records begin: of raw files and programs by path, of results by key, and of the largest memory of
/// a task's nodes in bytes, by its name.
const FILE: &str = "file ";
const RESULT: &str = "result ";
const PEAK: &str = "peak ";
/// The name of the record of a use.
const USE: &str = "use";

/// Of what a task took less in a run than before, this part is forgotten.
const DECAY: u64 = 4;

/// What the index says of a result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Indexed {
    /// The name of its task.
    pub task: String,
    pub day: Option<Day>,
    /// The stamp of its entry.
    pub entry: Stamp,
    pub files: Vec<OutputFile>,
}

/// That some results were used, all of them at one time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Use {
    /// Of their keys.
    pub digest: Digest,
    /// In seconds since 1970.
    pub at: u64,
}

/// What was learnt since the file was read.
#[derive(Debug, Default)]
struct Learnt {
    files: HashMap<String, Seen>,
    results: HashMap<Key, Indexed>,
    peaks: HashMap<String, u64>,
    used: Option<Use>,
}

/// The index, read once and added to once a run.
#[derive(Debug)]
pub struct Index {
    log: Log,
    /// What reads the file, on a thread of its own: there is other work to do until it is needed.
    reader: Mutex<Option<JoinHandle<Lines>>>,
    known: OnceLock<Lines>,
    learnt: Mutex<Learnt>,
}

impl Index {
    /// Begins to read what was remembered; nothing, if that cannot be read.
    pub fn load(file: PathBuf) -> Self {
        let log = Log::at(file.clone());
        let reader = thread::Builder::new().spawn(move || Log::at(file).read()).ok();
        Index { log, reader: Mutex::new(reader), known: OnceLock::new(), learnt: Mutex::default() }
    }

    fn known(&self) -> &Lines {
        self.known.get_or_init(|| {
            let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        })
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The digest of a file's content, from memory or by reading it; `None` if it is not remembered and larger than
    /// `largest`, in bytes.
    pub fn see(&self, path: &Path, largest: u64) -> io::Result<Option<Seen>> {
        let stamp = Stamp::take(path)?;
        // A path that is not text is not remembered.
        let name = path.to_str();
        if let Some(seen) = name.and_then(|name| self.seen(name)).filter(|seen| seen.stamp == stamp) {
            return Ok(Some(seen));
        }
        if stamp.size() > largest {
            return Ok(None);
        }
        let seen = Seen::read(path, stamp)?;
        if let Some(name) = name.filter(|_| !seen.young) {
            self.learnt().files.insert(name.to_string(), seen);
        }
        Ok(Some(seen))
    }

    fn seen(&self, path: &str) -> Option<Seen> {
        let learnt = self.learnt().files.get(path).copied();
        learnt.or_else(|| self.known().get(&format!("{FILE}{path}")))
    }

    pub fn result(&self, key: &Key) -> Option<Indexed> {
        let learnt = self.learnt().results.get(key).cloned();
        learnt.or_else(|| self.known().get(&format!("{RESULT}{key}")))
    }

    pub fn remember(&self, key: Key, result: Indexed) {
        self.learnt().results.insert(key, result);
    }

    /// The last use that was noted.
    pub fn last_use(&self) -> Option<Use> {
        self.known().get(USE)
    }

    pub fn remember_use(&self, used: Use) {
        self.learnt().used = Some(used);
    }

    /// The most memory that a node of a task is expected to take, going by those before it, in bytes.
    pub fn peak(&self, task: &str) -> Option<u64> {
        let learnt = self.learnt().peaks.get(task).copied();
        learnt.max(self.known().get(&format!("{PEAK}{task}")))
    }

    pub fn learn_peak(&self, task: &str, bytes: u64) {
        let mut learnt = self.learnt();
        let most = learnt.peaks.entry(task.to_string()).or_default();
        *most = bytes.max(*most);
    }

    /// The mean size of a task's results in bytes, by task.
    pub fn mean_sizes(&self) -> HashMap<String, u64> {
        let mut sums: HashMap<String, (u64, u64)> = HashMap::new();
        for (_, result) in self.known().all::<Indexed>(RESULT) {
            let (bytes, count) = sums.entry(result.task).or_default();
            *bytes += result.files.iter().map(|file| file.size).sum::<u64>();
            *count += 1;
        }
        sums.into_iter().map(|(task, (bytes, count))| (task, bytes / count.max(1))).collect()
    }

    /// Adds what was learnt to the file, if there is anything. `home` is the folder of a result.
    pub fn save(&self, home: impl Fn(&Key, &Indexed) -> PathBuf) -> Result<()> {
        let learnt = std::mem::take(&mut *self.learnt());
        let save = || {
            let mut batch = Batch::default();
            for (path, seen) in &learnt.files {
                batch.add(&format!("{FILE}{path}"), seen)?;
            }
            for (key, result) in &learnt.results {
                batch.add(&format!("{RESULT}{key}"), result)?;
            }
            for (task, most) in &learnt.peaks {
                let known: Option<u64> = self.known().get(&format!("{PEAK}{task}"));
                let expected = known.map_or(*most, |known| most + known.saturating_sub(*most) * (DECAY - 1) / DECAY);
                if known != Some(expected) {
                    batch.add(&format!("{PEAK}{task}"), &expected)?;
                }
            }
            if let Some(used) = &learnt.used {
                batch.add(USE, used)?;
            }
            self.log.add(&batch)
        };
        let little = learnt.files.is_empty() && learnt.results.is_empty() && learnt.peaks.is_empty();
        match save() {
            // A cache that can only be read serves all the same.
            Err(_) if little => return Ok(()),
            saved => saved.with_context(|| format!("cannot write {}", self.log.path().display()))?,
        }
        if self.known().is_long() { self.compact(home) } else { Ok(()) }
    }

    /// Makes the file new, without what is no longer so (files that changed or went, and results that did) and, of each
    /// node, without all results but the one that was learnt last: the others are found by their entries.
    pub fn compact(&self, home: impl Fn(&Key, &Indexed) -> PathBuf) -> Result<()> {
        let compacted = self.log.compact(|lines| {
            let is_there = |path: &Path, stamp: Stamp| Stamp::take(path).is_ok_and(|now| now == stamp);
            let files = lines.all::<Seen>(FILE).filter(|(path, seen)| is_there(path.as_ref(), seen.stamp));
            let files = files.map(|(path, _)| format!("{FILE}{path}"));
            let results = lines.all::<Indexed>(RESULT).filter(|(key, result)| {
                Key::of_folder(key)
                    .is_some_and(|key| is_there(&home(&key, result).join(super::ENTRY_FILE), result.entry))
            });
            let last: BTreeMap<_, _> = results.map(|(key, result)| ((result.task, result.day), key)).collect();
            let results = last.into_values().map(|key| format!("{RESULT}{key}"));
            let peaks = lines.all::<u64>(PEAK).map(|(task, _)| format!("{PEAK}{task}"));
            files.chain(results).chain(peaks).chain([USE.to_string()]).collect()
        });
        compacted.with_context(|| format!("cannot write {}", self.log.path().display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder of its own for a test.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("runner-index-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn key(name: &str) -> Key {
        Key::of_folder(&Digest(blake3::hash(name.as_bytes())).to_string()).unwrap()
    }

    /// Puts an entry into a folder and remembers the result.
    fn remember(index: &Index, folder: &Path, name: &str) {
        fs::create_dir_all(folder.join(name)).unwrap();
        let entry = folder.join(name).join(crate::store::ENTRY_FILE);
        fs::write(&entry, name).unwrap();
        let entry = Stamp::take(&entry).unwrap();
        index.remember(key(name), Indexed { task: name.to_string(), day: None, entry, files: Vec::new() });
    }

    #[test]
    fn what_went_is_left_out_and_does_not_come_back_with_a_run_that_knew_it() {
        let folder = folder("went");
        let home = |_: &Key, result: &Indexed| folder.join(&result.task);
        let open = || Index::load(folder.join("index"));
        let first = open();
        ["stays", "goes"].iter().for_each(|name| remember(&first, &folder, name));
        first.save(home).unwrap();
        let other = open();
        assert!(other.result(&key("goes")).is_some());
        fs::remove_dir_all(folder.join("goes")).unwrap();
        open().compact(home).unwrap();
        remember(&other, &folder, "comes");
        other.save(home).unwrap();
        let there = ["stays", "goes", "comes"].map(|name| open().result(&key(name)).is_some());
        assert_eq!(there, [true, false, true]);
    }

    #[test]
    fn a_file_that_is_gone_is_left_out_when_the_index_is_made_new() {
        let folder = folder("gone");
        // Its time is not one of just now, so it is remembered.
        let (old, index) = (std::env::current_exe().unwrap(), folder.join("index"));
        let link = folder.join("link");
        std::os::unix::fs::symlink(&old, &link).unwrap();
        let home = |_: &Key, _: &Indexed| PathBuf::new();
        let run = Index::load(index.clone());
        for path in [&old, &link] {
            let seen = run.see(path, u64::MAX).unwrap().unwrap();
            run.learnt().files.insert(path.to_str().unwrap().to_string(), Seen { young: false, ..seen });
        }
        run.save(home).unwrap();
        fs::remove_file(&link).unwrap();
        Index::load(index.clone()).compact(home).unwrap();
        let next = Index::load(index);
        assert!(next.seen(old.to_str().unwrap()).is_some() && next.seen(link.to_str().unwrap()).is_none());
    }

    #[test]
    fn a_young_file_is_not_remembered() {
        let folder = folder("young");
        fs::write(folder.join("raw"), "one").unwrap();
        let index = Index::load(folder.join("index"));
        let seen = index.see(&folder.join("raw"), u64::MAX).unwrap().unwrap();
        assert!(seen.young && index.learnt().files.is_empty());
    }

    #[test]
    fn a_peak_is_forgotten_by_and_by_when_later_runs_take_less() {
        let folder = folder("peaks");
        let expected = [1000, 200, 200, 1500].map(|bytes| {
            let run = Index::load(folder.join("index"));
            run.learn_peak("join", bytes / 2);
            run.learn_peak("join", bytes);
            run.save(|_, _| PathBuf::new()).unwrap();
            Index::load(folder.join("index")).peak("join").unwrap()
        });
        assert_eq!(expected, [1000, 800, 650, 1500]);
    }
}
