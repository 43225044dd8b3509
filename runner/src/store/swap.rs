//! Puts a folder where another may be, in one step: whoever looks sees the old one or the new one, whole.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// How often another run may get in between before that is an error.
const TRIES: usize = 10;

/// Renames the folder `made` to `target`; what was there before is removed. Both are on one file system.
pub fn put(made: &Path, target: &Path) -> io::Result<()> {
    for _ in 0..TRIES {
        match renameat_with(CWD, made, CWD, target, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST | Errno::NOTEMPTY) => {}
            Err(Errno::INVAL | Errno::NOSYS) => return put_in_two_steps(made, target),
            Err(error) => return Err(error.into()),
        }
        if !fs::symlink_metadata(target).is_ok_and(|found| found.is_dir()) {
            return Err(io::Error::other(format!("{} is there and is not a folder", target.display())));
        }
        match renameat_with(CWD, made, CWD, target, RenameFlags::EXCHANGE) {
            // The old folder now lies where the new one was.
            Ok(()) => return fs::remove_dir_all(made),
            // Another run took it away in this moment.
            Err(Errno::NOENT) => {}
            Err(Errno::INVAL | Errno::NOSYS) => return put_in_two_steps(made, target),
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::other("other runs replace it all the time"))
}

/// For a file system that cannot exchange two names (NFS, say): the folder is absent for the moment between the two.
fn put_in_two_steps(made: &Path, target: &Path) -> io::Result<()> {
    let aside = made.with_extension("replaced");
    if target.exists() {
        fs::rename(target, &aside)?;
    }
    fs::rename(made, target)?;
    if aside.exists() { fs::remove_dir_all(aside) } else { Ok(()) }
}
