//! What is published is what was made last, whole, and from the newest raw files: whatever the file system lacks, whoever
//! else publishes, and whatever happened to the day since.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/disturb.rs"]
mod disturb;
#[path = "support/scene.rs"]
mod scene;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use disturb::{Call, Point};
use scene::Scene;
use serde_json::Value;
use support::{Ended, Space, end, ended};
use text_pipeline::{new, page, ran, run, run_days, runner};

/// A run of the second day that waits in its last program.
struct Paused {
    runner: Child,
    command: Command,
    gate: File,
}

/// The text pipeline, whose `page` waits as long as a pipe named `gate` is there and is written to.
fn gated(name: &str) -> Space {
    let space = new(name);
    let gate = space.path("gate").display().to_string();
    let program = space.read("page.sh").replacen('\n', &format!("\n[ -p '{gate}' ] && cat '{gate}'\n"), 1);
    space.write_program("page.sh", &program);
    space
}

impl Paused {
    /// Starts a run and waits until it has read all its raw files. Runs that are started afterwards do not wait.
    fn start(space: &Space) -> Paused {
        let gate = space.path("gate");
        assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
        let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
        command.args(["run", "--from", "2025-01-02", "--to", "2025-01-02"]);
        let runner = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Opening a pipe to write waits for its reader, which is the program.
        let writer = File::options().write(true).open(&gate).unwrap();
        fs::remove_file(gate).unwrap();
        Paused { runner, command, gate: writer }
    }

    fn go_on(self) -> Ended {
        drop(self.gate);
        ended(&self.command, self.runner.wait_with_output().unwrap())
    }
}

const SECOND: &str = "data/words/2025-01-02.txt";
const DAY: &str = "data/output/dt=2025-01-02";

#[test]
fn a_slower_run_does_not_put_a_day_back_in_time() {
    let space = gated("slower_run");
    run(&space, &[]).with(0);
    space.write(SECOND, "older\n");
    let slower = Paused::start(&space);
    space.write(SECOND, "newer\n");
    run(&space, &[]).with(0);
    slower
        .go_on()
        .with(0)
        .says("page@2025-01-02 stays as another run has published it meanwhile: it read newer raw files");
    assert_eq!(page(&space, "2025-01-02"), "one\nnewer\n");
    run(&space, &[]).with(0).says("0 ran, 9 cached").does_not_say("published from");
}

/// Puts another folder in the place of a published day, as another run would.
fn publish_otherwise(space: &Space, text: &str) {
    space.remove(DAY).write(&format!("{DAY}/text.txt"), text);
}

#[test]
fn a_run_that_read_newer_files_replaces_what_an_older_one_published_meanwhile() {
    let space = gated("newer_run");
    run(&space, &[]).with(0);
    space.write(SECOND, "newer\n");
    let newer = Paused::start(&space);
    publish_otherwise(&space, "one\nolder\n");
    let told = newer.go_on().with(0).does_not_say("stays as");
    assert_eq!(page(&space, "2025-01-02"), "one\nnewer\n", "{}", told.stderr);
}

#[test]
fn a_day_that_nobody_made_from_the_newest_files_is_left_to_the_next_run_with_a_word() {
    let space = gated("nobody_newest");
    run(&space, &[]).with(0);
    space.write(SECOND, "newer\n");
    let newer = Paused::start(&space);
    publish_otherwise(&space, "one\nolder\n");
    space.write(SECOND, "newest\n");
    newer.go_on().with(0).says("page@2025-01-02 stays as another run has published it").says("run again to make it");
    assert_eq!(page(&space, "2025-01-02"), "one\nolder\n");
    run(&space, &[]).with(0);
    assert_eq!(page(&space, "2025-01-02"), "one\nnewest\n");
}

#[test]
fn a_day_that_appeared_or_went_while_a_run_made_it_is_published() {
    let space = gated("appeared");
    let first = Paused::start(&space);
    publish_otherwise(space.write(&format!("{DAY}/text.txt"), ""), "foreign\n");
    first.go_on().with(0);
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    space.write(SECOND, "zwei\n");
    let second = Paused::start(&space);
    space.remove(DAY);
    second.go_on().with(0);
    assert_eq!(page(&space, "2025-01-02"), "one\nzwei\n");
}

/// Runs the three days on file systems that lack something.
fn run_lacking(space: &Space, lacks: &str, arguments: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03"]).args(arguments);
    disturb::lack(disturb::watch(&mut command, space, &space.folder), lacks);
    end(command)
}

fn inode(space: &Space, path: &str) -> u64 {
    fs::metadata(space.path(path)).unwrap().ino()
}

#[test]
fn copies_are_published_once_where_times_are_coarse() {
    let space = new("coarse_times");
    run_lacking(&space, "links moments", &[]).with(0);
    let published = || ["01", "02", "03"].map(|day| inode(&space, &format!("data/output/dt=2025-01-{day}")));
    let before = published();
    let copy = fs::metadata(space.path(&format!("{DAY}/text.txt"))).unwrap();
    assert_eq!((copy.nlink(), copy.mtime_nsec()), (1, 0));
    for _ in 0..2 {
        run_lacking(&space, "links moments", &[]).with(0).says("0 ran, 9 cached").does_not_say("published from");
    }
    assert_eq!(published(), before);
    assert!(runner(&space, "status --from 2025-01-01 --to 2025-01-03").with(0).stdout.ends_with("9 fresh\n"));
}

/// Overwrites a file in place and leaves its size and time as they were.
fn forge(path: &Path, content: &str) {
    let before = fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64);
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path, content).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(before.modified().unwrap()).unwrap();
    fs::set_permissions(path, before.permissions()).unwrap();
}

#[test]
fn a_published_copy_that_is_not_what_was_written_is_noticed() {
    let space = new("forged_copy");
    run_lacking(&space, "links", &[]).with(0);
    for arguments in [&[][..], &["--verify"]] {
        forge(&space.path(&format!("{DAY}/text.txt")), "ONE\ntwo\n");
        let again = run_lacking(&space, "links", arguments).with(0);
        again.says("0 ran, 9 cached").says("1 day was published from the cache");
        assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n", "{arguments:?}");
    }
    run(&space, &["--verify"]).with(0).does_not_say("published from");
}

#[test]
fn verify_reads_copies_that_look_as_they_did_when_they_were_read_last() {
    let space = new("rotten_copy");
    let lacks = "links changes";
    run_lacking(&space, lacks, &[]).with(0);
    let copy = space.path(&format!("{DAY}/text.txt"));
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
    File::options().write(true).open(&copy).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    run_lacking(&space, lacks, &[]).with(0).does_not_say("published from");
    // Like bytes that rot on a disk, which changes no time.
    forge(&copy, "ONE\ntwo\n");
    run_lacking(&space, lacks, &[]).with(0).does_not_say("published from");
    assert_eq!(page(&space, "2025-01-02"), "ONE\ntwo\n", "this test is about what a look at times cannot see");
    run_lacking(&space, lacks, &["--verify"]).with(0).says("1 day was published from the cache");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
}

#[test]
fn what_is_published_again_without_a_program_is_said_and_counted() {
    let space = new("published_again");
    let first: Value = serde_json::from_str(&run(&space, &["--json"]).with(0).stdout).unwrap();
    assert_eq!(first["published"].as_array().unwrap().len(), 3);
    assert_eq!(first["published_from_cache"], 0);
    space.remove("data/output/dt=2025-01-01").remove(DAY);
    ran(&space);
    let again = run(&space, &["--json"]).with(0).says("2 days were published from the cache");
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["published"], serde_json::json!(["page@2025-01-01", "page@2025-01-02"]));
    assert_eq!(again["published_from_cache"], 2);
    assert!(ran(&space).is_empty());
}

/// Writes each of its words into a file of the day's own.
const SPLITTER: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --out) out=${2#*=} ;; --day) day=$2 ;; --in) in=${2#*=} ;; esac
  shift 2
done
mkdir "$out" && cp "$in" "$out/$day.txt"
"#;

#[test]
fn a_foreign_file_anywhere_in_a_published_day_is_noticed() {
    let space = new("foreign_files");
    let pipeline = space.read("pipeline.yaml");
    let pages = &pipeline[pipeline.find("  page:").unwrap()..];
    let split = "  page:\n    run: ./split.sh\n    inputs: {text: {from: recent.text}}\n    \
                 outputs: {text: 'words/{day}.txt'}\n    publish: dt={day}\n";
    space.write("pipeline.yaml", pipeline.replace(pages, split)).write_program("split.sh", SPLITTER);
    run(&space, &[]).with(0);
    run(&space, &[]).with(0).does_not_say("published from");
    let before = space.tree("data/output");
    for foreign in ["more.txt", "words/more.txt", "words/below/more.txt"] {
        space.write(&format!("{DAY}/{foreign}"), "foreign\n");
        run(&space, &[]).with(0).says("1 day was published from the cache");
        assert!(space.tree("data/output") == before, "{foreign}");
    }
}

#[test]
fn a_link_in_the_place_of_a_published_file_is_no_published_file() {
    let space = new("published_link");
    run(&space, &[]).with(0);
    let (text, moved) = (space.path(&format!("{DAY}/text.txt")), space.path("moved.txt"));
    fs::rename(&text, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &text).unwrap();
    run(&space, &[]).with(0).says("1 day was published from the cache");
    assert!(fs::symlink_metadata(text).unwrap().is_file());
}

/// The numbers of some calls.
fn numbers(scene: &Scene, wanted: impl Fn(&Call) -> bool) -> Vec<usize> {
    (1..).zip(&scene.calls).filter(|(_, call)| wanted(call)).map(|(number, _)| number).collect()
}

#[test]
fn a_day_stays_where_names_cannot_be_exchanged_and_the_new_one_is_refused() {
    let scene = Scene::without_exchange("refused_exchange");
    let renames = numbers(&scene, |call| call.name == "rename");
    assert_eq!(renames.len(), 9, "five results, and two days, of which the old one goes first: {:#?}", scene.calls);
    let points: Vec<Point> = renames.into_iter().map(|number| Point { how: "edquot-once", number }).collect();
    scene.disturb(&points, |space, _, ended| {
        scene.no_day_is_half(space);
        if ended.status != 0 {
            ended.with(1).says("Disk quota exceeded");
        }
        scene.recovers(space);
    });
}

#[test]
fn a_day_that_was_set_aside_comes_back_when_the_run_was_killed_before_the_new_one_came() {
    let scene = Scene::without_exchange("killed_exchange");
    let aside =
        numbers(&scene, |call| call.name == "rename" && call.path.contains("dt=") && call.path.ends_with(".replaced"));
    assert_eq!(aside.len(), 2, "{:#?}", scene.calls);
    let points: Vec<Point> = aside.into_iter().map(|number| Point { how: "kill-after", number }).collect();
    scene.disturb(&points, |space, _, ended| {
        ended.with(-9);
        run_days(space, "2025-01-01", "2025-01-01", &[]).with(0).says("0 ran");
        scene.no_day_is_half(space);
        scene.recovers(space);
    });
}

#[test]
fn what_a_killed_run_did_not_get_to_publish_goes_though_the_cache_is_gone() {
    let scene = Scene::killed_run("shelf_left");
    for gone in [".cache", ".cache/v1/runs", ".cache/v1/work"] {
        let space = scene.copy("cleared");
        let left = || fs::read_dir(space.path("data/output")).unwrap().flatten();
        let hidden = || left().filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).count();
        assert_eq!(hidden(), 1);
        space.remove(gone);
        run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0);
        assert_eq!(hidden(), 0, "without {gone}");
    }
}

#[test]
fn what_is_published_is_on_the_disk_before_it_is_seen() {
    let scene = Scene::changed_input("synced");
    for published in numbers(&scene, |call| call.name == "rename" && call.path.contains("data/output/dt=")) {
        let (before, after) = scene.calls.split_at(published);
        let day = Path::new(&before[published - 1].path).file_name().unwrap().to_str().unwrap();
        let synced = |calls: &[Call], ending: &str| {
            calls
                .iter()
                .any(|call| call.name == "fsync" && call.path.contains("data/output") && call.path.ends_with(ending))
        };
        let made = before.iter().rfind(|call| call.name == "link" && call.path.contains(&format!("/{day}/"))).unwrap();
        assert!(synced(before, &made.path), "the file of {day}: {:#?}", scene.calls);
        let folder = Path::new(&made.path).parent().unwrap().to_str().unwrap();
        assert!(synced(before, folder), "the folder of {day}: {:#?}", scene.calls);
        assert!(synced(after, "data/output"), "the name of {day}: {:#?}", scene.calls);
    }
}
