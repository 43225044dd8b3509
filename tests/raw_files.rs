//! What lies among raw files and is no file of a day: told by name, never passed over, never waited for.
#![expect(clippy::disallowed_methods, reason = "tests make links and pipes, and start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use support::{Space, end};
use text_pipeline::{new, page, ran, run, run_days, runner};

/// The pipeline with a folder for each day of words.
fn folders(name: &str) -> Space {
    let space = new(name);
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("'words/{day}.txt'", "'words/dt={day}/*'")).remove("data/words");
    for (day, word) in [(1, "one"), (2, "two"), (3, "three")] {
        space.write(&format!("data/words/dt=2025-01-0{day}/a.txt"), format!("{word}\n"));
    }
    space
}

fn pipe(space: &Space, path: &str) {
    let mut command = std::process::Command::new("mkfifo");
    command.arg(space.path(path));
    end(command).with(0);
}

#[test]
fn files_that_no_path_takes_are_told_in_a_line_whatever_is_asked() {
    let space = folders("stray");
    for hour in 0..24 {
        space.write(&format!("data/words/dt=2025-01-02/hour={hour:02}/b.txt"), "late\n");
    }
    space.write("data/words/dt=2025-1-2/b.txt", "odd\n").write("data/words/all.txt", "all\n");
    space.write("data/words/_old/c.txt", "hidden\n").write("data/words/dt=2025-01-03/.d.txt", "hidden\n");
    let told = "warning: words: words/dt={day}/* does not take 24 files, such as words/dt=2025-01-02/hour=00/b.txt (a folder \
                too deep; words/dt={day}/** takes them); 1 file, words/dt=2025-1-2/b.txt (`2025-1-2` is no day: a day is \
                written 2025-08-16); 1 file, words/all.txt (no `{day}` in its path)\n";
    for verb in ["run", "run", "plan", "status"] {
        let ended = runner(&space, &format!("{verb} --from 2025-01-01 --to 2025-01-03")).with(0).says(told);
        assert_eq!(ended.stderr.matches("does not take").count(), 1, "{}", ended.stderr);
    }
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n");
}

#[test]
fn a_path_with_another_ending_and_a_file_in_the_place_of_a_folder_are_told() {
    let space = new("stray_ending");
    space.write("data/words/2025-01-02.json", "{}\n");
    run(&space, &[]).with(0).says(
        "words: words/{day}.txt does not take 1 file, words/2025-01-02.json (another name; words/{day}.json takes it)",
    );
    let space = folders("stray_file");
    space.write("data/words/dt=2025-01-04", "a day\n");
    run(&space, &[])
        .with(0)
        .says("1 file, words/dt=2025-01-04 (a file where a folder is expected; words/dt={day} takes it)");
}

#[test]
fn files_that_several_paths_would_take_are_told_with_the_path_of_each() {
    let space = folders("stray_places");
    space.write("data/words/2025-01-02/b.txt", "b\n").write("data/words/DT=2025-01-02/c.txt", "c\n");
    run(&space, &[])
        .with(0)
        .says("1 file, words/2025-01-02/b.txt (another name; words/{day}/* takes it)")
        .says("1 file, words/DT=2025-01-02/c.txt (another name; words/DT={day}/* takes it)");
    for part in 0..9 {
        space.write(&format!("data/words/2025-01-02-{part}/b.txt"), "b\n");
    }
    run(&space, &[]).with(0).says("; 6 more in other ways\n");
}

#[test]
fn what_one_source_passes_by_and_another_takes_is_told_by_nobody() {
    let space = folders("stray_shared");
    let pipeline = space.read("pipeline.yaml").replace("names.txt", "words/names/*");
    space.write("pipeline.yaml", pipeline).write("data/words/names/n.txt", "Ada\n");
    run(&space, &[]).with(0).does_not_say("warning");
    space.write("data/words/names/deep/n.txt", "Eve\n");
    run(&space, &[]).with(0).says("names: words/names/* does not take 1 file, words/names/deep/n.txt");
}

#[test]
fn where_all_files_lie_elsewhere_the_path_that_takes_them_is_named() {
    let space = folders("stray_all");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("'words/dt={day}/*'", "'words/{day}/*'"));
    run(&space, &[])
        .with(3)
        .says(
            "words: not a single file; looked for words/{day}/*, but found 3 files, such as words/dt=2025-01-01/a.txt",
        )
        .says("words/dt={day}/* takes them");
}

#[test]
fn published_days_and_the_cache_are_no_raw_files() {
    let space = new("stray_own");
    let pipeline = space.read("pipeline.yaml");
    let pipeline = format!("output: data/words/out\ncache: data/words/kept\n{pipeline}");
    space.write("pipeline.yaml", pipeline);
    run(&space, &[]).with(2).says("among the raw files of `words`");
    let pipeline =
        space.read("pipeline.yaml").replace("data/words/out", "data/out").replace("data/words/kept", "data/kept");
    space.write("pipeline.yaml", pipeline.replace("words/{day}.txt", "{day}.txt"));
    for day in ["2025-01-01", "2025-01-02", "2025-01-03"] {
        space.write(&format!("data/{day}.txt"), "word\n");
    }
    for _ in 0..2 {
        run(&space, &[]).with(0).does_not_say("warning");
    }
}

#[test]
fn a_day_is_not_there_before_it_is_ready() {
    let space = folders("ready");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("words: {", "words: {ready: DONE, "));
    space.write("data/words/dt=2025-01-01/DONE", "").write("data/words/dt=2025-01-02/DONE", "");
    run(&space, &[])
        .with(3)
        .says("  2025-01-03  words: not ready on 2025-01-03: words/dt=2025-01-03/DONE is not there yet\n")
        .says("not made for want of raw files: 2025-01-03 (1 of 3 days)")
        .does_not_say("does not take");
    space.write("data/words/dt=2025-01-03/DONE", "");
    run(&space, &[]).with(0);
    assert_eq!(page(&space, "2025-01-03"), "one\ntwo\nthree\n", "and it is no file of the day itself");
    space.remove("data/words/dt=2025-01-02/DONE");
    run_days(&space, "2025-01-03", "2025-01-03", &[]).with(3).says("words: not ready on 2025-01-02");
    // Of an older day it is said as well: its files are there, and are left out.
    space.write("data/words/dt=2025-01-02/DONE", "").remove("data/words/dt=2025-01-01/DONE");
    run_days(&space, "2025-01-03", "2025-01-03", &[])
        .with(0)
        .says("warning: words: not ready on 2025-01-01, and left out: such as words/dt=2025-01-01/DONE is not there\n")
        .does_not_say("no files");
}

#[test]
fn what_is_no_file_is_an_error_that_names_it_and_keeps_nobody_waiting() {
    let space = folders("pipe");
    pipe(&space, "data/words/dt=2025-01-03/pipe.txt");
    run(&space, &[])
        .with(3)
        .says("  2025-01-03  words: words/dt=2025-01-03/pipe.txt is a named pipe and no file\n")
        .says("(1 of 3 days)");
    assert_eq!(page(&space, "2025-01-02"), "one\ntwo\n");
    for verb in ["plan", "status"] {
        runner(&space, &format!("{verb} --from 2025-01-01 --to 2025-01-03")).says("is a named pipe and no file");
    }
    // Hidden or beside the path it is nobody's concern.
    space.remove("data/words/dt=2025-01-03/pipe.txt");
    pipe(&space, "data/words/dt=2025-01-03/.pipe");
    pipe(&space, "data/words/pipe");
    run(&space, &[]).with(0);
    let listening = UnixListener::bind(space.path("data/names.txt")).unwrap();
    run(&space, &[]).with(3).says("nothing ran").says("names: names.txt is a socket and no file");
    drop(listening);
    space.remove("data/names.txt");
    symlink("/dev/null", space.path("data/names.txt")).unwrap();
    run(&space, &[]).with(3).says("names: names.txt is a device and no file");
}

#[test]
fn a_link_that_leads_nowhere_fails_the_days_that_need_it_and_no_other() {
    let space = folders("dangling");
    space.write("data/words/dt=2025-01-04/a.txt", "four\n").write("data/words/dt=2025-01-05/a.txt", "five\n");
    space.write("data/words/dt=2025-01-06/a.txt", "six\n").write("data/words/dt=2025-01-07/a.txt", "seven\n");
    symlink("/nowhere", space.path("data/words/dt=2025-01-04/gone.txt")).unwrap();
    let wrong = "words: words/dt=2025-01-04/gone.txt is a link to /nowhere, which is not there\n";
    run(&space, &[]).with(0).does_not_say("nowhere");
    run_days(&space, "2025-01-03", "2025-01-07", &[]).with(3).says(&format!("  2025-01-04..2025-01-06  {wrong}"));
    assert_eq!(page(&space, "2025-01-07"), "five\nsix\nseven\n");
    space.remove("data/words/dt=2025-01-04");
    symlink("/nowhere", space.path("data/words/dt=2025-01-04")).unwrap();
    run_days(&space, "2025-01-07", "2025-01-07", &[]).with(0);
    run_days(&space, "2025-01-06", "2025-01-06", &[]).with(3).says("words/dt=2025-01-04 is a link to /nowhere");
}

#[test]
fn a_name_that_is_not_text_fails_the_days_that_need_it_and_no_other() {
    let space = folders("not_utf8");
    space.write("data/words/dt=2025-01-04/a.txt", "four\n");
    let name = std::ffi::OsStr::from_bytes(b"b\xff.txt");
    std::fs::write(space.path("data/words/dt=2025-01-04").join(name), "b\n").unwrap();
    run(&space, &[]).with(0);
    run_days(&space, "2025-01-04", "2025-01-04", &[]).with(3).says("has a name that is not UTF-8");
}

#[test]
fn a_link_to_a_folder_above_is_followed_once() {
    let space = folders("link_above");
    let pipeline = space.read("pipeline.yaml").replace("'words/dt={day}/*'", "'words/dt={day}/**'");
    space.write("pipeline.yaml", pipeline.replace("names.txt", "names/**"));
    space.write("data/names/a/ada.txt", "Ada\n").write("data/names/b/bob.txt", "Bob\n");
    symlink(".", space.path("data/words/dt=2025-01-01/self")).unwrap();
    symlink("..", space.path("data/names/a/up")).unwrap();
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0);
    assert_eq!(page(&space, "2025-01-01"), "one\nAda\nBob\n");
    // Links that lead elsewhere are followed.
    symlink("b", space.path("data/names/c")).unwrap();
    run_days(&space, "2025-01-01", "2025-01-01", &[]).with(0);
    assert_eq!(page(&space, "2025-01-01"), "one\nAda\nBob\nBob\n");
}

#[test]
fn an_address_is_not_taken_for_a_folder() {
    let space = new("address");
    for option in ["--data", "--output", "--cache"] {
        run(&space, &[option, "s3://bucket/data"])
            .with(2)
            .says("s3://bucket/data is an address, and only folders of this machine are supported");
    }
    let pipeline = format!("data: s3://bucket/data\n{}", space.read("pipeline.yaml"));
    space.write("pipeline.yaml", pipeline);
    run(&space, &[]).with(2).says("s3://bucket/data is an address");
    assert!(ran(&space).is_empty());
}

/// Splits `births.txt` into days, of which another task takes each in turn.
fn split(name: &str) -> Space {
    let space = new(name);
    let list = "  list:\n    run: ./list.sh\n    once: true\n    inputs: {raw: {source: names}}\n    outputs: {names: \
                'names/{day}.txt'}\n  take:";
    let pipeline = space.read("pipeline.yaml").replace("  take:", list);
    let pipeline = pipeline.replace("inputs: {raw: {source: words}}", "inputs: {raw: {from: list.names}}");
    let pipeline = pipeline.replace(", names: {source: names, whole: true, optional: true}", "");
    space.write("pipeline.yaml", pipeline).remove("data/words");
    space.write_program(
        "list.sh",
        "#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in --in) raw=${2#*=};; --out) out=${2#*=};; esac; shift 2; done\n\
         mkdir \"$out\"\nwhile read -r day name; do echo \"$name\" >> \"$out/$day.txt\"; done < \"$raw\"\n",
    );
    space.write("data/names.txt", "2025-01-01 Ada\n2025-01-02 Bob\n2025-01-03 Cy\n");
    space
}

#[test]
fn a_look_back_reaches_all_days_of_what_a_task_that_runs_once_has_split() {
    let space = split("split");
    runner(&space, "plan --from 2025-01-03 --to 2025-01-03")
        .with(0)
        .says("which days `list` has files for is known once it has run");
    run_days(&space, "2025-01-03", "2025-01-03", &[]).with(0).does_not_say("warning");
    assert_eq!(page(&space, "2025-01-03"), "Ada\nBob\nCy\n");
    run_days(&space, "2025-01-03", "2025-01-03", &[]).with(0).says("6 nodes: 0 ran, 6 cached");
    space.write("data/names.txt", "2025-01-01 Ada\n2025-01-02 Bo\n2025-01-03 Cy\n2025-01-05 Di\n");
    run_days(&space, "2025-01-03", "2025-01-05", &[])
        .with(3)
        .says("  2025-01-04  list: it has no file for 2025-01-04\n")
        .says("(1 of 3 days)");
    assert_eq!(page(&space, "2025-01-03"), "Ada\nBo\nCy\n");
    assert_eq!(page(&space, "2025-01-05"), "Cy\nDi\n");
}

#[test]
fn where_the_split_itself_fails_nothing_else_is_tried() {
    let space = split("split_fails");
    space.write_program("list.sh", "#!/bin/sh\nexit 7\n");
    run_days(&space, "2025-01-03", "2025-01-03", &[]).with(1).says("list failed: exit status 7");
    assert!(ran(&space).is_empty());
}
