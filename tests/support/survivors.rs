//! Whether anything that was started for a folder still runs.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long processes that were told to die may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Expects that all processes end that name a folder on their command line or work below it.
pub fn none_survive(folder: &Path) {
    let until = Instant::now() + PATIENCE;
    while let Some(process) = survivor(folder) {
        assert!(Instant::now() < until, "still runs: {process}");
        thread::yield_now();
    }
}

fn survivor(folder: &Path) -> Option<String> {
    let inside = format!("{}/", folder.display());
    fs::read_dir("/proc").unwrap().find_map(|process| {
        let process = process.unwrap().path();
        let command = String::from_utf8_lossy(&fs::read(process.join("cmdline")).ok()?).replace('\0', " ");
        let works_there = fs::read_link(process.join("cwd")).is_ok_and(|place| place.starts_with(folder));
        (works_there || command.contains(&inside)).then(|| format!("{} {command}", process.display()))
    })
}
