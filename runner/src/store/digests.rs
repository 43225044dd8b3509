//! Digests of files that the cache does not own: raw inputs and programs.
//!
//! A file is hashed once; its digest is remembered for as long as size, times and inode stay as they were. What is
//! remembered is only ever a saving: losing it costs a hash.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::key::Digest;

/// A file that changed this recently could change again without its times showing it, as clocks of file systems are
/// coarse; its digest is not remembered.
const TOO_YOUNG: Duration = Duration::from_secs(2);

/// What tells that a file is still the one that was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Stamp {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }

    fn is_young(&self) -> bool {
        let newest = self.modified.0.max(self.changed.0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        newest >= (now.saturating_sub(TOO_YOUNG)).as_secs() as i64
    }
}

/// The digests of files by path, kept in one file between runs.
#[derive(Debug)]
pub struct DigestMemory {
    file: PathBuf,
    known: Mutex<HashMap<String, (Stamp, Digest)>>,
    grown: AtomicBool,
}

impl DigestMemory {
    /// Reads what was remembered; nothing, if that cannot be read.
    pub fn load(file: PathBuf) -> Self {
        let known = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        DigestMemory { file, known: Mutex::new(known), grown: AtomicBool::new(false) }
    }

    /// The digest of a file's content.
    pub fn digest(&self, path: &Path) -> io::Result<Digest> {
        let name = path.to_string_lossy();
        let stamp = Stamp::of(&fs::metadata(path)?);
        let known = self.known.lock().unwrap_or_else(|broken| broken.into_inner()).get(name.as_ref()).copied();
        if let Some((remembered, digest)) = known
            && remembered == stamp
        {
            return Ok(digest);
        }
        let digest = hash(path)?;
        if !stamp.is_young() {
            let mut known = self.known.lock().unwrap_or_else(|broken| broken.into_inner());
            known.insert(name.into_owned(), (stamp, digest));
            self.grown.store(true, Ordering::Relaxed);
        }
        Ok(digest)
    }

    /// Writes down what is remembered, if there is anything new.
    pub fn save(&self) -> io::Result<()> {
        if !self.grown.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let known = self.known.lock().unwrap_or_else(|broken| broken.into_inner());
        let unfinished = self.file.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&unfinished, serde_json::to_vec(&*known)?)?;
        fs::rename(&unfinished, &self.file)
    }
}

/// The blake3 hash of a file's content.
pub fn hash(path: &Path) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Digest(hasher.finalize()))
}
