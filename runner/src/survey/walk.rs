//! One source's path, followed down from the data folder: what it takes, what it cannot take, and what it passes by.
//!
//! Links are followed, except into a folder that they lie in: its files are found already. It knows one source; whether
//! another takes what this one passes by is found in [`super::strays`].

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, FileType};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::strays::Passed;
use crate::day::Day;
use crate::pattern::{Part, PathPattern};
use crate::text::escaped;

/// What was found on the way.
#[derive(Debug)]
pub struct Walk<'a> {
    data: &'a Path,
    apart: &'a [PathBuf],
    pattern: &'a PathPattern,
    pub found: BTreeSet<(Option<Day>, String)>,
    /// The folders of the days that have files.
    pub day_folders: BTreeSet<(Day, String)>,
    pub unreadable: BTreeMap<Option<Day>, String>,
    /// Files that the path does not take.
    pub passed: Vec<(String, Passed)>,
}

/// A folder on the way down.
struct Place<'p> {
    /// Below the data folder.
    path: &'p str,
    /// The parts of the pattern that its entries are held against.
    parts: &'p [Part],
    /// How many parts led here.
    depth: usize,
    day: Option<(Day, &'p str)>,
}

/// What an entry of a folder is when links are followed.
enum Kind {
    Folder,
    File,
    /// A folder that it lies in itself.
    Above,
    /// Neither, in words.
    Other(String),
}

impl<'a> Walk<'a> {
    /// Follows a pattern down.
    pub fn through(data: &'a Path, pattern: &'a PathPattern, apart: &'a [PathBuf]) -> Self {
        let mut walk = Walk {
            data,
            apart,
            pattern,
            found: BTreeSet::new(),
            day_folders: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            passed: Vec::new(),
        };
        let (folder, parts) = pattern.fixed_folder();
        walk.folder(&Place { path: &folder, parts, depth: pattern.parts().len() - parts.len(), day: None });
        walk
    }

    fn folder(&mut self, place: &Place) {
        let day = place.day.map(|(day, _)| day);
        let Some((part, rest)) = place.parts.split_first() else { return };
        for (name, entry) in self.entries(place.path, day) {
            let text = name.to_string_lossy();
            let below = below(place.path, &text);
            let named = part.day_in(&text);
            let day = place.day.or_else(|| named.map(|day| (day, below.as_str())));
            let (matches, deeper) = match part {
                Part::Name(wanted) => (text == wanted.as_str(), rest),
                Part::Day { .. } => (named.is_some(), rest),
                Part::Any(pattern) => (pattern.matches(&text), rest),
                Part::Below => (true, place.parts),
            };
            let kind = match self.kind(&entry, place.path) {
                Kind::Folder | Kind::File if matches && name.to_str().is_none() => {
                    Kind::Other("has a name that is not UTF-8; rename it".to_string())
                }
                kind => kind,
            };
            let why = || Passed::by(part, &text, place.depth, rest.is_empty());
            match kind {
                Kind::Folder if matches && !deeper.is_empty() => {
                    self.folder(&Place { path: &below, parts: deeper, depth: place.depth + 1, day });
                }
                Kind::Folder if matches => self.pass_folder(&below, &Passed::deeper(place.depth + 1)),
                Kind::Folder => why().into_iter().for_each(|why| self.pass_folder(&below, &why)),
                Kind::File if matches && rest.is_empty() => {
                    if let Some((day, folder)) = day.filter(|(_, folder)| *folder != below) {
                        self.day_folders.insert((day, folder.to_string()));
                    }
                    self.found.insert((day.map(|(day, _)| day), below));
                }
                Kind::File if matches => self.passed.push((below, Passed::no_folder(place.depth + 1))),
                Kind::File => self.passed.extend(why().map(|why| (below, why))),
                Kind::Other(what) if matches => {
                    let day = day.map(|(day, _)| day);
                    self.unreadable.entry(day).or_insert(format!("{} {what}", escaped(&below)));
                }
                Kind::Other(_) | Kind::Above => {}
            }
        }
    }

    /// Notes all files below a folder as passed by.
    fn pass_folder(&mut self, path: &str, why: &Passed) {
        if self.apart.contains(&self.data.join(path)) {
            return;
        }
        // Nobody needs what is in it, so it is no matter if that cannot be read.
        for entry in fs::read_dir(self.data.join(path)).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let below = below(path, &name.to_string_lossy());
            match self.kind(&entry, path) {
                _ if is_hidden(&name) => {}
                Kind::Folder => self.pass_folder(&below, why),
                Kind::File => self.passed.push((below, why.clone())),
                Kind::Above | Kind::Other(_) => {}
            }
        }
    }

    /// The entries of a folder that are not hidden, each with its name. A folder that is not there has none.
    fn entries(&mut self, path: &str, day: Option<Day>) -> Vec<(OsString, DirEntry)> {
        let listed = fs::read_dir(self.data.join(path)).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let listed = listed.unwrap_or_else(|error| {
            use std::io::ErrorKind::{NotADirectory, NotFound};
            if !matches!(error.kind(), NotFound | NotADirectory) {
                let place = if path.is_empty() { self.data.display().to_string() } else { escaped(path) };
                self.unreadable.entry(day).or_insert(format!("{place} cannot be listed: {error}"));
            }
            Vec::new()
        });
        let named = listed.into_iter().map(|entry| (entry.file_name(), entry));
        named.filter(|(name, _)| !is_hidden(name)).collect()
    }

    fn kind(&self, entry: &DirEntry, folder: &str) -> Kind {
        let unknown = |error: std::io::Error| Kind::Other(format!("cannot be looked at: {error}"));
        match entry.file_type() {
            Ok(kind) if kind.is_symlink() => match fs::metadata(entry.path()) {
                Ok(target) if target.is_dir() && self.lies_in(folder, (target.dev(), target.ino())) => Kind::Above,
                Ok(target) => plain_kind(target.file_type()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let target = fs::read_link(entry.path()).unwrap_or_default();
                    Kind::Other(format!("is a link to {}, which is not there", escaped(&target.to_string_lossy())))
                }
                Err(error) => unknown(error),
            },
            Ok(kind) => plain_kind(kind),
            Err(error) => unknown(error),
        }
    }

    /// Whether a folder is, or lies in, the folder of this device and inode.
    fn lies_in(&self, folder: &str, above: (u64, u64)) -> bool {
        let path = self.data.join(folder);
        path.ancestors().any(|path| fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == above))
    }

    pub fn pattern(&self) -> &'a PathPattern {
        self.pattern
    }
}

fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"_") || name.as_encoded_bytes().starts_with(b".")
}

fn plain_kind(kind: FileType) -> Kind {
    let other = |what: &str| Kind::Other(format!("is {what} and no file"));
    if kind.is_dir() {
        Kind::Folder
    } else if kind.is_file() {
        Kind::File
    } else if kind.is_fifo() {
        other("a named pipe")
    } else if kind.is_socket() {
        other("a socket")
    } else {
        other("a device")
    }
}
