//! Which raw files are found, which days that makes, and what is said about those that are missing.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::os::unix::fs::PermissionsExt;

use text_pipeline::{new, page, ran, run, run_days};

#[test]
fn a_day_asked_for_without_files_is_named_with_its_place_before_anything_runs() {
    let space = new("missing_day");
    run_days(&space, "2025-01-02", "2025-01-05", &[])
        .with(3)
        .says("raw files are missing in ")
        .says("words: no file for 2025-01-04; looked for words/2025-01-04.txt")
        .says("words: no file for 2025-01-05; looked for words/2025-01-05.txt");
    assert!(ran(&space).is_empty() && !space.exists(".cache"));
}

#[test]
fn a_source_without_a_single_file_is_named_with_the_place_looked_for() {
    let space = new("missing_source");
    space.remove("data/words");
    run(&space, &[]).with(3).says("words: not a single file; looked for words/{day}.txt");
    space.write("data/words/2025-01-01.txt", "one\n");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace(", optional: true}\ntasks", "}\ntasks"));
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(3).says("names: not a single file; looked for names.txt");
}

#[test]
fn an_optional_source_is_used_when_it_is_there() {
    let space = new("optional_source");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/names.txt", "Ada\n");
    run(&space, &[]).with(0).says("added names.txt");
    assert_eq!(ran(&space), ["page@2025-01-01", "page@2025-01-02", "page@2025-01-03"]);
    assert_eq!(page(&space, "2025-01-01"), "one\nAda\n");
}

#[test]
fn days_before_a_source_begins_are_no_fault() {
    let space = new("source_begins");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).does_not_say("warning");
    assert_eq!(page(&space, "2025-01-01"), "one\n");
}

#[test]
fn a_gap_is_a_warning_with_its_days_and_an_error_if_gaps_are_refused() {
    let space = new("gap");
    for day in ["2024-12-24", "2024-12-28"] {
        space.write(&format!("data/words/{day}.txt"), "early\n");
    }
    let warning = "words: no files for 2024-12-25..2024-12-27, 2024-12-29..2024-12-31 (words/{day}.txt)";
    run(&space, &[]).with(0).says(&format!("warning: {warning}"));
    assert_eq!(page(&space, "2025-01-01"), "one\n");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("words: {", "words: {gaps: refuse, "));
    run(&space, &["--force"]).with(3).says(&format!("{warning} and its gaps are refused"));
}

#[test]
fn a_look_back_takes_its_days_and_no_more_at_both_ends() {
    let space = new("look_back_ends");
    space.write("data/words/2025-01-04.txt", "four\n").write("data/words/2025-01-05.txt", "five\n");
    run_days(&space, "2025-01-04", "2025-01-05", &[]).with(0);
    assert_eq!(page(&space, "2025-01-04"), "two\nthree\nfour\n");
    assert_eq!(page(&space, "2025-01-05"), "three\nfour\nfive\n");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("lookback_days: 2", "lookback_days: null"));
    run_days(&space, "2025-01-05", "2025-01-05", &[]).with(0);
    assert_eq!(page(&space, "2025-01-05"), "one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn hidden_files_are_ignored_and_files_of_a_day_come_in_order_of_name() {
    let space = new("files_of_a_day");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("'words/{day}.txt'", "'words/dt={day}/*'"));
    for (name, word) in [("b.txt", "b"), ("a.txt", "a"), ("_SUCCESS", "no"), (".a.crc", "no"), ("B.txt", "B")] {
        space.write(&format!("data/words/dt=2025-01-01/{name}"), format!("{word}\n"));
    }
    space.write("data/words/dt=2025-01-01/deeper/c.txt", "no\n").write("data/words/dt=yesterday/a.txt", "no\n");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0);
    assert_eq!(page(&space, "2025-01-01"), "B\na\nb\n");
    ran(&space);
    space.write("data/words/dt=2025-01-01/c.txt", "c\n");
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).says("added words/dt=2025-01-01/c.txt");
    assert_eq!(page(&space, "2025-01-01"), "B\na\nb\nc\n");
}

#[test]
fn a_pipeline_is_found_from_a_folder_below_and_its_paths_start_at_its_own_folder() {
    let space = new("folder_below");
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.current_dir(space.path("data/words")).args(["run", "--from", "2025-01-01", "--to", "2025-01-01"]);
    support::end(command).with(0);
    assert_eq!(page(&space, "2025-01-01"), "one\n");
}

#[test]
fn the_folders_can_be_given_on_the_command_line() {
    let space = new("given_folders");
    space.write("elsewhere/words/2025-01-01.txt", "uno\n");
    let folders = ["--data", "elsewhere", "--output", "there/out", "--cache", "there/cache"];
    run_days(&space, "2025-01-01", "2025-01-01", &folders).with(0);
    assert_eq!(space.read("there/out/dt=2025-01-01/text.txt"), "uno\n");
    assert!(space.exists("there/cache/v1") && !space.exists(".cache"));
}

#[test]
fn a_published_day_is_replaced_whole_and_put_back_if_it_is_missing_or_edited() {
    let space = new("published_day");
    run(&space, &[]).with(0);
    let day = "data/output/dt=2025-01-02";
    space.write(&format!("{day}/stale.txt"), "left by something else\n");
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(space.tree(day).len(), 1);
    space.remove(day);
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    space.remove(&format!("{day}/text.txt")).write(&format!("{day}/text.txt"), "edited\n");
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    let hidden: Vec<_> = space.tree("data/output").into_iter().filter(|(path, _)| path.starts_with('.')).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn results_are_read_only() {
    let space = new("read_only_results");
    run(&space, &[]).with(0);
    let mode = std::fs::metadata(space.path("data/output/dt=2025-01-01/text.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o222, 0);
}

#[test]
fn nonsense_on_the_command_line_is_refused_with_a_way_out() {
    let space = new("nonsense");
    run_days(&space, "2025-01-03", "2025-01-01", &[]).with(2).says("--from 2025-01-03 is after --to 2025-01-01");
    run_days(&space, "2025-02-30", "2025-03-01", &[]).with(2).says("`2025-02-30` is not a day");
    run(&space, &["--task", "recnet"]).with(2).says("unknown task `recnet`").says("did you mean `recent`?");
    run(&space, &["--jobs", "0"]).with(2);
    run(&space, &["--pipeline", "nowhere.yaml"]).with(2).says("nowhere.yaml: cannot be read");
    assert!(ran(&space).is_empty());
}
