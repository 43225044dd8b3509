//! A pipeline over small text files, whose one program joins what it reads. What a file says can make the program fail,
//! hang, pause or keep silent, so that a test is told by its data.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]

use crate::support::{Ended, Space, end};

/// Joins its inputs into its output, without the lines that begin with `#` or tell it something, and notes in `ran` that
/// it did.
const PROGRAM: &str = r#"#!/bin/sh
name=$1; shift
day=once
files=
while [ $# -gt 0 ]; do
  case $1 in
    --day) day=$2 ;;
    --note) note=$2 ;;
    --in) files="$files ${2#*=}" ;;
    --out) out=${2#*=} ;;
  esac
  shift 2
done
echo "$name@$day" >> "$note"
for file in $files; do
  while read -r word rest; do
    case $word in
      FAIL) echo "it says: $rest" >&2; exit 7 ;;
      DIE) kill -9 $$ ;;
      SILENT) exit 0 ;;
      SAY) echo "$rest" >&2 ;;
      \#PAUSE) echo $$ > "$rest"; cat "$rest.over" ;;
      BLOCK) echo $$ > "$rest"; exec cat "$rest.never" ;;
      PAUSE) echo $$ > "$rest"; cat "$rest.never" ;;
      SLEEP) sleep 1000 ;;
      ONCE) [ -e "$rest" ] || { : > "$rest"; echo "not yet" >&2; exit 7; } ;;
      EAT) head -c "$rest" /dev/zero | tail -c "$rest" | wc -c > /dev/null ;;
      MOVE) [ -e "$rest" ] || { : > "$rest"; echo moved >> "$file"; } ;;
      SHIFT) echo moved >> "$file" ;;
      REPORT) echo "$rest" > "$TASK_REPORT" ;;
    esac
  done < "$file"
done
cat $files | grep -Ev "^(#|[A-Z]+ )" > "$out"
exit 0
"#;

const PIPELINE: &str = "
sources:
  words: {path: 'words/{day}.txt'}
  names: {path: 'names.txt', optional: true}
tasks:
  take:
    run: ./join.sh
    inputs: {raw: {source: words}}
    params: {note: NOTE}
    outputs: {text: text.txt}
  recent:
    run: ./join.sh
    inputs:
      before: {from: take.text, lookback_days: 2}
      today: {from: take.text}
    params: {note: NOTE}
    outputs: {text: text.txt}
  page:
    run: ./join.sh
    inputs: {text: {from: recent.text}, names: {source: names, whole: true, optional: true}}
    params: {note: NOTE}
    outputs: {text: text.txt}
    publish: dt={day}
";

/// The pipeline `take -> recent (with two days before) -> page` over three days of words.
pub fn new(name: &str) -> Space {
    let space = Space::new(name);
    let note = space.path("ran").display().to_string();
    for task in ["take", "recent", "page"] {
        space.write_program(&format!("{task}.sh"), &PROGRAM.replacen("name=$1; shift", &format!("name={task}"), 1));
    }
    let mut pipeline = PIPELINE.replace("NOTE", &note);
    for task in ["take", "recent", "page"] {
        pipeline = pipeline.replacen("./join.sh", &format!("./{task}.sh"), 1);
    }
    space.write("pipeline.yaml", pipeline);
    for (day, word) in [(1, "one"), (2, "two"), (3, "three")] {
        space.write(&format!("data/words/2025-01-0{day}.txt"), format!("{word}\n"));
    }
    space
}

/// Adds keys to a task of the pipeline.
pub fn add_to_task(space: &Space, task: &str, keys: &str) {
    let pipeline = space.read("pipeline.yaml");
    let run = format!("    run: ./{task}.sh\n");
    assert!(pipeline.contains(&run));
    space.write("pipeline.yaml", pipeline.replacen(&run, &format!("{run}    {keys}\n"), 1));
}

/// `runner` with a verb and its arguments, as one line split at spaces.
pub fn runner(space: &Space, arguments: &str) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(arguments.split_whitespace());
    end(command)
}

/// `runner run --from 2025-01-01 --to 2025-01-03` with more arguments.
pub fn run(space: &Space, arguments: &[&str]) -> Ended {
    run_days(space, "2025-01-01", "2025-01-03", arguments)
}

pub fn run_days(space: &Space, from: &str, to: &str, arguments: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", from, "--to", to]).args(arguments);
    end(command)
}

/// The nodes whose programs ran since this was last asked, in order of name.
pub fn ran(space: &Space) -> Vec<String> {
    if !space.exists("ran") {
        return Vec::new();
    }
    let mut nodes: Vec<String> = space.read("ran").lines().map(str::to_string).collect();
    space.remove("ran");
    nodes.sort();
    nodes
}

/// A published page.
pub fn page(space: &Space, day: &str) -> String {
    space.read(&format!("data/output/dt={day}/text.txt"))
}
