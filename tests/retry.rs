//! Doing again what an earlier run left undone, and nothing else.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use support::Space;
use text_pipeline::{new, page, ran, run, run_days, runner};

/// A run of three days whose second day failed.
fn failed(name: &str, arguments: &[&str]) -> Space {
    let space = new(name);
    space.write("data/words/2025-01-02.txt", "FAIL now\n");
    run(&space, arguments).with(1).says("`runner retry` does what is left");
    space.write("data/words/2025-01-02.txt", "two\n");
    ran(&space);
    space
}

const LEFT: [&str; 5] =
    ["page@2025-01-02", "page@2025-01-03", "recent@2025-01-02", "recent@2025-01-03", "take@2025-01-02"];

#[test]
fn retry_makes_what_failed_and_what_was_skipped_behind_it() {
    let space = failed("retry", &[]);
    runner(&space, "retry").with(0).says("did not make 5 nodes").says("5 ran");
    assert_eq!(ran(&space), LEFT);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
    runner(&space, "retry").with(0).says("left nothing undone");
    assert!(ran(&space).is_empty());
}

#[test]
fn retry_works_as_often_as_it_is_needed() {
    let space = failed("retry_twice", &[]);
    space.write("data/words/2025-01-02.txt", "FAIL still\n");
    runner(&space, "retry").with(1).says("take@2025-01-02 failed");
    space.write("data/words/2025-01-02.txt", "two\n");
    ran(&space);
    runner(&space, "retry").with(0);
    assert_eq!(ran(&space), LEFT);
}

#[test]
fn retry_leaves_alone_what_was_made_even_if_it_was_forced_or_has_changed() {
    let space = failed("retry_leaves", &["--force"]);
    runner(&space, "retry").with(0);
    assert_eq!(ran(&space), LEFT);
    let space = failed("retry_leaves_changed", &[]);
    // All pages read the names, but that of the first day was made.
    space.write("data/names.txt", "names\n");
    runner(&space, "retry").with(0);
    assert_eq!(ran(&space), LEFT);
    assert_eq!(page(&space, "2025-01-01"), "one\n");
}

#[test]
fn retry_takes_the_arguments_of_the_run_that_it_repeats() {
    let space = new("retry_arguments");
    space.write("data/words/2025-01-02.txt", "FAIL now\n");
    run(&space, &["--task", "recent", "--output", "elsewhere", "--cache", "kept"]).with(1);
    space.write("data/words/2025-01-02.txt", "two\n");
    ran(&space);
    runner(&space, "retry --cache kept").with(0);
    assert_eq!(ran(&space), ["recent@2025-01-02", "recent@2025-01-03", "take@2025-01-02"]);
    assert!(!space.exists("data/output") && !space.exists(".cache"));
}

#[test]
fn an_earlier_run_can_be_named() {
    let space = failed("retry_named", &[]);
    let name = std::fs::read_dir(space.path(".cache/v1/runs")).unwrap().next().unwrap().unwrap().file_name();
    space.write("data/words/2025-01-04.txt", "four\n");
    run_days(&space, "2025-01-04", "2025-01-04", &["--task", "take"]).with(0);
    ran(&space);
    runner(&space, "retry").with(0).says("left nothing undone");
    runner(&space, "retry 19").with(2).says("no run `19`; `runner runs` lists them");
    runner(&space, "retry 20").with(2).says("`20` could be ");
    runner(&space, &format!("retry {}", name.to_str().unwrap())).with(0);
    assert_eq!(ran(&space), LEFT);
}

#[test]
fn without_a_run_there_is_nothing_to_retry() {
    let space = new("retry_nothing");
    runner(&space, "retry").with(2).says("nothing ran yet");
    assert!(!space.exists(".cache"));
}

#[test]
fn a_run_with_nothing_to_do_leaves_no_trace() {
    let space = new("no_trace");
    run(&space, &[]).with(0);
    // What is in raw files may be remembered only when they have been still for a while, and a use is noted there.
    let tree = || space.tree(".").into_iter().filter(|(path, _)| !path.contains("/v1/index")).collect::<Vec<_>>();
    let before = tree();
    run(&space, &[]).with(0).says("0 ran");
    run(&space, &["--json"]).with(0).says("0 ran");
    assert!(tree() == before);
}

#[test]
fn a_journal_that_is_damaged_stops_nothing() {
    let space = failed("retry_damaged", &[]);
    let run_folder = std::fs::read_dir(space.path(".cache/v1/runs")).unwrap().next().unwrap().unwrap().path();
    let journal = run_folder.join("journal.jsonl");
    let text = std::fs::read(&journal).unwrap();
    // Cut in the middle of a line, the run is one that was killed: what is not known to be made is left.
    let cut = text.len() * 3 / 4;
    space.write(journal.strip_prefix(&space.folder).unwrap().to_str().unwrap(), &text[..cut]);
    runner(&space, "retry").with(0);
    assert!(ran(&space).contains(&"take@2025-01-02".to_string()));
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
    space.write(journal.strip_prefix(&space.folder).unwrap().to_str().unwrap(), b"\x00\xff\n{}\n");
    run(&space, &[]).with(0);
    runner(&space, "runs").with(0);
}

#[test]
fn retry_goes_on_where_run_does_once_a_bad_file_is_removed() {
    let space = new("retry_removed");
    space.write_program("label.sh", &space.read("take.sh").replacen("name=take", "name=label", 1));
    let pipeline = space.read("pipeline.yaml").replacen(
        "tasks:\n",
        "  labels: {path: 'labels/{day}.txt', optional: true}\ntasks:\n  label:\n    run: ./label.sh\n    inputs: {raw: \
         {source: labels}}\n    params: {note: NOTE}\n    outputs: {text: text.txt}\n",
        1,
    );
    let labelled = pipeline.replacen(
        "names: {source: names",
        "labels: {from: label.text, optional: true}, names: {source: names",
        1,
    );
    space.write("pipeline.yaml", labelled.replace("NOTE", &space.path("ran").display().to_string()));
    space.write("data/labels/2025-01-02.txt", "FAIL always\n");
    run(&space, &[]).with(1).says("failed: label@2025-01-02");
    space.remove("data/labels/2025-01-02.txt");
    runner(&space, "retry")
        .with(0)
        .says("left out, for what it read is not there any more: label@2025-01-02")
        .says("ran page@2025-01-02");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
}

#[test]
fn what_does_not_depend_on_days_that_are_not_known_yet_is_made_and_a_retry_makes_all_the_rest() {
    let space = new("unknown_days");
    let cut = "  cut:\n    run: ./cut.sh\n    once: true\n    inputs: {raw: {source: names}}\n    \
               outputs: {parts: 'parts/{day}.txt'}\n  \
               both:\n    run: ./page.sh\n    inputs: {text: {from: take.text}, part: {from: cut.parts}}\n    \
               params: {note: /dev/null}\n    outputs: {text: text.txt}\n";
    space.write("pipeline.yaml", space.read("pipeline.yaml") + cut).write("data/names.txt", "names\n");
    space.write_program("cut.sh", "#!/bin/sh\nexit 7\n");
    run(&space, &[]).with(1).says("cut failed: exit status 7").says("9 ran, 0 cached, 1 failed, 3 skipped");
    let parts = "for day in 01 02 03; do echo $day > ${4#*=}/2025-01-$day.txt; done";
    space.write_program("cut.sh", &format!("#!/bin/sh\nmkdir ${{4#*=}}\n{parts}\n"));
    runner(&space, "retry").with(0).says("did not make 4 nodes").says("3 ran, ");
    run(&space, &[]).with(0).says("13 nodes: 0 ran, 13 cached");
}
