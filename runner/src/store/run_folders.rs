//! The folders of one run: its logs, its work, and the days that it is putting together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::entry::Kept;
use super::own_folder::{self, OwnFolder};
use super::parquet;
use super::published::{Before, Publication};
use super::{IN_USE, claim, lock, published};

/// The file that is locked while a run sets up its folders.
pub(super) const BEGINNING: &str = "lock";
/// How what is on its way out of the cache is named.
pub(super) const REMOVED: &str = "removed-";

/// The folders of one run; they are its own as long as it lives.
#[derive(Debug)]
pub struct RunFolders {
    pub id: String,
    /// Its journal, logs and scripts.
    pub records: PathBuf,
    root: PathBuf,
    work: OwnFolder,
    /// The folder in which it puts days together, by output folder.
    shelves: Mutex<Vec<(PathBuf, OwnFolder)>>,
    /// What was published when it began to look.
    before: Mutex<Before>,
}

impl RunFolders {
    /// Sets up the folders of a run below the cache's root and in the output folders into which it `publishes`, and
    /// clears away what runs that were killed have left there and in all `outputs`.
    ///
    /// The run gets another name where one of that name was here before: two containers can give two runs the same
    /// process number in the same second.
    pub(super) fn begin(root: &Path, id: &str, outputs: &[&Path], publishes: &[&Path], before: Before) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
        // Held for a moment: no other run may take this one's folders for abandoned before their lock is held.
        let _beginning = lock::take(&root.join(BEGINNING))?;
        let in_use = root.join(IN_USE);
        lock::open(&in_use).with_context(|| format!("cannot create {}", in_use.display()))?;
        clear(root, outputs)?;
        let (runs, works) = (root.join("runs"), root.join("work"));
        for folder in [&runs, &works] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let taken = |name: &String| runs.join(name).exists() || works.join(name).exists();
        let id = own_folder::names(id).find(|name| !taken(name)).unwrap_or_default();
        let (records, work) = (runs.join(&id), works.join(&id));
        fs::create_dir(&records).with_context(|| format!("cannot create {}", records.display()))?;
        let work = OwnFolder::create(&works, &id).with_context(|| format!("cannot create {}", work.display()))?;
        let shelf = |output: &&Path| {
            let shelf = published::begin_shelf(output, &id);
            Ok((
                output.to_path_buf(),
                shelf.with_context(|| format!("cannot publish in {}; nothing ran", output.display()))?,
            ))
        };
        let shelves = publishes.iter().map(shelf).collect::<Result<_>>()?;
        let shelves = Mutex::new(shelves);
        Ok(RunFolders { id, records, root: root.to_path_buf(), work, shelves, before: Mutex::new(before) })
    }

    /// Where nodes are made.
    pub(super) fn work(&self) -> &Path {
        self.work.path()
    }

    /// Where claims are held.
    pub(super) fn claims(&self) -> PathBuf {
        claims(&self.root)
    }

    /// Where the log of an attempt at a node goes.
    pub fn log(&self, node: &str, attempt: u32) -> PathBuf {
        self.records.join(log_name(node, attempt))
    }

    /// Keeps the rows that a failed attempt at a node did not let through beside its log; false if the file is not whole.
    pub fn keep_rejected(&self, node: &str, path: &Path, file: &str) -> io::Result<bool> {
        if file.ends_with(".parquet") && !parquet::is_whole(path)? {
            return Ok(false);
        }
        fs::rename(path, self.records.join(rejected_name(node, file))).map(|()| true)
    }

    /// Keeps a script beside the logs.
    pub fn keep_script(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.records.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Puts a day's result into an output folder, as one rename, unless something else has come there since the run
    /// looked; `shown` says whether the result is there.
    pub(super) fn publish(
        &self,
        result: &Kept,
        output: &Path,
        target: &Path,
        shown: &dyn Fn() -> bool,
    ) -> Result<Publication> {
        let failed = || format!("cannot publish {}", target.display());
        let shelf = self.shelf(output).with_context(failed)?;
        published::publish(result, output, target, &shelf, &self.before, shown).with_context(failed)
    }

    /// The folder in which days of an output folder are put together. It is there from the beginning, unless a result that
    /// was known turns out to be damaged and is published anew.
    fn shelf(&self, output: &Path) -> io::Result<PathBuf> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, shelf)) = shelves.iter().find(|(folder, _)| folder == output) {
            return Ok(shelf.path().to_path_buf());
        }
        let shelf = published::begin_shelf(output, &self.id)?;
        let path = shelf.path().to_path_buf();
        shelves.push((output.to_path_buf(), shelf));
        Ok(path)
    }

    /// Takes what is published now for what the run may replace: it is about to look at its inputs again.
    pub fn look_again(&self, targets: impl IntoIterator<Item = PathBuf>) {
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) = Before::look(targets);
    }

    /// Removes what only the run itself needed.
    pub fn finish(self) -> Result<()> {
        for (output, shelf) in self.shelves.into_inner().unwrap_or_else(PoisonError::into_inner) {
            published::end_shelf(shelf, &output)?;
        }
        let place = self.work.path().to_path_buf();
        self.work.remove().with_context(|| format!("cannot clear {}", place.display()))
    }
}

/// The file name of the rows that a failed attempt at a node did not let through, among the records of its run.
pub fn rejected_name(node: &str, file: &str) -> String {
    format!("{node}.{file}")
}

/// The file name of the log of an attempt at a node, among the records of its run.
pub fn log_name(node: &str, attempt: u32) -> String {
    if attempt == 1 { format!("{node}.log") } else { format!("{node}.{attempt}.log") }
}

pub(super) fn claims(root: &Path) -> PathBuf {
    root.join("claims")
}

/// Clears away what runs that were killed have left, if there is any: a look into a few folders tells.
pub(super) fn tidy(root: &Path, outputs: &[&Path]) -> Result<()> {
    let clean = abandoned(&root.join("work")).is_ok_and(|left| left.is_empty());
    if clean && outputs.iter().all(|output| published::abandoned(output).is_empty()) {
        return Ok(());
    }
    let _beginning = lock::take(&root.join(BEGINNING))?;
    clear(root, outputs)
}

/// Removes what runs that were killed have left in the cache and in output folders.
fn clear(root: &Path, outputs: &[&Path]) -> Result<()> {
    let work = root.join("work");
    clear_abandoned(&work).with_context(|| format!("cannot clear {}", work.display()))?;
    claim::clear_abandoned(&claims(root)).with_context(|| format!("cannot clear {}", claims(root).display()))?;
    outputs.iter().try_for_each(|output| published::clear_abandoned(output))
}

/// Removes the work of runs that are gone, and what was on its way out of the cache.
pub(super) fn clear_abandoned(work: &Path) -> io::Result<()> {
    abandoned(work)?.iter().try_for_each(|left| own_folder::remove(left))
}

/// The folders of runs that are gone, and what was on its way out of the cache. Other files are not the runner's.
fn abandoned(work: &Path) -> io::Result<Vec<PathBuf>> {
    let found = match fs::read_dir(work) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let mut left = Vec::new();
    for entry in found {
        let entry = entry?;
        let removed = entry.file_name().to_string_lossy().starts_with(REMOVED);
        let folder = || entry.file_type().is_ok_and(|kind| kind.is_dir());
        if removed || (folder() && !is_alive(&entry.path())) {
            left.push(entry.path());
        }
    }
    Ok(left)
}

/// Whether the run that works in a folder is still there.
pub(super) fn is_alive(work: &Path) -> bool {
    own_folder::is_owned(work)
}
