//! What a program leaves in its folder: its outputs are kept as they are, and nothing else is kept, read or changed.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use support::Space;
use text_pipeline::{new, ran, run, run_days};

/// A space whose `take` is split by day and does as it is told with `$out`, the folder of its parts, and `$in`.
fn splitting(name: &str, does: &str) -> Space {
    let space = new(name);
    space.write(
        "pipeline.yaml",
        "sources: {words: {path: 'words/{day}.txt'}}\ntasks:\n  take:\n    run: ./take.sh\n    \
         inputs: {raw: {source: words}}\n    outputs: {text: 'parts/{day}.txt'}\n",
    );
    space.write_program("take.sh", &program(does));
    space.write("outside/2025-01-01.txt", "not the runner's\n");
    space
}

fn program(does: &str) -> String {
    format!(
        "#!/bin/sh\nwhile [ $# -gt 0 ]; do\n  case $1 in --out) out=${{2#*=}} ;; --day) day=$2 ;; --in) in=${{2#*=}} ;; \
         esac\n  shift 2\ndone\n{does}\n"
    )
}

fn mode(space: &Space, path: &str) -> u32 {
    fs::metadata(space.path(path)).unwrap().permissions().mode() & 0o777
}

/// Runs the first day and expects it to fail with a message, and what lies outside to stay as it is.
#[track_caller]
fn is_refused(space: &Space, message: &str) {
    let outside = ["outside/2025-01-01.txt", "data/words/2025-01-01.txt"];
    for path in outside {
        fs::set_permissions(space.path(path), fs::Permissions::from_mode(0o664)).unwrap();
    }
    run_days(space, "2025-01-01", "2025-01-01", &[]).with(1).says(message);
    assert_eq!(outside.map(|path| mode(space, path)), [0o664; 2]);
    assert_eq!(space.read("outside/2025-01-01.txt"), "not the runner's\n");
    assert!(space.tree(".cache/v1/results").is_empty() && space.tree(".cache/v1/work").is_empty());
}

#[test]
fn a_link_to_a_folder_is_no_folder_of_parts() {
    let space = splitting("linked_parts", "ln -s OUTSIDE \"$out\"");
    let outside = space.path("outside").display().to_string();
    space.write_program("take.sh", &space.read("take.sh").replace("OUTSIDE", &outside));
    is_refused(&space, "its output `text` is not a plain folder: parts");
}

#[test]
fn a_link_among_the_parts_is_no_part() {
    let space = splitting("linked_part", "mkdir \"$out\" && ln -s OUTSIDE/$day.txt \"$out/$day.txt\"");
    let outside = space.path("outside").display().to_string();
    space.write_program("take.sh", &space.read("take.sh").replace("OUTSIDE", &outside));
    is_refused(&space, "its output `text` is not a plain file: parts/2025-01-01.txt");
}

#[test]
fn a_link_in_the_place_of_the_work_folder_is_not_followed() {
    let space = splitting("linked_work", "cd / && rm -r \"${out%/*}\" && ln -s OUTSIDE \"${out%/*}\"");
    space.write("outside/parts/2025-01-01.txt", "not the runner's\n");
    let outside = space.path("outside").display().to_string();
    space.write_program("take.sh", &space.read("take.sh").replace("OUTSIDE", &outside));
    is_refused(&space, "something else is in its place");
    assert_eq!(space.tree("outside").len(), 2, "nothing came and nothing went");
}

#[test]
fn a_second_name_of_a_file_of_others_is_no_output() {
    let space = splitting("second_name", "mkdir \"$out\" && ln OUTSIDE/$day.txt \"$out/$day.txt\"");
    let outside = space.path("outside").display().to_string();
    space.write_program("take.sh", &space.read("take.sh").replace("OUTSIDE", &outside));
    is_refused(&space, "is a second name of another file: parts/2025-01-01.txt; it has to be a file of its own");
}

#[test]
fn what_is_no_output_is_named_and_not_kept() {
    let space = new("undeclared");
    let extra = "folder=${out%/*}; echo x > $folder/notes.txt; mkdir $folder/scratch $folder/locked\n\
                 echo x > $folder/scratch/x; echo x > $folder/locked/x; chmod 500 $folder/locked\n\
                 ln -s KEPT $folder/link; mkfifo $folder/pipe; echo '{}' > $TASK_REPORT; exit 0\n";
    space.write("kept/file", "not the runner's\n");
    let extra = extra.replace("KEPT", &space.path("kept").display().to_string());
    space.write_program(
        "take.sh",
        &space.read("take.sh").replace("exit 0\n", &extra).replace("SILENT) exit", "SILENT) :"),
    );
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).says(
        "take@2025-01-01: note: what it wrote beside its outputs was not kept: link, locked, notes.txt, pipe, scratch",
    );
    let kept: Vec<String> = space.tree(".cache/v1/results/take").into_iter().map(|(path, _)| path).collect();
    assert!(kept.len() == 2 && kept.iter().all(|path| path.ends_with("/text.txt") || path.ends_with("/entry.json")));
    assert!(space.exists("kept/file"));
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0).says(" 0 ran, ");
}

#[test]
fn a_report_that_is_no_plain_file_reports_nothing() {
    let space = new("odd_report");
    space.write_program("take.sh", &space.read("take.sh").replacen('\n', "\nmkfifo \"$TASK_REPORT\"\n", 1));
    run(&space, &[]).with(0);
    assert_eq!(ran(&space).len(), 9);
}
