//! The runner on a disk that refuses, or killed at a chosen one of the calls by which it changes files.
//!
//! This knows how `disturb.c` is built and told what to do, and which calls were made. It does not know what should
//! come of a disturbance.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::Space;

/// The ways to be killed at a call: before it, after it, and in the middle of what is written.
pub const KILLS: [&str; 3] = ["kill", "kill-after", "short"];

/// The ways in which a disk can refuse a call and all later ones, and what is said then.
pub const REFUSALS: [(&str, &str); 4] = [
    ("enospc", "No space left on device"),
    ("eacces", "Permission denied"),
    ("erofs", "Read-only file system"),
    ("eio", "Input/output error"),
];

/// Where the calls are noted, in the space.
const TRACE: &str = "trace";

/// Where and how a run is disturbed.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub how: &'static str,
    /// The number of a call, counted from 1.
    pub number: usize,
}

/// A call that changes a file or a folder.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// Below the space.
    pub path: String,
    pub refused: bool,
}

impl Call {
    fn read(line: &str, space: &Path) -> Call {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap().to_string();
        let (fate, name, path) = (word(), word(), word());
        let path = Path::new(&path).strip_prefix(space).unwrap().display().to_string();
        Call { name, path, refused: fate == "refused" }
    }

    /// What it does to which kind of file: runs, days and keys, which have digits in their names, are all the same.
    fn kind(&self) -> String {
        let part = |part| if str::contains(part, |letter: char| letter.is_ascii_digit()) { "*" } else { part };
        format!("{} {}", self.name, self.path.split('/').map(part).collect::<Vec<_>>().join("/"))
    }

    /// Whether a part of it can be done.
    pub fn can_be_short(&self) -> bool {
        ["write", "copy_file_range", "sendfile"].contains(&self.name.as_str())
    }
}

/// Has the calls noted that a command makes below a folder of the space.
pub fn watch<'a>(command: &'a mut Command, space: &Space, folder: &Path) -> &'a mut Command {
    // The runner knows its folders by the names that the kernel gives them.
    let folder = fs::canonicalize(folder).unwrap();
    command.env("LD_PRELOAD", library()).env("DISTURB_BELOW", folder).env("DISTURB_TRACE", space.path(TRACE))
}

/// Disturbs a command that is watched.
pub fn disturb(command: &mut Command, point: Point) {
    command.env("DISTURB_HOW", point.how).env("DISTURB_AT", point.number.to_string());
}

/// Forgets the calls that were noted in a space.
pub fn forget(space: &Space) {
    space.remove(TRACE);
}

/// The calls that were noted in a space.
pub fn calls(space: &Space) -> Vec<Call> {
    let folder = fs::canonicalize(&space.folder).unwrap();
    let trace = if space.exists(TRACE) { space.read(TRACE) } else { String::new() };
    trace.lines().map(|line| Call::read(line, &folder)).collect()
}

/// The numbers of some calls: the last of each kind, or all if the variable `CRASH_FULL` is set.
pub fn sample(calls: &[Call]) -> Vec<usize> {
    if std::env::var_os("CRASH_FULL").is_some() {
        return (1..=calls.len()).collect();
    }
    let last: BTreeMap<String, usize> = calls.iter().map(Call::kind).zip(1..).collect();
    last.into_values().collect()
}

/// Has every file system seem to have so much room, in bytes, to a command that is watched.
pub fn set_room(command: &mut Command, bytes: u64) {
    command.env("DISTURB_FREE", bytes.to_string());
}

/// Has every file system lack something for a command that is watched: `exchange`, `links`, `moments`.
pub fn lack(command: &mut Command, what: &str) {
    command.env("DISTURB_LACKS", what);
}

/// Has a command that is watched take itself for the program of another user.
pub fn set_user(command: &mut Command, user: u32) {
    command.env("DISTURB_USER", user.to_string());
}

/// The words before a command for which it is always the same time of day, in seconds since 1970.
pub fn at_time(seconds: u64) -> [String; 3] {
    ["env".into(), format!("LD_PRELOAD={}", library().display()), format!("DISTURB_TIME={seconds}")]
}

/// The library that stands between a program and the disk, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/support/disturb.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disturb.so");
        // Another test program may be loading it.
        let unfinished = library.with_extension(format!("{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).args([&unfinished, &source]);
        assert!(compiler.arg("-ldl").status().unwrap().success(), "{compiler:?}");
        fs::rename(&unfinished, &library).unwrap();
        library
    })
}
