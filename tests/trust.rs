//! What is kept is never taken on trust: whatever happens to the files of the cache, a run gives the right result.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use support::{Chance, Space};
use text_pipeline::{new, page, ran, run};

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

/// The file of a node's result.
fn result(space: &Space, node: &str) -> PathBuf {
    let below = format!("results/{}/", node.replace('@', "/"));
    let mut found = files(space, "text.txt").into_iter().filter(|path| path.to_str().unwrap().contains(&below));
    found.next().unwrap_or_else(|| panic!("{node} has no result"))
}

#[test]
fn what_a_program_reads_of_earlier_runs_is_what_was_written_or_is_made_again_first() {
    let space = new("rotten_input");
    run(&space, &[]).with(0);
    ran(&space);
    // Two days read it; one of them, and what reads that, has to run for another reason.
    forge(&result(&space, "take@2025-01-02"), b"TWO\n");
    space.write("data/words/2025-01-03.txt", "drei\n");
    let ended = run(&space, &[])
        .with(0)
        .says("take@2025-01-02: text.txt is missing or not what was written; it is set aside in .cache/v1/damaged/")
        .says("9 nodes: 4 ran, 5 cached, 0 failed, 0 skipped");
    assert_eq!(ended.stderr.matches("is set aside").count(), 1, "{}", ended.stderr);
    let twice = "recent@2025-01-03";
    assert_eq!(ran(&space), ["page@2025-01-03", twice, twice, "take@2025-01-02", "take@2025-01-03"]);
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\ndrei\n");
    assert_eq!(space.tree(".cache/v1/damaged").len(), 2, "what was damaged can be looked at");
    run(&space, &["--verify"]).with(0).says("0 ran, 9 cached");
}

#[test]
fn damage_that_makes_a_program_fail_is_not_its_failure() {
    let space = new("fatal_input");
    run(&space, &[]).with(0);
    forge(&result(&space, "take@2025-01-02"), b"DIE\n");
    space.write("data/words/2025-01-03.txt", "drei\n");
    run(&space, &[]).with(0).says("take@2025-01-02: text.txt is missing or not what was written").says("0 failed");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\ndrei\n");
}

#[test]
fn a_published_result_that_turns_out_to_be_damaged_is_made_and_published_again_though_no_day_was_to_be_published() {
    let space = new("rotten_published");
    let count = "  count:\n    run: ./count.sh\n    inputs: {text: {from: page.text}}\n    outputs: {text: text.txt}\n";
    space.write("pipeline.yaml", space.read("pipeline.yaml") + count);
    let program = |words: &str| format!("#!/bin/sh\n{words}\necho counted > \"${{6#*=}}\"\n");
    space.write_program("count.sh", &program("# first"));
    run(&space, &[]).with(0).says("12 ran");
    // The published file is the very same one.
    forge(&result(&space, "page@2025-01-02"), b"ONE\ntwo\n");
    space.write_program("count.sh", &program("# second"));
    run(&space, &[])
        .with(0)
        .says("page@2025-01-02: text.txt is missing or not what was written")
        .says("4 ran, 8 cached");
    is_right(&space);
    assert!(!space.tree("data/output").iter().any(|(path, _)| path.contains(".unfinished")));
}

/// Lets a program do something first, if a file of a certain name beside the space's notes says so.
fn let_first(space: &Space, program: &str, commands: &str) {
    let anchor = "echo \"$name@$day\" >> \"$note\"";
    let text = space.read(program);
    assert!(text.contains(anchor));
    space.write_program(program, &text.replace(anchor, &format!("{commands}\n{anchor}")));
}

#[test]
fn damage_that_cannot_be_mended_is_the_failure_of_the_node_whose_result_it_is() {
    let space = new("lasting_damage");
    let_first(&space, "take.sh", "[ \"$(cat \"$note.broken\" 2> /dev/null)\" != \"$name@$day\" ] || exit 5");
    run(&space, &[]).with(0);
    forge(&result(&space, "take@2025-01-02"), b"TWO\n");
    space.write("data/words/2025-01-03.txt", "drei\n").write("ran.broken", "take@2025-01-02");
    run(&space, &[])
        .with(1)
        .says("take@2025-01-02 failed: exit status 5")
        .says("9 nodes: 1 ran, 5 cached, 1 failed, 2 skipped");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n", "the earlier day stays");
    space.remove("ran.broken");
    run(&space, &[]).with(0);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\ndrei\n");
}

#[test]
fn a_result_that_goes_away_between_look_up_and_use_is_made_again() {
    let space = new("gone_input");
    let_first(
        &space,
        "recent.sh",
        "[ ! -e \"$note.away\" ] || { rm -rf \"$(cat \"$note.away\")\"; rm \"$note.away\"; }",
    );
    run(&space, &[]).with(0);
    ran(&space);
    let folder = result(&space, "take@2025-01-02").parent().unwrap().display().to_string();
    space.write("data/words/2025-01-03.txt", "drei\n").write("ran.away", folder);
    run(&space, &[])
        .with(0)
        .says("take@2025-01-02: text.txt is missing or not what was written; it is gone from the cache");
    assert!(ran(&space).contains(&"take@2025-01-02".to_string()));
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\ndrei\n");
}

#[test]
fn a_day_is_published_only_from_what_was_written() {
    let space = new("published_rotten");
    run(&space, &[]).with(0);
    ran(&space);
    forge(&result(&space, "page@2025-01-02"), b"ONE\ntwo\n");
    run(&space, &["--output", "elsewhere"])
        .with(0)
        .says("page@2025-01-02: text.txt is missing or not what was written; it is set aside")
        .says("1 ran, 8 cached");
    assert_eq!(ran(&space), ["page@2025-01-02"]);
    assert_eq!(space.read("elsewhere/dt=2025-01-02/text.txt"), "one\ntwo\n");
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
