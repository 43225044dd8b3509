//! What is kept is never taken on trust: whatever happens to the files of the cache, a run gives the right result.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use support::{Chance, Space};
use text_pipeline::{new, page, ran, run, run_days};

/// Every file below the cache whose path ends like that.
fn files(space: &Space, ending: &str) -> Vec<PathBuf> {
    let found = space.tree(".cache").into_iter().map(|(path, _)| space.path(".cache").join(path));
    found.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

/// Overwrites a file in place, without its size or times showing it.
fn forge(path: &Path, content: &[u8]) {
    let metadata = fs::metadata(path).unwrap();
    assert_eq!(metadata.len(), content.len() as u64);
    let mut permissions = metadata.permissions();
    let before = permissions.clone();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(path, permissions).unwrap();
    fs::write(path, content).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(metadata.modified().unwrap()).unwrap();
    fs::set_permissions(path, before).unwrap();
}

#[track_caller]
fn is_right(space: &Space) {
    for (day, text) in [("01", "one\n"), ("02", "one\ntwo\n"), ("03", "one\ntwo\nthree\n")] {
        assert_eq!(page(space, &format!("2025-01-{day}")), text);
    }
}

#[test]
fn an_index_that_is_lost_cut_off_or_full_of_garbage_costs_nothing_but_time() {
    let space = new("index");
    run(&space, &[]).with(0);
    ran(&space);
    let index = space.path(".cache/v1/index");
    let whole = fs::read(&index).unwrap();
    let mut flipped = whole.clone();
    let place = String::from_utf8_lossy(&whole).find("digest\":\"").unwrap() + 12;
    flipped[place] = if flipped[place] == b'0' { b'1' } else { b'0' };
    for (number, damaged) in [&whole[..whole.len() / 2], b"", b"\xff\x00garbage\n", &flipped].iter().enumerate() {
        fs::write(&index, damaged).unwrap();
        run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
        assert!(ran(&space).is_empty(), "damage {number}");
    }
    fs::remove_file(&index).unwrap();
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    assert!(index.exists(), "it was made again");
    is_right(&space);
}

#[test]
fn entries_at_the_mercy_of_chance_are_misses_and_never_errors() {
    let seed = 20250816;
    let mut chance = Chance(seed);
    let space = new("entries");
    run(&space, &[]).with(0);
    for round in 0..40 {
        let entries = files(&space, "entry.json");
        let entry = &entries[chance.below(entries.len() as u64) as usize];
        let mut bytes = fs::read(entry).unwrap();
        match chance.below(4) {
            0 => bytes.truncate(chance.below(bytes.len() as u64) as usize),
            1 => bytes = (0..chance.below(200)).map(|_| chance.next() as u8).collect(),
            2 => bytes.clear(),
            _ => {
                let place = chance.below(bytes.len() as u64) as usize;
                bytes[place] ^= 1 << chance.below(8);
            }
        }
        fs::write(entry, bytes).unwrap();
        ran(&space);
        let ended = run(&space, &[]).with(0);
        assert!(ended.stderr.contains("1 ran, 8 cached"), "seed {seed}, round {round}: {}", ended.stderr);
        is_right(&space);
    }
}

#[test]
fn verify_reads_every_result_and_makes_those_again_that_are_not_what_was_written() {
    let space = new("verify");
    run(&space, &[]).with(0);
    ran(&space);
    let damaged =
        files(&space, "text.txt").into_iter().find(|path| path.to_str().unwrap().contains("recent/2025-01-02"));
    forge(&damaged.unwrap(), b"ONE\ntwo\n");
    run(&space, &["--verify"]).with(0).says("text.txt in the cache is missing or damaged").says("1 ran, 8 cached");
    assert_eq!(ran(&space), ["recent@2025-01-02"]);
    is_right(&space);
    run(&space, &["--verify"]).with(0).says("0 ran, 9 cached");
}

#[test]
fn a_share_of_the_results_is_read_again_by_every_run() {
    let space = new("sampled");
    for day in 1..=90 {
        let day = text_day(day);
        space.write(&format!("data/words/{day}.txt"), "a word\n");
    }
    let (first, last) = (text_day(1), text_day(90));
    run_days(&space, &first, &last, &["--task", "take"]).with(0);
    for path in files(&space, "text.txt") {
        forge(&path, b"A WORD\n");
    }
    ran(&space);
    // One in 64 is read: that none of 90 is found in 20 runs has a chance of 1 in 10^12.
    let found = (0..20).any(|_| {
        run_days(&space, &first, &last, &["--task", "take"]).with(0);
        !ran(&space).is_empty()
    });
    assert!(found);
}

/// A day of 2025, by its number in the year.
fn text_day(number: u32) -> String {
    let (month, day) = [(1, 0), (2, 31), (3, 59), (4, 90)]
        .iter()
        .rev()
        .find_map(|(month, before)| (number > *before).then(|| (*month, number - before)))
        .unwrap();
    format!("2025-{month:02}-{day:02}")
}

#[test]
fn a_result_that_is_a_link_or_a_folder_is_no_result() {
    let space = new("odd_results");
    run(&space, &[]).with(0);
    for change in
        [(|path: &Path| std::os::unix::fs::symlink("/etc/hostname", path).unwrap()) as fn(&Path), |path: &Path| {
            fs::create_dir(path).unwrap()
        }]
    {
        ran(&space);
        let result =
            files(&space, "text.txt").into_iter().find(|path| path.to_str().unwrap().contains("take/2025-01-02"));
        let result = result.unwrap();
        fs::remove_file(&result).unwrap();
        change(&result);
        run(&space, &[]).with(0);
        assert_eq!(ran(&space), ["take@2025-01-02"]);
        is_right(&space);
    }
}
