//! JSON Lines: objects, one a line or one after the other on a line. Most rows are read by [`layout`], the others, and all
//! in which there is anything to find fault with, by [`strict`].
//!
//! It knows lines and their numbers, and where on a line a row begins; what is let through is decided elsewhere.

mod cursor;
mod layout;
mod learn;
mod lenient;
mod seams;
mod strict;
#[cfg(test)]
mod tests;

use std::io::BufRead;

use anyhow::{Context, Result, bail};

use super::blocks::{Block, Blocks, Cut};
use super::collector::Collector;
use super::fields::Fields;
use super::in_order::in_order;
use super::rejected::{LONGEST_ROW, Place, Shift};
use layout::Layouts;
pub use strict::{entries, names};

/// Bytes of a block: so few that it is still in the processor's cache when it is parsed, and so many that what is done
/// once a block does not count.
pub const BLOCK: usize = 1 << 19;

/// How a file is cut into blocks.
pub const CUT: Cut = Cut { block: BLOCK, row: LONGEST_ROW, seam: seams::last };

/// Reads rows to the end of the stream, block by block, on `threads` threads.
pub fn read(stream: &mut (dyn BufRead + Send), cut: Cut, threads: usize, collector: &mut Collector) -> Result<()> {
    let mut blocks = Blocks::new(stream, cut);
    let model = collector.part();
    let worker = || {
        let mut parser = Parser::new(model.fields());
        let model = &model;
        let mut rows = 0;
        move |block: &Block| {
            let mut part = model.part();
            part.reserve(rows);
            let extent = parser.parse(block, &mut part);
            rows = part.columns.rows();
            (part, extent)
        }
    };
    let (mut begun, mut refusal) = (false, None);
    let next = |block: &mut Block| {
        let is_next = blocks.next(block);
        if is_next && !begun {
            let mut lines = block.bytes().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            if let Some(line) = lines.find(|line| !line.is_empty()) {
                begun = true;
                // Of a row that is too long, only the beginning is here.
                refusal = of_other_shape(line).filter(|_| block.missing == 0 || line.starts_with(b"["));
            }
        }
        is_next && refusal.is_none()
    };
    let (mut shift, mut outcome) = (Shift::default(), Ok(()));
    in_order(threads, next, worker, |(part, extent)| {
        // Parts after one that cannot be written are of no use.
        if outcome.is_ok() {
            outcome = collector.append(part, shift);
        }
        shift += extent;
    });
    outcome?;
    if let Some(refusal) = refusal {
        bail!(refusal);
    }
    match blocks.error {
        Some(error) => Err(error).with_context(|| format!("line {}", shift.lines + 1)),
        None => Ok(()),
    }
}

/// Why a file is refused whose first line is this, if it is JSON spelled otherwise: its lines alone mean nothing.
fn of_other_shape(line: &[u8]) -> Option<&'static str> {
    let list = line.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    if list.is_some_and(|list| list.is_empty() || list.starts_with(b"{")) {
        Some(
            "the file is one JSON list, and not an object a line; `jq -c '.[]' FILE` makes lines of it, in a file to read \
             instead",
        )
    } else if line == b"{" {
        Some(
            "its JSON objects go over several lines each, and not one a line; `jq -c . FILE` makes lines of them, in a file \
             to read instead",
        )
    } else {
        None
    }
}

/// Parses block after block.
struct Parser {
    fields: Fields,
    layouts: Layouts,
}

impl Parser {
    fn new(fields: &Fields) -> Self {
        Parser { fields: fields.clone(), layouts: Layouts::default() }
    }

    /// Hands each row to the collector and returns how far the block goes.
    fn parse(&mut self, block: &Block, collector: &mut Collector) -> Shift {
        let text = block.bytes();
        let bytes = text.len() as u64 + block.missing;
        collector.bytes.seen += bytes;
        if block.missing > 0 {
            let raw = || String::from_utf8_lossy(text).into_owned();
            let place = Place { line: 1, column: 1, bytes, raw: &raw };
            collector.unreadable(&place, format!("longer than {} MiB", LONGEST_ROW >> 20));
            return Shift { lines: 0, bytes };
        }
        let mut line = Line::default();
        let (mut at, mut start, mut lines) = (0, 0, 0);
        while at < text.len() {
            at += match self.layouts.read(&text[at..]) {
                Some((length, values)) => {
                    collector.accept(values);
                    length
                }
                None => {
                    let rest = line.rest(text, at);
                    let spot = Shift { lines, bytes: (at - start) as u64 };
                    self.row(rest, spot, collector)
                }
            };
            if text.get(at) == Some(&b'\n') {
                at += 1;
                lines += 1;
                start = at;
            }
        }
        Shift { lines, bytes: (text.len() - start) as u64 }
    }

    /// Takes a row from what is left of a line, of which it is not certain that it is good, nor how it is laid out, and
    /// returns its length. `spot` is what is before it. Blanks are no row.
    fn row(&mut self, (bytes, text): (&[u8], &str), spot: Shift, collector: &mut Collector) -> usize {
        if bytes.trim_ascii().is_empty() {
            return bytes.len();
        }
        if let Ok((Some(record), length)) = strict::record(text, &self.fields) {
            judge(&bytes[..length], spot, |place| collector.row(&record, place));
            self.layouts.learn(&bytes[..length], &self.fields);
            return length;
        }
        let length = seams::first(bytes).unwrap_or(bytes.len());
        let bytes = &bytes[..length];
        let text = &text[..length.min(text.len())];
        if let Some(text) = lenient::respelled(text)
            && let Ok((Some(record), length)) = strict::record(&text, &self.fields)
        {
            judge(&bytes[..length], spot, |place| collector.row(&record, place));
            self.layouts.learn(&bytes[..length], &self.fields);
            return length;
        }
        let reason = match strict::record(text, &self.fields) {
            _ if text.len() < length => "not UTF-8",
            Ok((None, end)) if end == length => "not a JSON object",
            _ => "unreadable JSON",
        };
        judge(bytes, spot, |place| collector.unreadable(place, reason));
        length
    }
}

/// Tells where a row is: it begins behind its blanks.
fn judge(row: &[u8], spot: Shift, judge: impl FnOnce(&Place)) {
    let blanks = row.len() - row.trim_ascii_start().len();
    let row = row.trim_ascii();
    let raw = || String::from_utf8_lossy(row).into_owned();
    let column = spot.bytes + blanks as u64 + 1;
    judge(&Place { line: spot.lines + 1, column, bytes: row.len() as u64, raw: &raw });
}

/// What is known of the line at which a block is read.
#[derive(Default)]
struct Line<'a> {
    end: usize,
    /// Where `text` begins.
    start: usize,
    /// What is UTF-8.
    text: &'a str,
}

impl<'a> Line<'a> {
    /// What is left of the line from a place on, and as much of that as is UTF-8.
    fn rest(&mut self, block: &'a [u8], at: usize) -> (&'a [u8], &'a str) {
        if self.end <= at {
            self.end = at + memchr::memchr(b'\n', &block[at..]).unwrap_or(block.len() - at);
        }
        let rest = &block[at..self.end];
        if self.start + self.text.len() <= at {
            self.start = at;
            self.text = std::str::from_utf8(rest)
                .unwrap_or_else(|error| std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default());
        }
        (rest, self.text.get(at - self.start..).unwrap_or_default())
    }
}
