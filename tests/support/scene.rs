//! A prepared space, what an undisturbed run makes of it, and what has to be true of one that was disturbed.
//!
//! It runs the text pipeline, one node at a time so that the same calls come in the same order. How a run is disturbed
//! is in `disturb.rs`.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]
#![allow(clippy::disallowed_methods, reason = "tests write files and start programs")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::disturb::{self, Call, Point};
use crate::support::{Ended, Space, end};
use crate::text_pipeline;

/// The files of a folder and their words.
type Tree = BTreeMap<String, String>;

/// A space from which runs start.
pub struct Scene {
    start: Space,
    /// The published days that are there at the start.
    before: BTreeMap<String, Tree>,
    after: Outcome,
    /// The calls of an undisturbed run.
    pub calls: Vec<Call>,
    /// What the file system cannot do.
    lacks: &'static str,
}

/// What a run leaves behind, without what depends on the time of day.
#[derive(Debug, PartialEq)]
struct Outcome {
    days: BTreeMap<String, Tree>,
    results: Tree,
    /// All files and folders.
    names: BTreeSet<String>,
}

impl Scene {
    /// The text pipeline, on which nothing has run yet.
    pub fn first_run(name: &str) -> Scene {
        Scene::new(name, "", |_| ())
    }

    /// The text pipeline when all is published and one day's words have changed, which two days read.
    pub fn changed_input(name: &str) -> Scene {
        Scene::new(name, "", change_input)
    }

    /// The same on a file system that cannot exchange two names.
    pub fn without_exchange(name: &str) -> Scene {
        Scene::new(name, "exchange", change_input)
    }

    /// The same when a run was killed just after it replaced a day, so that there is much to clear away.
    pub fn killed_run(name: &str) -> Scene {
        let changed = Scene::changed_input(&format!("{name}/changed"));
        let replaces = |call: &Call| call.name == "rename" && call.path.ends_with("output/dt=2025-01-02");
        let number = 1 + changed.calls.iter().position(replaces).unwrap();
        let scene = Scene::new(name, "", |space| {
            change_input(space);
            let mut command = command(space);
            disturb::watch(&mut command, space, &space.folder);
            disturb::disturb(&mut command, Point { how: "kill-after", number });
            end(command).with(-9);
            disturb::forget(space);
        });
        assert_eq!(scene.after.days, changed.after.days);
        scene
    }

    fn new(name: &str, lacks: &'static str, prepare: impl Fn(&Space)) -> Scene {
        let start = text_pipeline::new(&format!("{name}/start"));
        prepare(&start);
        let mut scene = Scene { before: days(&start), after: Outcome::of(&start), start, calls: Vec::new(), lacks };
        let undisturbed = scene.copy("undisturbed");
        let mut command = command(&undisturbed);
        disturb::lack(disturb::watch(&mut command, &undisturbed, &undisturbed.folder), lacks);
        end(command).with(0);
        scene.after = Outcome::of(&undisturbed);
        scene.calls = disturb::calls(&undisturbed);
        for day in scene.after.days.keys().filter(|day| scene.before.get(*day) != scene.after.days.get(*day)) {
            let published = scene.calls.iter().any(|call| call.name == "rename" && call.path.ends_with(day));
            assert!(published, "{day} is published by a call that cannot be disturbed: {:#?}", scene.calls);
        }
        scene
    }

    /// Another space that is as the prepared one, with its links and times.
    pub fn copy(&self, name: &str) -> Space {
        let folder = self.start.folder.with_file_name(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let mut copy = Command::new("cp");
        assert!(copy.arg("-a").args([&self.start.folder, &folder]).status().unwrap().success(), "{copy:?}");
        Space { folder }
    }

    /// Disturbs a run at each of some points, several at a time, and looks at each with a space of its own, which stays
    /// if what is found there is not as it should be.
    pub fn disturb(&self, points: &[Point], look: impl Fn(&Space, Point, Ended) + Sync) {
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                let space = self.copy(&format!("{}_{}", point.how, point.number));
                let mut command = command(&space);
                disturb::lack(disturb::watch(&mut command, &space, &space.folder), self.lacks);
                disturb::disturb(&mut command, *point);
                let ended = end(command);
                if catch_unwind(AssertUnwindSafe(|| look(&space, *point, ended))).is_ok() {
                    fs::remove_dir_all(&space.folder).unwrap();
                } else {
                    let call = disturb::calls(&space).into_iter().nth(point.number - 1);
                    failed.lock().unwrap().push(format!("{point:?} {call:?}"));
                }
            }
        };
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
        let failed = failed.into_inner().unwrap();
        assert!(failed.is_empty(), "{} of {} points failed: {failed:#?}", failed.len(), points.len());
    }

    /// Expects every day to be the whole old one or the whole new one, and none that was there to be gone.
    pub fn no_day_is_half(&self, space: &Space) {
        let days = days(space);
        for (day, files) in &days {
            let whole = [self.before.get(day), self.after.days.get(day)].contains(&Some(files));
            assert!(whole, "{day} is neither the old nor the new one: {files:#?}");
        }
        for day in self.before.keys() {
            assert!(days.contains_key(day), "{day} is gone");
        }
    }

    /// Whether all days are there as an undisturbed run publishes them.
    pub fn is_published(&self, space: &Space) -> bool {
        days(space) == self.after.days
    }

    /// Expects the same command again to give what an undisturbed run gives, and to leave nothing else and nothing to
    /// do.
    pub fn recovers(&self, space: &Space) {
        end(command(space)).with(0);
        let outcome = Outcome::of(space);
        assert_eq!(outcome.days, self.after.days);
        assert_eq!(outcome.results, self.after.results);
        let more: Vec<_> = outcome.names.difference(&self.after.names).collect();
        let less: Vec<_> = self.after.names.difference(&outcome.names).collect();
        assert!(more.is_empty() && less.is_empty(), "left behind: {more:#?}\nmissing: {less:#?}");
        end(command(space)).with(0).says("9 nodes: 0 ran, 9 cached");
    }
}

impl Outcome {
    fn of(space: &Space) -> Outcome {
        let results = tree(space, ".cache/v1/results").into_iter().filter(|(path, _)| path.ends_with("/text.txt"));
        let mut names = BTreeSet::new();
        for folder in [".cache", "data"] {
            name_all(&space.folder, Path::new(folder), &mut names);
        }
        names.retain(|name| !is_record(name));
        Outcome { days: days(space), results: results.collect(), names }
    }
}

/// Whether something in the cache tells of runs and times instead of results. An unfinished record does not count.
fn is_record(name: &str) -> bool {
    let below = name.strip_prefix(".cache/v1/").unwrap_or_default();
    !name.contains(".tmp") && (below.starts_with("runs/") || Path::new(below).components().count() == 1)
}

fn change_input(space: &Space) {
    end(command(space)).with(0);
    space.write("data/words/2025-01-02.txt", "zwei\n");
}

/// The runner, to be started in a space.
pub fn command(space: &Space) -> Command {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03", "--jobs", "1"]);
    command
}

/// The published days as their readers see them: hidden folders are none.
fn days(space: &Space) -> BTreeMap<String, Tree> {
    let entries = fs::read_dir(space.path("data/output")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !name.starts_with('.'))
        .map(|name| (name.clone(), tree(space, &format!("data/output/{name}"))))
        .collect()
}

fn tree(space: &Space, path: &str) -> Tree {
    space.tree(path).into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

/// Adds everything below a folder of a space, by its path there.
fn name_all(space: &Path, folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(space.join(folder)).into_iter().flatten() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            name_all(space, &path, names);
        }
        names.insert(path.display().to_string());
    }
}
