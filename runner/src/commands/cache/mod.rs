//! `runner cache`: how large the cache is, what of it may go, whether it is what was written.

mod gc;
mod listing;
mod size;
mod verify;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::project::Project;
use super::{CommandError, tell};
use crate::cli::{CacheArguments, CacheVerb};
use crate::exit::Exit;
use crate::journal::{self, Record};
use crate::layout::Outputs;
use crate::store::Store;
use crate::ui;

pub fn cache(arguments: &CacheArguments) -> Result<Exit, CommandError> {
    match &arguments.verb {
        CacheVerb::Size(arguments) => size::size(arguments),
        CacheVerb::Gc(arguments) => gc::gc(arguments),
        CacheVerb::Verify(arguments) => verify::verify(arguments),
    }
}

/// What the runs of a cache say of it.
struct Past {
    /// The runs that go on.
    living: Vec<String>,
    /// The newest first.
    records: Vec<Record>,
}

impl Past {
    fn read(store: &Store) -> Self {
        // In this order: a run that ends meanwhile is then taken for one that goes on, and not for one that was killed.
        let living = store.living();
        let runs = store.runs();
        let records = journal::runs(&runs).iter().filter_map(|run| Record::read(&runs, run)).collect();
        Past { living, records }
    }

    fn record(&self, run: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.id == run)
    }

    /// Every folder in which days were published, as far as journals and the pipeline know.
    fn outputs(&self, project: &Project) -> Result<BTreeSet<PathBuf>, CommandError> {
        let own = project.outputs()?;
        let all = self.records.iter().map(|record| &record.command.outputs).chain([&own]);
        Ok(all.flat_map(Outputs::all).map(Path::to_path_buf).collect())
    }
}

/// Opens the cache of a project; where there is none, all that is asked of it is done.
fn open(project: &Project) -> Store {
    let store = Store::open(&project.cache);
    if !store.is_there() {
        tell(&format!("there is no cache in {} yet", ui::short(&project.cache).display()));
    }
    store
}

/// `1 result`, `2 results`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
