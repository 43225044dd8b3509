//! A kill at any moment costs nothing: the same command again gives the bytes of an undisturbed run, with no step by
//! hand and nothing left over.
//!
//! The runner is killed before each of the calls by which it changes files; after some, and in the middle of some
//! writes: the last call of each kind, or all of them when the variable `CRASH_FULL` is set. Random moments of a
//! real backfill are in `moments.rs`.
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
use std::process::{Command, Stdio};

use disturb::{KILLS, Point};
use scene::Scene;
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
