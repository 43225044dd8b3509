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
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let group = |file: &str| read(&format!("/sys/fs/cgroup/{file}"));
    let machine = field(&read("/proc/meminfo"), "MemAvailable:").map(|kibibytes| kibibytes * 1024);
    let group = left_in_group(&group("memory.max"), &group("memory.current"), &group("memory.stat"));
    machine.into_iter().chain(group).min().unwrap_or(u64::MAX)
}

/// What a control group leaves of its memory; nothing is known where it has no limit. Pages of files that nobody has used
/// lately count as taken, but the kernel gives them up for whoever needs memory.
fn left_in_group(most: &str, taken: &str, details: &str) -> Option<u64> {
    let most: u64 = most.trim().parse().ok()?;
    let taken: u64 = taken.trim().parse().unwrap_or(0);
    Some(most.saturating_sub(taken.saturating_sub(field(details, "inactive_file").unwrap_or(0))))
}

/// The number that stands behind a name in a text of such lines.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next() == Some(name)).then(|| words.next()?.parse().ok())?)
}

/// The room that is left on the disk of a folder, or of the nearest one above that exists, in bytes.
pub fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_group_keeps_of_files_counts_as_free() {
        let details = "anon 300\nfile 600\ninactive_file 500\nactive_file 100\n";
        assert_eq!(left_in_group("1000\n", "900\n", details), Some(600));
        assert_eq!(left_in_group("1000\n", "900\n", ""), Some(100));
        assert_eq!(left_in_group("max\n", "900\n", details), None);
    }

    #[test]
    fn the_memory_of_this_machine_is_known() {
        assert!((1 << 20..u64::MAX).contains(&free_memory()));
    }
}
