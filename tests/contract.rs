//! What a program is told by the runner: arguments and variables, and that both are part of its key.

mod support;

use support::{Ended, Space, end};

/// Writes its arguments, but for the paths, and its variables into its output.
const PROGRAM: &str = r#"#!/bin/sh
for word; do
  case $word in
    *=/*) last=${word#*=}; set -- "$@" "${word%%=*}=PATH" ;;
    *) set -- "$@" "$word" ;;
  esac
  shift
done
echo "$@" > "$last"
echo "${GREETING-none} ${SECRET-none} ${POLARS_MAX_THREADS-none} ${TASK_REPORT##*/}" >> "$last"
"#;

fn new(name: &str, more: &str) -> Space {
    let space = Space::new(name);
    space.write_program("say.sh", PROGRAM).write("data/words.txt", "words\n");
    write_pipeline(&space, more);
    space
}

fn write_pipeline(space: &Space, more: &str) {
    let task = "run: ./say.sh\n    inputs: {raw: {source: words, whole: true}}\n    outputs: {text: text.txt}\n    publish: dt={day}";
    space.write(
        "pipeline.yaml",
        format!("sources:\n  words: {{path: words.txt}}\ntasks:\n  say:\n    {task}\n    {more}\n"),
    );
}

fn run(space: &Space) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-01", "--jobs", "1000"]).env("SECRET", "seen");
    end(command)
}

fn said(space: &Space) -> Vec<String> {
    space.read("data/output/dt=2025-01-01/text.txt").lines().map(str::to_string).collect()
}

#[test]
fn parameters_become_arguments_before_day_inputs_and_outputs() {
    let params =
        "params: {some_list: [1, b c], map: {x: 1, y: two}, on: true, off: false, none: null, share: 0.01, name: yes}";
    let space = new("parameters", params);
    run(&space).with(0);
    assert_eq!(
        said(&space)[0],
        "--some-list 1 --some-list b c --map x=1 --map y=two --on --share 0.01 --name yes \
         --day 2025-01-01 --in raw=words.txt --out text=PATH"
    );
    write_pipeline(&space, "params: {deep: [[1]]}");
    run(&space).with(2).says("pipeline.yaml:9:20: `deep` is nested too deeply for a command line");
}

#[test]
fn a_program_sees_the_variables_declared_for_it_and_no_others() {
    let space = new("variables", "env: {GREETING: hello}");
    run(&space).with(0);
    let cores = std::thread::available_parallelism().unwrap();
    assert_eq!(said(&space)[1], format!("hello none {cores} .report.json"));
    run(&space).with(0).says("0 ran, 1 cached");
    write_pipeline(&space, "env: {GREETING: bye}");
    run(&space).with(0).says("the variable GREETING changed");
    assert_eq!(said(&space)[1], format!("bye none {cores} .report.json"));
}

#[test]
fn a_lone_node_has_all_cores_and_several_share_them() {
    let space = new("threads_shared", "");
    run(&space).with(0);
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", "2025-01-01", "--to", "2025-01-05", "--jobs", "1000"]);
    end(command).with(0).says("4 ran, 1 cached");
    let threads = |day: u32| {
        let said = space.read(&format!("data/output/dt=2025-01-0{day}/text.txt"));
        said.lines().nth(1).unwrap().split(' ').nth(2).unwrap().parse::<usize>().unwrap()
    };
    let cores = std::thread::available_parallelism().unwrap().get();
    let shared = (cores / 4).max(1);
    assert_eq!([1, 2, 3, 4, 5].map(threads), [cores, shared, shared, shared, shared]);
}
