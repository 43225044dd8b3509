//! Hostile raw files, made by the thousand: no panic, no row lost, and nothing let through that the contract forbids.
//!
//! Lines that are good, and lines that break a rule, are changed by chance and read in memory; [`judge`] reads the same
//! bytes slowly and says what must come of them. `FUZZ_EXECUTIONS` is how many inputs a test makes; a failure prints the
//! `FUZZ_SEED` that makes its input again.

#[path = "../../../../tests/support/chance.rs"]
pub mod chance;
pub mod corpus;
mod json;
mod judge;
pub mod mutation;
mod parquet;

use std::fmt::{Debug, Formatter};
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::blocks::Cut;
use super::{Collector, Fields, Format, Source, csv, format, json as raw_json};
use crate::calendar;
use chance::Chance;
use judge::{Judgement, Row, Verdict};

pub const SOURCES: [Source; 4] = [Source::Impressions, Source::Clicks, Source::AddToCarts, Source::PreviousOrders];

/// A raw file in memory.
struct Input {
    format: Format,
    source: Source,
    /// Whether a field is named for an order's time.
    timed: bool,
    content: Vec<u8>,
    /// Bytes that a read takes at most, as the ends of buffers are where parsers stumble.
    piece: usize,
}

/// What has become of a raw file.
struct Outcome {
    rows: Vec<Row>,
    collector: Collector,
}

/// The fields of a source; whether one is named for an order's time is `timed`.
pub fn fields(source: Source, timed: bool) -> Fields {
    let timed = timed && source == Source::PreviousOrders;
    let renamed: Vec<_> = timed.then(|| ("timestamp".to_string(), "occurred_at".to_string())).into_iter().collect();
    Fields::new(source, &renamed).unwrap()
}

pub fn fuzz<Input: Debug>(make: fn(&mut Chance) -> Input, check: fn(&Input)) {
    fuzz_one_in(1, make, check);
}

/// The same, of inputs of which each takes as long as so many others.
pub fn fuzz_one_in<Input: Debug>(others: u64, make: fn(&mut Chance) -> Input, check: fn(&Input)) {
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse::<u64>().unwrap());
    let first = number("FUZZ_SEED", 0);
    for seed in first..first + number("FUZZ_EXECUTIONS", 50_000).div_ceil(others) {
        let input = make(&mut Chance(seed));
        if catch_unwind(AssertUnwindSafe(|| check(&input))).is_err() {
            panic!("make it again with FUZZ_SEED={seed} FUZZ_EXECUTIONS=1: {input:?}");
        }
    }
}

#[test]
fn no_json_file_panics_loses_a_row_or_gets_a_bad_one_through() {
    fuzz(|chance| Input::random(chance, Format::Json), Input::check);
}

#[test]
fn no_csv_file_panics_loses_a_row_or_gets_a_bad_one_through() {
    fuzz(|chance| Input::random(chance, Format::Csv), Input::check);
}

#[test]
fn a_csv_file_larger_than_any_buffer_is_read_like_a_small_one() {
    let mut chance = Chance(1);
    let source = Source::AddToCarts;
    let mut lines = vec![corpus::header(&mut chance, source)];
    // A quote that is never closed would make one cell of all the rest.
    let line = |chance: &mut Chance| corpus::line(chance, Format::Csv, source);
    lines.extend((0..200_000).map(|_| line(&mut chance)).filter(|line| !line.contains(&b'"')));
    let content = lines.join(&b"\n"[..]);
    assert!(content.len() > 2 << 20);
    Input { format: Format::Csv, source, timed: false, content, piece: 1 << 16 }.check();
}

#[test]
fn every_timestamp_is_read_as_the_slow_way_reads_it() {
    fuzz(corpus::timestamp, |text| assert_eq!(calendar::parse_timestamp(text), judge::timestamp(text)));
}

#[test]
fn every_day_is_read_as_the_slow_way_reads_it() {
    fuzz(corpus::day, |text| assert_eq!(calendar::parse_day(text), judge::day(text)));
}

impl Input {
    fn random(chance: &mut Chance, format: Format) -> Input {
        let source = SOURCES[chance.below(4) as usize];
        let mut lines = Vec::new();
        for _ in 0..1 + chance.below(6) {
            lines.push(corpus::line(chance, format, source));
        }
        if format == Format::Csv {
            lines.insert(0, corpus::header(chance, source));
        }
        let ends: [&[u8]; 4] = [b"\r\n", if format == Format::Csv { b"\r" } else { b" " }, b"", b"\n"];
        let end = ends[(chance.below(10) as usize).min(3)];
        let mut content = lines.join(end);
        if chance.below(2) == 0 {
            content.extend(end);
        }
        match chance.below(32) {
            0 => drop(content.splice(..0, *b"\xff\xfe")),
            1..4 => drop(content.splice(..0, *b"\xef\xbb\xbf")),
            _ => {}
        }
        Input { format, source, timed: chance.below(2) == 0, content, piece: 1 + chance.below(200) as usize }
    }

    fn fields(&self) -> Fields {
        fields(self.source, self.timed)
    }

    /// Reads some content as this file's would be.
    fn read(&self, content: &[u8]) -> anyhow::Result<Outcome> {
        let mut collector = Collector::new(self.fields());
        collector.begin(Path::new("raw"));
        let mut text = format::unmarked(BufReader::with_capacity(self.piece, content))?;
        match self.format {
            Format::Json => {
                let cut = Cut { block: self.piece, ..raw_json::CUT };
                raw_json::read(&mut *text, cut, 1 + self.piece % 4 / 3, &mut collector)?;
            }
            _ => csv::read(text, &mut collector)?,
        }
        Ok(Outcome { rows: judge::rows(&collector), collector })
    }

    /// Reads the file and holds what came of it against the slow judgement of each of its rows.
    fn check(&self) {
        let judged = match self.format {
            Format::Json => judge::json(&self.content, &self.fields()),
            _ => judge::csv(&self.content, &self.fields()),
        };
        let (outcome, judgements) = match (self.read(&self.content), judged) {
            (Ok(outcome), Ok(judgements)) => (outcome, judgements),
            (Err(error), Err(reason)) => {
                return assert!(format!("{error:#}").contains(reason), "{error:#}, not {reason}");
            }
            (Ok(_), Err(reason)) => panic!("it is read, but {reason}"),
            (Err(error), Ok(_)) => panic!("it is refused: {error:#}"),
        };
        let gathered = &outcome.collector;
        let (mut rows, mut rejects) = (outcome.rows.iter(), gathered.rejected.waiting.iter().peekable());
        let mut all = Verdict::default();
        for Judgement { line, column, raw, verdict } in &judgements {
            let is_sure = verdict.is_some();
            let verdict = verdict.clone().unwrap_or_else(|| self.alone(raw));
            let found: Vec<&Row> = rows.by_ref().take(verdict.rows.len()).collect();
            assert!(found.iter().copied().eq(&verdict.rows), "line {line} became {found:?}, not {verdict:?}");
            let mut count = 0;
            while count < verdict.rejects {
                let reject = rejects.next().expect("a row that is rejected is kept");
                if is_sure {
                    let text = if count == 0 { String::from_utf8_lossy(raw) } else { "".into() };
                    assert_eq!((reject.line, reject.column, reject.kept()), (*line, *column, &*text), "what is kept");
                }
                count += reject.entries.max(1);
            }
            assert_eq!(count, verdict.rejects, "rejects of line {line}");
            all.seen += verdict.seen;
            all.rejects += verdict.rejects;
            all.whole += verdict.whole;
            all.bytes += verdict.bytes;
        }
        assert!(rows.next().is_none() && rejects.next().is_none(), "more came out than went in");
        assert_eq!((gathered.rows.seen, gathered.rows.rejected), (all.seen, all.whole), "rows");
        let good = if self.source == Source::Impressions { outcome.rows.len() } else { 0 } as u64;
        let bad = all.rejects - all.whole;
        assert_eq!((gathered.entries.seen, gathered.entries.rejected), (good + bad, bad), "entries");
        let mark = if self.content.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let bytes = (gathered.bytes.seen as usize + mark, gathered.bytes.rejected);
        let trailing = self.content.len() - self.content.trim_ascii_end().len();
        assert!((self.content.len() - trailing..=self.content.len()).contains(&bytes.0), "bytes seen");
        assert_eq!(bytes.1, all.bytes, "bytes rejected");
        assert!(outcome.rows.iter().all(Row::is_lawful), "{:?}", outcome.rows);
    }

    /// What becomes of a row of which the slow judge is not sure, when it is read alone: it must be the same.
    fn alone(&self, raw: &[u8]) -> Verdict {
        let header = if self.format == Format::Csv { judge::csv_header(&self.content) } else { &[] };
        let outcome = self.read(&[header, raw].concat()).unwrap();
        let (rows, gathered) = (outcome.rows, outcome.collector);
        let rejects = gathered.rejected.waiting.iter().map(|reject| reject.entries.max(1)).sum();
        let (seen, whole) = (gathered.rows.seen, gathered.rows.rejected);
        Verdict { rows, seen, rejects, whole, bytes: gathered.bytes.rejected }
    }
}

impl Debug for Input {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        let Input { format, source, timed, content, piece } = self;
        write!(out, "{format:?} {source:?}, timed {timed}, by {piece}: b\"{}\"", content.escape_ascii())
    }
}
