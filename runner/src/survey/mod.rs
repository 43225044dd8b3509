//! Which raw files there are, and of which days: one look at the data folder before anything is planned.
//!
//! It lists names and reads no file. [`walk`] follows a source's path down, [`strays`] tells which files lie there and
//! are taken by no path. What a missing day means is decided in [`crate::plan`].

mod strays;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use strays::Strays;

use crate::day::Day;
use crate::spec::{PipelineSpec, Source, SourceId};
use walk::Walk;

/// The files of every source, as paths below the data folder.
#[derive(Debug, Default)]
pub struct Survey {
    sources: Vec<SourceFiles>,
}

/// The files of one source.
#[derive(Debug, Default)]
pub struct SourceFiles {
    /// Of a source with days: each day that has files, with its files in order of their names.
    pub days: BTreeMap<Day, Vec<String>>,
    /// Of a source without days: its files in order of their names.
    pub whole: Vec<String>,
    /// Days that have files and not yet the one that says that all are there, with the path of that.
    pub not_ready: BTreeMap<Day, String>,
    /// What is there and cannot be read, by its day; without one, it spoils every day.
    pub unreadable: BTreeMap<Option<Day>, String>,
    /// The files beside these that no path takes.
    pub strays: Strays,
}

impl Survey {
    /// Looks below `data` for the files of every source. What lies in the folders `apart` is nobody's raw file.
    pub fn take(spec: &PipelineSpec, data: &Path, apart: &[PathBuf]) -> Self {
        let mut walks: Vec<Walk> = spec.sources.iter().map(|source| Walk::through(data, &source.path, apart)).collect();
        let mut strays = strays::sort_out(&mut walks, &spec.sources);
        let found = spec.sources.iter().zip(walks).map(|(source, walk)| SourceFiles::of(source, walk, data));
        let mut sources: Vec<SourceFiles> = found.collect();
        for (source, strays) in sources.iter_mut().zip(strays.drain(..)) {
            source.strays = strays;
        }
        Survey { sources }
    }

    pub fn source(&self, id: SourceId) -> &SourceFiles {
        &self.sources[id.0]
    }
}

impl SourceFiles {
    fn of(source: &Source, walk: Walk, data: &Path) -> Self {
        let mut files = SourceFiles { unreadable: walk.unreadable, ..SourceFiles::default() };
        if let Some(ready) = &source.ready {
            let unready = |(day, folder): (Day, String)| {
                let marker = format!("{folder}/{ready}");
                (!data.join(&marker).is_file()).then_some((day, marker))
            };
            files.not_ready = walk.day_folders.into_iter().filter_map(unready).collect();
        }
        let is_marker = |path: &str| source.ready.as_ref().is_some_and(|name| path.ends_with(&format!("/{name}")));
        let unready: BTreeSet<Day> = files.not_ready.keys().copied().collect();
        let found = walk.found.into_iter().filter(|(_, path)| !is_marker(path));
        for (day, path) in found.filter(|(day, _)| day.is_none_or(|day| !unready.contains(&day))) {
            match day {
                Some(day) => files.days.entry(day).or_default().push(path),
                None => files.whole.push(path),
            }
        }
        files
    }

    /// The first day that has files, whether or not they can be read.
    pub fn first_day(&self) -> Option<Day> {
        let unreadable = self.unreadable.keys().flatten().next();
        [self.days.keys().next(), self.not_ready.keys().next(), unreadable].into_iter().flatten().min().copied()
    }

    /// Why a day cannot be read, if something on it cannot.
    pub fn unreadable(&self, day: Option<Day>) -> Option<&String> {
        self.unreadable.get(&day).or_else(|| self.unreadable.get(&None))
    }

    /// Whether there is not a single file of it.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty() && self.whole.is_empty() && self.not_ready.is_empty() && self.unreadable.is_empty()
    }
}
