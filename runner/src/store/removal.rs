//! The right to remove what is no longer needed, and the removing.
//!
//! While it lasts no run can begin, and none is between looking for its results and writing down which it needs, so
//! that what the journals say of needs is all there is to say. What goes is first renamed out of its place, in one
//! step: after a kill it is there whole or not there, and what is left of it is cleared away by the next run. Nothing
//! new is written before something is removed, so that a full disk can be emptied.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use super::inventory::{Held, Place};
use super::{IN_USE, Shown, Store, lock, own_folder, published, run_folders};

/// The right to remove things from a cache, for as long as this lives.
#[derive(Debug)]
pub struct Removal<'a> {
    store: &'a Store,
    _in_use: File,
    _beginning: File,
}

impl Store {
    /// Asks for the right to remove things and waits for it; `waiting` is told for whom, if that takes time.
    pub fn removal(&self, waiting: impl Fn(&str)) -> Result<Removal<'_>> {
        let path = self.root.join(IN_USE);
        let in_use = lock::open(&path).and_then(|file| lock::wait(file, false, waiting));
        let in_use = in_use.map_err(|error| lock::refused(&path, error))?;
        // Runs take this one after the other, so the two cannot wait for each other.
        let beginning = lock::take(&self.root.join(run_folders::BEGINNING))?;
        Ok(Removal { store: self, _in_use: in_use, _beginning: beginning })
    }
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
    pub fn result(&self, result: &Held) -> Result<()> {
        self.discard(&result.folder, &format!("{}-{}", result.node(), result.key))?;
        // The folder of its node goes with its last result. No run is about to put another there: of the nodes of a run
        // that goes on nothing is removed.
        if let Some(node) = result.folder.parent() {
            let _ = fs::remove_dir(node);
        }
        Ok(())
    }

    /// Removes what is kept of a run, and what killed runs did not get to publish in its output folders.
    pub fn run<'a>(&self, run: &Place, outputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        // Once the run is forgotten, nobody may know any more where to look for that.
        outputs.into_iter().try_for_each(published::clear_abandoned)?;
        self.discard(&run.path, &run.name())
    }

    /// Removes something that was set aside.
    pub fn damaged(&self, place: &Place) -> Result<()> {
        self.discard(&place.path, &place.name())
    }

    /// Leaves out of the index what was removed, and out of what is noted of published days what is no longer `shown`.
    pub fn finish(self, shown: &Shown) -> Result<()> {
        self.store.compact_index()?;
        self.store.publications.compact(shown)
    }

    fn discard(&self, path: &Path, name: &str) -> Result<()> {
        let aside = self.store.root.join("work").join(format!("{}{name}", run_folders::REMOVED));
        let removed = fs::rename(path, &aside).and_then(|()| own_folder::remove(&aside));
        removed.with_context(|| format!("cannot remove {}", path.display()))
    }
}
