//! Asking `runner cache`, and caches to ask about, over the text pipeline.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]
#![allow(clippy::disallowed_methods, reason = "tests write files and start programs")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Ended, Space, end};
use crate::text_pipeline::{new, ran, run};

/// Everything that no published day needs.
pub const ALL_ELSE: [&str; 2] = ["--keep-runs", "0"];
pub const DELETE_ALL_ELSE: [&str; 3] = ["--keep-runs", "0", "--delete"];

pub fn cache(space: &Space, verb: &str, arguments: &[&str]) -> Ended {
    end(command(space, verb, arguments))
}

pub fn command(space: &Space, verb: &str, arguments: &[&str]) -> Command {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["cache", verb]).args(arguments);
    command
}

/// What `--json` says.
pub fn json(space: &Space, verb: &str, arguments: &[&str]) -> Value {
    let ended = cache(space, verb, &[arguments, &["--json"]].concat());
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

/// The nodes whose results go, as `--json` names them.
pub fn going(said: &Value) -> Vec<String> {
    let mut nodes: Vec<String> =
        said["results"].as_array().unwrap().iter().map(|result| result["node"].as_str().unwrap().to_string()).collect();
    nodes.sort();
    nodes
}

/// The folders of a node's results.
pub fn results(space: &Space, task: &str, day: &str) -> Vec<PathBuf> {
    let node = space.path(&format!(".cache/v1/results/{task}/{day}"));
    fs::read_dir(node).into_iter().flatten().map(|folder| folder.unwrap().path()).collect()
}

#[track_caller]
pub fn result(space: &Space, task: &str, day: &str) -> PathBuf {
    let mut found = results(space, task, day);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Whether any file of the cache holds a text.
pub fn holds(space: &Space, folder: &str, text: &str) -> bool {
    space.tree(folder).iter().any(|(_, bytes)| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}

/// Three published days, and results of an earlier content of the second that no day shows any more.
pub fn with_old_results(name: &str) -> Space {
    let space = new(name);
    space.write("data/words/2025-01-02.txt", "outdated\n");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "two\n");
    run(&space, &[]).with(0).says("5 ran, 4 cached");
    ran(&space);
    space
}

pub const OLD: [&str; 5] =
    ["page@2025-01-02", "page@2025-01-03", "recent@2025-01-02", "recent@2025-01-03", "take@2025-01-02"];

/// Makes results look as if they had been written and used so many days ago.
pub fn age_results(space: &Space, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    for (path, _) in space.tree(".cache/v1/results").iter().filter(|(path, _)| path.ends_with("entry.json")) {
        let entry = space.path(".cache/v1/results").join(path);
        for place in [entry.as_path(), entry.parent().unwrap(), entry.parent().unwrap().parent().unwrap()] {
            File::open(place).unwrap().set_modified(then).unwrap();
        }
    }
}
