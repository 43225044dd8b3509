//! Whether a file is still the one that was looked at: its size, times and inode, which one look gives.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::key::Digest;

/// A file that changed this recently could change again without its times showing it, as clocks of file systems are
/// coarse.
const YOUNG: Duration = Duration::from_secs(2);

/// What tells that a file is still the one that was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

/// A file as it was when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub stamp: Stamp,
    pub digest: Digest,
}

impl Stamp {
    pub fn take(path: &Path) -> io::Result<Self> {
        Ok(Stamp::of(&fs::metadata(path)?))
    }

    fn of(metadata: &Metadata) -> Self {
        Stamp {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the file changed so recently that an equal stamp proves nothing.
    pub fn is_young(&self) -> bool {
        let newest = self.modified.0.max(self.changed.0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        newest >= (now.saturating_sub(YOUNG)).as_secs() as i64
    }
}

impl Seen {
    /// Whether the file is still what it was.
    pub fn is_still(&self, path: &Path) -> bool {
        let same = Stamp::take(path).is_ok_and(|stamp| stamp == self.stamp);
        same && (!self.stamp.is_young() || hash(path).is_ok_and(|digest| digest == self.digest))
    }
}

/// The blake3 hash of a file's content.
pub fn hash(path: &Path) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Digest(hasher.finalize()))
}
