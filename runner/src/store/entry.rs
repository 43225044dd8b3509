//! The record of a finished node: what it depended on, what it wrote, what it said, why it ran and what it took.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::ENTRY_FILE;
use super::key::{Digest, Key, Manifest};
use super::reason::Reason;
use super::sealed;
use super::stamp;
use crate::day::Day;
use crate::usage::Usage;

/// In a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// A finished node. It lies in a folder together with the files that it lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub manifest: Manifest,
    pub files: Vec<OutputFile>,
    /// The numbers that the program reported, whatever they mean.
    pub report: serde_json::Value,
    /// What the program said.
    pub said: Vec<String>,
    /// Why it ran.
    pub reason: Reason,
    /// The result that the node had before, if there was one.
    pub previous: Option<Key>,
    /// The run that made it.
    pub run: String,
    pub usage: Usage,
}

/// A file that a node wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputFile {
    /// The output that it belongs to.
    pub output: String,
    /// Its day, if the output is split by day.
    pub part: Option<Day>,
    /// Below the entry's folder.
    pub path: String,
    pub size: u64,
    /// In nanoseconds since 1970, as the file system has it.
    pub modified: i64,
    pub digest: Digest,
}

/// A node's result: a folder, and the files in it that are its outputs.
#[derive(Clone, Debug)]
pub struct Kept {
    pub key: Key,
    pub folder: PathBuf,
    pub files: Vec<OutputFile>,
}

impl Entry {
    /// The entry in a result's folder, if it is whole and belongs there.
    pub fn read(folder: &Path) -> Option<Entry> {
        let entry: Entry = sealed::read(&folder.join(ENTRY_FILE))?;
        let key = folder.file_name().and_then(|name| Key::of_folder(name.to_str()?))?;
        (entry.manifest.key() == key).then_some(entry)
    }
}

impl Kept {
    /// The files of an output, in the order of their parts.
    pub fn files_of<'a>(&'a self, output: &'a str) -> impl Iterator<Item = &'a OutputFile> {
        self.files.iter().filter(move |file| file.output == output)
    }

    pub fn path(&self, file: &OutputFile) -> PathBuf {
        self.folder.join(&file.path)
    }

    /// The record of it, if it is whole.
    pub fn entry(&self) -> Option<Entry> {
        Entry::read(&self.folder)
    }

    /// Notes, as the time of its folder, that it is used now.
    pub fn note_use(&self) {
        // Failing costs nothing but the order in which results go.
        let _ = fs::File::open(&self.folder).and_then(|folder| folder.set_modified(SystemTime::now()));
    }

    /// Whether one of its files is what was written: by its size and time, or by its content if it is to be `rehash`ed.
    pub fn is_as_written(&self, place: usize, rehash: bool) -> bool {
        self.files[place].intact_since(&self.folder, rehash).is_some()
    }

    /// Whether its files are what was written; the error is the first that is not. Takes up the time of one that bears
    /// another than when it was written (the cache was copied, say), so that it need not be read each time, and says
    /// whether it did.
    pub fn check(&mut self, rehash: bool) -> Result<bool, OutputFile> {
        let mut renewed = false;
        for file in &mut self.files {
            let Some(modified) = file.intact_since(&self.folder, rehash) else { return Err(file.clone()) };
            // A time of just now could hide a change that comes within the same moment.
            let old = !stamp::is_recent(modified / NANOSECONDS, SystemTime::now());
            if modified != file.modified && old {
                (file.modified, renewed) = (modified, true);
            }
        }
        Ok(renewed)
    }
}

impl OutputFile {
    /// Describes a file that was just written.
    pub fn describe(folder: &Path, path: String, output: &str, part: Option<Day>) -> io::Result<Self> {
        let full = folder.join(&path);
        let digest = stamp::hash(&full)?;
        let metadata = fs::metadata(&full)?;
        Ok(OutputFile {
            output: output.into(),
            part,
            path,
            size: metadata.size(),
            modified: modified(&metadata),
            digest,
        })
    }

    /// The time of the file if it is still what was written. One look at its size and time is enough as long as both are
    /// as they were, unless it is to be `rehash`ed; a file with another time is.
    fn intact_since(&self, folder: &Path, rehash: bool) -> Option<i64> {
        let path = folder.join(&self.path);
        let metadata = fs::symlink_metadata(&path).ok()?;
        let untouched = modified(&metadata) == self.modified && !rehash;
        let intact = metadata.is_file()
            && metadata.size() == self.size
            && (untouched || stamp::hash(&path).is_ok_and(|digest| digest == self.digest));
        intact.then(|| modified(&metadata))
    }
}

/// When a file was last written, in nanoseconds since 1970.
pub fn modified(metadata: &fs::Metadata) -> i64 {
    metadata.mtime().saturating_mul(NANOSECONDS).saturating_add(metadata.mtime_nsec())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_with_another_time_is_read_and_its_new_time_taken_up_if_it_is_what_was_written() {
        let folder = std::env::temp_dir().join(format!("runner-entry-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("text.txt");
        fs::write(&path, "words").unwrap();
        let file = OutputFile::describe(&folder, "text.txt".into(), "text", None).unwrap();
        let key = Key::of_folder(&file.digest.to_string()).unwrap();
        let mut kept = Kept { key, folder: folder.clone(), files: vec![file] };
        assert!(matches!(kept.check(false), Ok(false)));
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        let age = || fs::File::options().append(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
        age();
        assert!(matches!(kept.check(false), Ok(true)));
        assert_eq!(kept.files[0].modified, modified(&fs::metadata(&path).unwrap()));
        assert!(matches!(kept.check(false), Ok(false)), "it is known by its new time");
        fs::write(&path, "swords").unwrap();
        assert!(kept.check(false).is_err(), "another size");
        fs::write(&path, "sword").unwrap();
        assert!(kept.check(false).is_err(), "another content");
        fs::remove_dir_all(&folder).unwrap();
    }
}
