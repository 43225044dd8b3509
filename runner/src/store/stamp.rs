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
/// The clock of a file server may be ahead by this. What is further ahead was set by somebody, or by a clock that was
/// wrong, and the next change will show.
const AHEAD: Duration = Duration::from_secs(300);

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
    /// Whether the file had changed so recently then that an equal stamp proves nothing. What is written down never is.
    #[serde(skip)]
    pub young: bool,
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

    /// Whether the file changed just before `now`, the time at which the stamp was taken.
    fn is_young(&self, now: SystemTime) -> bool {
        [self.modified, self.changed].iter().any(|(seconds, _)| is_recent(*seconds, now))
    }
}

/// Whether a time in seconds since 1970 is so close to now that what bears it could change once more without showing it.
pub fn is_recent(seconds: i64, now: SystemTime) -> bool {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let first = now.saturating_sub(YOUNG).as_secs() as i64;
    (first..=(now + AHEAD).as_secs() as i64).contains(&seconds)
}

impl Seen {
    /// Reads a file whose stamp was taken just now.
    pub fn read(path: &Path, stamp: Stamp) -> io::Result<Self> {
        // The stamp was taken first: if the file changes while it is read, that is not its stamp afterwards.
        let young = stamp.is_young(SystemTime::now());
        Ok(Seen { stamp, digest: hash(path)?, young })
    }

    /// Whether the file is still what it was. One that was young when it was seen is read again, however much time has
    /// gone by: its stamp never told one content from the next.
    pub fn is_still(&self, path: &Path) -> bool {
        let same = Stamp::take(path).is_ok_and(|stamp| stamp == self.stamp);
        same && (!self.young || hash(path).is_ok_and(|digest| digest == self.digest))
    }
}

/// The blake3 hash of a file's content.
pub fn hash(path: &Path) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Digest(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_young_when_it_was_seen_is_read_again_however_old_it_is_by_then() {
        let path = std::env::temp_dir().join(format!("runner-young-{}", std::process::id()));
        fs::write(&path, "one").unwrap();
        let seen = Seen::read(&path, Stamp::take(&path).unwrap()).unwrap();
        assert!(seen.young && seen.is_still(&path));
        // A change that the clock of the file system was too coarse to show.
        fs::write(&path, "two").unwrap();
        let unnoticed = Seen { stamp: Stamp::take(&path).unwrap(), ..seen };
        assert!(!unnoticed.is_still(&path));
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_time_proves_something_once_it_lies_back_or_so_far_ahead_that_no_server_has_it() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let recent = |seconds: i64| is_recent(1_000_000 + seconds, now);
        assert_eq!([-3, -2, 0, 300, 301, 1_000_000].map(recent), [false, true, true, true, false, false]);
        let stamp = |modified, changed| Stamp { size: 0, modified: (modified, 0), changed: (changed, 0), inode: 0 };
        assert!(stamp(1_000_000, 0).is_young(now) && stamp(0, 1_000_000).is_young(now));
        assert!(!stamp(2_000_000_000, 0).is_young(now), "somebody gave it a time in the future, long ago");
    }
}
