//! What `runner cache gc` must leave, however output folders and caches are moved and copied, and how little a cache
//! grows with the mornings.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/cache.rs"]
mod asking;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use asking::{ALL_ELSE, DELETE_ALL_ELSE, cache, going, json, result, results, with_old_results};
use support::{Ended, Space};
use text_pipeline::{new, page, ran, run, runner};

/// Expects that nothing goes although no run is kept, and that a run over the days then finds all.
#[track_caller]
fn all_stays(space: &Space, arguments: &[&str]) {
    assert!(going(&json(space, "gc", &ALL_ELSE)).is_empty());
    cache(space, "gc", &DELETE_ALL_ELSE).with(0).says("removed 0 results");
    run(space, arguments).with(0).says("9 nodes: 0 ran, 9 cached");
}

/// Copies a folder of a space, without its times and with no file that has two names.
fn copy(space: &Space, from: &str, to: &str) {
    let mut copy = Command::new("cp");
    assert!(copy.arg("-r").args([space.path(from), space.path(to)]).status().unwrap().success());
}

#[test]
fn a_moved_output_keeps_what_its_days_need_before_and_after_the_next_run() {
    let space = new("keep_moved");
    run(&space, &[]).with(0);
    fs::rename(space.path("data/output"), space.path("moved")).unwrap();
    assert!(going(&json(&space, "gc", &ALL_ELSE)).is_empty());
    cache(&space, "gc", &DELETE_ALL_ELSE)
        .with(0)
        .says("note: of 3 days published in data/output none is there")
        .says("`runner cache gc --forget data/output` lets it go");
    run(&space, &["--output", "moved"]).with(0).says("9 nodes: 0 ran, 9 cached");
    let forget = [&DELETE_ALL_ELSE[..], &["--forget", "data/output"]].concat();
    cache(&space, "gc", &forget).with(0).says("removed 0 results").does_not_say("note: ");
    cache(&space, "gc", &ALL_ELSE).with(0).says("would remove 0 results").does_not_say("note: ");
    all_stays(&space, &["--output", "moved"]);
}

#[test]
fn a_folder_that_is_gone_is_forgotten_when_that_is_asked_for_and_one_that_is_there_never() {
    let space = new("keep_forget");
    run(&space, &[]).with(0);
    cache(&space, "gc", &["--forget", "data/output"]).with(2).says("data/output is there");
    space.remove("data/output");
    let said = json(&space, "gc", &ALL_ELSE);
    assert!(going(&said).is_empty());
    assert_eq!(said["gone"][0]["days"], 3);
    let forget = [&DELETE_ALL_ELSE[..], &["--forget", "data/output"]].concat();
    cache(&space, "gc", &forget).with(0).says("removed 9 results").says("no result stays");
    cache(&space, "gc", &ALL_ELSE).with(0).does_not_say("note: ");
}

#[test]
fn a_cache_that_was_copied_without_its_times_keeps_what_published_days_need() {
    let space = new("keep_copied");
    run(&space, &[]).with(0);
    copy(&space, ".cache", "copy");
    space.remove(".cache");
    fs::rename(space.path("copy"), space.path(".cache")).unwrap();
    all_stays(&space, &[]);
}

#[test]
fn what_an_output_shows_stays_when_a_forced_run_has_made_it_again_for_another() {
    let space = new("keep_forced");
    run(&space, &[]).with(0);
    run(&space, &["--force", "--output", "other"]).with(0).says("9 ran");
    space.remove("other");
    let forget = [&DELETE_ALL_ELSE[..], &["--forget", "other"]].concat();
    cache(&space, "gc", &forget).with(0).says("removed 0 results");
    all_stays(&space, &[]);
}

#[test]
fn an_output_folder_is_known_when_no_journal_names_it_any_more() {
    let space = new("keep_journals");
    run(&space, &["--output", "elsewhere"]).with(0);
    // What a copy shows is not seen by looking at it.
    copy(&space, "elsewhere", "copy");
    space.remove("elsewhere");
    fs::rename(space.path("copy"), space.path("elsewhere")).unwrap();
    cache(&space, "gc", &DELETE_ALL_ELSE).with(0).says("removed 0 results, the journals and logs of 1 run");
    all_stays(&space, &["--output", "elsewhere"]);
}

#[test]
fn a_day_that_was_removed_from_an_output_folder_needs_nothing_any_more() {
    let space = new("keep_removed_day");
    run(&space, &[]).with(0);
    space.remove("data/output/dt=2025-01-03");
    let gone = ["page@2025-01-03", "recent@2025-01-03", "take@2025-01-03"];
    assert_eq!(going(&json(&space, "gc", &ALL_ELSE)), gone);
    cache(&space, "gc", &DELETE_ALL_ELSE).with(0).says("removed 3 results");
    assert!(!space.read(".cache/v1/published").contains("2025-01-03"));
}

#[test]
fn what_is_noted_of_published_days_can_be_lost() {
    let space = with_old_results("keep_lost_notes");
    let published = space.path(".cache/v1/published");
    for damage in [&b""[..], b"garbage\n"] {
        fs::write(&published, damage).unwrap();
        assert_eq!(going(&json(&space, "gc", &ALL_ELSE)).len(), 5, "what is shown is seen by looking at it");
    }
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    assert_eq!(space.read(".cache/v1/published").matches("data/output/dt=").count(), 3, "and noted again");
    assert!(ran(&space).is_empty());
}

#[test]
fn results_with_other_times_are_read_once_and_then_known_by_these() {
    let space = new("keep_times");
    run(&space, &[]).with(0);
    let file = result(&space, "take", "2025-01-02").join("text.txt");
    let then = SystemTime::now() - Duration::from_secs(1000);
    File::open(&file).unwrap().set_modified(then).unwrap();
    let nanoseconds = then.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos().to_string();
    assert!(!space.read(".cache/v1/index").contains(&nanoseconds));
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    let index = space.read(".cache/v1/index");
    assert!(index.contains(&nanoseconds));
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    assert_eq!(space.read(".cache/v1/index"), index);
}

#[test]
fn runs_stand_in_the_order_in_which_they_began_whatever_the_clock_said() {
    let space = new("keep_clock");
    run(&space, &[]).with(0);
    let runs = space.path(".cache/v1/runs");
    let first = fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
    fs::rename(first, runs.join("20991231T000000Z-1")).unwrap();
    space.write("data/words/2025-01-03.txt", "FAIL on purpose\n");
    run(&space, &[]).with(1);
    space.write("data/words/2025-01-03.txt", "drei\n");
    runner(&space, "retry").with(0).does_not_say("20991231").says("3 ran");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\ndrei\n");
    cache(&space, "gc", &["--keep-runs", "2", "--delete"]).with(0).says("the journals and logs of 1 run");
    assert!(!space.exists(".cache/v1/runs/20991231T000000Z-1"));
}

/// Puts each line `DAY WORD` of what it reads into the file of its day.
const SPLIT: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --in) in=${2#*=} ;; --out) out=${2#*=} ;; esac
  shift 2
done
mkdir "$out"
while read -r day word; do echo "$word" >> "$out/$day.txt"; done < "$in"
"#;

/// Joins what it reads.
const JOIN: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --in) files="$files ${2#*=}" ;; --out) out=${2#*=} ;; esac
  shift 2
done
cat $files > "$out"
"#;

const ORDERS: &str = "
sources:
  words: {path: 'words/{day}.txt'}
  orders: {path: orders.txt}
tasks:
  take:
    run: ./join.sh
    once: true
    inputs: {raw: {source: orders}}
    outputs: {text: text.txt}
  split:
    run: ./split.sh
    once: true
    inputs: {raw: {from: take.text}}
    outputs: {parts: 'parts/{day}.txt'}
  page:
    run: ./join.sh
    inputs:
      words: {source: words}
      orders: {from: split.parts, lookback_days: null}
    outputs: {text: text.txt}
    publish: dt={day}
";

/// All orders are written anew each morning, with those of one more day, and the last two days are made.
fn morning(space: &Space, day: u32) -> Ended {
    let orders: Vec<String> = (1..day).map(|day| format!("2025-01-{day:02} order of day {day}\n")).collect();
    space.write("data/orders.txt", orders.concat()).write(&format!("data/words/2025-01-{day:02}.txt"), "words\n");
    runner(space, &format!("run --from 2025-01-{:02} --to 2025-01-{day:02}", day - 1))
}

#[test]
fn of_a_table_that_grows_each_morning_one_version_stays_and_equal_parts_are_kept_once() {
    let space = Space::new("keep_growing");
    space.write_program("split.sh", SPLIT).write_program("join.sh", JOIN).write("pipeline.yaml", ORDERS);
    space.write("data/words/2025-01-02.txt", "words\n");
    for day in 3..=20 {
        morning(&space, day).with(0);
    }
    let versions = results(&space, "split", "once");
    assert_eq!(versions.len(), 18);
    let first: BTreeSet<u64> = versions.iter().map(|version| inode(version.join("parts/2025-01-01.txt"))).collect();
    assert_eq!(first.len(), 1, "a part that stays the same is one file");
    let before = json(&space, "size", &[]);
    let all = before["tasks"].as_array().unwrap().iter().find(|task| task["task"] == "split").unwrap();
    assert_eq!(before["published"], published(&space), "a file that versions share is not a published one");
    cache(&space, "gc", &["--keep-runs", "1", "--delete"]).with(0);
    assert_eq!((results(&space, "split", "once").len(), results(&space, "take", "once").len()), (1, 1));
    let after = json(&space, "size", &[]);
    let left = after["tasks"].as_array().unwrap().iter().find(|task| task["task"] == "split").unwrap();
    // Of the others nothing but their records was there for themselves.
    assert!(left["bytes"].as_u64().unwrap() < all["bytes"].as_u64().unwrap());
    let index = space.read(".cache/v1/index");
    assert_eq!(index.matches("\"task\":\"split\"").count(), 1, "{index}");
    runner(&space, "run --from 2025-01-02 --to 2025-01-20").with(0).says(" 0 ran, ");
    cache(&space, "verify", &[]).with(0);
}

fn inode(path: PathBuf) -> u64 {
    fs::metadata(path).unwrap().ino()
}

/// The bytes of all published files.
fn published(space: &Space) -> u64 {
    space.tree("data/output").iter().map(|(_, bytes)| bytes.len() as u64).sum()
}
