//! A folder that belongs to one process as long as that lives, and how what others left behind is removed.
//!
//! A lock on a file in it tells that its owner lives. It does not know what the folder is for.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::lock;

/// The file that is locked. No node, output or day is named like that.
const LOCK: &str = ".lock";

/// A folder that others leave alone for as long as this lives.
#[derive(Debug)]
pub struct OwnFolder {
    path: PathBuf,
    _lock: File,
}

impl OwnFolder {
    /// Makes a folder of a name that none has yet: the name itself, or one with a number after it. Who removes what was
    /// left behind must not do that in the same moment.
    pub fn create(parent: &Path, name: &str) -> io::Result<Self> {
        for name in names(name) {
            match fs::create_dir(parent.join(&name)) {
                Ok(()) => return OwnFolder::own(parent.join(name)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn own(path: PathBuf) -> io::Result<Self> {
        let lock = lock::open(&path.join(LOCK))?;
        lock.lock()?;
        Ok(OwnFolder { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with all that is in it. The lock goes last: others see whose it is as long as anything is there.
    pub fn remove(self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() != OsStr::new(LOCK) {
                remove(&entry.path())?;
            }
        }
        remove(&self.path)
    }
}

/// A name, and the ones that it gets where it is taken.
pub fn names(name: &str) -> impl Iterator<Item = String> {
    std::iter::once(name.to_string()).chain((2..).map(move |number| format!("{name}-{number}")))
}

/// Whether the owner of a folder lives.
pub fn is_owned(folder: &Path) -> bool {
    lock::is_held(&folder.join(LOCK))
}

/// Removes a file, or a folder with all that is in it; links are removed and not followed. What is gone is no error, for
/// others clear up too.
pub fn remove(path: &Path) -> io::Result<()> {
    match remove_once(path) {
        // A folder that cannot be written to keeps its files.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            unlock_folders(path).map_err(|_| error)?;
            remove_once(path)
        }
        removed => removed,
    }
}

fn remove_once(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Lets the owner write to a folder and to all below it.
fn unlock_folders(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(path)? {
            unlock_folders(&entry?.path())?;
        }
    }
    Ok(())
}
