//! The right to make a result, so that no two runs make the same one at the same time.
//!
//! It is a lock of the operating system on a small file that names its holder; it ends with its holder, however that
//! comes about. The file itself means nothing: it is removed when the lock is given back, and one that a killed run left
//! behind is removed by the next run.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::key::Key;
use super::{lock, own_folder};

/// The right to make a result, for as long as this lives.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    _lock: File,
}

/// The file name of the claim on a result.
pub fn name(node: &str, key: &Key) -> String {
    format!("{node}-{}", key.short())
}

/// What came of asking for a claim.
#[derive(Debug)]
pub enum Asked {
    Granted(Claim),
    /// Another holds it, who says this of itself.
    Taken {
        holder: String,
        lock: Queue,
    },
}

/// The way to wait until a claim that is taken may be free.
#[derive(Debug)]
pub struct Queue(File);

impl Queue {
    /// Waits. The claim then has to be asked for again.
    pub fn wait(self) {
        // If it cannot be waited for, it is asked for again at once.
        let _ = self.0.lock();
    }
}

impl Claim {
    /// Asks for a claim under a file name; `holder` is what others are told.
    pub fn ask(folder: &Path, name: &str, holder: &str) -> io::Result<Asked> {
        fs::create_dir_all(folder)?;
        let path = folder.join(name);
        loop {
            let mut file = lock::open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = fs::read_to_string(&path).unwrap_or_default();
                    return Ok(Asked::Taken { holder, lock: Queue(file) });
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Its last holder may have removed it between the opening and the locking.
            if lock::is_at(&file, &path) {
                // To cut off a file that is empty would make ext4 write it to the disk when it is closed.
                if file.metadata()?.len() > 0 {
                    file.set_len(0)?;
                }
                file.write_all(holder.as_bytes())?;
                return Ok(Asked::Granted(Claim { path, _lock: file }));
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // It is removed while it is held, so that nobody can lock a file that is about to go without noticing.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the files of claims that nobody holds. What is no plain file is none of them.
pub fn clear_abandoned(folder: &Path) -> io::Result<()> {
    let Ok(files) = fs::read_dir(folder) else { return Ok(()) };
    for file in files {
        let path = file?.path();
        let Ok(file) = lock::open_existing(&path) else { continue };
        if file.try_lock().is_ok() && lock::is_at(&file, &path) {
            own_folder::remove(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn a_claim_is_held_by_one_alone_however_its_holders_come_and_go() {
        let folder = std::env::temp_dir().join(format!("runner-claim-{}", std::process::id()));
        let holders = AtomicUsize::new(0);
        let come_and_go = || {
            for _ in 0..2000 {
                match Claim::ask(&folder, "take@2025-01-01-0123", "a thread").unwrap() {
                    Asked::Granted(_claim) => {
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        thread::yield_now();
                        holders.fetch_sub(1, Ordering::SeqCst);
                    }
                    Asked::Taken { lock, .. } => lock.wait(),
                }
            }
        };
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(come_and_go))));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir_all(folder).unwrap();
    }
}
