//! The folders in which runs work: each run has its own, and neither other runs nor strange things in there disturb it.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/disturb.rs"]
mod disturb;
#[path = "support/scene.rs"]
mod scene;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use disturb::Point;
use scene::Scene;
use support::{Space, end};
use text_pipeline::{new, page, ran, run, run_days, runner};

/// Gives the only run that there was the number of this process, makes its work folder, and becomes the runner.
const TWIN: &str = r#"
mv .cache/v1/runs/* .cache/v1/runs/20250817T030000Z-$$ && mkdir .cache/v1/work/20250817T030000Z-$$-2 && exec "$@"
"#;

#[test]
fn a_run_with_the_number_and_the_second_of_another_has_folders_of_its_own() {
    let space = new("twins");
    run(&space, &[]).with(0);
    let before = space.tree(".cache/v1/runs");
    let mut twin = Command::new("sh");
    twin.args(["-c", TWIN, "sh"]).args(disturb::at_time(1_755_399_600)).arg(env!("CARGO_BIN_EXE_runner"));
    twin.args(["run", "--from", "2025-01-01", "--to", "2025-01-01", "--force"]).current_dir(&space.folder);
    end(twin).with(0).says("3 ran");
    let listed = runner(&space, "runs --all --json").with(0).stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let mut names: Vec<&str> = listed.as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{listed}");
    assert_eq!(names[1], format!("{}-2", names[0]), "the folder of a run that is gone was free");
    assert!(names[0].starts_with("20250817T030000Z-"));
    let after = space.tree(".cache/v1/runs");
    let other: Vec<_> = after.into_iter().filter(|(path, _)| path.starts_with(&format!("{}/", names[0]))).collect();
    assert_eq!(other.len(), before.len());
    assert!(other.iter().zip(&before).all(|(after, before)| after.1 == before.1), "nothing was added to the other run");
    assert!(space.tree(".cache/v1/work").is_empty());
}

#[test]
fn a_task_may_be_called_like_a_lock() {
    let space = new("lock_task");
    let pipeline = space.read("pipeline.yaml");
    let lock = pipeline[pipeline.find("  take:").unwrap()..pipeline.find("  recent:").unwrap()]
        .replace("take:\n", "lock:\n    once: true\n")
        .replace("source: words", "source: names");
    space.write("pipeline.yaml", pipeline + &lock).write("data/names.txt", "Anna\n");
    run(&space, &["--task", "lock"]).with(0).says("1 ran");
    let path = runner(&space, "path lock").with(0).stdout;
    assert_eq!(fs::read_to_string(path.trim_end()).unwrap(), "Anna\n");
}

#[test]
fn what_is_not_the_runners_does_not_disturb_it_and_stays() {
    let space = new("strange_things");
    run(&space, &[]).with(0);
    space.write(".cache/v1/work/stray", "stray\n").write(".cache/v1/claims/folder/stray", "stray\n");
    symlink(space.path("data"), space.path(".cache/v1/claims/link")).unwrap();
    symlink(space.path("data"), space.path(".cache/v1/work/link")).unwrap();
    let pipes = [".cache/v1/work/pipe", ".cache/v1/claims/pipe", "data/output/.unfinished-pipe"];
    assert!(Command::new("mkfifo").args(pipes.map(|pipe| space.path(pipe))).status().unwrap().success());
    let there = |space: &Space| {
        let strays =
            [".cache/v1/work/stray", ".cache/v1/work/link", ".cache/v1/claims/folder/stray", ".cache/v1/claims/link"];
        strays.iter().chain(&pipes).all(|path| fs::symlink_metadata(space.path(path)).is_ok())
    };
    run(&space, &[]).with(0).says("0 ran, 9 cached");
    assert!(there(&space));
    space.write("data/words/2025-01-02.txt", "zwei\n");
    run(&space, &[]).with(0).says("5 ran, 4 cached");
    assert!(there(&space) && space.exists("data/words/2025-01-02.txt"));
    runner(&space, "cache gc --delete").with(0);
    runner(&space, "status --from 2025-01-01 --to 2025-01-03").with(0);
    assert!(there(&space));
}

#[test]
fn a_pipe_in_the_place_of_a_lock_is_named() {
    let space = new("pipe_lock");
    run(&space, &[]).with(0);
    space.remove(".cache/v1/lock").write("data/words/2025-01-02.txt", "zwei\n");
    assert!(Command::new("mkfifo").arg(space.path(".cache/v1/lock")).status().unwrap().success());
    run(&space, &[]).with(2).says("cannot lock ").says(".cache/v1/lock: it is not a plain file; remove it");
    // What a run has learnt costs only time to find out again, so it goes on.
    space.remove(".cache/v1/lock").remove(".cache/v1/index.lock");
    assert!(Command::new("mkfifo").arg(space.path(".cache/v1/index.lock")).status().unwrap().success());
    run(&space, &[]).with(0).says("warning: ").says("it is not a plain file; remove it");
}

#[test]
fn a_run_that_waits_for_a_removal_says_so() {
    let space = new("waits_for_removal");
    run(&space, &[]).with(0);
    ran(&space);
    let removal = File::open(space.path(".cache/v1/in-use")).unwrap();
    removal.lock().unwrap();
    space.write("data/words/2025-01-02.txt", "zwei\n");
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut runner = command.spawn().unwrap();
    let mut said = BufReader::new(runner.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let expected = format!("waiting for process {}, which removes results from the cache\n", std::process::id());
    assert_eq!(line, expected);
    assert!(ran(&space).is_empty());
    drop(removal);
    said.read_to_string(&mut line).unwrap();
    assert!(runner.wait().unwrap().success() && line.contains("5 ran, 4 cached"), "{line}");
}

#[test]
fn what_another_run_clears_up_in_the_same_moment_is_no_error() {
    let scene = Scene::killed_run("gone_meanwhile");
    let removals = (1..).zip(&scene.calls).filter(|(_, call)| ["unlink", "rmdir"].contains(&call.name.as_str()));
    let points: Vec<Point> = removals.map(|(number, _)| Point { how: "gone", number }).collect();
    assert!(points.len() > 10);
    scene.disturb(&points, |space, _, ended| {
        ended.with(0).does_not_say("warning");
        assert!(scene.is_published(space));
        scene.recovers(space);
    });
}

#[test]
fn whose_a_cache_is_that_cannot_be_locked_is_said_with_what_to_do() {
    let space = new("two_users");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03"]);
    disturb::set_user(disturb::watch(&mut command, &space, &space.path(".cache")), 12_345);
    disturb::disturb(&mut command, Point { how: "eacces", number: 1 });
    end(command)
        .with(2)
        .says("cannot lock ")
        .says("it belongs to the user with number ")
        .says("umask 002")
        .says("--cache");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named_before_anything_runs() {
    let space = new("no_output");
    space.write("elsewhere", "a file\n");
    run(&space, &["--output", "elsewhere/output"]).with(2).says("elsewhere/output; nothing ran: ");
    assert!(ran(&space).is_empty());
    run(&space, &["--output", "elsewhere/output", "--task", "take"]).with(0).says("3 ran");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0);
}
