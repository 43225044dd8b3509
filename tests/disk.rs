//! A disk that refuses costs nothing: the run ends with a status and a message that says so, what was published stays as
//! it was, and the same command works as soon as the disk does.
//!
//! The disk begins to refuse at the last call of each kind by which the runner changes files, or at every call when the
//! variable `CRASH_FULL` is set.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/disturb.rs"]
mod disturb;
#[path = "support/scene.rs"]
mod scene;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;
use std::path::Path;
use std::process::Command;

use disturb::{Point, REFUSALS};
use scene::{Scene, command};
use support::{Ended, Space, end};

/// Whether the reason that the disk gave is said, and nowhere without the place where it was.
fn is_said(ended: &Ended, said: &str) -> bool {
    let mut lines = ended.stderr.lines().filter(|line| line.contains(said)).peekable();
    lines.peek().is_some() && lines.all(|line| line.contains('/'))
}

/// Expects a run to have failed for the reason that the disk gave, and for no fault of its own.
#[track_caller]
fn complains(ended: &Ended, said: &str) {
    let text = &ended.stderr;
    assert!([1, 2].contains(&ended.status) && !text.contains("fault of the runner"), "status {}\n{text}", ended.status);
    assert!(is_said(ended, said), "{said} is not said, or of no place\n{text}");
}

/// Has the disk refuse in each way during runs of a scene.
fn refuse_everywhere(scene: &Scene) {
    let sample = disturb::sample(&scene.calls);
    let points: Vec<Point> =
        REFUSALS.iter().flat_map(|(how, _)| sample.iter().map(|number| Point { how, number: *number })).collect();
    scene.disturb(&points, |space, point, ended| {
        let said = REFUSALS.iter().find(|(how, _)| *how == point.how).unwrap().1;
        let refused = disturb::calls(space).iter().any(|call| call.refused);
        scene.no_day_is_half(space);
        if ended.status != 0 {
            complains(&ended, said);
        } else {
            // What was refused was not needed for a result: a record that only saves time, or clearing up.
            assert!(scene.is_published(space), "it ended well without publishing all days\n{}", ended.stderr);
            assert!(!refused || is_said(&ended, said), "{said} is not said, or of no place\n{}", ended.stderr);
        }
        scene.recovers(space);
    });
}

#[test]
fn a_disk_that_refuses_during_a_first_run_costs_nothing() {
    refuse_everywhere(&Scene::first_run("refused_first_run"));
}

#[test]
fn a_disk_that_refuses_while_days_are_replaced_costs_nothing() {
    refuse_everywhere(&Scene::changed_input("refused_changed_input"));
}

#[test]
fn a_disk_that_refuses_while_a_killed_run_is_cleared_away_costs_nothing() {
    refuse_everywhere(&Scene::killed_run("refused_killed_run"));
}

#[test]
fn a_file_where_a_folder_should_be_is_named_and_left_alone() {
    let scene = Scene::changed_input("file_for_folder");
    for path in [".cache", ".cache/v1", ".cache/v1/results", "data/output", "data/output/dt=2025-01-02"] {
        let space = scene.copy("in_the_way");
        fs::rename(space.path(path), space.path("aside")).unwrap();
        space.write(path, "in the way\n");
        let ended = end(command(&space));
        assert!([1, 2].contains(&ended.status), "{path}: status {}\n{}", ended.status, ended.stderr);
        let ended = ended.says(path).does_not_say("fault of the runner");
        let there = fs::read_to_string(space.path(path)).unwrap_or_else(|error| error.to_string());
        assert_eq!(there, "in the way\n", "{path}\n{}", ended.stderr);
        fs::remove_file(space.path(path)).unwrap();
        fs::rename(space.path("aside"), space.path(path)).unwrap();
        scene.no_day_is_half(&space);
        scene.recovers(&space);
    }
}

/// Runs the runner while nothing can be written below a folder. Root may write everywhere, so it is refused otherwise.
fn read_only(space: &Space, folder: &Path) -> Ended {
    let set_mode = |mode: &str| {
        let mut find = Command::new("find");
        find.arg(folder).args(["-type", "d", "-exec", "chmod", mode, "{}", "+"]);
        end(find).with(0);
    };
    let mut command = command(space);
    if rustix::process::geteuid().is_root() {
        disturb::disturb(disturb::watch(&mut command, space, folder), Point { how: "eacces", number: 1 });
        return end(command);
    }
    set_mode("a-w");
    let ended = end(command);
    set_mode("u+w");
    ended
}

#[test]
fn a_read_only_folder_is_named_and_what_is_in_it_stays() {
    let scene = Scene::changed_input("read_only");
    for path in [".cache", "data/output"] {
        let space = scene.copy("refusing");
        text_pipeline::ran(&space);
        let ended = read_only(&space, &space.path(path));
        complains(&ended, "Permission denied");
        assert!(text_pipeline::ran(&space).is_empty(), "{path}: something ran though nothing could come of it");
        ended.says(path);
        scene.no_day_is_half(&space);
        assert!(!scene.is_published(&space));
        scene.recovers(&space);
    }
}

#[test]
fn too_little_room_for_what_is_to_be_made_is_foretold() {
    let scene = Scene::changed_input("too_little_room");
    let space = scene.copy("warned");
    let mut command = command(&space);
    disturb::set_room(disturb::watch(&mut command, &space, &space.folder), 1);
    end(command).with(0).says("warning: ").says("there is room for 0 B");
    scene.recovers(&space);
}
