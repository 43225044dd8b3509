//! Names and words that would do harm if they were taken for more than that.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs;
use std::process::Command;

use support::{Space, end};
use text_pipeline::{new, run, runner};

/// A name of a file that a shell, a terminal or a line-wise reader would act on.
const NAME: &str = "a $(touch pwned) `touch pwned`; touch pwned '\" \u{1b}[31m\u{7}\n--out text=x.txt";

fn with_hostile_file(name: &str, content: &str) -> Space {
    let space = new(name);
    let pipeline = space.read("pipeline.yaml").replacen("names.txt", "names/*", 1);
    space.write("pipeline.yaml", pipeline);
    space.write(&format!("data/names/{NAME}"), content);
    // The program splits its arguments at spaces; that of a real task would not.
    let program = "#!/bin/sh\nfor word; do case $last in --out) out=${word#*=} ;; esac; last=$word; done\n";
    space.write_program("page.sh", &format!("{program}printf '%s\\n' \"$@\" > \"$out\"\necho \"$@\" >&2\n"));
    space
}

#[track_caller]
fn is_harmless(space: &Space, text: &str) {
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    let tree = space.tree(".");
    let harmed = |path: &str| ["pwned", "x.txt"].contains(&path.rsplit('/').next().unwrap());
    let harmed: Vec<&String> = tree.iter().map(|(path, _)| path).filter(|path| harmed(path)).collect();
    assert_eq!(harmed, Vec::<&String>::new());
}

#[test]
fn a_name_of_a_file_is_one_argument_and_nothing_more() {
    let space = with_hostile_file("hostile_name", "names\n");
    let ended = run(&space, &[]).with(0);
    is_harmless(&space, &ended.stderr);
    let page = space.read("data/output/dt=2025-01-01/text.txt");
    assert!(page.contains(&format!("names=names/{NAME}\n")), "{page:?}");
    space.write(&format!("data/names/{NAME}"), "other names\n");
    for verb in ["plan --from 2025-01-01 --to 2025-01-01", "why page@2025-01-01", "log page@2025-01-01"] {
        let ended = runner(&space, verb).with(0);
        is_harmless(&space, &(ended.stdout + &ended.stderr));
    }
}

#[test]
fn the_script_to_run_by_hand_quotes_what_it_is_given() {
    let space = with_hostile_file("hostile_script", "names\n");
    let program = space.read("page.sh");
    space.write_program("page.sh", &format!("{program}[ -e \"${{out%/*}}/../ok\" ] || exit 3\n"));
    let failed = run(&space, &[]).with(1);
    let script = failed.stderr.lines().find_map(|line| line.trim().strip_prefix("by hand  sh ")).unwrap();
    let mut command = Command::new("sh");
    command.arg(script).current_dir(&space.folder);
    let ended = end(command).with(3);
    is_harmless(&space, &failed.stderr);
    let folder = ended.stderr.lines().find_map(|line| line.strip_prefix("writing to ")).unwrap();
    let written = fs::read_to_string(format!("{folder}/text.txt")).unwrap();
    assert!(written.contains(&format!("names=names/{NAME}\n")), "{written:?}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_address_leads_nowhere_but_to_its_node() {
    let space = new("hostile_address");
    run(&space, &[]).with(0);
    for node in
        ["../take@2025-01-01", "take@../2025-01-01", "take@2025-01-01/..", "take/x@2025-01-01", "@", "", "take@"]
    {
        for verb in ["path", "why", "log", "show"] {
            let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
            command.args([verb, node]);
            end(command).with(2);
        }
    }
    for name in ["../20", "/", "..", "."] {
        runner(&space, &format!("runs {name}")).with(2);
        runner(&space, &format!("retry {name}")).with(2);
    }
}
