//! The cache as its owner sees it: how large it is, and whether it is what was written.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/cache.rs"]
mod asking;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

use asking::{DELETE_ALL_ELSE, age_results, cache, holds, json, result, with_old_results};
use text_pipeline::{new, page, ran, run};

/// Changes a byte of a file and nothing else that tells of it: not its size and not its time.
fn flip(path: &Path) {
    let metadata = fs::metadata(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 0).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 0).unwrap();
    file.set_modified(metadata.modified().unwrap()).unwrap();
    fs::set_permissions(path, metadata.permissions()).unwrap();
    let now = fs::metadata(path).unwrap();
    assert_eq!((now.len(), now.modified().unwrap()), (metadata.len(), metadata.modified().unwrap()));
}

#[test]
fn without_a_cache_all_is_said_in_a_line_and_nothing_is_written() {
    let space = new("no_cache");
    let before = space.tree(".");
    for (verb, arguments) in [("size", &[][..]), ("gc", &DELETE_ALL_ELSE), ("verify", &[])] {
        cache(&space, verb, arguments).with(0).says("there is no cache in .cache yet");
        json(&space, verb, arguments);
    }
    assert_eq!(space.tree("."), before);
    assert!(!space.exists(".cache"));
}

#[test]
fn the_size_is_told_by_task_and_by_age() {
    let space = with_old_results("size");
    let said = json(&space, "size", &[]);
    let tasks = said["tasks"].as_array().unwrap();
    let counts: Vec<_> = tasks.iter().map(|task| (task["task"].as_str().unwrap(), task["results"].as_u64())).collect();
    assert_eq!(counts, [("page", Some(5)), ("recent", Some(5)), ("take", Some(4))]);
    let whole: u64 = space.tree(".cache/v1").iter().map(|(_, bytes)| bytes.len() as u64).sum();
    assert_eq!(said["bytes"], whole);
    assert_eq!(said["runs"]["count"], 2);
    let published: u64 = space.tree("data/output").iter().map(|(_, bytes)| bytes.len() as u64).sum();
    assert_eq!(said["published"], published);
    assert_eq!(said["all_results"]["by_age"]["under_1_day"], said["all_results"]["bytes"]);
    let people = cache(&space, "size", &[]).with(0).stdout;
    assert!(people.lines().all(|line| line.len() <= 80), "{people}");
    assert!(people.lines().any(|line| line.starts_with("take ") && line.contains(" 4 ")), "{people}");
}

#[test]
fn a_result_is_as_old_as_its_last_use() {
    let space = new("size_by_age");
    run(&space, &[]).with(0);
    age_results(&space, 40);
    let said = json(&space, "size", &[]);
    assert_eq!(said["all_results"]["by_age"]["older"], said["all_results"]["bytes"]);
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    assert_eq!(json(&space, "size", &[])["all_results"]["by_age"]["older"], 0, "a run of today used them all");
    age_results(&space, 40);
    run(&space, &["--dry-run"]).with(0);
    assert_ne!(json(&space, "size", &[])["all_results"]["by_age"]["older"], 0, "who only asks uses nothing");
}

#[test]
fn an_intact_cache_is_left_as_it_is() {
    let space = with_old_results("verify_intact");
    let before = space.tree(".");
    cache(&space, "verify", &[]).with(0).says("14 results, ").says(": all intact");
    assert!(space.tree(".") == before);
    // Another time alone says nothing about the content: caches are copied.
    age_results(&space, 1);
    let file = result(&space, "take", "2025-01-01").join("text.txt");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    File::options().append(true).open(&file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    cache(&space, "verify", &[]).with(0);
}

#[test]
fn a_flipped_byte_is_found_set_aside_and_made_again() {
    let space = new("verify_flipped");
    run(&space, &[]).with(0);
    ran(&space);
    let good = space.tree("data/output");
    let damaged = result(&space, "recent", "2025-01-02");
    flip(&damaged.join("text.txt"));
    run(&space, &["--dry-run"]).with(0).says("9 nodes: 0 would run");
    let found = cache(&space, "verify", &[]).with(1).says("1 damaged; the next run that needs it makes it again");
    assert!(found.stdout.contains("text.txt has other content than was written, of the same size"), "{}", found.stdout);
    assert!(!found.stdout.contains("published"), "{}", found.stdout);
    let key = damaged.file_name().unwrap().to_str().unwrap();
    assert_eq!(space.read(&format!(".cache/v1/damaged/recent@2025-01-02-{key}/text.txt")), "nne\ntwo\n");
    run(&space, &[]).with(0).says("9 nodes: 1 ran, 8 cached");
    assert_eq!(ran(&space), ["recent@2025-01-02"]);
    assert!(space.tree("data/output") == good);
    cache(&space, "verify", &[]).with(0).says("all intact");
}

#[test]
fn a_damaged_file_that_a_published_day_shows_is_repaired_there_too() {
    let space = new("verify_published");
    run(&space, &[]).with(0);
    ran(&space);
    let good = space.tree("data/output");
    flip(&result(&space, "page", "2025-01-02").join("text.txt"));
    assert_eq!(page(&space, "2025-01-02"), "nne\ntwo\n", "it is the very same file");
    let found = cache(&space, "verify", &[]).with(1);
    assert!(
        found.stdout.contains("published as data/output/dt=2025-01-02/text.txt; the next run over that day repairs it"),
        "{}",
        found.stdout
    );
    run(&space, &[]).with(0).says("9 nodes: 1 ran, 8 cached");
    assert_eq!(ran(&space), ["page@2025-01-02"]);
    assert!(space.tree("data/output") == good, "the published day is right again");
}

#[test]
fn a_record_that_was_cut_off_or_moved_is_found() {
    let space = new("verify_records");
    run(&space, &[]).with(0);
    ran(&space);
    let (cut, bare, moved) = (
        result(&space, "take", "2025-01-01"),
        result(&space, "take", "2025-01-02"),
        result(&space, "take", "2025-01-03"),
    );
    let entry = fs::read(cut.join("entry.json")).unwrap();
    fs::write(cut.join("entry.json"), &entry[..entry.len() / 2]).unwrap();
    fs::remove_file(bare.join("entry.json")).unwrap();
    fs::rename(&moved, moved.with_file_name("f".repeat(64))).unwrap();
    space.write(".cache/v1/results/take/yesterday/text.txt", "no day\n").write(".cache/v1/results/note", "no task\n");
    let found = cache(&space, "verify", &[]).with(1).says("5 damaged").stdout;
    for what in
        ["entry.json is cut off", "it has no entry.json", "entry.json is that of take@2025-01-03-", "not a result"]
    {
        assert!(found.contains(what), "{what}: {found}");
    }
    assert_eq!(space.read(".cache/v1/damaged/note/note"), "no task\n");
    assert_eq!(space.read(".cache/v1/damaged/take-yesterday/text.txt"), "no day\n");
    run(&space, &[]).with(0).says("9 nodes: 3 ran, 6 cached");
    assert_eq!(ran(&space), ["take@2025-01-01", "take@2025-01-02", "take@2025-01-03"]);
}

#[test]
fn what_was_set_aside_is_never_overwritten_and_goes_with_the_next_removal() {
    let space = new("verify_twice");
    let broken = ["first\n", "again\n"];
    run(&space, &[]).with(0);
    for content in broken {
        let file = result(&space, "take", "2025-01-01").join("text.txt");
        fs::remove_file(&file).unwrap();
        fs::write(&file, content).unwrap();
        cache(&space, "verify", &[]).with(1);
        run(&space, &[]).with(0).says("1 ran, 8 cached");
    }
    for content in broken {
        assert!(holds(&space, ".cache/v1/damaged", content), "{content}");
    }
    assert_eq!(json(&space, "size", &[])["damaged"]["count"], 2);
    cache(&space, "gc", &["--delete"]).with(0).says("2 set aside as damaged");
    assert!(space.tree(".cache/v1/damaged").is_empty());
}

#[test]
fn what_a_run_is_making_again_is_left_to_it() {
    let space = new("verify_claimed");
    run(&space, &[]).with(0);
    let damaged = result(&space, "take", "2025-01-01");
    fs::remove_file(damaged.join("text.txt")).unwrap();
    let key = &damaged.file_name().unwrap().to_str().unwrap()[..12];
    let mut claim = File::create(space.path(&format!(".cache/v1/claims/take@2025-01-01-{key}"))).unwrap();
    claim.lock().unwrap();
    claim.write_all(b"run 4711").unwrap();
    let found = cache(&space, "verify", &[]).with(1);
    assert!(found.stdout.contains("left in place, as run 4711 is making it again"), "{}", found.stdout);
    assert!(damaged.exists());
}
