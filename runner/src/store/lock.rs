//! Locks of the operating system: how one is taken, who holds it, and what is said where there is none to be had.
//!
//! A lock ends with its holder, however that comes about. What a lock is for is not known here.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Error, anyhow};

/// Opens a file that is to be locked, and makes it if it is not there. Anything but a plain file is an error: opening a
/// pipe would wait for its other end, and a link could lead anywhere.
pub fn open(path: &Path) -> io::Result<File> {
    plain(File::options().create(true).truncate(false).read(true).write(true), path)
}

/// Opens a file that is to be locked, if it is there.
pub fn open_existing(path: &Path) -> io::Result<File> {
    plain(File::options().read(true), path)
}

fn plain(options: &mut fs::OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a plain file; remove it")) }
}

/// A file that nobody else has locked as long as this is open. Waits for it.
pub fn take(path: &Path) -> Result<File, Error> {
    open(path).and_then(|file| file.lock().map(|()| file)).map_err(|error| refused(path, error))
}

/// A folder that nobody else has locked as long as this is open. Waits for it; `None` where the file system cannot lock
/// folders, so that two runs that publish the same day in the same moment are not kept apart there.
pub fn take_folder(path: &Path) -> Option<File> {
    File::open(path).ok().filter(|folder| folder.lock().is_ok())
}

/// Locks a file for all who only need it to stay, or for one alone. Who has to wait says for whom before.
pub fn wait(file: File, shared: bool, waiting: impl Fn(&str)) -> io::Result<File> {
    match if shared { file.try_lock_shared() } else { file.try_lock() } {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let holders = holders(&file);
    waiting(&if holders.is_empty() {
        "another process".to_string()
    } else {
        format!("process {}", holders.join(", "))
    });
    if shared { file.lock_shared() } else { file.lock() }.map(|()| file)
}

/// The processes that hold a lock on a file, as far as the kernel tells.
fn holders(file: &File) -> Vec<String> {
    let (Ok(metadata), Ok(locks)) = (file.metadata(), fs::read_to_string("/proc/locks")) else { return Vec::new() };
    let inode = format!(":{}", metadata.ino());
    // `1: FLOCK ADVISORY READ 4711 08:01:123456 0 EOF`; one that waits has a `->` behind the number. A process that
    // cannot be seen from here is 0.
    let lines = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let holders = lines.filter_map(|words| match words[..] {
        [_, "FLOCK", _, _, process, place, ..] if place.ends_with(&inode) && process != "0" => {
            Some(process.to_string())
        }
        _ => None,
    });
    holders.collect()
}

/// Whether anybody holds a lock on the file at a path.
pub fn is_held(path: &Path) -> bool {
    open_existing(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Whether an open file is the one at a path.
pub fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// What is said of a file that cannot be locked.
pub fn refused(path: &Path, error: io::Error) -> Error {
    let owner = fs::symlink_metadata(path).map(|found| found.uid()).ok();
    let other = owner.filter(|owner| *owner != rustix::process::geteuid().as_raw());
    match other.filter(|_| error.kind() == io::ErrorKind::PermissionDenied) {
        Some(owner) => anyhow!(
            "cannot lock {}: {error}; it belongs to the user with number {owner}\n\
             to share a cache, make its folder before the first run with `chmod g+ws` and let all its users work with \
             `umask 002`; or name one of your own with --cache",
            path.display()
        ),
        None => Error::new(error).context(format!("cannot lock {}", path.display())),
    }
}
