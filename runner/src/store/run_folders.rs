//! The folders of one run: its logs, its work, and the days that it is putting together.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::IN_USE;
use super::claim;
use super::entry::Kept;
use super::published;

/// The file that is locked while a run sets up its folders.
pub(super) const BEGINNING: &str = "lock";

/// The folders of one run; the lock on them lives as long as it does.
#[derive(Debug)]
pub struct RunFolders {
    pub id: String,
    /// Its journal, logs and scripts.
    pub records: PathBuf,
    root: PathBuf,
    work: PathBuf,
    /// The folders in which it may put days together.
    shelves: Vec<PathBuf>,
    _lock: File,
}

impl RunFolders {
    /// Sets up the folders of a run below the cache's root, and clears away what runs that were killed have left there
    /// and in the output folders.
    pub(super) fn begin(root: &Path, id: &str, outputs: &[&Path]) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
        // Held for a moment: no other run may take this one's folders for abandoned before their lock is held.
        let _beginning = lock(&root.join(BEGINNING))?;
        let in_use = root.join(IN_USE);
        File::create(&in_use).with_context(|| format!("cannot create {}", in_use.display()))?;
        let (records, work) = (root.join("runs").join(id), root.join("work").join(id));
        for folder in [&records, &work] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let alive = lock(&work.join("lock"))?;
        clear(root, outputs)?;
        let shelves = outputs.iter().map(|output| published::shelf(output, id)).collect();
        Ok(RunFolders { id: id.to_string(), records, root: root.to_path_buf(), work, shelves, _lock: alive })
    }

    /// Where nodes are made.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Where claims are held.
    pub(super) fn claims(&self) -> PathBuf {
        claims(&self.root)
    }

    /// Where the log of an attempt at a node goes.
    pub fn log(&self, node: &str, attempt: u32) -> PathBuf {
        self.records.join(log_name(node, attempt))
    }

    /// Keeps a script beside the logs.
    pub fn keep_script(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.records.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Puts a day's result into an output folder, as one rename, unless it is there already.
    pub fn publish(&self, result: &Kept, output: &Path, target: &Path) -> Result<()> {
        let shelf = published::shelf(output, &self.id);
        published::publish(result, target, &shelf).with_context(|| format!("cannot publish {}", target.display()))
    }

    /// Removes what only the run itself needed.
    pub fn finish(self) -> io::Result<()> {
        for shelf in self.shelves.iter().filter(|shelf| shelf.exists()) {
            fs::remove_dir_all(shelf)?;
        }
        fs::remove_dir_all(&self.work)
    }
}

/// The file name of the log of an attempt at a node, among the records of its run.
pub fn log_name(node: &str, attempt: u32) -> String {
    if attempt == 1 { format!("{node}.log") } else { format!("{node}.{attempt}.log") }
}

pub(super) fn claims(root: &Path) -> PathBuf {
    root.join("claims")
}

/// Clears away what runs that were killed have left, if there is any: a look into one folder tells.
pub(super) fn tidy(root: &Path, outputs: &[&Path]) -> Result<()> {
    if abandoned(&root.join("work")).is_ok_and(|runs| runs.is_empty()) {
        return Ok(());
    }
    let _beginning = lock(&root.join(BEGINNING))?;
    clear(root, outputs)
}

/// Removes what runs that were killed have left in the cache and in output folders.
fn clear(root: &Path, outputs: &[&Path]) -> Result<()> {
    let work = root.join("work");
    clear_abandoned(&work).with_context(|| format!("cannot clear {}", work.display()))?;
    claim::clear_abandoned(&claims(root)).with_context(|| format!("cannot clear {}", claims(root).display()))?;
    let ended = |run: &str| root.join("runs").join(run).exists() && !work.join(run).exists();
    outputs.iter().try_for_each(|output| {
        published::clear_abandoned(output, ended).with_context(|| format!("cannot clear {}", output.display()))
    })
}

/// Removes the work of runs whose lock nobody holds, and what was on its way out of the cache.
pub(super) fn clear_abandoned(work: &Path) -> io::Result<()> {
    abandoned(work)?.iter().try_for_each(fs::remove_dir_all)
}

/// The folders of runs that are gone.
fn abandoned(work: &Path) -> io::Result<Vec<PathBuf>> {
    let found = match fs::read_dir(work) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let runs = found.map(|run| Ok(run?.path())).collect::<io::Result<Vec<_>>>()?;
    Ok(runs.into_iter().filter(|run| !is_alive(run)).collect())
}

/// A file, locked for as long as it is open.
fn lock(path: &Path) -> Result<File> {
    let locked = File::create(path).and_then(|file| file.lock().map(|()| file));
    locked.with_context(|| format!("cannot lock {}", path.display()))
}

/// Whether the run that works in a folder is still there: it holds a lock for as long as it lives.
pub(super) fn is_alive(work: &Path) -> bool {
    File::open(work.join("lock")).is_ok_and(|lock| lock.try_lock_shared().is_err())
}
