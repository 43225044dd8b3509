//! What belongs to a program, what is said of a program that cannot be started, and what it sees of its surroundings.
#![expect(clippy::disallowed_methods, reason = "tests change the permissions of programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use support::Space;
use text_pipeline::{add_to_task, new, ran, run, runner};

/// The text pipeline with files that belong to `take`.
fn with(name: &str, patterns: &str) -> Space {
    let space = new(name);
    add_to_task(&space, "take", &format!("with: [{patterns}]"));
    space.write("lib/count.py", "count = 1\n").write("lib/__init__.py", "").write("lib/deep/more.py", "more = 1\n");
    space
        .write("lib/__pycache__/count.pyc", "made")
        .write("lib/.count.py.swp", "edited")
        .write("lib/notes.txt", "notes");
    space
}

#[test]
fn a_file_that_belongs_to_a_program_is_part_of_what_its_results_depend_on() {
    let space = with("with_changed", "lib/*.py");
    run(&space, &[]).with(0).says("9 ran");
    ran(&space);
    space.write("lib/count.py", "count = 2\n");
    let why = runner(&space, "why take@2025-01-02").with(0);
    assert!(why.stdout.starts_with("take@2025-01-02 would run because lib/count.py changed\n"), "{}", why.stdout);
    assert!(why.stdout.contains("    changed lib/count.py: content "), "{}", why.stdout);
    run(&space, &[]).with(0).says("ran take@2025-01-02").says("changed lib/count.py").says("3 ran, 6 cached");
    // With what it was, the results of then are there.
    space.write("lib/count.py", "count = 1\n");
    run(&space, &[]).with(0).says("0 ran");
}

#[test]
fn what_its_files_are_called_counts_and_what_no_pattern_names_does_not() {
    let space = with("with_named", "lib/*.py");
    run(&space, &[]).with(0);
    for (path, content) in [("lib/notes.txt", "other"), ("lib/deep/more.py", "more = 2\n"), ("lib/.count.py.swp", "")] {
        space.write(path, content);
        run(&space, &[]).with(0).says("0 ran");
    }
    space.write("lib/extra.py", "");
    run(&space, &[]).with(0).says("added lib/extra.py");
    space.remove("lib/__init__.py");
    run(&space, &[]).with(0).says("removed lib/__init__.py");
}

#[test]
fn all_files_below_a_folder_can_belong_to_a_program() {
    let space = with("with_below", "lib/**");
    run(&space, &[]).with(0);
    // Python writes this one whenever it likes.
    space.write("lib/__pycache__/count.pyc", "made again");
    run(&space, &[]).with(0).says("0 ran");
    space.write("lib/deep/more.py", "more = 2\n");
    run(&space, &[]).with(0).says("changed lib/deep/more.py");
}

#[test]
fn a_file_that_changes_while_the_program_runs_gives_no_result() {
    let space = with("with_moved", "lib/*.py");
    let folder = space.folder.display();
    space.write("data/words/2025-01-02.txt", format!("MOVE {folder}/marker\ntwo\n"));
    let moved = format!("echo '# new' >> {folder}/lib/count.py");
    let program = space.read("take.sh").replace("echo moved >> \"$file\"", &moved);
    space.write_program("take.sh", &program);
    run(&space, &["--jobs", "1"]).with(0).says("lib/count.py changed while it was read");
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    let space = with("with_nothing", "lib/*.py, lob/*.py");
    run(&space, &[]).with(2).says("`with: lob/*.py` of the task `take` matches no file in ");
    assert!(ran(&space).is_empty());
    let space = with("with_absolute", "/etc/passwd");
    run(&space, &[])
        .with(2)
        .says("pipeline.yaml:8:12: a file that belongs to a program is named by its path from here");
}

#[test]
fn a_command_line_is_no_program() {
    let space = new("command_line");
    let pipeline = space.read("pipeline.yaml").replacen("run: ./take.sh", "run: python take.py", 1);
    space.write("pipeline.yaml", pipeline);
    run(&space, &[])
        .with(2)
        .says("`run: python take.py` of the task `take` is the name of one program, not a command line")
        .says("write `run: ./take.py`");
}

#[test]
fn a_program_that_cannot_be_started_is_named_with_what_to_do() {
    let space = new("not_executable");
    fs::set_permissions(space.path("take.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    let place = space.path("take.sh").display().to_string();
    run(&space, &[]).with(2).says("is not executable").says(&format!("make it so with `chmod +x {place}`"));
    space.write_program("take.sh", "print('no first line')\n");
    run(&space, &[]).with(2).says("does not say what runs it").says("`#!/usr/bin/env python3`");
    space.write_program("take.sh", "#!/no/such/python\n");
    run(&space, &[]).with(1).says("the program that its first line names is not there");
}

#[test]
fn a_variable_has_the_name_of_one() {
    for (env, said) in [
        ("{'A; touch pwned; B': x}", "`A; touch pwned; B` cannot be the name of a variable"),
        ("{1A: x}", "`1A` cannot be the name of a variable"),
        ("{TASK_REPORT: x}", "the runner itself sets `TASK_REPORT`"),
    ] {
        let space = new("variable_names");
        add_to_task(&space, "take", &format!("env: {env}"));
        run(&space, &[]).with(2).says(said);
    }
}

#[test]
fn a_program_sees_the_same_language_and_hours_whoever_starts_it() {
    let space = new("language");
    let program = space.read("take.sh").replacen(
        "for file in",
        "echo \"${LC_ALL-none} $LANG $TZ\" > \"$note.seen\"\nfor file in",
        1,
    );
    space.write_program("take.sh", &program);
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-01"]);
    command.env("LC_ALL", "de_DE.UTF-8").env("LANG", "de_DE.UTF-8").env("TZ", "Asia/Tokyo");
    support::end(command).with(0);
    assert_eq!(space.read("ran.seen"), "none C.UTF-8 UTC\n");
    add_to_task(&space, "take", "env: {LANG: tr_TR.UTF-8}");
    run(&space, &[]).with(0).says("the variable LANG changed");
    assert_eq!(space.read("ran.seen"), "none tr_TR.UTF-8 UTC\n");
}
