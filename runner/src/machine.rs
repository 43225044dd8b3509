//! What this machine has to give: cores, memory, room on its disks.

use std::fs;
use std::path::Path;

/// How many programs can run at the same time without taking turns.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The memory that programs could take now without driving out others, in bytes: what the kernel says is available, or
/// what the control group of this process leaves, if that is less. All there is, if neither can be found out.
pub fn free_memory() -> u64 {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    let number = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse::<u64>().ok();
    let group = number("memory.max").map(|most| most.saturating_sub(number("memory.current").unwrap_or(0)));
    available.map(|kibibytes| kibibytes * 1024).into_iter().chain(group).min().unwrap_or(u64::MAX)
}

/// The room that is left on the disk of a folder, or of the nearest one above that exists, in bytes.
pub fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
