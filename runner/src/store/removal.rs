//! The right to remove what is no longer needed, and the removing.
//!
//! While it lasts no run can begin, and none is between looking for its results and writing down which it needs, so
//! that what the journals say of needs is all there is to say. What goes is first renamed out of its place, in one
//! step: after a kill it is there whole or not there, and what is left of it is cleared away by the next run. Nothing
//! new is written before something is removed, so that a full disk can be emptied.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::inventory::{Held, Place};
use super::key::Key;
use super::{IN_USE, Store, published, run_folders};

/// The right to remove things from a cache, for as long as this lives.
#[derive(Debug)]
pub struct Removal<'a> {
    store: &'a Store,
    gone: Vec<Key>,
    _in_use: File,
    _beginning: File,
}

impl Store {
    /// Asks for the right to remove things and waits for it; `waiting` is told for whom, if that takes time.
    pub fn removal(&self, waiting: impl Fn(&str)) -> Result<Removal<'_>> {
        let path = self.root.join(IN_USE);
        let in_use = open(&path).and_then(|file| lock(file, waiting));
        let in_use = in_use.with_context(|| format!("cannot lock {}", path.display()))?;
        // Runs take this one after the other, so the two cannot wait for each other.
        let path = self.root.join(run_folders::BEGINNING);
        let beginning = open(&path).and_then(|file| file.lock().map(|()| file));
        let beginning = beginning.with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(Removal { store: self, gone: Vec::new(), _in_use: in_use, _beginning: beginning })
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(path)
}

fn lock(file: File, waiting: impl Fn(&str)) -> io::Result<File> {
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let holders = holders(&file);
    waiting(&if holders.is_empty() {
        "another process".to_string()
    } else {
        format!("process {}", holders.join(", "))
    });
    file.lock()?;
    Ok(file)
}

/// The processes that hold a lock on a file, as far as the kernel tells.
fn holders(file: &File) -> Vec<String> {
    let (Ok(metadata), Ok(locks)) = (file.metadata(), fs::read_to_string("/proc/locks")) else { return Vec::new() };
    let inode = format!(":{}", metadata.ino());
    // `1: FLOCK ADVISORY READ 4711 08:01:123456 0 EOF`; one that waits has a `->` behind the number. A process that
    // cannot be seen from here is 0.
    let lines = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let holders = lines.filter_map(|words| match words[..] {
        [_, "FLOCK", _, _, process, place, ..] if place.ends_with(&inode) && process != "0" => {
            Some(process.to_string())
        }
        _ => None,
    });
    holders.collect()
}

impl Removal<'_> {
    /// Removes what runs that were killed left of their work, and what was on its way out of the cache.
    pub fn clear_abandoned(&self) -> Result<()> {
        let work = self.store.root.join("work");
        fs::create_dir_all(&work)
            .and_then(|()| run_folders::clear_abandoned(&work))
            .with_context(|| format!("cannot clear {}", work.display()))
    }

    /// Removes a result.
    pub fn result(&mut self, result: &Held) -> Result<()> {
        self.discard(&result.folder, &format!("{}-{}", result.node(), result.key))?;
        self.gone.push(result.key);
        // The folder of its node goes with its last result. No run is about to put another there: of the nodes of a run
        // that goes on nothing is removed.
        if let Some(node) = result.folder.parent() {
            let _ = fs::remove_dir(node);
        }
        Ok(())
    }

    /// Removes what is kept of a run, and the days that it did not get to publish in its output folders.
    pub fn run<'a>(&self, run: &Place, outputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        // Once the run is forgotten, nobody knows any more whose they are.
        let shelves = outputs.into_iter().map(|output| published::shelf(output, &run.name()));
        for shelf in shelves.filter(|shelf| shelf.exists()) {
            fs::remove_dir_all(&shelf).with_context(|| format!("cannot remove {}", shelf.display()))?;
        }
        self.discard(&run.path, &run.name())
    }

    /// Removes something that was set aside.
    pub fn damaged(&self, place: &Place) -> Result<()> {
        self.discard(&place.path, &place.name())
    }

    /// Strikes what was removed out of the index.
    pub fn finish(self) -> Result<()> {
        if self.gone.is_empty() { Ok(()) } else { self.store.index.strike(&self.gone) }
    }

    fn discard(&self, path: &Path, name: &str) -> Result<()> {
        let aside = self.store.root.join("work").join(format!("removed-{name}"));
        let remove = || if aside.is_dir() { fs::remove_dir_all(&aside) } else { fs::remove_file(&aside) };
        fs::rename(path, &aside).and_then(|()| remove()).with_context(|| format!("cannot remove {}", path.display()))
    }
}
