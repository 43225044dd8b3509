//! Two runners over one cache at the same time.
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use support::Space;
use text_pipeline::{new, page, ran};

fn start(space: &Space, days: [&str; 2]) -> Child {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(["run", "--from", days[0], "--to", days[1], "--jobs", "2"]);
    command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

/// Reads what a runner says up to a line that holds a text.
fn hear(child: &mut Child, text: &str) -> String {
    let mut heard = String::new();
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap());
    while !heard.contains(text) {
        assert!(lines.read_line(&mut heard).unwrap() > 0, "it never said {text:?}:\n{heard}");
    }
    heard
}

fn end(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// A space whose `take@2025-01-02` waits until `go` is called.
struct Waiting {
    space: Space,
}

impl Waiting {
    fn new(name: &str) -> Self {
        let space = new(name);
        let pipes = [space.path("pause"), space.path("pause.never")];
        assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
        space.write("data/words/2025-01-02.txt", format!("PAUSE {}\ntwo\n", pipes[0].display()));
        Waiting { space }
    }

    /// Waits until the program has begun; it goes on when what is given back is dropped.
    fn begun(&self) -> File {
        let mut started = String::new();
        File::open(self.space.path("pause")).unwrap().read_to_string(&mut started).unwrap();
        assert!(!started.is_empty());
        File::options().write(true).open(self.space.path("pause.never")).unwrap()
    }
}

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
fn two_runs_over_overlapping_days_make_each_node_once() {
    let waiting = Waiting::new("two_runs");
    let first = start(&waiting.space, ["2025-01-01", "2025-01-03"]);
    let go_on = waiting.begun();
    let mut second = start(&waiting.space, ["2025-01-02", "2025-01-03"]);
    // It may have waited for other nodes of the first before.
    let heard = hear(&mut second, "take@2025-01-02 waits for run 20");
    assert!(heard.contains(&format!(", process {} on ", first.id())), "{heard}");
    drop(go_on);
    end(first);
    end(second);
    assert_eq!(ran(&waiting.space), ALL);
    assert_eq!(page(&waiting.space, "2025-01-03"), "one\ntwo\nthree\n");
    assert_eq!(page(&waiting.space, "2025-01-02"), "one\ntwo\n");
}

#[test]
fn a_run_that_waits_does_other_things_meanwhile_and_takes_over_from_one_that_is_killed() {
    let waiting = Waiting::new("taking_over");
    let mut first = start(&waiting.space, ["2025-01-01", "2025-01-03"]);
    let mut go_on = waiting.begun();
    for (day, word) in [(4, "four"), (5, "five"), (6, "six")] {
        waiting.space.write(&format!("data/words/2025-01-0{day}.txt"), format!("{word}\n"));
    }
    let mut second = start(&waiting.space, ["2025-01-02", "2025-01-06"]);
    // The last day does not read the second one.
    hear(&mut second, "ran page@2025-01-06");
    first.kill().unwrap();
    first.wait().unwrap();
    // The pipe breaks when the program of the first is gone too.
    while go_on.write(b"words\n").is_ok() {}
    drop(go_on);
    // The program starts once more, for the second runner.
    drop(waiting.begun());
    end(second);
    assert_eq!(page(&waiting.space, "2025-01-03"), "one\ntwo\nthree\n");
    // What the killed one left behind goes with the next run, though that has nothing to do.
    end(start(&waiting.space, ["2025-01-02", "2025-01-06"]));
    assert_eq!(waiting.space.tree(".cache/v1/claims"), []);
    assert_eq!(waiting.space.tree(".cache/v1/work"), []);
}

#[test]
fn many_runs_at_once_all_succeed_and_agree() {
    let space = new("many_runs");
    let runs: Vec<Child> = (0..6).map(|_| start(&space, ["2025-01-01", "2025-01-03"])).collect();
    for run in runs {
        end(run);
    }
    assert_eq!(ran(&space), ALL);
    for (day, text) in [("01", "one\n"), ("02", "one\ntwo\n"), ("03", "one\ntwo\nthree\n")] {
        assert_eq!(page(&space, &format!("2025-01-{day}")), text);
    }
    let hidden: Vec<_> = space.tree("data/output").into_iter().filter(|(path, _)| path.starts_with('.')).collect();
    assert_eq!(hidden, []);
}
