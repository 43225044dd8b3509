//! The output folders: days as their readers see them.
//!
//! A day is one folder, and it changes by one rename: what is there is the old day or the new one, whole. It is
//! put together beside the days, in a folder whose leading dot hides it from readers, and its files are forced to disk
//! first, since a published day is not checked again before it is read. The files are hard links to the cache's own
//! where the file system allows (they are read-only, and a day takes no room of its own), and copies elsewhere.
//!
//! A run replaces only what was there when it began to look at its inputs: what another run has put there since may
//! come from newer ones. Which of the two is right is not decided here.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::entry::{Kept, OutputFile};
use super::inventory::files_below;
use super::key::{Digest, Key};
use super::own_folder::{self, OwnFolder};
use super::stamp::Stamp;
use super::{lock, swap};

/// How the hidden folders of runs begin.
const SHELF: &str = ".unfinished-";

/// Makes the folder in which a run puts days together, and the output folder above it.
pub fn begin_shelf(output: &Path, run: &str) -> io::Result<OwnFolder> {
    make_folder(output)?;
    let _alone = lock::take_folder(output);
    OwnFolder::create(output, &format!("{SHELF}{run}"))
}

/// What runs that are gone have left in an output folder.
pub fn abandoned(output: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(output).into_iter().flatten().flatten();
    let shelves = entries.filter(|entry| {
        let named = entry.file_name().to_string_lossy().starts_with(SHELF);
        named && entry.file_type().is_ok_and(|kind| kind.is_dir())
    });
    shelves.map(|entry| entry.path()).filter(|shelf| !own_folder::is_owned(shelf)).collect()
}

/// Removes what runs that are gone have left in an output folder.
pub fn clear_abandoned(output: &Path) -> Result<()> {
    if abandoned(output).is_empty() {
        return Ok(());
    }
    // A run of another cache could be setting up its own.
    let _alone = lock::take_folder(output);
    let clear = |shelf: &PathBuf| give_back(shelf, output).and_then(|()| own_folder::remove(shelf));
    abandoned(output).iter().try_for_each(clear).with_context(|| format!("cannot clear {}", output.display()))
}

/// Removes the folder in which a run has put days together.
pub fn end_shelf(shelf: OwnFolder, output: &Path) -> Result<()> {
    let cleared = give_back(shelf.path(), output).and_then(|()| shelf.remove());
    cleared.with_context(|| format!("cannot clear {}", output.display()))
}

/// Puts days back that were set aside for a new one which then did not come, be it for a kill or an error.
fn give_back(shelf: &Path, output: &Path) -> io::Result<()> {
    let mut waiting = vec![shelf.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let day = output.join(folder.strip_prefix(shelf).unwrap_or(Path::new("")));
            if name.ends_with(swap::ASIDE) {
                if fs::symlink_metadata(&day).is_err() {
                    fs::rename(entry.path(), day)?;
                }
            } else if entry.file_type()?.is_dir() && Key::of_folder(&name).is_none() {
                waiting.push(entry.path());
            }
        }
    }
    Ok(())
}

/// What was published when a run began to look at its inputs: the folders of days that were there, and how they were.
#[derive(Debug, Default)]
pub struct Before(HashMap<PathBuf, Stamp>);

impl Before {
    pub fn look(targets: impl IntoIterator<Item = PathBuf>) -> Self {
        Before(
            targets.into_iter().filter_map(|target| Stamp::take(&target).ok().map(|stamp| (target, stamp))).collect(),
        )
    }

    /// Whether what is there is what was there, or nothing is.
    fn allows(&self, target: &Path) -> bool {
        let now = Stamp::take(target).ok();
        now.is_none() || self.0.get(target).copied() == now
    }

    fn renew(&mut self, target: &Path) {
        self.0.extend(Stamp::take(target).ok().map(|now| (target.to_path_buf(), now)));
    }
}

/// What came of publishing a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It was there already, or is none that is published.
    Unchanged,
    Published,
    /// Something else has come there since the run looked, and is still there.
    Overtaken,
}

/// Makes the day `target` of an output folder hold the files of a result and nothing else, if it is as it was `before`.
/// Another run may have published the same meanwhile, which `shown` knows.
pub fn publish(
    result: &Kept,
    output: &Path,
    target: &Path,
    shelf: &Path,
    before: &Mutex<Before>,
    shown: &dyn Fn() -> bool,
) -> io::Result<Publication> {
    let below = target.strip_prefix(output).map_err(io::Error::other)?;
    let unfinished = shelf.join(below).join(result.key.to_string());
    own_folder::remove(&unfinished)?;
    assemble(result, &unfinished)?;
    let parent = target.parent().unwrap_or(output);
    make_folder(parent)?;
    {
        // Between the look at what is there and its going no other run publishes.
        let _alone = lock::take_folder(parent);
        let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
        if !before.allows(target) {
            return Ok(if shown() { Publication::Unchanged } else { Publication::Overtaken });
        }
        swap::put(&unfinished, target)?;
        before.renew(target);
    }
    sync(parent)?;
    Ok(Publication::Published)
}

/// Puts the files of a result together in a new folder, on the disk.
fn assemble(result: &Kept, folder: &Path) -> io::Result<()> {
    let mut folders = BTreeSet::from([folder.to_path_buf()]);
    fs::create_dir_all(folder)?;
    for file in &result.files {
        let (from, to) = (result.path(file), folder.join(&file.path));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
            folders.extend(parent.ancestors().take_while(|parent| *parent != folder).map(PathBuf::from));
        }
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
            File::open(&to)?.set_modified(UNIX_EPOCH + Duration::from_nanos(file.modified as u64))?;
        }
        sync(&to)?;
    }
    folders.iter().try_for_each(|folder| sync(folder))
}

/// Makes a folder and those above it, on the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.map_or(Ok(()), make_folder)?;
    match fs::create_dir(folder) {
        // Another run was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made.and_then(|()| parent.map_or(Ok(()), sync)),
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether a folder holds just the files of a result: linked to it, or with its content, which `content` tells of a file
/// as far as it knows.
pub fn is_published(result: &Kept, target: &Path, content: impl Fn(&Path) -> Option<Digest>) -> bool {
    let is_folder = fs::symlink_metadata(target).is_ok_and(|found| found.is_dir());
    let Some(found) = files_below(target).ok().filter(|_| is_folder) else { return false };
    let found: HashMap<PathBuf, Metadata> = found.into_iter().collect();
    let same = |file: &OutputFile| {
        let path = target.join(&file.path);
        let Some(theirs) = found.get(&path).filter(|theirs| theirs.is_file()) else { return false };
        let linked = fs::symlink_metadata(result.path(file))
            .is_ok_and(|ours| (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()));
        // Times do not tell: a file system can keep them less exactly than the one of the cache.
        linked || (theirs.size() == file.size && content(&path) == Some(file.digest))
    };
    found.len() == result.files.len() && result.files.iter().all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_another_run_has_published_meanwhile_is_overtaken_only_if_it_shows_something_else() {
        let folder = std::env::temp_dir().join(format!("runner-published-{}", std::process::id()));
        let (output, target) = (folder.join("output"), folder.join("output/day"));
        fs::create_dir_all(&target).unwrap();
        fs::write(folder.join("text.txt"), "words").unwrap();
        let file = OutputFile::describe(&folder, "text.txt".into(), "text", None).unwrap();
        let key = Key::of_folder(&file.digest.to_string()).unwrap();
        let result = Kept { key, folder: folder.clone(), files: vec![file] };
        let none_there = Mutex::new(Before::default());
        let publish = || {
            let shown = || is_published(&result, &target, |path| super::super::stamp::hash(path).ok());
            publish(&result, &output, &target, &output.join(SHELF), &none_there, &shown).unwrap()
        };
        fs::write(target.join("text.txt"), "other").unwrap();
        assert_eq!(publish(), Publication::Overtaken);
        fs::write(target.join("text.txt"), "words").unwrap();
        assert_eq!(publish(), Publication::Unchanged);
        fs::remove_dir_all(&folder).unwrap();
    }
}
