//! Whether results are what was written: every record and every file of them is read again.
//!
//! What is not is set aside, under the claim that a run takes to make the same result, and only if it still is not what
//! was written then: in between a run may have made it again. Setting it aside makes a miss of it and no more, so it
//! does not matter who might be reading it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use anyhow::{Context, Result};

use super::claim::{self, Asked, Claim};
use super::entry::{Entry, OutputFile};
use super::inventory::{Inventory, address, node};
use super::shown::Shape;
use super::{ENTRY_FILE, Store, parallel, run_folders, sealed, stamp};

/// What is wrong with something that lies among the results.
#[derive(Debug)]
pub struct Verdict {
    pub path: PathBuf,
    /// The node and the key, or the path among the results of what is no result.
    pub name: String,
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Fault {
    pub what: String,
    /// The file that is not what was written, if it is an output and there.
    pub file: Option<Shape>,
}

/// What came of setting something aside.
#[derive(Debug)]
pub enum Aside {
    Moved(PathBuf),
    /// It is right now, or gone.
    Mended,
    /// A run is making it, which says this of itself.
    Taken(String),
}

impl Store {
    /// Reads everything among the results again and gives what is not right; `progress` hears of bytes.
    pub fn verify(&self, inventory: &Inventory, progress: impl Fn(u64) + Sync) -> Vec<Verdict> {
        let results = inventory.results.iter().map(|result| (&result.folder, result.bytes));
        let strays = inventory.strays.iter().map(|stray| (&stray.path, stray.bytes));
        let places: Vec<(&PathBuf, u64)> = results.chain(strays).collect();
        let verdicts = parallel::map(&places, |(path, bytes)| {
            let faults = faults(path);
            progress(*bytes);
            (!faults.is_empty()).then(|| Verdict { path: path.to_path_buf(), name: self.name(path), faults })
        });
        verdicts.into_iter().flatten().collect()
    }

    /// What a person calls something among the results, as one word.
    fn name(&self, path: &Path) -> String {
        if let Some((task, day, key)) = address(path) {
            return format!("{}-{key}", node(&task, day));
        }
        let below = path.strip_prefix(self.root.join("results")).unwrap_or(path);
        below.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join("-")
    }

    /// Moves what is not right to the folder of damaged things, beside those that are there.
    pub fn set_aside(&self, path: &Path) -> Result<Aside> {
        let failed = || format!("cannot set aside {}", path.display());
        let _alone = self.setting_aside.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::symlink_metadata(path).is_err() {
            return Ok(Aside::Mended);
        }
        let _claim = match address(path) {
            // Nobody makes what is not a result.
            None => None,
            Some((task, day, key)) => {
                let holder = format!("process {}, which sets it aside as damaged", std::process::id());
                let claim = claim::name(&node(&task, day), &key);
                match Claim::ask(&run_folders::claims(&self.root), &claim, &holder).with_context(failed)? {
                    Asked::Taken { holder, .. } => return Ok(Aside::Taken(holder)),
                    Asked::Granted(claim) => Some(claim),
                }
            }
        };
        if faults(path).is_empty() {
            return Ok(Aside::Mended);
        }
        let moved = move_aside(path, &self.root.join("damaged"), &self.name(path)).with_context(failed)?;
        Ok(Aside::Moved(moved))
    }
}

/// Moves something to a place of its own in a folder.
fn move_aside(path: &Path, folder: &Path, name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    let names = std::iter::once(name.to_string()).chain((2..).map(|number| format!("{name}-{number}")));
    for place in names.map(|name| folder.join(name)) {
        match fs::create_dir(&place) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            // A folder takes the place of the empty one; a file goes into it.
            Ok(()) if is_folder => return fs::rename(path, &place).map(|()| place),
            Ok(()) => return fs::rename(path, place.join(path.file_name().unwrap_or_default())).map(|()| place),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// What is wrong with something among the results; nothing, if it is not there (any more).
fn faults(path: &Path) -> Vec<Fault> {
    let record = |what: String| vec![Fault { what, file: None }];
    let Ok(metadata) = fs::symlink_metadata(path) else { return Vec::new() };
    let Some((task, day, key)) = address(path).filter(|_| metadata.is_dir()) else {
        return record("it is not a result, by its name".to_string());
    };
    let bytes = match fs::read(path.join(ENTRY_FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return record(format!("it has no {ENTRY_FILE}")),
        Err(error) => return record(format!("{ENTRY_FILE} cannot be read: {error}")),
    };
    let Some(entry) = sealed::parse::<Entry>(&bytes) else {
        return record(format!("{ENTRY_FILE} is cut off or was changed"));
    };
    let manifest = &entry.manifest;
    if (manifest.key(), &manifest.task, manifest.day) != (key, &task, day) {
        let owner = format!("{}-{}", node(&manifest.task, manifest.day), manifest.key());
        return record(format!("{ENTRY_FILE} is that of {owner}"));
    }
    entry.files.iter().filter_map(|file| fault(path, file)).collect()
}

/// What is wrong with a file of a result.
fn fault(folder: &Path, file: &OutputFile) -> Option<Fault> {
    let path = folder.join(&file.path);
    let (what, metadata) = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => ("is missing".to_string(), None),
        Err(error) => (format!("cannot be read: {error}"), None),
        Ok(metadata) if !metadata.is_file() => ("is not a plain file".to_string(), None),
        Ok(metadata) if metadata.len() != file.size => {
            (format!("has {} bytes instead of {}", metadata.len(), file.size), Some(metadata))
        }
        Ok(metadata) => match stamp::hash(&path) {
            Ok(digest) if digest == file.digest => return None,
            Ok(_) => ("has other content than was written, of the same size".to_string(), Some(metadata)),
            Err(error) => (format!("cannot be read: {error}"), Some(metadata)),
        },
    };
    Some(Fault { what: format!("{} {what}", file.path), file: metadata.as_ref().map(Shape::of) })
}
