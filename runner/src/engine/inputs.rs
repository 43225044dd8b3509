//! Holds results of earlier runs against what was written, when a program reads them: it hashes them while that program
//! runs, each file once a run. What was made in this run was hashed just now.
//!
//! It finds damage and remembers it. What is done about it is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::graph::NodeId;
use crate::resolve::KeptFile;

/// What is known of the results of earlier runs.
#[derive(Debug, Default)]
pub struct Inputs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether each file that was looked at is what was written; others wait while one looks.
    files: HashMap<PathBuf, Arc<OnceLock<bool>>>,
    /// Nodes whose results were made, or read again, in this run.
    trusted: BTreeSet<NodeId>,
    /// Nodes whose results are not what was written, and the first file that shows it.
    damaged: BTreeMap<NodeId, String>,
}

impl Inputs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result of a node was made in this run, or read again.
    pub fn trust(&self, id: NodeId) {
        let mut state = self.state();
        state.damaged.remove(&id);
        state.trusted.insert(id);
    }

    /// The file that shows that the result of a node is damaged, if it is known to be.
    pub fn damage(&self, id: NodeId) -> Option<String> {
        self.state().damaged.get(&id).cloned()
    }

    /// The files that nothing is known of yet, or that are known to be damaged.
    pub fn open<'a>(&self, files: &'a [KeptFile]) -> Vec<&'a KeptFile> {
        let state = self.state();
        let is_good = |file: &KeptFile| {
            let known = || state.files.get(&file.path()).and_then(|known| known.get().copied());
            state.trusted.contains(&file.node) || known() == Some(true)
        };
        files.iter().filter(|file| !is_good(file)).collect()
    }

    /// The first of some files that is not what was written; it stops looking when nobody wants to know any more.
    pub fn first_damaged<'a>(&self, files: &[&'a KeptFile], unwanted: &AtomicBool) -> Option<&'a KeptFile> {
        let wanted = files.iter().take_while(|_| !unwanted.load(Ordering::Relaxed));
        let damaged = wanted.copied().find(|file| !self.is_good(file))?;
        self.state().damaged.insert(damaged.node, damaged.name().to_string());
        Some(damaged)
    }

    /// The first file of an earlier run that is not there any more, though it may have been good when it was read here.
    pub fn first_gone<'a>(&self, files: &'a [KeptFile]) -> Option<&'a KeptFile> {
        let trusted = self.state().trusted.clone();
        let gone = files.iter().find(|file| !trusted.contains(&file.node) && !file.is_there())?;
        self.state().damaged.insert(gone.node, gone.name().to_string());
        Some(gone)
    }

    fn is_good(&self, file: &KeptFile) -> bool {
        let known = Arc::clone(self.state().files.entry(file.path()).or_default());
        *known.get_or_init(|| file.is_as_written())
    }
}
