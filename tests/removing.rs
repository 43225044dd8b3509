//! What `runner cache gc` removes, and what it leaves alone.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

#[path = "support/cache.rs"]
mod asking;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use asking::{
    ALL_ELSE, DELETE_ALL_ELSE, OLD, age_results, cache, command, going, holds, json, result, results, with_old_results,
};
use support::ended;
use text_pipeline::{new, page, ran, run, run_days};

#[test]
fn nothing_is_removed_without_delete() {
    let space = with_old_results("gc_dry");
    let before = space.tree(".");
    let dry = cache(&space, "gc", &ALL_ELSE)
        .with(0)
        .says("would remove 5 results, the journals and logs of 2 runs: ")
        .says("nothing was removed, as that takes --delete")
        .says("what stays: 9 results for published days");
    for node in OLD {
        let line = dry.stdout.lines().find(|line| line.starts_with(node)).unwrap();
        assert!(line.ends_with("not needed"), "{line}");
    }
    assert_eq!(going(&json(&space, "gc", &ALL_ELSE)), OLD);
    assert!(space.tree(".") == before);
}

#[test]
fn a_long_list_is_cut_for_people_and_whole_for_programs() {
    let space = new("gc_long_list");
    let days: Vec<String> =
        (1..=28).flat_map(|day| ["02", "03"].map(|month| format!("2025-{month}-{day:02}"))).collect();
    for day in &days {
        space.write(&format!("data/words/{day}.txt"), format!("{day}\n"));
    }
    for month in ["02", "03"] {
        run_days(&space, &format!("2025-{month}-01"), &format!("2025-{month}-28"), &["--task", "take"]).with(0);
    }
    let listed = cache(&space, "gc", &ALL_ELSE).with(0).stdout;
    assert_eq!(listed.lines().count(), 41);
    assert_eq!(listed.lines().last(), Some("and 16 more; --json lists them all"));
    assert_eq!(going(&json(&space, "gc", &ALL_ELSE)).len(), 56);
}

#[test]
fn what_published_days_were_made_from_stays_and_all_else_goes() {
    let space = with_old_results("gc_published");
    let before = space.tree("data/output");
    assert!(holds(&space, ".cache/v1/results", "outdated"));
    cache(&space, "gc", &DELETE_ALL_ELSE).with(0).says("removed 5 results, the journals and logs of 2 runs: ");
    assert!(!holds(&space, ".cache", "outdated"), "the old bytes are gone");
    assert!(space.tree(".cache/v1/work").is_empty() && space.tree(".cache/v1/runs").is_empty());
    assert!(space.tree("data/output") == before);
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    assert!(ran(&space).is_empty());
    cache(&space, "verify", &[]).with(0);
    space.remove(".cache/v1/index");
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
    run(&space, &["--verify"]).with(0).says("9 nodes: 0 ran, 9 cached");
}

#[test]
fn what_goes_is_struck_out_of_the_index() {
    let space = with_old_results("gc_index");
    let old = json(&space, "gc", &ALL_ELSE);
    let key = old["results"][0]["key"].as_str().unwrap();
    assert!(space.read(".cache/v1/index").contains(key));
    cache(&space, "gc", &DELETE_ALL_ELSE).with(0);
    assert!(!space.read(".cache/v1/index").contains(key));
}

#[test]
fn without_published_days_everything_goes_that_no_run_needs() {
    let space = new("gc_unpublished");
    run(&space, &[]).with(0);
    space.remove("data/output");
    assert!(going(&json(&space, "gc", &["--forget", "data/output"])).is_empty(), "the last runs used all of it");
    let all = [&DELETE_ALL_ELSE[..], &["--forget", "data/output"]].concat();
    cache(&space, "gc", &all).with(0).says("removed 9 results").says("no result stays");
    assert!(space.tree(".cache/v1/results").is_empty());
    run(&space, &[]).with(0).says("9 nodes: 9 ran");
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_day_that_was_published_elsewhere_or_copied_keeps_its_results() {
    let space = new("gc_elsewhere");
    run(&space, &["--output", "elsewhere"]).with(0);
    assert!(going(&json(&space, "gc", &ALL_ELSE)).is_empty(), "the journal names the folder");
    let copy = space.path("data/output/dt=2025-01-03/text.txt");
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    let shown = space.path("elsewhere/dt=2025-01-03/text.txt");
    fs::copy(&shown, &copy).unwrap();
    let time = fs::metadata(&shown).unwrap().modified().unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
    File::options().append(true).open(&copy).unwrap().set_modified(time).unwrap();
    space.remove("elsewhere");
    assert_eq!(
        going(&json(&space, "gc", &[&ALL_ELSE[..], &["--forget", "elsewhere"]].concat())),
        ["page@2025-01-01", "page@2025-01-02", "recent@2025-01-01", "recent@2025-01-02"],
        "the third day needs every word, and no page but its own"
    );
}

#[test]
fn a_cache_that_lies_in_the_output_folder_does_not_keep_itself() {
    let space = new("gc_cache_in_output");
    space.write("data/words/2025-01-02.txt", "outdated\n");
    run(&space, &["--output", "."]).with(0);
    space.write("data/words/2025-01-02.txt", "two\n");
    run(&space, &["--output", "."]).with(0);
    assert_eq!(going(&json(&space, "gc", &ALL_ELSE)), OLD);
}

#[test]
fn the_last_runs_keep_what_they_used_and_their_records() {
    let space = with_old_results("gc_keep_runs");
    space.remove("data/output");
    let said = json(&space, "gc", &["--keep-runs", "2", "--forget", "data/output"]);
    assert!(going(&said).is_empty() && said["runs"].as_array().unwrap().is_empty());
    let runs = || fs::read_dir(space.path(".cache/v1/runs")).unwrap().map(|run| run.unwrap().file_name());
    let newest = runs().max().unwrap();
    let last = ["--keep-runs", "1", "--delete", "--forget", "data/output"];
    cache(&space, "gc", &last).with(0).says("what stays: 9 results for the last 1 run");
    assert_eq!(runs().collect::<Vec<_>>(), [newest]);
    assert!(!holds(&space, ".cache/v1/results", "outdated"));
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached");
}

#[test]
fn what_a_killed_run_made_counts_as_used_by_it() {
    let space = new("gc_killed_run");
    run(&space, &["--task", "take"]).with(0);
    let runs: Vec<_> = fs::read_dir(space.path(".cache/v1/runs")).unwrap().map(|run| run.unwrap().path()).collect();
    let journal = runs[0].join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let without_end: Vec<&str> = text.lines().filter(|line| !line.contains("\"ended\"")).collect();
    assert!(without_end.len() + 1 == text.lines().count());
    fs::write(&journal, without_end.join("\n") + "\n").unwrap();
    assert!(going(&json(&space, "gc", &[])).is_empty());
    assert_eq!(going(&json(&space, "gc", &ALL_ELSE)).len(), 3);
}

#[test]
fn an_age_spares_what_was_used_since() {
    let space = with_old_results("gc_older_than");
    let with_age = |age| json(&space, "gc", &["--keep-runs", "0", "--older-than", age]);
    assert!(going(&with_age("1h")).is_empty());
    assert_eq!(going(&with_age("0s")), OLD);
    age_results(&space, 2);
    assert_eq!(going(&with_age("1d")), OLD);
    assert!(going(&with_age("3d")).is_empty());
    cache(&space, "gc", &["--older-than", "a month"]).with(2).says("--older-than");
}

#[test]
fn a_size_takes_the_longest_unused_first_and_only_as_many_as_it_must() {
    let space = new("gc_max_size");
    for (day, word) in [("01", "first"), ("02", "second"), ("03", "third")] {
        let from = format!("2025-01-{day}");
        space.write(&format!("data/words/{from}.txt"), format!("{word}\n"));
        run_days(&space, &from, &from, &["--task", "take"]).with(0);
    }
    let all = json(&space, "gc", &ALL_ELSE);
    assert_eq!(going(&all), ["take@2025-01-01", "take@2025-01-02", "take@2025-01-03"]);
    let (left, bytes) =
        (all["left"].as_u64().unwrap(), |place: usize| all["results"][place]["bytes"].as_u64().unwrap());
    assert_eq!(all["results"][0]["node"], "take@2025-01-01", "the longest unused comes first");
    // Room for all but one byte of what would stay without the first.
    let with_size = |size: u64, more: &[&str]| {
        cache(&space, "gc", &[&["--keep-runs", "0", "--max-size", &format!("{size}B")], more].concat())
    };
    with_size(left + bytes(1) + bytes(2), &[]).with(0).says("would remove 1 result,").does_not_say("cannot go");
    with_size(left + bytes(1) + bytes(2) - 1, &["--delete"]).with(0).says("removed 2 results,");
    assert!(results(&space, "take", "2025-01-02").is_empty());
    assert_eq!(fs::read_to_string(result(&space, "take", "2025-01-03").join("text.txt")).unwrap(), "third\n");
}

#[test]
fn a_size_that_what_must_stay_does_not_allow_is_told() {
    let space = with_old_results("gc_too_small");
    cache(&space, "gc", &["--max-size", "1kB"])
        .with(0)
        .says("would remove 0 results")
        .says("cannot go, which is more than 1.0 kB: the cache cannot be that small");
}

#[test]
fn a_run_that_goes_on_keeps_what_it_may_read() {
    let space = new("gc_living_run");
    space.write("data/words/2025-01-04.txt", "four\n");
    for day in ["2025-01-02", "2025-01-03", "2025-01-04"] {
        run_days(&space, day, day, &["--task", "take"]).with(0);
    }
    let pipes = [space.path("pause"), space.path("pause.over")];
    assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
    space.write("data/words/2025-01-02.txt", format!("#PAUSE {}\nzwei\n", pipes[0].display()));
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-03"]).stderr(Stdio::piped()).stdout(Stdio::piped());
    let runner = command.spawn().unwrap();
    // Opening a pipe to read waits for its writer, which is the program.
    File::open(&pipes[0]).unwrap().read_to_string(&mut String::new()).unwrap();
    let runs = space.path(".cache/v1/runs");
    let newest = fs::read_dir(&runs).unwrap().map(|run| run.unwrap().path()).max().unwrap();
    fs::rename(newest.join("journal.jsonl"), space.path("journal")).unwrap();
    let unknown = cache(&space, "gc", &ALL_ELSE).with(0).says("note: no result goes while run ");
    assert!(unknown.says("would remove 0 results").stdout.is_empty());
    fs::rename(space.path("journal"), newest.join("journal.jsonl")).unwrap();
    let removed =
        cache(&space, "gc", &DELETE_ALL_ELSE).with(0).says("removed 1 result, the journals and logs of 3 runs");
    assert!(removed.stdout.starts_with("take@2025-01-04 "), "{}", removed.stdout);
    assert_eq!(fs::read_dir(&runs).unwrap().count(), 1, "its journal stays");
    // The program reads until there is nobody left who could write.
    drop(File::options().write(true).open(&pipes[1]).unwrap());
    let output = runner.wait_with_output().unwrap();
    ended(&command, output).with(0).says("8 ran, 1 cached, 0 failed");
    assert_eq!(page(&space, "2025-01-03"), "one\nzwei\nthree\n");
}

#[test]
fn whoever_is_waited_for_is_named() {
    let space = with_old_results("gc_waits");
    let hold = File::open(space.path(".cache/v1/in-use")).unwrap();
    hold.lock_shared().unwrap();
    let mut waiting = command(&space, "gc", &DELETE_ALL_ELSE);
    let mut child = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains(&format!("waiting for process {}", std::process::id())), "{line}");
    // Whatever happens while it waits counts: it has not looked yet at what is there.
    space.remove(".cache/v1/runs");
    assert_eq!(results(&space, "take", "2025-01-02").len(), 2, "nothing went meanwhile");
    drop(hold);
    line.clear();
    said.read_to_string(&mut line).unwrap();
    assert!(child.wait().unwrap().success() && line.contains("removed 5 results: "), "{line}");
}

#[test]
fn what_a_killed_removal_left_is_cleared_by_the_next_run_and_by_the_next_removal() {
    let space = new("gc_killed");
    run(&space, &[]).with(0);
    let left = ".cache/v1/work/removed-take@2025-01-01-0123/text.txt";
    space.write(left, "half removed\n").write("data/words/2025-01-02.txt", "zwei\n");
    run(&space, &[]).with(0);
    assert!(!space.exists(left));
    space.write(left, "half removed\n");
    cache(&space, "gc", &[]).with(0).says("what killed runs left");
    cache(&space, "gc", &["--delete"]).with(0);
    assert!(!space.exists(left));
}
