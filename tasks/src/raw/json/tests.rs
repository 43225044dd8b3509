//! A line that is read by its layout is read as serde_json and the rules read it, and a file is read alike however it
//! is cut into blocks.

use std::fmt::{Debug, Formatter};
use std::io::{BufReader, Error, Read};

use super::{Collector, Fields, Layouts, Parser, read};
use crate::raw::columns::Columns;
use crate::raw::fuzz::chance::Chance;
use crate::raw::fuzz::mutation::mutate;
use crate::raw::fuzz::{SOURCES, corpus, fields, fuzz};
use crate::raw::{Format, Source};

/// What becomes of lines: rows seen, entries seen, the columns, and the lines of the rejected with reason and text.
type Outcome = (u64, u64, Vec<i64>, Vec<i32>, Vec<i64>, Vec<i32>, Vec<bool>, Vec<(i64, String, String)>);

/// Two lines that are laid out alike, and one that is nearly one of them.
struct Lines {
    fields: Fields,
    first: String,
    second: String,
    changed: Vec<u8>,
}

impl Lines {
    fn random(chance: &mut Chance) -> Lines {
        let fields = fields(SOURCES[chance.below(4) as usize], chance.below(2) == 0);
        let layout = chance.next();
        let entries = chance.below(5);
        let first = line(&fields, &mut Chance(layout), chance, 2 + entries);
        let second = line(&fields, &mut Chance(layout), chance, entries);
        let changed = mutate(chance, second.clone().into(), first.as_bytes());
        Lines { fields, first, second, changed }
    }

    /// What has been learned from the first line.
    fn layouts(&self) -> Layouts {
        let mut layouts = Layouts::default();
        layouts.learn(self.first.as_bytes(), &self.fields);
        layouts
    }

    fn check(&self) {
        assert!(strictly(self.first.as_bytes(), &self.fields).7.is_empty(), "a good line is rejected");
        let mut layouts = self.layouts();
        let second = by_layout(&mut layouts, self.second.as_bytes(), &self.fields);
        assert_eq!(second, Some(strictly(self.second.as_bytes(), &self.fields)), "a line laid out like the first");
        self.check_changed(&mut layouts, &self.changed);
    }

    /// A line that may be good or not, and may have become several.
    fn check_changed(&self, layouts: &mut Layouts, text: &[u8]) {
        if let Some(outcome) = by_layout(layouts, text, &self.fields) {
            let line = text.split(|byte| *byte == b'\n').next().unwrap();
            assert_eq!(outcome, strictly(line, &self.fields), "{:?}", text.escape_ascii().to_string());
        }
    }
}

#[test]
fn no_line_is_read_by_its_layout_otherwise_than_by_serde_json() {
    fuzz(Lines::random, Lines::check);
}

#[test]
fn no_change_of_a_single_byte_makes_a_difference_between_the_two() {
    for (seed, source) in [0, 1, 2].into_iter().flat_map(|seed| SOURCES.map(|source| (seed, source))) {
        let mut lines = Lines::random(&mut Chance(seed));
        lines.fields = fields(source, seed == 1);
        lines.first = line(&lines.fields, &mut Chance(seed), &mut Chance(seed), 2);
        let mut layouts = lines.layouts();
        let text = lines.first.as_bytes();
        for place in 0..text.len() {
            for byte in 0..=u8::MAX {
                lines.check_changed(&mut layouts, &[&text[..place], &[byte], &text[place + 1..]].concat());
                lines.check_changed(&mut layouts, &[&text[..place], &[byte], &text[place..]].concat());
            }
            lines.check_changed(&mut layouts, &[&text[..place], &text[place + 1..]].concat());
            lines.check_changed(&mut layouts, &text[..place]);
        }
    }
}

#[test]
fn a_file_is_read_alike_in_blocks_of_any_size_on_any_number_of_threads() {
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let fields = fields(SOURCES[seed as usize % 4], seed % 8 < 4);
        let mut lines = Vec::new();
        for _ in 0..chance.below(300) {
            lines.push(match chance.below(8) {
                0 => corpus::line(&mut chance, Format::Json, fields.source),
                1 => Vec::new(),
                layout => line(&fields, &mut Chance(layout), &mut chance, layout).into(),
            });
        }
        let end: &[u8] = if seed % 3 == 0 { b"\r\n" } else { b"\n" };
        let mut content = lines.join(end);
        if seed % 2 == 0 {
            content.extend(end);
        }
        let expected = strictly(&content, &fields);
        for size in [1, 2, 7, 100, 1_000, 10_000, 1 << 20] {
            for threads in [1, 2, 3, 7] {
                let mut collector = Collector::new(fields.clone());
                read(&mut BufReader::new(content.as_slice()), size, threads, &mut collector).unwrap();
                assert_eq!(outcome(&collector), expected, "seed {seed}, blocks of {size}, {threads} threads");
            }
        }
    }
}

#[test]
fn a_stream_that_breaks_off_is_an_error_that_names_the_line() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(Error::other("no more"))
        }
    }
    for (content, line) in [("", 1), ("{}", 1), ("{}\n", 2), ("{}\n\n{}\n{", 4)] {
        for size in [1, 2, 3, 1_000] {
            let mut collector = Collector::new(fields(Source::Clicks, false));
            let mut stream = BufReader::new(content.as_bytes().chain(Broken));
            let error = read(&mut stream, size, 2, &mut collector).unwrap_err();
            assert_eq!(format!("{error:#}"), format!("line {line}: no more"), "{content:?} in blocks of {size}");
        }
    }
}

/// What a text becomes when serde_json parses every line of it.
fn strictly(text: &[u8], fields: &Fields) -> Outcome {
    let mut collector = Collector::new(fields.clone());
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        // A parser that has seen nothing knows no layout.
        Parser::new(fields).line(number, line, &mut collector);
    }
    outcome(&collector)
}

/// What the first line of a text becomes if it is laid out as a line before.
fn by_layout(layouts: &mut Layouts, text: &[u8], fields: &Fields) -> Option<Outcome> {
    let (length, values) = layouts.read(text)?;
    assert!(matches!(text.get(length), None | Some(b'\n')) && !text[..length].contains(&b'\n'));
    let mut collector = Collector::new(fields.clone());
    collector.accept(values);
    Some(outcome(&collector))
}

fn outcome(collector: &Collector) -> Outcome {
    let Collector { columns, rows, entries, rejected, .. } = collector;
    let Columns { customers, items, timestamps, days, labels } = columns;
    let places = rejected.lines.iter().zip(&rejected.reasons).zip(&rejected.raw);
    let rejected = places.map(|((line, reason), raw)| (*line, reason.clone(), raw.clone())).collect();
    let (customers, items, timestamps) = (customers.clone(), items.clone(), timestamps.clone());
    (rows.seen, entries.seen, customers, items, timestamps, days.clone(), labels.clone(), rejected)
}

/// A good line of a source: `layout` decides on what all lines of a file have in common, `chance` on the values.
fn line(fields: &Fields, layout: &mut Chance, chance: &mut Chance, entries: u64) -> String {
    let blanks = layout.below(3);
    let mut parts: Vec<(String, String)> = Vec::new();
    for (role, name) in fields.row_fields() {
        let value = match fields.label(role).as_str() {
            "impressions" => {
                let entries: Vec<String> = (0..entries).map(|_| entry(blanks, &mut Chance(layout.0), chance)).collect();
                format!("[{}]", entries.join(gap(blanks, ",")))
            }
            "order_date" => ["\"2025-08-16\"", "\"dt=2024-02-29\""][chance.below(2) as usize].to_string(),
            "click_time" | "occurred_at" => timestamp(chance),
            "customer_id" => (1 + (chance.next() >> (4 + chance.below(60)))).min(999_999_999_999_999_999).to_string(),
            _ => (1 + chance.below(1 << 31).min(i32::MAX as u64 - 1)).to_string(),
        };
        parts.push((name.to_string(), value));
    }
    parts.extend(["dt", "ranking_id", "item", "Customer_id"].map(|name| (name.to_string(), scalar(chance))));
    parts.truncate(parts.len() - layout.below(4) as usize);
    object(blanks, layout, parts)
}

fn entry(blanks: u64, layout: &mut Chance, chance: &mut Chance) -> String {
    let item = 1 + chance.below(i32::MAX as u64);
    let mut parts = vec![("item_id", item.to_string()), ("is_order", (chance.below(2) == 0).to_string())];
    if layout.below(3) == 0 {
        parts.push(("score", scalar(chance)));
    }
    object(blanks, layout, parts.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

fn object(blanks: u64, layout: &mut Chance, mut parts: Vec<(String, String)>) -> String {
    for place in (1..parts.len()).rev() {
        parts.swap(place, layout.below(place as u64 + 1) as usize);
    }
    let parts: Vec<String> =
        parts.into_iter().map(|(name, value)| format!("\"{name}\"{}{value}", gap(blanks, ":"))).collect();
    let (open, close) = if blanks == 2 { (" { ", "\t} ") } else { ("{", "}") };
    format!("{open}{}{close}", parts.join(gap(blanks, ",")))
}

/// A token with the blanks around it: none, those of `json.dumps`, or many.
fn gap(blanks: u64, token: &str) -> &'static str {
    match (blanks, token) {
        (0, ":") => ":",
        (0, _) => ",",
        (1, ":") => ": ",
        (1, _) => ", ",
        (_, ":") => " :\t",
        _ => "\t, ",
    }
}

fn timestamp(chance: &mut Chance) -> String {
    let spellings = [
        "2025-08-16T12:00:00Z",
        "2025-08-16 12:00:00",
        "2024-02-29T23:59:59.123456789Z",
        "1969-12-31T23:59:59.999999Z",
        "2025-08-16T14:30:00.5+02:30",
        "0001-01-01 00:00:00.000000-1300",
    ];
    format!("\"{}\"", spellings[chance.below(6) as usize])
}

fn scalar(chance: &mut Chance) -> String {
    let scalars =
        ["\"\"", "\"dt=2025-08-16\"", "\"a 'b' {c}, [d]:~\"", "0", "-0", "-17.050", "123", "true", "false", "null"];
    scalars[chance.below(10) as usize].to_string()
}

impl Debug for Lines {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        let Lines { fields, first, second, changed } = self;
        write!(out, "{:?}: {first}\n{second}\nb\"{}\"", fields.source, changed.escape_ascii())
    }
}
