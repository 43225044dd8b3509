//! The output folders: days as their readers see them.
//!
//! A day is one folder, and it changes by one rename: what is there is the old day or the new one, whole. It is
//! put together beside the days, in a folder whose leading dot hides it from readers, and its files are forced to disk
//! first, since a published day is not checked again before it is read. The files are hard links to the cache's own
//! where the file system allows (they are read-only, and a day takes no room of its own), and copies elsewhere.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Result;

use super::entry::{Kept, OutputFile, modified};
use super::inventory::files_below;
use super::swap;

/// How the hidden folders of runs begin.
const SHELF: &str = ".unfinished-";

/// The folder in which a run puts days together.
pub fn shelf(output: &Path, run: &str) -> PathBuf {
    output.join(format!("{SHELF}{run}"))
}

/// Removes the shelves of runs that `ended` knows to be over.
pub fn clear_abandoned(output: &Path, ended: impl Fn(&str) -> bool) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(output) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().and_then(|name| name.strip_prefix(SHELF)).is_some_and(&ended) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Makes `target` hold the files of a result and nothing else.
pub fn publish(result: &Kept, target: &Path, shelf: &Path) -> io::Result<()> {
    if is_published(result, target) {
        return Ok(());
    }
    // Not after the day, which may be published by several tasks at the same time.
    let unfinished = shelf.join(result.key.to_string());
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    for file in &result.files {
        let (from, to) = (result.path(file), unfinished.join(&file.path));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
            File::open(&to)?.set_modified(UNIX_EPOCH + Duration::from_nanos(file.modified as u64))?;
        }
        File::open(&to)?.sync_all()?;
    }
    File::open(&unfinished)?.sync_all()?;
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    swap::put(&unfinished, target)?;
    if let Some(parent) = target.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Whether a folder holds just the files of a result: linked to it, or copied from it and untouched since.
pub fn is_published(result: &Kept, target: &Path) -> bool {
    let Ok(found) = fs::read_dir(target) else { return false };
    let expected: Vec<&OsStr> = result.files.iter().filter_map(|file| Path::new(&file.path).iter().next()).collect();
    let foreign =
        found.into_iter().any(|entry| entry.map_or(true, |entry| !expected.contains(&entry.file_name().as_os_str())));
    let same = |file: &OutputFile| {
        let (Ok(ours), Ok(theirs)) = (fs::metadata(result.path(file)), fs::metadata(target.join(&file.path))) else {
            return false;
        };
        let linked = (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino());
        linked || (theirs.size() == file.size && modified(&theirs) == file.modified)
    };
    !foreign && result.files.iter().all(same)
}

/// What tells which file of the cache a published file is: the same one, or one that it was copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    device: u64,
    inode: u64,
    size: u64,
    modified: i64,
}

impl Shape {
    pub fn of(metadata: &Metadata) -> Self {
        Shape { device: metadata.dev(), inode: metadata.ino(), size: metadata.size(), modified: modified(metadata) }
    }
}

/// All files of some output folders.
#[derive(Debug, Default)]
pub struct Shown {
    links: HashMap<(u64, u64), PathBuf>,
    copies: HashSet<(u64, i64)>,
}

impl Shown {
    /// Looks through output folders; one that is not there shows nothing. A cache that lies in one of them is no
    /// published day.
    pub(super) fn below(folders: &[PathBuf], cache: &Path) -> Result<Self> {
        let mut shown = Shown::default();
        let Ok(cache) = fs::canonicalize(cache) else { return Ok(shown) };
        for folder in folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()) {
            for (path, metadata) in files_below(&folder)?.into_iter().filter(|(path, _)| !path.starts_with(&cache)) {
                let shape = Shape::of(&metadata);
                shown.links.insert((shape.device, shape.inode), path);
                shown.copies.insert((shape.size, shape.modified));
            }
        }
        Ok(shown)
    }

    /// Whether a file of the cache is among them, or a copy of it.
    pub fn shows(&self, file: &Shape) -> bool {
        self.link(file).is_some() || self.copies.contains(&(file.size, file.modified))
    }

    /// The name that a file of the cache has there, if it is the same file.
    pub fn link(&self, file: &Shape) -> Option<&Path> {
        self.links.get(&(file.device, file.inode)).map(PathBuf::as_path)
    }
}
