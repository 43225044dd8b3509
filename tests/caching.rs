//! What runs again and what does not.
#![expect(clippy::disallowed_methods, reason = "tests write files and start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;

use text_pipeline::{new, page, ran, run, run_days};

const ALL: [&str; 9] = [
    "page@2025-01-01",
    "page@2025-01-02",
    "page@2025-01-03",
    "recent@2025-01-01",
    "recent@2025-01-02",
    "recent@2025-01-03",
    "take@2025-01-01",
    "take@2025-01-02",
    "take@2025-01-03",
];

#[test]
fn the_first_run_runs_everything_and_the_second_nothing() {
    let space = new("first_and_second_run");
    run(&space, &[]).with(0).says("9 nodes: 9 ran, 0 cached, 0 failed, 0 skipped");
    assert_eq!(ran(&space), ALL);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
    run(&space, &[]).with(0).says("9 nodes: 0 ran, 9 cached, 0 failed, 0 skipped");
    assert!(ran(&space).is_empty());
}

#[test]
fn one_changed_file_reruns_what_reads_it_and_nothing_else() {
    let space = new("one_changed_file");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    run(&space, &[]).with(0).says("changed words/2025-01-02.txt");
    assert_eq!(
        ran(&space),
        ["page@2025-01-02", "page@2025-01-03", "recent@2025-01-02", "recent@2025-01-03", "take@2025-01-02"]
    );
    assert_eq!(page(&space, "2025-01-03"), "one\nzwei\nthree\n");
    assert_eq!(page(&space, "2025-01-01"), "one\n");
}

#[test]
fn a_change_that_leaves_the_result_alone_stops_there() {
    let space = new("early_cutoff");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-02.txt", "# a remark\ntwo\n");
    run(&space, &[]).with(0).says("9 nodes: 1 ran, 8 cached");
    assert_eq!(ran(&space), ["take@2025-01-02"]);
}

#[test]
fn a_file_that_is_touched_or_restored_is_not_a_change() {
    let space = new("touched_file");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "other\n");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-02.txt", "two\n");
    run(&space, &[]).with(0).says("0 ran");
    assert!(ran(&space).is_empty());
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n", "the earlier day is published again");
}

#[test]
fn tomorrow_only_tomorrows_work_runs() {
    let space = new("tomorrow");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-04.txt", "four\n");
    run_days(&space, "2025-01-04", "2025-01-04", &[]).with(0);
    assert_eq!(ran(&space), ["page@2025-01-04", "recent@2025-01-04", "take@2025-01-04"]);
    assert_eq!(page(&space, "2025-01-04"), "two\nthree\nfour\n");
}

#[test]
fn another_program_or_parameter_is_a_change_of_its_task_alone() {
    let space = new("changed_program");
    run(&space, &[]).with(0);
    ran(&space);
    let program = space.read("recent.sh");
    space.write_program("recent.sh", &format!("{program}# the same, with a remark\n"));
    run(&space, &[]).with(0).says("the program changed");
    assert_eq!(ran(&space), ["recent@2025-01-01", "recent@2025-01-02", "recent@2025-01-03"]);
    let pipeline = space.read("pipeline.yaml");
    let (before, after) = pipeline.split_once("  page:").unwrap();
    space.write("pipeline.yaml", format!("{before}  page:{}", after.replacen("params: {", "params: {more: 1, ", 1)));
    run(&space, &[]).with(0).says("arguments changed from");
    assert_eq!(ran(&space), ["page@2025-01-01", "page@2025-01-02", "page@2025-01-03"]);
}

/// Does harm to a result's folder.
type Damage = fn(&std::path::Path);

#[test]
fn a_damaged_result_is_made_again_and_never_used() {
    let space = new("damaged_result");
    run(&space, &[]).with(0);
    ran(&space);
    let results = space.path(".cache/v1/results");
    let result = fs::read_dir(results.join("recent/2025-01-02")).unwrap().next().unwrap().unwrap().path();
    let damages: [Damage; 4] = [
        |folder| fs::remove_file(folder.join("text.txt")).unwrap(),
        |folder| {
            fs::remove_file(folder.join("text.txt")).unwrap();
            fs::write(folder.join("text.txt"), "other words\n").unwrap();
        },
        |folder| fs::write(folder.join("entry.json"), "{\"manifest\":").unwrap(),
        |folder| fs::remove_file(folder.join("entry.json")).unwrap(),
    ];
    for (number, damage) in damages.iter().enumerate() {
        damage(&result);
        run(&space, &[]).with(0).says("1 ran, 8 cached");
        assert_eq!(ran(&space), ["recent@2025-01-02"], "damage {number}");
        assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    }
}

#[test]
fn a_task_can_be_asked_for_with_what_it_needs_or_with_what_follows() {
    let space = new("asking_for_a_task");
    run_days(&space, "2025-01-02", "2025-01-02", &["--task", "recent"]).with(0);
    assert_eq!(ran(&space), ["recent@2025-01-02", "take@2025-01-01", "take@2025-01-02"]);
    assert!(!space.exists("data/output"));
    run_days(&space, "2025-01-02", "2025-01-02", &["--task", "recent+"]).with(0);
    assert_eq!(ran(&space), ["page@2025-01-02"]);
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
}

#[test]
fn force_runs_the_named_tasks_on_the_days_asked_for() {
    let space = new("force");
    run(&space, &[]).with(0);
    ran(&space);
    run_days(&space, "2025-01-03", "2025-01-03", &["--task", "recent", "--force"]).with(0).says("forced");
    assert_eq!(ran(&space), ["recent@2025-01-03"]);
    run_days(&space, "2025-01-03", "2025-01-03", &["--task", "recent+", "--force"]).with(0);
    assert_eq!(ran(&space), ["page@2025-01-03", "recent@2025-01-03"]);
    run(&space, &["--force"]).with(0);
    assert_eq!(ran(&space), ALL);
}

#[test]
fn a_dry_run_says_what_would_run_and_writes_nothing() {
    let space = new("dry_run");
    let dry = run(&space, &["--dry-run"]).with(0).says("9 nodes: 3 would run, 6 may run, 0 cached; nothing ran");
    assert!(dry.stdout.contains("would run  take@2025-01-01"), "{}", dry.stdout);
    assert!(dry.stdout.contains("never ran before"), "{}", dry.stdout);
    assert!(!space.exists(".cache") && !space.exists("data/output") && ran(&space).is_empty());
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-03.txt", "drei\n");
    let before = space.tree(".cache");
    let dry = run(&space, &["--dry-run", "--json"]).with(0);
    let said: serde_json::Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!(said["cached"], 6);
    assert_eq!(
        said["would_run"],
        serde_json::json!([{"node": "take@2025-01-03", "reason": "changed words/2025-01-03.txt"}])
    );
    assert_eq!(said["may_run"][0], serde_json::json!({"node": "recent@2025-01-03", "reason": "reads take@2025-01-03"}));
    assert!(ran(&space).is_empty());
    assert_eq!(space.tree(".cache"), before);
}

#[test]
fn whole_days_come_out_one_after_another() {
    let space = new("days_in_order");
    run(&space, &["--jobs", "1"]).with(0);
    let order: Vec<String> = space.read("ran").lines().map(str::to_string).collect();
    let place = |node: &str| order.iter().position(|ran| ran == node).unwrap();
    assert!(place("page@2025-01-01") < place("take@2025-01-02"), "{order:?}");
    assert!(place("page@2025-01-02") < place("take@2025-01-03"), "{order:?}");
}

#[test]
fn json_sums_a_run_up_on_stdout() {
    let space = new("json_summary");
    let first: serde_json::Value = serde_json::from_str(&run(&space, &["--json"]).with(0).stdout).unwrap();
    for (key, count) in [("nodes", 9), ("ran", 9), ("cached", 0), ("failed", 0), ("skipped", 0)] {
        assert_eq!(first[key], count, "{key}");
    }
    assert!(first["run"].is_string() && first["seconds"].is_f64());
}

#[test]
fn the_number_of_jobs_changes_no_byte() {
    let one = new("one_job");
    run(&one, &["--jobs", "1"]).with(0);
    for jobs in ["2", "5"] {
        let other = new(&format!("jobs_{jobs}"));
        run(&other, &["--jobs", jobs]).with(0);
        assert_eq!(other.tree("data/output"), one.tree("data/output"), "{jobs} jobs");
    }
}

#[test]
fn a_program_that_gives_other_bytes_for_the_same_input_is_called_out() {
    let space = new("unstable_program");
    let program = space.read("take.sh");
    space.write_program("take.sh", &program.replace("exit 0\n", "date +%N >> \"$out\"\n"));
    run(&space, &[]).with(0).does_not_say("other bytes");
    run(&space, &["--task", "take", "--force"])
        .with(0)
        .says("take@2025-01-01: warning: the same inputs gave other bytes");
}
