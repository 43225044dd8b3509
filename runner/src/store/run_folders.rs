//! The folders of one run: its logs, its work, and the days that it is putting together.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::entry::StoredEntry;
use super::published;

/// The folders of one run; the lock on them lives as long as it does.
#[derive(Debug)]
pub struct RunFolders {
    pub logs: PathBuf,
    work: PathBuf,
    shelf: PathBuf,
    _lock: File,
}

impl RunFolders {
    /// Sets up the folders of a run below the cache's root, and clears away what runs that were killed have left there
    /// and in the output folder.
    pub(super) fn begin(root: &Path, id: &str, output: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
        // Held for a moment: no other run may take this one's folders for abandoned before their lock is held.
        let beginning = File::create(root.join("lock")).and_then(|lock| lock.lock().map(|()| lock));
        let _beginning = beginning.with_context(|| format!("cannot lock {}", root.display()))?;
        let (logs, work) = (root.join("runs").join(id), root.join("work").join(id));
        for folder in [&logs, &work] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let lock = File::create(work.join("lock")).and_then(|lock| lock.lock().map(|()| lock));
        let lock = lock.with_context(|| format!("cannot lock {}", work.display()))?;
        clear_abandoned(&root.join("work"), id)
            .with_context(|| format!("cannot clear {}", root.join("work").display()))?;
        let shelf = published::shelf(output, id);
        published::clear_abandoned(output, |run| {
            root.join("runs").join(run).exists() && !root.join("work").join(run).exists()
        })
        .with_context(|| format!("cannot clear {}", output.display()))?;
        Ok(RunFolders { logs, work, shelf, _lock: lock })
    }

    /// Where nodes are made.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Keeps a script beside the logs.
    pub fn keep_script(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.logs.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Puts a day's result into the output folder, as one rename, unless it is there already.
    pub fn publish(&self, result: &StoredEntry, target: &Path) -> Result<()> {
        published::publish(result, target, &self.shelf).with_context(|| format!("cannot publish {}", target.display()))
    }

    /// Removes what only the run itself needed.
    pub fn finish(self) -> io::Result<()> {
        if self.shelf.exists() {
            fs::remove_dir_all(&self.shelf)?;
        }
        fs::remove_dir_all(&self.work)
    }
}

/// Removes the work of runs whose lock nobody holds.
fn clear_abandoned(work: &Path, own: &str) -> io::Result<()> {
    for run in fs::read_dir(work)? {
        let run = run?;
        if run.file_name() == own {
            continue;
        }
        let abandoned = File::open(run.path().join("lock")).map_or(true, |lock| lock.try_lock().is_ok());
        if abandoned {
            fs::remove_dir_all(run.path())?;
        }
    }
    Ok(())
}
