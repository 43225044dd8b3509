//! The bytes of a stream from the row on that is being parsed: what the parser has taken but not finished with.
//!
//! So a row can be handed on as it stood in the file, without holding the file. It does not know how rows are parsed.

use std::cell::RefCell;
use std::io::{BufRead, Error, Read};
use std::rc::Rc;

use crate::raw::rejected::LONGEST_ROW;

/// Bytes that may lie unused before they are dropped.
const SLACK: usize = 1 << 20;

#[derive(Default)]
pub struct Window {
    /// Where in the stream `bytes` begins.
    start: u64,
    bytes: Vec<u8>,
    /// Where in the stream the row begins.
    row: u64,
    /// Whether the row is longer than one may be.
    pub is_too_long: bool,
}

impl Window {
    /// A row begins here, and what is before it is no longer needed.
    pub fn begin_row(&mut self, position: u64) {
        self.row = position;
        let unused = self.place(position);
        if unused > SLACK {
            self.bytes.drain(..unused);
            self.start = position;
        }
    }

    /// The row as far as it has been read, with the beginning of what follows it.
    pub fn row(&self) -> &[u8] {
        &self.bytes[self.place(self.row)..]
    }

    /// The row up to a place in the stream.
    pub fn row_until(&self, end: u64) -> &[u8] {
        &self.bytes[self.place(self.row)..self.place(end)]
    }

    /// How far the stream has been read.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn place(&self, position: u64) -> usize {
        (position.saturating_sub(self.start) as usize).min(self.bytes.len())
    }
}

/// A stream that leaves what is read of it in a window, and breaks off where a row is too long.
pub struct Watched<S> {
    pub stream: S,
    pub window: Rc<RefCell<Window>>,
}

impl<S: BufRead> Read for Watched<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut window = self.window.borrow_mut();
        if window.row().len() > LONGEST_ROW {
            window.is_too_long = true;
            return Err(Error::other("a row is too long"));
        }
        let count = self.stream.read(buffer)?;
        window.bytes.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}
