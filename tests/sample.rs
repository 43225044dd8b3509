//! The committed sample: it covers what it is there to show, and the README's demo does what it says.

mod support;
#[path = "support/tables.rs"]
mod tables;

use std::path::Path;

use support::{Space, end};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn the_demo_builds_fourteen_days_and_the_second_time_runs_nothing() {
    let space = Space::new("demo");
    let run = || {
        let mut command = space.command(env!("CARGO_BIN_EXE_read"), "runner");
        command.current_dir(repository()).args(["run", "--from", "2025-08-03", "--to", "2025-08-16"]);
        command.arg("--output").arg(space.path("output")).arg("--cache").arg(space.path("cache"));
        end(command)
    };
    let first = run().with(0).says(" 0 cached, 0 failed, 0 skipped").does_not_say("warning");
    assert_eq!(first.stderr.matches("rejected").count(), 2, "one line, and where to look\n{}", first.stderr);
    first.says(" rows were rejected, most by read_");
    run().with(0).says(" 0 ran, ").does_not_say("warning").does_not_say("rejected");
    let mut days = 0;
    let (mut full, mut cold, mut rows) = (false, false, 0);
    for (path, _) in space.tree("output") {
        let table = tables::list_rows(&space, &format!("output/{path}"));
        days += 1;
        rows += table.len();
        full |= table.iter().any(|row| row.2.iter().all(|item| *item > 0));
        cold |= table.iter().any(|row| row.2.iter().all(|item| *item == 0));
    }
    assert_eq!(days, 14);
    let show = |node: &str, more: &[&str]| {
        let mut command = space.command(env!("CARGO_BIN_EXE_read"), "runner");
        command.current_dir(repository()).args(["show", node]).args(more).arg("--cache").arg(space.path("cache"));
        end(command).with(0).does_not_say("note").stdout
    };
    let shown = show("history@2025-08-16", &["--rows", "1", "--columns", "customer_id"]);
    let customer = shown.lines().last().unwrap().trim();
    assert!(show("history@2025-08-16", &["--customer", customer]).contains("\n1 of 1 rows\n"));
    assert!(show("read_clicks@2025-08-15", &["--output", "rejected"]).contains("click_time is unreadable"));
    assert!(show("unify_orders@2025-08-10", &[]).contains("2025-08-10 00:00:00"));
    assert!(rows > 1000 && full && cold, "{rows} rows, a full history: {full}, an empty one: {cold}");
}

#[test]
fn the_sample_is_small_and_in_every_format() {
    let space = Space { folder: repository().join("data") };
    let files: Vec<_> = ["impressions", "clicks", "add_to_carts", "previous_orders"]
        .iter()
        .flat_map(|source| space.tree(source))
        .collect();
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 3_000_000, "{bytes} bytes");
    for ending in [".json", ".json.gz", ".json.zst", ".csv", ".parquet"] {
        assert!(files.iter().any(|(name, _)| name.ends_with(ending)), "{ending}");
    }
}
