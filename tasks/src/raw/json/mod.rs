//! JSON Lines: one object a line. Most lines are read by [`layout`], the others, and all in which there is anything to
//! find fault with, by [`strict`].
//!
//! It knows lines and their numbers; what is let through is decided elsewhere.

mod cursor;
mod layout;
mod learn;
mod strict;
#[cfg(test)]
mod tests;

use std::io::BufRead;

use anyhow::{Context, Result};

use super::blocks::{Block, Blocks};
use super::collector::Collector;
use super::fields::Fields;
use super::in_order::in_order;
use super::rejected::Place;
use layout::Layouts;
pub use strict::entries;

/// Bytes of a block: so few that it is still in the processor's cache when it is parsed, and so many that what is done
/// once a block does not count.
pub const BLOCK: usize = 1 << 19;

/// Reads lines to the end of the stream, in blocks of about `size` bytes, on `threads` threads.
pub fn read(stream: &mut (dyn BufRead + Send), size: usize, threads: usize, collector: &mut Collector) -> Result<()> {
    let mut blocks = Blocks::new(stream, size);
    let model = collector.part();
    let worker = || {
        let mut parser = Parser::new(model.fields());
        let model = &model;
        let mut rows = 0;
        move |block: &Block| {
            let mut part = model.part();
            part.reserve(rows);
            let lines = parser.parse(block.bytes(), &mut part);
            rows = part.columns.rows();
            (part, lines)
        }
    };
    let (mut lines, mut outcome) = (0, Ok(()));
    in_order(
        threads,
        |block| blocks.next(block),
        worker,
        |(part, count)| {
            // Parts after one that cannot be written are of no use.
            if outcome.is_ok() {
                outcome = collector.append(part, lines);
            }
            lines += count;
        },
    );
    outcome?;
    match blocks.error {
        Some(error) => Err(error).with_context(|| format!("line {}", lines + 1)),
        None => Ok(()),
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

    /// Hands each line to the collector and returns how many there are.
    fn parse(&mut self, mut text: &[u8], collector: &mut Collector) -> u64 {
        let mut lines = 0;
        while !text.is_empty() {
            lines += 1;
            let length = match self.layouts.read(text) {
                Some((length, values)) => {
                    collector.accept(values);
                    length
                }
                None => {
                    let length = memchr::memchr(b'\n', text).unwrap_or(text.len());
                    self.line(lines, &text[..length], collector);
                    length
                }
            };
            text = text.get(length + 1..).unwrap_or_default();
        }
        lines
    }

    /// A line of which it is not certain that it is good, nor how it is laid out. A blank one is no row.
    fn line(&mut self, line: u64, bytes: &[u8], collector: &mut Collector) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let place = Place { line, raw: &|| String::from_utf8_lossy(bytes).into_owned() };
        match std::str::from_utf8(bytes).map(|text| strict::record(text, &self.fields)) {
            Err(_) => collector.reject_row(&place, "not UTF-8"),
            Ok(Err(_)) => collector.reject_row(&place, "unreadable JSON"),
            Ok(Ok(None)) => collector.reject_row(&place, "not a JSON object"),
            Ok(Ok(Some(record))) => {
                collector.row(&record, &place);
                self.layouts.learn(bytes, &self.fields);
            }
        }
    }
}
