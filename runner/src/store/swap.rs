//! Puts a folder where another may be, in one step: whoever looks sees the old one or the new one, whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::own_folder;

/// How often another run may get in between before that is an error.
const TRIES: usize = 10;

/// What the name of a folder ends with that was set aside for the one that is named without it.
pub const ASIDE: &str = ".replaced";

/// Renames the folder `made` to `target`; what was there before is removed, or lies beside where `made` was if that is
/// refused. Both are on one file system. After an error the old folder is where it was.
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
            Ok(()) => {
                // The old folder now lies where the new one was. What cannot be removed of it goes with its surroundings.
                let _ = own_folder::remove(made);
                return Ok(());
            }
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
    let aside = aside(made);
    let replaces = fs::symlink_metadata(target).is_ok();
    if replaces {
        own_folder::remove(&aside)?;
        fs::rename(target, &aside)?;
    }
    if let Err(error) = fs::rename(made, target) {
        if replaces && let Err(worse) = fs::rename(&aside, target) {
            let place = aside.display();
            return Err(io::Error::new(error.kind(), format!("{error}; the old one lies in {place}: {worse}")));
        }
        return Err(error);
    }
    let _ = own_folder::remove(&aside);
    Ok(())
}

fn aside(made: &Path) -> PathBuf {
    let mut name = made.as_os_str().to_owned();
    name.push(ASIDE);
    name.into()
}
