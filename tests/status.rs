//! `runner status`: every state is shown as what it is, fits a terminal, and is found without changing anything.

#[path = "support/hanging.rs"]
mod hanging;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use hanging::hang;
use serde_json::Value;
use support::{Ended, Space, end};
use text_pipeline::{new, ran, run};

fn status_of(space: &Space, from: &str, to: &str, arguments: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["status", "--from", from, "--to", to]).args(arguments);
    end(command).with(0)
}

/// The status of 2025-01-01 to 2025-01-03.
fn status(space: &Space) -> Ended {
    status_of(space, "2025-01-01", "2025-01-03", &[])
}

/// The rows of the tasks `take`, `recent` and `page`.
fn rows(ended: &Ended) -> [String; 3] {
    let row = |task: &str| {
        let line = ended.stdout.lines().find_map(|line| line.strip_prefix(task));
        line.unwrap_or_else(|| panic!("no row of {task}\n{}", ended.stdout)).trim_start().to_string()
    };
    ["take ", "recent ", "page "].map(row)
}

#[track_caller]
fn shows(ended: &Ended, line: &str) {
    assert!(ended.stdout.lines().any(|shown| shown == line), "{line:?} is not among\n{}", ended.stdout);
}

#[test]
fn results_are_missing_then_fresh_then_stale() {
    let space = new("status_fresh");
    let before = status(&space);
    assert_eq!(rows(&before), ["---", "---", "---"]);
    shows(&before, "9 missing");
    shows(&before, "missing   take@2025-01-01    never ran before");
    run(&space, &[]).with(0);
    let after = status(&space);
    assert_eq!(rows(&after), ["...", "...", "..."]);
    shows(&after, "9 fresh");
    assert!(after.stdout.ends_with("9 fresh\n"), "nothing is left to be said\n{}", after.stdout);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    let changed = status(&space);
    assert_eq!(rows(&changed), [".~.", ".~~", ".~~"]);
    shows(&changed, "4 fresh, 5 stale");
    shows(&changed, "stale     take@2025-01-02    changed words/2025-01-02.txt");
    shows(&changed, "stale     recent@2025-01-03  reads take@2025-01-02");
}

#[test]
fn a_header_says_which_column_is_which_day_and_a_legend_what_a_mark_means() {
    let space = new("status_header");
    let shown = status(&space);
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(lines[..4], ["        2025-01", "        000", "        123", "take    ---"]);
    shows(&shown, ". fresh  ~ stale  - missing  > running  ! no input  x failed  (blank: no node)");
}

#[test]
fn a_node_that_failed_is_shown_so_until_it_is_made() {
    let space = new("status_failed");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "FAIL on purpose\n");
    run(&space, &[]).with(1);
    let failed = status(&space);
    assert_eq!(rows(&failed), [".x.", ".~~", ".~~"]);
    shows(&failed, "failed    take@2025-01-02    exit status 7");
    space.write("data/words/2025-01-02.txt", "FAIL again\n");
    assert_eq!(rows(&status(&space))[0], ".x.", "nothing has tried it since");
    space.write("data/words/2025-01-02.txt", "zwei\n");
    run(&space, &[]).with(0);
    assert_eq!(rows(&status(&space)), ["...", "...", "..."]);
    space.write("data/words/2025-01-02.txt", "drei\n");
    assert_eq!(rows(&status(&space))[0], ".~.", "the failure was made good meanwhile");
}

#[test]
fn a_node_without_any_result_is_missing_and_not_stale() {
    let space = new("status_missing");
    space.write("data/words/2025-01-01.txt", "FAIL the first\n");
    run(&space, &[]).with(1);
    assert_eq!(rows(&status(&space)), ["x..", "---", "---"]);
}

#[test]
fn a_node_that_a_run_is_making_is_running_until_the_run_ends() {
    let hanging = hang("status_running");
    let shown = hanging.look_for("running   take@2025-01-02  ", status);
    assert_eq!(&rows(&shown)[0][1..2], ">", "{}", shown.stdout);
    hanging.look_for(", 1 running\n", status);
    let reason = shown.stdout.lines().find(|line| line.starts_with("running   take@2025-01-02  ")).unwrap();
    assert!(reason.contains("in run 2"), "{reason}");
    hanging.signal("-KILL");
    let (space, _) = hanging.wait();
    let killed = status(&space);
    assert_eq!(&rows(&killed)[0][1..2], "-", "a killed run makes nothing any more\n{}", killed.stdout);
}

#[test]
fn a_day_that_is_not_published_as_its_result_is_stale() {
    let space = new("status_published");
    run(&space, &[]).with(0);
    space.remove("data/output/dt=2025-01-02");
    let shown = status(&space);
    assert_eq!(rows(&shown), ["...", "...", ".~."]);
    shows(&shown, "stale     page@2025-01-02  not published");
    run(&space, &[]).with(0);
    assert_eq!(rows(&status(&space))[2], "...");
    assert_eq!(rows(&status_of(&space, "2025-01-01", "2025-01-03", &["--output", "elsewhere"]))[2], "~~~");
}

#[test]
fn days_without_raw_files_are_shown_as_such() {
    let space = new("status_no_input");
    run(&space, &[]).with(0);
    let shown = status_of(&space, "2025-01-02", "2025-01-05", &[])
        .says("warning: raw files are missing in ")
        .says("words: no file for 2025-01-04..2025-01-05; looked for words/{day}.txt");
    assert_eq!(rows(&shown), ["..!!", "..!!", "..!!"]);
    shows(&shown, "no input  take@2025-01-04    words: no file for 2025-01-04; looked for words/2025-01-04.txt");
    space.remove("data/words");
    let shown = status(&space).says("words: not a single file");
    assert_eq!(rows(&shown), ["!!!", "!!!", "!!!"]);
}

#[test]
fn a_published_day_whose_raw_files_are_gone_is_told() {
    let space = new("status_raw_gone");
    run(&space, &[]).with(0);
    let told = |space: &Space| status(space).stdout.matches("; what was published before stays\n").count();
    assert_eq!(told(&space), 0);
    space.remove("data/words/2025-01-03.txt");
    assert_eq!(told(&space), 1, "{}", status(&space).stdout);
    space.remove("data/output/dt=2025-01-03");
    assert_eq!(told(&space), 0);
}

#[test]
fn what_runs_once_stands_beside_its_name_and_earlier_days_are_counted() {
    let space = new("status_once");
    let pipeline = space.read("pipeline.yaml");
    let roll = pipeline[pipeline.find("  take:").unwrap()..pipeline.find("  recent:").unwrap()]
        .replace("take:\n", "roll:\n    once: true\n")
        .replace("source: words", "source: names");
    space.write("pipeline.yaml", pipeline + &roll).write("data/names.txt", "Anna\n");
    run(&space, &[]).with(0);
    let last = |space: &Space| status_of(space, "2025-01-03", "2025-01-03", &[]);
    let shown = last(&space);
    shows(&shown, "roll    . once for all days");
    shows(&shown, "4 fresh");
    shows(&shown, "and 2 nodes of other days: all fresh");
    space.write("data/words/2025-01-01.txt", "eins\n").write("data/names.txt", "Berta\n");
    let shown = last(&space);
    shows(&shown, "roll    ~ once for all days");
    shows(&shown, "and 2 nodes of other days: 1 fresh, 1 stale");
    shows(&shown, "stale     take@2025-01-01    changed words/2025-01-01.txt");
}

#[test]
fn a_task_can_be_asked_for_alone() {
    let space = new("status_task");
    let shown = status_of(&space, "2025-01-01", "2025-01-03", &["--task", "take"]);
    shows(&shown, "3 missing");
    assert!(!shown.stdout.contains("recent"), "{}", shown.stdout);
    assert_eq!(rows(&status_of(&space, "2025-01-01", "2025-01-03", &["--task", "take+"])), ["---", "---", "---"]);
}

#[test]
fn sixty_days_fit_in_eighty_columns() {
    let space = new("status_sixty_days");
    for day in 0..60 {
        let day = format!("2025-0{}-{:02}", day / 30 + 3, day % 30 + 1);
        space.write(&format!("data/words/{day}.txt"), "word\n");
    }
    space.write("data/words/2025-03-31.txt", "word\n");
    let shown = status_of(&space, "2025-03-02", "2025-04-30", &[]);
    assert_eq!(rows(&shown), ["-"; 3].map(|mark| mark.repeat(60)));
    assert!(shown.stdout.lines().all(|line| line.len() <= 80), "{}", shown.stdout);
    let pipeline = space.read("pipeline.yaml").replace("recent:", "recently_taken_words_of_days:");
    space.write("pipeline.yaml", pipeline.replace("recent.text", "recently_taken_words_of_days.text"));
    let wrapped = status_of(&space, "2025-03-02", "2025-04-30", &[]);
    let rows: Vec<&str> = wrapped.stdout.lines().filter_map(|line| line.strip_prefix("recently_")).collect();
    assert_eq!(rows, vec![format!("taken_words_of_days  {}", "-".repeat(30)); 2]);
    let table = wrapped.stdout.lines().take_while(|line| !line.starts_with("missing"));
    assert!(table.into_iter().all(|line| line.len() <= 80), "{}", wrapped.stdout);
    shows(&wrapped, "and 171 more: all missing; --json lists them all");
}

#[test]
fn json_lists_every_node_with_its_state_and_reason() {
    let space = new("status_json");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-03.txt", "drei\n").write("data/words/2025-01-04.txt", "four\n");
    let shown = status_of(&space, "2025-01-03", "2025-01-05", &["--json"]);
    let nodes: Vec<Value> = serde_json::from_str(&shown.stdout).unwrap();
    let node = |name: &str| nodes.iter().find(|node| node["node"] == name).unwrap().clone();
    let expected = serde_json::json!({
        "node": "take@2025-01-03", "task": "take", "day": "2025-01-03", "state": "stale",
        "reason": "changed words/2025-01-03.txt",
    });
    assert_eq!(node("take@2025-01-03"), expected);
    assert_eq!(
        (&node("take@2025-01-01")["state"], &node("take@2025-01-01")["reason"]),
        (&"fresh".into(), &Value::Null)
    );
    assert_eq!(node("page@2025-01-04")["state"], "missing");
    assert_eq!(node("page@2025-01-05")["state"], "no input");
    assert_eq!(nodes.len(), 11, "three tasks on three days, and two earlier days of take");
}

#[test]
fn a_look_at_the_status_writes_nothing() {
    let space = new("status_writes_nothing");
    status(&space);
    assert!(!space.exists(".cache") && ran(&space).is_empty());
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    // Without it there is much that would be worth remembering.
    space.remove(".cache/v1/index");
    let before = space.tree(".");
    status(&space);
    assert!(space.tree(".") == before);
}
