//! CSV with a header: the csv crate splits it into cells; an empty cell is null and decimal digits are a number.
//!
//! A file whose rows cannot be told apart, or whose header does not say which column is which, is refused. A rejected
//! row is handed on as it stood in the file, not as parsed.

mod quotes;
mod window;

use std::cell::RefCell;
use std::io::BufRead;
use std::rc::Rc;

use anyhow::{Error, Result, anyhow, bail};

use super::collector::Collector;
use super::fields::{Fields, Role};
use super::json;
use super::record::{Cell, Record};
use super::rejected::{LONGEST_ROW, Place};
use quotes::quotes;
use window::{Watched, Window};

/// Reads records to the end of the stream, which has no byte order mark.
pub fn read(stream: impl BufRead, collector: &mut Collector) -> Result<()> {
    let fields = collector.fields().clone();
    let window = Rc::new(RefCell::new(Window::default()));
    let watched = Watched { stream, window: Rc::clone(&window) };
    // Short rows are judged by the fields that they lack, as rows of every other format are.
    let mut parser = ::csv::ReaderBuilder::new().flexible(true).from_reader(watched);
    let mut lines = Lines { line: 1, after_return: false };
    let header = parser.byte_headers().map_err(|error| lines.explain(error, &window.borrow()))?.clone();
    let start = parser.position().byte();
    if let (line, true) = lines.begin(&window.borrow(), start)? {
        bail!("line {line}: a quote of the header closes in the middle of a cell on another line");
    }
    collector.bytes.seen += start;
    if header.is_empty() {
        // There are only blank lines.
        return Ok(());
    }
    let roles = roles(&header, &fields)?;
    let mut cells = ::csv::ByteRecord::new();
    loop {
        let start = parser.position().byte();
        window.borrow_mut().begin_row(start);
        if !parser.read_byte_record(&mut cells).map_err(|error| lines.explain(error, &window.borrow()))? {
            return Ok(());
        }
        let end = parser.position().byte();
        let window = window.borrow();
        let (line, is_torn) = lines.begin(&window, end)?;
        let row = window.row_until(end).trim_ascii();
        let raw = || String::from_utf8_lossy(row).into_owned();
        let place = Place { line, column: 1, bytes: row.len() as u64, raw: &raw };
        if is_torn {
            collector.unreadable(&place, "a quote that opens on one line closes in the middle of a cell on another");
        } else if !is_text(cells.as_slice()) {
            collector.unreadable(&place, "not UTF-8");
        } else if cells.len() > roles.len() {
            let cells = cells.len();
            collector.unreadable(&place, format!("{cells} cells, but the header has {}", roles.len()));
        } else {
            collector.row(&record(&cells, &roles, &fields), &place);
        }
        collector.bytes.seen += end - start;
        collector.pass_on()?;
    }
}

/// What some programs write between cells instead of a comma.
const OTHER_SEPARATORS: [char; 3] = [';', '\t', '|'];

/// The role of each column.
fn roles(header: &::csv::ByteRecord, fields: &Fields) -> Result<Vec<Option<Role>>> {
    let names: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
    if let [only] = names.as_slice()
        && let Some(separator) = OTHER_SEPARATORS.into_iter().find(|separator| only.contains(*separator))
    {
        bail!("its header is one cell, `{only}`: cells are separated by commas, and not by {separator:?}");
    }
    for (role, wanted) in fields.row_fields() {
        match names.iter().filter(|name| *name == wanted).count() {
            1 => {}
            0 => {
                let advice = fields.advice(role, names.iter().map(AsRef::as_ref));
                bail!("its header has no `{wanted}`, but {advice}");
            }
            count => bail!("its header has `{wanted}` {count} times: which is meant?"),
        }
    }
    Ok(names.iter().map(|name| fields.row_role(name)).collect())
}

fn record<'a>(cells: &'a ::csv::ByteRecord, roles: &[Option<Role>], fields: &Fields) -> Record<'a> {
    let mut record = Record::default();
    for (role, text) in roles.iter().zip(cells) {
        // The whole record is UTF-8, but a cell's edges might split a character that quoting has torn apart.
        let (Some(role), Ok(text)) = (role, std::str::from_utf8(text)) else { continue };
        let cell = match role {
            Role::Impressions if !text.is_empty() => json::entries(text, fields),
            _ => cell(text),
        };
        record.set(*role, cell);
    }
    record
}

fn cell(text: &str) -> Cell<'_> {
    match text.parse() {
        // The library takes a plus for a sign; here it is none.
        Ok(number) if !text.starts_with('+') => return Cell::Integer(number),
        _ if text.is_empty() => return Cell::Null,
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Cell::Huge } else { Cell::Text(text.into()) }
}

/// Whether the bytes are UTF-8. Most rows are ASCII, which is found out sooner.
fn is_text(bytes: &[u8]) -> bool {
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

/// Counts lines, which end in `\n`, `\r\n` or, in old files, `\r`.
#[derive(Clone, Copy)]
struct Lines {
    /// The line where everything begins that has not been passed.
    line: u64,
    after_return: bool,
}

impl Lines {
    fn pass(&mut self, bytes: &[u8]) {
        for place in memchr::memchr2_iter(b'\r', b'\n', bytes) {
            let is_after_return = if place > 0 { bytes[place - 1] == b'\r' } else { self.after_return };
            self.line += u64::from(bytes[place] == b'\r' || !is_after_return);
        }
        self.after_return = bytes.last().map_or(self.after_return, |byte| *byte == b'\r');
    }

    /// Passes a row up to its end. Gives back on which line it begins and whether its quotes are torn; it is an error if
    /// one is open, as is only possible at the end of the file.
    fn begin(&mut self, window: &Window, end: u64) -> Result<(u64, bool)> {
        let row = window.row_until(end);
        let is_last = end == window.end();
        // Most rows are one line, with what is left of the end of the line before.
        let line = if self.after_return { row.strip_prefix(b"\n").unwrap_or(row) } else { row };
        let is_line = memchr::memchr2(b'\r', b'\n', line).is_some_and(|end| end + 1 == line.len());
        if is_line && !is_last {
            self.line += 1;
            self.after_return = line.ends_with(b"\r");
            return Ok((self.line - 1, false));
        }
        let blank = row.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (blank, row) = row.split_at(blank);
        self.pass(blank);
        let before = *self;
        self.pass(row);
        if !is_last && self.line <= before.line + 1 {
            return Ok((before.line, false));
        }
        let quotes = quotes(row);
        if let Some(place) = quotes.open {
            bail!(
                "line {}: a quote opens here and is not closed up to the end of the file",
                before.line_at(row, place)
            );
        }
        Ok((before.line, quotes.is_torn))
    }

    /// The line of a place in a row.
    fn line_at(&self, row: &[u8], place: usize) -> u64 {
        let mut lines = *self;
        lines.pass(&row[..place]);
        lines.line
    }

    /// What is wrong where the parser cannot go on.
    fn explain(&self, error: ::csv::Error, window: &Window) -> Error {
        let row = window.row();
        let blank = row.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let longest = LONGEST_ROW >> 20;
        match quotes(row).open {
            Some(place) if window.is_too_long => {
                anyhow!("line {}: a quote opens here and is not closed within {longest} MiB", self.line_at(row, place))
            }
            None if window.is_too_long => {
                anyhow!("line {}: a row that is longer than {longest} MiB", self.line_at(row, blank))
            }
            _ => Error::new(error).context(format!("line {}", self.line)),
        }
    }
}
