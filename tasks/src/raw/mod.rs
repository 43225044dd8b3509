//! Raw event files: how each format becomes records, and which records are let through.
//!
//! ```text
//! file ── format ──► json │ csv │ parquet ──► Record ──► rules ──► Collector ──► table + rejected
//! ```
//!
//! A format knows how its files spell a value and nothing of what a value may be; [`rules`] is the one place that
//! says what is let through, so that a row is judged alike in every format. Most rows are good and spelled plainly: for
//! these, JSON and Parquet have shorter ways past [`record::Record`], which may say only that a row is certainly good,
//! and never that it is not.
//!
//! Files of some size are read by several threads: [`in_order`] sees to it that this makes no difference.

mod blocks;
mod collector;
mod columns;
mod csv;
mod fields;
mod format;
#[cfg(test)]
mod fuzz;
mod gzip;
mod in_order;
mod json;
mod parquet;
mod record;
mod rejected;
mod rules;

use std::fs::File;
use std::io::BufRead;
use std::path::Path;

use anyhow::Result;

use crate::output::Unwritten;
use crate::task;
pub use collector::Collector;
pub use fields::{Fields, Role, Source};
pub use format::Format;

/// Reads one raw file to its end and hands each of its rows to the collector.
///
/// `format` overrides what the file's name says. A row that breaks a rule is kept by the collector and is no error;
/// a file that cannot be read to its end is one, and names the file. An empty file is one without rows.
pub fn read_file(path: &Path, format: Option<Format>, collector: &mut Collector) -> Result<()> {
    let mut read = || {
        let encoding = format::Encoding::of(path, format)?;
        collector.begin(path);
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if encoding.format == Format::Parquet {
            collector.bytes.seen += metadata.len();
            let is_empty = metadata.is_file() && metadata.len() == 0;
            return if is_empty { Ok(()) } else { parquet::read(path, task::threads(), collector) };
        }
        // How much there is in a pipe is not known.
        let length = if metadata.is_file() { metadata.len() } else { u64::MAX };
        match (encoding.open(file)?, encoding.format) {
            (None, _) => Ok(()),
            (Some(text), Format::Csv) => csv::read(text, collector),
            (Some(mut text), _) => read_json_lines(&mut *text, length, task::threads(), collector),
        }
    };
    // It is not this file's fault where a table cannot be written.
    read().map_err(|error| match error.is::<Unwritten>() {
        true => error,
        false => error.context(format!("cannot read {}", path.display())),
    })
}

/// Reads JSON Lines to the end of a stream of about `length` bytes, or more, and hands each of its rows to the
/// collector. It takes `threads` threads if that is worth while.
pub fn read_json_lines(
    stream: &mut (dyn BufRead + Send),
    length: u64,
    threads: usize,
    collector: &mut Collector,
) -> Result<()> {
    // A thread without a block of its own would only cost.
    let threads = threads.min(length.div_ceil(json::BLOCK as u64) as usize);
    json::read(stream, json::CUT, threads, collector)
}
