//! Chance against the reader of `pipeline.yaml`: whatever a file holds, reading it ends in a pipeline or in an error that
//! can be shown and that names no place outside the file.
//!
//! Owns the ways to damage a text. It does not know which texts are right; that is tested in `tests/pipeline_errors.rs`.
//! Each execution has its number as seed, so that a failure can be repeated, and the first 20,000 are the same every
//! time. For more of them: `FUZZ_EXECUTIONS=10000000 cargo test --release -p runner fuzz`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use super::{check, yaml};

use crate::damage::{Chance, executions};

/// Valid and nearly valid pipelines, from which the damaged ones are made.
const CORPUS: [&str; 9] = [
    include_str!("../../../pipeline.yaml"),
    "
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
    outputs: {text: text.txt}
  page:
    run: ./join.sh
    inputs: {text: {from: recent.text}, names: {source: names, whole: true, optional: true}}
    outputs: {text: text.txt}
    publish: dt={day}
",
    "sources: {}\ntasks:\n  a:\n    run: r\n    once: true\n    inputs: {b: {from: b.o}}\n    outputs: {o: o}\n  b:\n    \
     run: r\n    once: true\n    inputs: {a: {from: a.o, lookback_days: null}}\n    outputs: {o: \"o/{day}\"}\n",
    "
layout: both
compact: small
sources: {words: {path: 'words/{day}.txt'}}
tasks:
  month:
    run: r
    every: month
    inputs: {raw: {source: words}}
    outputs: {text: text.txt}
  day:
    run: r
    layout: compact
    inputs:
      months: {from: month.text, lookback_days: &days 40}
      before: {source: words, lookback_days: *days, without: months}
    outputs: {text: text.txt}
    publish: dt={day}
",
    "tasks:\n  say:\n    run: ./say.sh\n    params: {some_list: [1, b c], map: {x: 1, y: two}, on: true, off: false, none: \
     null, share: 0.01, name: yes, deep: [[1]]}\n    env: {GREETING: hello}\nsources:\n  words: {gaps: refused}\n",
    "data: &a raw\noutput: *a\ncache: !!str x\nsources: &s\n  a: {path: a/*}\ntasks: *s\n",
    "sources: {words: {path: 'words'\n  names: {}\n",
    "sources: {}\ntasks: {}\n",
    "",
];

/// Pieces that mean something to a YAML parser or to the pipeline.
const TOKENS: [&str; 48] = [
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!",
    "!!str ",
    "!!binary ",
    "!x ",
    "- ",
    "? ",
    ": ",
    ":",
    "#",
    " # ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "\\x",
    "\\u12",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "<<: *a\n",
    "\t",
    "\0",
    "\r",
    "\r\n",
    "\n",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "ö",
    "日",
    "🦀",
    "null",
    "~",
    "true",
    "no",
    "-1",
    "1e999",
    "0x10",
    "{day}",
    "/../",
    "a.text",
];

/// What is repeated to make a long or a deep text.
const RUNS: [&str; 12] = ["[", "{", "{a: ", "- ", "? ", "a", " ", "\t", "\n", "日", "&a [*a, ", "'"];

/// Less than a test thread has by itself, and an eighth of what the runner has; to need more ends the test at once.
const STACK_BYTES: usize = 1 << 20;

#[test]
fn whatever_a_file_holds_it_is_read_or_refused_with_a_place_in_it() {
    on_a_small_stack(move || {
        for seed in 0..executions() {
            let text = damaged(&mut Chance(seed));
            if let Err(fault) = catch_unwind(AssertUnwindSafe(|| read(&text))) {
                // The panic itself has been told by now.
                panic!("seed {seed}: {:?}\nthe text was {text:?}", fault.downcast_ref::<String>());
            }
        }
    });
}

/// Reads a text as [`super::PipelineSpec::load`] does, and shows the error if there is one.
#[track_caller]
fn read(text: &str) -> Option<String> {
    let checked = yaml::parse(text).and_then(|parsed| check::check(parsed, Path::new(".")));
    let problem = checked.err()?;
    let (line, column) = (problem.line as usize, problem.column as usize);
    let shown = problem.in_file(Path::new("pipeline.yaml"), text).to_string();
    // The end of the text is a place too.
    let text = text.replace("\r\n", "\n");
    let lengths: Vec<usize> = text.split(['\n', '\r']).map(|line| line.chars().count()).collect();
    let inside = line == 0 || lengths.get(line - 1).is_some_and(|length| column <= length + 1);
    assert!(inside, "the lines are {lengths:?} long: {shown}");
    Some(shown)
}

#[test]
fn a_carriage_return_alone_ends_a_line() {
    let shown = read("data: x\rdata: y\r").unwrap();
    assert!(shown.contains("pipeline.yaml:2:1: ") && shown.contains("    2 | data: y\n      | ^"), "{shown}");
}

#[test]
fn a_mistake_far_to_the_right_is_shown_with_what_is_around_it() {
    let shown = read(&format!("sources: {{}}\ntasks: {{a: {{run: '{}', x: 1}}}}\n", "日".repeat(70_000))).unwrap();
    assert!(shown.contains("pipeline.yaml:2:70022: unknown key `x`"), "{shown}");
    assert!(
        shown.contains(&format!("    2 | {}', x: 1}}}}\n      | {}^", "日".repeat(97), " ".repeat(100))),
        "{shown}"
    );
}

#[test]
fn what_moves_a_cursor_is_shown_as_a_space() {
    let shown = read("sources: {}\ntasks: {a: {\trun: 'r\u{7}'}}\n").unwrap();
    assert!(shown.contains("    2 | tasks: {a: { run: 'r '}}\n      |                     ^"), "{shown}");
}

#[test]
fn a_deep_text_is_refused_and_overflows_no_stack() {
    on_a_small_stack(|| {
        for opening in ["[", "{a: ", "- ", "? ", "&a [*a, ", "!x [", "tasks: {a: {params: {b: ["] {
            for before in ["", "tasks: {a: {params: {b: ", "sources: {}\ntasks:\n  a:\n    params:\n      b: "] {
                read(&format!("{before}{}", opening.repeat(100_000))).expect("an error");
            }
        }
        let stairs: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        read(&stairs).expect("an error");
    });
}

#[test]
fn a_cycle_through_thousands_of_tasks_overflows_no_stack() {
    on_a_small_stack(|| {
        let task = |place: usize| {
            let from = (place + 1) % 8_000;
            format!("  t{place}: {{run: r, inputs: {{a: {{from: t{from}.o}}}}, outputs: {{o: o}}}}\n")
        };
        let shown = read(&format!("sources: {{}}\ntasks:\n{}", (0..8_000).map(task).collect::<String>())).unwrap();
        assert!(shown.starts_with("pipeline.yaml:3:3: a cycle: t0 -> t1 -> t2 -> "), "{shown}");
    });
}

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let ended = thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join();
    if let Err(fault) = ended {
        std::panic::resume_unwind(fault);
    }
}

/// A text of the corpus after a few accidents.
fn damaged(chance: &mut Chance) -> String {
    let mut text = one_of(chance, &CORPUS).as_bytes().to_vec();
    for _ in 0..1 + below(chance, 6) {
        damage(&mut text, chance);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn damage(text: &mut Vec<u8>, chance: &mut Chance) {
    let place = below(chance, text.len() + 1);
    match below(chance, 100) {
        0..20 => insert(text, place, one_of(chance, &TOKENS).as_bytes()),
        20..35 => {
            if let Some(byte) = text.get_mut(place) {
                *byte ^= 1 << below(chance, 8);
            }
        }
        35..45 => {
            if let Some(byte) = text.get_mut(place) {
                *byte = chance.next() as u8;
            }
        }
        45..55 => {
            let end = (place + 1 + below(chance, 16)).min(text.len());
            text.drain(place..end);
        }
        55..63 => {
            let end = (place + 1 + below(chance, 64)).min(text.len());
            let piece = text[place..end].to_vec();
            insert(text, below(chance, text.len() + 1), &piece);
        }
        63..83 => damage_lines(text, chance),
        83..96 => {
            let other = one_of(chance, &CORPUS).as_bytes();
            let start = below(chance, other.len() + 1);
            let end = (start + below(chance, 200)).min(other.len());
            insert(text, place, &other[start..end]);
        }
        _ => {
            let most = *one_of(chance, &[20, 100, 1_000, 1_000, 80_000]);
            let piece = one_of(chance, &RUNS).repeat(below(chance, most));
            insert(text, place, piece.as_bytes());
        }
    }
}

/// Deletes, repeats, moves, indents or outdents a line.
fn damage_lines(text: &mut Vec<u8>, chance: &mut Chance) {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let place = below(chance, lines.len());
    match below(chance, 5) {
        0 => drop(lines.remove(place)),
        1 => lines.insert(below(chance, lines.len() + 1), lines[place].clone()),
        2 => {
            let other = below(chance, lines.len());
            lines.swap(place, other);
        }
        3 => insert(&mut lines[place], 0, &b"        "[..1 + below(chance, 8)]),
        _ => {
            let spaces = lines[place].iter().take_while(|byte| **byte == b' ').count();
            lines[place].drain(..below(chance, spaces + 1));
        }
    }
    *text = lines.concat();
}

fn insert(text: &mut Vec<u8>, place: usize, piece: &[u8]) {
    text.splice(place..place, piece.iter().copied());
}

/// A number in 0 .. `end`.
fn below(chance: &mut Chance, end: usize) -> usize {
    chance.below(end as u64) as usize
}

fn one_of<'a, T>(chance: &mut Chance, choices: &'a [T]) -> &'a T {
    &choices[below(chance, choices.len())]
}
