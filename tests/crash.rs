//! A kill at any moment costs nothing: the same command again gives the bytes of an undisturbed run, with no step by
//! hand and nothing left over.
//!
//! The runner is killed before each of the calls by which it changes files; after some, and in the middle of some
//! writes: the last call of each kind, or all of them when the variable `CRASH_FULL` is set. And it is
//! ended at random moments of a real backfill: as many as `CRASH_MOMENTS` says, chosen from `CRASH_SEED`.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

#[path = "support/disturb.rs"]
mod disturb;
#[path = "support/scene.rs"]
mod scene;
mod support;
#[path = "support/survivors.rs"]
mod survivors;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use disturb::{KILLS, Point};
use scene::Scene;
use support::{Chance, Ended, Space, end, ended};
use survivors::none_survive;

/// The points at which runs of a scene are killed.
fn points(scene: &Scene) -> Vec<Point> {
    let sample = disturb::sample(&scene.calls);
    let numbers = |how: &str| match how {
        "kill" => (1..=scene.calls.len()).collect(),
        "short" => sample.iter().copied().filter(|number| scene.calls[number - 1].can_be_short()).collect(),
        _ => sample.clone(),
    };
    KILLS.iter().flat_map(|how| numbers(how).into_iter().map(|number| Point { how, number })).collect()
}

/// Kills runs of a scene, and expects the next run to make up for it.
fn kill_everywhere(scene: &Scene) {
    scene.disturb(&points(scene), |space, _, ended| {
        ended.with(-9);
        scene.no_day_is_half(space);
        none_survive(&space.folder);
        scene.recovers(space);
    });
}

#[test]
fn a_kill_at_every_call_of_a_first_run_costs_nothing() {
    kill_everywhere(&Scene::first_run("killed_first_run"));
}

#[test]
fn a_kill_at_every_call_of_a_run_that_replaces_days_costs_nothing() {
    kill_everywhere(&Scene::changed_input("killed_changed_input"));
}

#[test]
fn a_kill_at_every_call_of_a_run_that_clears_up_after_a_kill_costs_nothing() {
    kill_everywhere(&Scene::killed_run("killed_killed_run"));
}

/// A program that starts another one, which waits for words that never come, and waits for it.
const PARENT: &str = r#"#!/bin/sh
cat "PLACE/never" &
echo $! > "PLACE/started"
wait
"#;

#[test]
fn what_a_program_has_started_does_not_outlive_a_killed_runner() {
    let space = text_pipeline::new("killed_parent");
    let (started, never) = (space.path("started"), space.path("never"));
    assert!(Command::new("mkfifo").args([&started, &never]).status().unwrap().success());
    space.write_program("take.sh", &PARENT.replace("PLACE", &space.folder.display().to_string()));
    let mut runner = scene::command(&space).stderr(Stdio::null()).spawn().unwrap();
    // Opening a pipe to read waits for its writer. The program's program waits for one too, and ends when this test does.
    assert!(!space.read("started").is_empty());
    let _words = File::options().write(true).open(never).unwrap();
    runner.kill().unwrap();
    runner.wait().unwrap();
    none_survive(&space.folder);
}

/// The days of the backfill that are made.
const DAYS: [&str; 4] = ["--from", "2025-08-11", "--to", "2025-08-16"];

/// A small shop in `raw`.
fn shop(name: &str) -> Space {
    let space = Space::new(name);
    let mut generate = space.command(env!("CARGO_BIN_EXE_runner"), "generate");
    generate.args(["--out", "raw", "--customers", "300", "--items", "500", "--days", "12"]);
    generate.args(["--impression-days", "6", "--actions-per-day", "2000", "--impression-rows-per-day", "100"]);
    end(generate).with(0);
    space
}

/// A backfill of the shop with the project's own pipeline, into `cache` and `output`.
fn backfill(space: &Space) -> Command {
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("pipeline.yaml");
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.arg("run").args(DAYS).arg("--pipeline").arg(pipeline);
    command.args(["--data", "raw", "--cache", "cache", "--output", "output"]);
    command
}

/// Runs a program that is sent a signal some time after it started, which may be after its end.
fn signalled(mut command: Command, signal: &str, after: Duration) -> Ended {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Nothing is waited for here: the moment is what the test is about.
    thread::sleep(after);
    // The process is there until it is waited for, though it may have ended.
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let output = child.wait_with_output().unwrap();
    ended(&command, output)
}

fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn an_end_at_a_random_moment_of_a_backfill_costs_nothing() {
    let space = shop("random_moments");
    let started = Instant::now();
    end(backfill(&space)).with(0);
    let duration = started.elapsed();
    let undisturbed = space.tree("output");
    assert_eq!(undisturbed.len(), 6);
    let seed = variable("CRASH_SEED", 1);
    let mut chance = Chance(seed);
    for moment in 1..=variable("CRASH_MOMENTS", 12) {
        let after = duration.mul_f64(chance.below(1000) as f64 / 1000.0);
        // A signal may come before the runner listens to it (-15), or after its end (0).
        let (signal, statuses) = if chance.below(4) == 0 { ("-TERM", [130, -15, 0]) } else { ("-KILL", [-9, -9, 0]) };
        let what = format!("moment {moment} of seed {seed}: {signal} after {after:?} of {duration:?}");
        space.remove("cache").remove("output");
        let ended = signalled(backfill(&space), signal, after);
        assert!(statuses.contains(&ended.status), "{what}: status {}\n{}", ended.status, ended.stderr);
        none_survive(&space.folder);
        for (path, bytes) in space.tree("output").iter().filter(|(path, _)| !path.starts_with('.')) {
            assert!(undisturbed.contains(&(path.clone(), bytes.clone())), "{what}: {path} is not whole");
        }
        end(backfill(&space)).with(0);
        assert!(space.tree("output") == undisturbed, "{what}: other bytes than those of an undisturbed run");
        assert!(space.tree("cache/v1/work").is_empty(), "{what}: {:?}", space.tree("cache/v1/work"));
        end(backfill(&space)).with(0).says(" 0 ran, ");
    }
}
