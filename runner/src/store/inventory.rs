//! What is in the cache and how much room it takes: results, what is kept of runs, and the rest.
//!
//! It looks at names, sizes and times and opens no file, so it does not know whether a result is what was written.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::entry::modified;
use super::key::Key;
use super::shown::Shape;
use super::{ENTRY_FILE, ONCE, Store, run_folders};
use crate::day::Day;

/// All that is in the cache.
#[derive(Debug, Default)]
pub struct Inventory {
    /// In order of task, day and key.
    pub results: Vec<Held>,
    /// What lies among the results without being one.
    pub strays: Vec<Place>,
    /// What is kept of each run, the newest first.
    pub runs: Vec<Place>,
    /// What was set aside.
    pub damaged: Vec<Place>,
    /// The work of runs that go on, in bytes.
    pub work: u64,
    /// The work of runs that were killed, in bytes.
    pub abandoned: u64,
    /// The index, the notes of what was published and the files that are locked, in bytes.
    pub index: u64,
}

/// A file, or a folder with all that is in it.
#[derive(Debug)]
pub struct Place {
    pub path: PathBuf,
    pub bytes: u64,
}

/// A result in its place.
#[derive(Debug)]
pub struct Held {
    pub task: String,
    pub day: Option<Day>,
    pub key: Key,
    pub folder: PathBuf,
    /// How much room goes with it: what several results share is counted for the one that was used last.
    pub bytes: u64,
    /// How many of its bytes have another name outside of the cache, as those of a published day have.
    pub linked: u64,
    /// When a run last used it.
    pub used: DateTime<Utc>,
    /// All of its files but the entry.
    pub files: Vec<Shape>,
}

impl Held {
    /// The node that it is a result of.
    pub fn node(&self) -> String {
        node(&self.task, self.day)
    }

    /// The result in a folder, if there is one.
    fn of(folder: &Path) -> Result<Option<Held>> {
        let Some((task, day, key)) = address(folder) else { return Ok(None) };
        let looked = [folder, &folder.join(ENTRY_FILE)].map(fs::symlink_metadata);
        let [Ok(itself), Ok(entry)] = looked else { return Ok(None) };
        let mut held = Held {
            task,
            day,
            key,
            folder: folder.to_path_buf(),
            bytes: 0,
            linked: 0,
            used: DateTime::from_timestamp_nanos(modified(&itself)),
            files: Vec::new(),
        };
        for (_, metadata) in files_below(folder)? {
            held.bytes += metadata.len();
            if metadata.ino() != entry.ino() {
                held.files.push(Shape::of(&metadata));
            }
        }
        Ok(Some(held))
    }
}

impl Place {
    fn of(path: PathBuf) -> Result<Place> {
        Ok(Place { bytes: bytes_below(&path)?, path })
    }

    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Inventory {
    /// How much room all of it takes, in bytes.
    pub fn bytes(&self) -> u64 {
        let places = [&self.strays, &self.runs, &self.damaged].into_iter().flatten();
        let results: u64 = self.results.iter().map(|result| result.bytes).sum();
        results + places.map(|place| place.bytes).sum::<u64>() + self.work + self.abandoned + self.index
    }
}

impl Store {
    /// Looks at all that is there.
    pub fn inventory(&self) -> Result<Inventory> {
        let mut inventory = Inventory::default();
        for part in names_in(&self.root)? {
            match part.file_name().and_then(|name| name.to_str()) {
                Some("results") => take_results(&part, &mut inventory)?,
                Some("runs") => {
                    let folders = names_in(&part)?.into_iter().rev().filter(|path| path.is_dir());
                    inventory.runs = folders.map(Place::of).collect::<Result<_>>()?;
                }
                Some("damaged") => inventory.damaged = places_in(&part)?,
                Some("work") => {
                    for place in places_in(&part)? {
                        let alive = run_folders::is_alive(&place.path);
                        *(if alive { &mut inventory.work } else { &mut inventory.abandoned }) += place.bytes;
                    }
                }
                _ => inventory.index += bytes_below(&part)?,
            }
        }
        share_out(&mut inventory.results);
        Ok(inventory)
    }
}

/// Counts a file that several results share once, for the one that was used last: its room is free when that goes.
fn share_out(results: &mut [Held]) {
    let mut holders: HashMap<(u64, u64), (Shape, Vec<usize>)> = HashMap::new();
    for (place, held) in results.iter().enumerate() {
        for file in held.files.iter().filter(|file| file.names > 1) {
            holders.entry((file.device, file.inode)).or_insert((*file, Vec::new())).1.push(place);
        }
    }
    for (file, places) in holders.into_values() {
        let last = places.iter().copied().max_by_key(|place| (results[*place].used, *place));
        for place in &places {
            if Some(*place) != last {
                results[*place].bytes -= file.size;
            }
        }
        if let Some(last) = last.filter(|_| file.names > places.len() as u64) {
            results[last].linked += file.size;
        }
    }
}

/// `results/TASK/DAY/KEY`; whatever is named otherwise is no result.
fn take_results(results: &Path, inventory: &mut Inventory) -> Result<()> {
    let mut found = Vec::new();
    for task in names_in(results)? {
        if !task.is_dir() {
            found.push(task);
            continue;
        }
        for day in names_in(&task)? {
            let named = day.file_name().and_then(|name| day_of(name.to_str()?));
            if named.is_some() && day.is_dir() { found.extend(names_in(&day)?) } else { found.push(day) }
        }
    }
    for path in found {
        match Held::of(&path)? {
            Some(held) => inventory.results.push(held),
            None => inventory.strays.push(Place::of(path)?),
        }
    }
    Ok(())
}

/// The task, the day and the key that the folder of a result is named after, if it is one.
pub(super) fn address(folder: &Path) -> Option<(String, Option<Day>, Key)> {
    let mut names = folder.iter().rev().map(|name| name.to_str());
    let (key, day, task) = (names.next()??, names.next()??, names.next()??);
    Some((task.to_string(), day_of(day)?, Key::of_folder(key)?))
}

/// The day that a folder is named after; that of a task that runs once is no day.
fn day_of(name: &str) -> Option<Option<Day>> {
    if name == ONCE { Some(None) } else { name.parse().ok().map(Some) }
}

/// The name of a node, as graphs and journals have it.
pub(super) fn node(task: &str, day: Option<Day>) -> String {
    crate::address::name(task, day)
}

fn places_in(folder: &Path) -> Result<Vec<Place>> {
    names_in(folder)?.into_iter().map(Place::of).collect()
}

fn bytes_below(path: &Path) -> Result<u64> {
    Ok(files_below(path)?.iter().map(|(_, metadata)| metadata.len()).sum())
}

/// What is in a folder, in order of name; nothing, if it is not there or went meanwhile.
fn names_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Ok(found) => found.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let mut paths = listed.with_context(|| format!("cannot read {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

/// The files below a folder, or the file itself. Links are not followed; what goes meanwhile is not there.
pub(super) fn files_below(path: &Path) -> Result<Vec<(PathBuf, Metadata)>> {
    let (mut files, mut waiting) = (Vec::new(), vec![path.to_path_buf()]);
    while let Some(path) = waiting.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() { waiting.extend(names_in(&path)?) } else { files.push((path, metadata)) }
    }
    Ok(files)
}
