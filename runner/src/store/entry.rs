//! The record of a finished node: what it depended on, what it wrote, what it said.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digests;
use super::key::{Digest, Manifest};
use crate::day::Day;

/// A finished node. It lies in a folder together with the files that it lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub manifest: Manifest,
    pub files: Vec<OutputFile>,
    /// The numbers that the program reported, whatever they mean.
    pub report: serde_json::Value,
    /// What the program said.
    pub said: Vec<String>,
    pub seconds: f64,
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

/// An entry and the folder where its files are.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    pub entry: Entry,
    pub folder: PathBuf,
}

impl StoredEntry {
    /// The files of an output, in the order of their parts.
    pub fn files<'a>(&'a self, output: &'a str) -> impl Iterator<Item = &'a OutputFile> {
        self.entry.files.iter().filter(move |file| file.output == output)
    }

    pub fn path(&self, file: &OutputFile) -> PathBuf {
        self.folder.join(&file.path)
    }
}

impl OutputFile {
    /// Describes a file that was just written.
    pub fn describe(folder: &Path, path: String, output: &str, part: Option<Day>) -> io::Result<Self> {
        let full = folder.join(&path);
        let digest = digests::hash(&full)?;
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

    /// Whether the file is still what was written. One look at its size and time is enough as long as both are as they
    /// were; a file with another time (the cache was copied, say) is hashed.
    pub fn is_intact(&self, folder: &Path) -> bool {
        let path = folder.join(&self.path);
        let Ok(metadata) = fs::metadata(&path) else { return false };
        metadata.is_file()
            && metadata.size() == self.size
            && (modified(&metadata) == self.modified || digests::hash(&path).is_ok_and(|digest| digest == self.digest))
    }
}

/// When a file was last written, in nanoseconds since 1970.
pub fn modified(metadata: &fs::Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}
