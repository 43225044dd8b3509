//! The processes of this machine, as `/proc` lists them: whose child each is, and what it holds in memory.
//!
//! It knows nothing of programs and limits. It allocates nothing while it looks, so a process that was forked from one
//! with threads may use it.

use std::io::Write;
use std::mem::MaybeUninit;

use rustix::fs::{CWD, Mode, OFlags, RawDir, open, openat};

/// A process at the moment when it was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pub id: i32,
    /// The process that waits for its end.
    pub parent: i32,
    /// The pages of memory that it holds.
    pub pages: u64,
}

/// Visits every process that can be seen.
pub fn each(mut visit: impl FnMut(Process)) {
    let Ok(folder) = open(c"/proc", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) else { return };
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        if let Some(process) = number(entry.file_name().to_bytes()).and_then(|id| look(id as i32)) {
            visit(process);
        }
    }
}

/// The memory of all processes below one, in bytes.
pub fn memory_below(root: i32) -> u64 {
    let mut processes = Vec::new();
    each(|process| processes.push(process));
    let (mut below, mut pages) = (vec![root], 0);
    while let Some(parent) = below.pop() {
        for child in processes.iter().filter(|process| process.parent == parent) {
            below.push(child.id);
            pages += child.pages;
        }
    }
    pages * page_size()
}

/// In bytes.
#[expect(unsafe_code, reason = "the C library is asked for a number")]
fn page_size() -> u64 {
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}

fn look(id: i32) -> Option<Process> {
    let mut path = [0; 32];
    write!(&mut path[..31], "/proc/{id}/stat").ok()?;
    let path = std::ffi::CStr::from_bytes_until_nul(&path).ok()?;
    let file = openat(CWD, path, OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = [0; 1024];
    let count = rustix::io::read(file, &mut bytes).ok()?;
    parse(id, bytes.get(..count)?)
}

/// Reads `ID (NAME) STATE PARENT ...`; a name may hold anything, parentheses too.
fn parse(id: i32, line: &[u8]) -> Option<Process> {
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let mut fields = line.get(end + 2..)?.split(|byte| *byte == b' ');
    let parent = number(fields.nth(1)?)? as i32;
    // Fields are counted from 1 and begin with the id; memory is the 24th.
    let pages = number(fields.nth(19)?)?;
    Some(Process { id, parent, pages })
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_whatever_its_name() {
        let line = b"42 (a) b (c) S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 321 18446744073709551615 1\n";
        let process = parse(42, line).unwrap();
        assert_eq!((process.id, process.parent, process.pages), (42, 7, 321));
        assert!(parse(42, b"42 (sh").is_none());
    }

    #[test]
    fn this_process_is_seen() {
        let mut seen = None;
        each(|process| seen = seen.or(Some(process).filter(|process| process.id == std::process::id() as i32)));
        let seen = seen.unwrap();
        assert_eq!(seen.parent, std::os::unix::process::parent_id() as i32);
        assert!(seen.pages > 0);
    }
}
