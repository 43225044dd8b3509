//! Whether anything that was started for a folder still runs.

use std::fs;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// How many seconds a process that was told to die may take, on a machine that has much else to do.
const PATIENCE: i64 = 30;

/// Expects that all processes end that name a folder on their command line, work below it or hold a file of it open.
pub fn none_survive(folder: &Path) {
    // The kernel knows the folder without links, and so does the runner.
    let folder = fs::canonicalize(folder).unwrap();
    while let Some((process, command)) = survivor(&folder) {
        assert!(ends(process), "still runs: {process} {command}");
    }
}

/// Waits for the end of a process; false if it does not come.
fn ends(process: i32) -> bool {
    let Ok(process) = pidfd_open(Pid::from_raw(process).unwrap(), PidfdFlags::empty()) else { return true };
    let mut end = [PollFd::new(&process, PollFlags::IN)];
    poll(&mut end, Some(&Timespec { tv_sec: PATIENCE, tv_nsec: 0 })).unwrap() > 0
}

/// A process other than this one, which may hold files of its tests.
fn survivor(folder: &Path) -> Option<(i32, String)> {
    let inside = format!("{}/", folder.display());
    fs::read_dir("/proc").unwrap().find_map(|process| {
        let process = process.unwrap().path();
        let number: i32 = process.file_name()?.to_str()?.parse().ok()?;
        if number == std::process::id() as i32 {
            return None;
        }
        let command = String::from_utf8_lossy(&fs::read(process.join("cmdline")).ok()?).replace('\0', " ");
        let is_there = |link: &Path| fs::read_link(link).is_ok_and(|place| place.starts_with(folder));
        // What was forked from the runner and has not become another program yet holds the runner's locks.
        let mut held = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let survives =
            command.contains(&inside) || is_there(&process.join("cwd")) || held.any(|file| is_there(&file.path()));
        survives.then_some((number, command))
    })
}
