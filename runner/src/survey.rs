//! Which raw files there are, and of which days: one look at the data folder before anything is planned.
//!
//! It lists names and reads no file. What a missing day means is decided in [`crate::plan`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::day::Day;
use crate::pattern::{Part, PathPattern};
use crate::spec::{PipelineSpec, SourceId};

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
}

/// A folder that could not be looked into, or a name that is not text.
#[derive(Debug)]
pub struct SurveyError {
    place: PathBuf,
    error: io::Error,
}

impl Survey {
    /// Looks below `data` for the files of every source.
    pub fn take(spec: &PipelineSpec, data: &Path) -> Result<Self, SurveyError> {
        let files = spec.sources.iter().map(|source| SourceFiles::find(data, &source.path));
        Ok(Survey { sources: files.collect::<Result<_, _>>()? })
    }

    pub fn source(&self, id: SourceId) -> &SourceFiles {
        &self.sources[id.0]
    }
}

impl SourceFiles {
    fn find(data: &Path, pattern: &PathPattern) -> Result<Self, SurveyError> {
        let mut found = BTreeSet::new();
        walk(data, "", pattern.parts(), None, &mut found)?;
        let mut files = SourceFiles::default();
        for (day, path) in found {
            match day {
                Some(day) => files.days.entry(day).or_default().push(path),
                None => files.whole.push(path),
            }
        }
        Ok(files)
    }

    /// The first day that has files.
    pub fn first_day(&self) -> Option<Day> {
        self.days.keys().next().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.days.is_empty() && self.whole.is_empty()
    }
}

/// Follows the parts of a pattern down from a folder. `path` is the folder's own path below the data folder.
fn walk(
    data: &Path,
    path: &str,
    parts: &[Part],
    day: Option<Day>,
    found: &mut BTreeSet<(Option<Day>, String)>,
) -> Result<(), SurveyError> {
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}/{name}") };
    if let (Part::Name(name), false) = (part, rest.is_empty()) {
        return walk(data, &below(name), rest, day, found);
    }
    let folder = data.join(path);
    let failed = |error| SurveyError { place: folder.clone(), error };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        // A hidden file is ignored whatever its name; only one that would be read has to have a name that is text.
        if name.as_encoded_bytes().starts_with(b"_") || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let Some(name) = name.to_str() else {
            let error = io::Error::new(io::ErrorKind::InvalidData, format!("the name {name:?} is not UTF-8"));
            return Err(failed(error));
        };
        let day = day.or_else(|| part.day_in(name));
        let (matches, deeper) = match part {
            Part::Name(wanted) => (name == wanted, rest),
            Part::Day { .. } => (part.day_in(name).is_some(), rest),
            Part::Any(pattern) => (pattern.matches(name), rest),
            Part::Below => (true, parts),
        };
        if !matches {
            continue;
        }
        let mut kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            kind = fs::metadata(entry.path()).map_err(|error| SurveyError { place: entry.path(), error })?.file_type();
        }
        if kind.is_dir() {
            walk(data, &below(name), deeper, day, found)?;
        } else if rest.is_empty() {
            found.insert((day, below(name)));
        }
    }
    Ok(())
}

impl std::fmt::Display for SurveyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "cannot look for raw files in {}: {}", self.place.display(), self.error)
    }
}

impl std::error::Error for SurveyError {}
