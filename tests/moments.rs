//! An end at a random moment of a real backfill costs nothing: the same command again gives the bytes of an undisturbed
//! run. As many moments as `CRASH_MOMENTS` says are chosen from `CRASH_SEED`.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod support;
#[path = "support/survivors.rs"]
mod survivors;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use support::{Chance, Ended, Space, end, ended};
use survivors::none_survive;

/// The days of the backfill that are made.
const DAYS: [&str; 4] = ["--from", "2025-08-11", "--to", "2025-08-16"];

/// A small shop in `raw`.
fn shop(name: &str) -> Space {
    let space = Space::new(name);
    let mut generate = space.command(env!("CARGO_BIN_EXE_read"), "generate");
    generate.args(["--out", "raw", "--customers", "300", "--items", "500", "--days", "12"]);
    generate.args(["--impression-days", "6", "--actions-per-day", "2000", "--impression-rows-per-day", "100"]);
    end(generate).with(0);
    space
}

/// A backfill of the shop with the project's own pipeline, into `cache` and `output`.
fn backfill(space: &Space) -> Command {
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("pipeline.yaml");
    let mut command = space.command(env!("CARGO_BIN_EXE_read"), "runner");
    command.arg("run").args(DAYS).arg("--pipeline").arg(pipeline);
    command.args(["--data", "raw", "--cache", "cache", "--output", "output"]);
    command
}

/// Runs a program that is sent a signal when it has said so many lines, which may be at its end.
fn signalled(mut command: Command, signal: &str, lines: u64) -> Ended {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    for _ in 0..lines {
        words.read_line(&mut said).unwrap();
    }
    // The process is there until it is waited for, though it may have ended.
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    words.read_to_string(&mut said).unwrap();
    ended(&command, Output { status: child.wait().unwrap(), stdout: Vec::new(), stderr: said.into_bytes() })
}

fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn an_end_at_a_random_moment_of_a_backfill_costs_nothing() {
    let space = shop("random_moments");
    let lines = end(backfill(&space)).with(0).stderr.lines().count() as u64;
    assert!(lines > 50, "it says what it does, line by line");
    let undisturbed = space.tree("output");
    assert_eq!(undisturbed.len(), 6);
    let seed = variable("CRASH_SEED", 1);
    let mut chance = Chance(seed);
    for moment in 1..=variable("CRASH_MOMENTS", 12) {
        let after = chance.below(lines);
        // A signal may come before the runner listens to it (-15), or after its end (0).
        let (signal, statuses) = if chance.below(4) == 0 { ("-TERM", [130, -15, 0]) } else { ("-KILL", [-9, -9, 0]) };
        let what = format!("moment {moment} of seed {seed}: {signal} after {after} of {lines} lines");
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
