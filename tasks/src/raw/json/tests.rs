//! A line that is read by its layout is read as serde_json and the rules read it, and a file is read alike however it
//! is cut into blocks.

use std::fmt::{Debug, Formatter};
use std::io::{BufReader, Error, Read};

use super::{CUT, Collector, Cut, Fields, Layouts, Line, Parser, Shift, of_other_shape, read};
use crate::raw::columns::Columns;
use crate::raw::fuzz::chance::Chance;
use crate::raw::fuzz::mutation::mutate;
use crate::raw::fuzz::{SOURCES, corpus, fields, fuzz};
use crate::raw::{Format, Source};

/// What becomes of lines: rows seen, entries seen, the columns, and the rejected: line, column, reason, entries and text.
type Outcome = (u64, u64, Vec<i64>, Vec<i32>, Vec<i64>, Vec<i32>, Vec<bool>, Vec<(u64, u64, String, u64, String)>);

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
        for more in ["", "{", "\n{"] {
            let text = [self.second.as_bytes(), more.as_bytes()].concat();
            let second = by_layout(&mut layouts, &text, &self.fields);
            let expected = first_strictly(&text, &self.fields, self.second.len());
            assert_eq!(second, Some(expected), "a row laid out like the first");
        }
        self.check_changed(&mut layouts, &self.changed);
    }

    /// A line that may be good or not, and may have become several.
    fn check_changed(&self, layouts: &mut Layouts, text: &[u8]) {
        if let Some(outcome) = by_layout(layouts, text, &self.fields) {
            let expected = first_strictly(text, &self.fields, outcome.0);
            assert_eq!(outcome, expected, "{:?}", text.escape_ascii().to_string());
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
        let end: &[u8] = [&b"\r\n"[..], b"\n", b"", b" "][seed as usize % 4];
        let mut content = lines.join(end);
        if seed % 2 == 0 {
            content.extend(end);
        }
        let expected = strictly(&content, &fields);
        let first = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
        let is_refused = first.is_some_and(|line| of_other_shape(line).is_some());
        for block in [1, 2, 7, 100, 1_000, 10_000, 1 << 20] {
            for threads in [1, 2, 3, 7] {
                let mut collector = Collector::new(fields.clone());
                let read = read(&mut BufReader::new(content.as_slice()), Cut { block, ..CUT }, threads, &mut collector);
                assert_eq!(read.is_err(), is_refused, "seed {seed}");
                if !is_refused {
                    assert_eq!(outcome(&collector), expected, "seed {seed}, blocks of {block}, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn a_row_that_is_too_long_is_rejected_and_all_others_are_read_however_the_file_is_cut() {
    const ROW: usize = 200;
    let fields = fields(Source::Clicks, false);
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let (mut content, mut good, mut bad) = (String::new(), 0, 0);
        for _ in 0..1 + chance.below(50) {
            let mut row =
                format!(r#"{{"customer_id":7,"item_id":{},"click_time":"2025-08-16T12:00:00Z"}}"#, good + bad + 1);
            if chance.below(4) == 0 {
                // As long as is just allowed, or longer.
                let blanks = ROW - row.len() + chance.below(3) as usize * chance.below(2_000) as usize;
                row = format!("{{{}{}", " ".repeat(blanks), &row[1..]);
            }
            *(if row.len() > ROW { &mut bad } else { &mut good }) += 1;
            content.push_str(&row);
            content.push_str(if row.len() >= ROW || chance.below(2) == 0 { "\n" } else { "" });
        }
        let mut outcomes = Vec::new();
        for block in [1, 7, 100, ROW, 10_000] {
            for threads in [1, 3] {
                let mut collector = Collector::new(fields.clone());
                let cut = Cut { block, row: ROW, ..CUT };
                read(&mut BufReader::with_capacity(block, content.as_bytes()), cut, threads, &mut collector).unwrap();
                let counts = (collector.rows.seen, collector.rows.rejected, collector.bytes.seen);
                assert_eq!(counts, (good + bad, bad, content.len() as u64), "seed {seed}, blocks of {block}");
                outcomes.push(outcome(&collector));
            }
        }
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "seed {seed}");
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
            let error = read(&mut stream, Cut { block: size, ..CUT }, 2, &mut collector).unwrap_err();
            assert_eq!(format!("{error:#}"), format!("line {line}: no more"), "{content:?} in blocks of {size}");
        }
    }
}

/// What a text becomes when serde_json parses every row of it.
fn strictly(text: &[u8], fields: &Fields) -> Outcome {
    let mut collector = Collector::new(fields.clone());
    for (lines, line) in (0..).zip(text.split(|byte| *byte == b'\n')) {
        let mut at = 0;
        while at < line.len() {
            let spot = Shift { lines, bytes: at as u64 };
            // A parser that has seen nothing knows no layout.
            at += Parser::new(fields).row(Line::default().rest(line, at), spot, &mut collector);
        }
    }
    outcome(&collector)
}

/// What the first row of a text becomes when serde_json parses it, and its length, with blanks up to a length.
fn first_strictly(text: &[u8], fields: &Fields, most: usize) -> (usize, Outcome) {
    let mut collector = Collector::new(fields.clone());
    let line = text.split(|byte| *byte == b'\n').next().unwrap();
    let length = Parser::new(fields).row(Line::default().rest(line, 0), Shift::default(), &mut collector);
    let blanks = line[length..].iter().take(most.saturating_sub(length)).take_while(|byte| byte.is_ascii_whitespace());
    (length + blanks.count(), outcome(&collector))
}

/// What the first row of a text becomes if it is laid out as a line before.
fn by_layout(layouts: &mut Layouts, text: &[u8], fields: &Fields) -> Option<(usize, Outcome)> {
    let (length, values) = layouts.read(text)?;
    assert!(matches!(text.get(length), None | Some(b'\n' | b'{')) && !text[..length].contains(&b'\n'));
    let mut collector = Collector::new(fields.clone());
    collector.accept(values);
    Some((length, outcome(&collector)))
}

fn outcome(collector: &Collector) -> Outcome {
    let Collector { columns, rows, entries, rejected, .. } = collector;
    let Columns { customers, items, timestamps, days, labels } = columns;
    let rejects = rejected.waiting.iter();
    let rejects = rejects
        .map(|reject| (reject.line, reject.column, reject.reason.clone(), reject.entries, reject.kept().to_string()));
    let (customers, items, timestamps) = (customers.clone(), items.clone(), timestamps.clone());
    (rows.seen, entries.seen, customers, items, timestamps, days.clone(), labels.clone(), rejects.collect())
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
    let scalars = [
        "\"\"",
        "\"dt=2025-08-16\"",
        "\"a 'b' {c}, [d]:~\"",
        "0",
        "-0",
        "-17.050",
        "123",
        "true",
        "false",
        "null",
        "NaN",
        "-Infinity",
    ];
    scalars[chance.below(12) as usize].to_string()
}

impl Debug for Lines {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        let Lines { fields, first, second, changed } = self;
        write!(out, "{:?}: {first}\n{second}\nb\"{}\"", fields.source, changed.escape_ascii())
    }
}
