//! CSV with a header: the csv crate splits it into cells; an empty cell is null and decimal digits are a number.
//!
//! A rejected row is handed on as it stood in the file, not as parsed: a window over the bytes that the parser has
//! taken but not finished with makes that possible without holding the file.

use std::cell::RefCell;
use std::io::{BufRead, Read};
use std::rc::Rc;

use anyhow::{Context, Result};

use super::collector::Collector;
use super::fields::{Fields, Role};
use super::json;
use super::record::{Cell, Record};
use super::rejected::Place;

/// Reads records to the end of the stream.
pub fn read(stream: impl BufRead, collector: &mut Collector) -> Result<()> {
    let fields = collector.fields().clone();
    let window = Rc::new(RefCell::new(Window::default()));
    let watched = Watched { stream, window: Rc::clone(&window) };
    // Short rows are judged by the fields that they lack, as rows of every other format are.
    let mut parser = ::csv::ReaderBuilder::new().flexible(true).from_reader(watched);
    let header = parser.byte_headers().context("the header")?.clone();
    let roles: Vec<_> =
        header.iter().map(|name| std::str::from_utf8(name).ok().and_then(|name| fields.row_role(name))).collect();
    let mut cells = ::csv::ByteRecord::new();
    while parser.read_byte_record(&mut cells).with_context(|| format!("line {}", parser.position().line()))? {
        let start = cells.position().map_or(0, |position| position.byte());
        let end = parser.position().byte();
        window.borrow_mut().forget_before(start);
        let place = Place {
            line: cells.position().map_or(0, |position| position.line()),
            raw: &|| window.borrow().text(start, end),
        };
        match std::str::from_utf8(cells.as_slice()) {
            Err(_) => collector.reject_row(&place, "not UTF-8"),
            Ok(_) => collector.row(&record(&cells, &roles, &fields), &place),
        }
        collector.pass_on()?;
    }
    Ok(())
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
    let digits = text.strip_prefix('-').unwrap_or(text);
    if text.is_empty() {
        Cell::Null
    } else if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(Cell::Huge, Cell::Integer)
    } else {
        Cell::Text(text.into())
    }
}

/// The bytes of a stream from the record that is being parsed on.
#[derive(Default)]
struct Window {
    /// Where in the stream `bytes` begins.
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Bytes that may lie unused before they are dropped.
    const SLACK: usize = 1 << 20;

    fn forget_before(&mut self, position: u64) {
        let unused = (position.saturating_sub(self.start)) as usize;
        if unused > Window::SLACK {
            self.bytes.drain(..unused.min(self.bytes.len()));
            self.start = position;
        }
    }

    fn text(&self, start: u64, end: u64) -> String {
        let (from, to) = (start.saturating_sub(self.start) as usize, end.saturating_sub(self.start) as usize);
        let bytes = self.bytes.get(from..to.min(self.bytes.len())).unwrap_or_default();
        String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
    }
}

/// A stream that leaves what is read of it in a window.
struct Watched<S> {
    stream: S,
    window: Rc<RefCell<Window>>,
}

impl<S: BufRead> Read for Watched<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.window.borrow_mut().bytes.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}
