//! A stream cut into blocks of about the same size, each of which ends where a line ends, or inside a line where a row
//! may end.
//!
//! It does not know what a line holds: where rows may end inside one, it is told. What is longer than a row may be is
//! passed over, so that no line, however long, takes more memory than that.

use std::io::{BufRead, Error, ErrorKind};

/// Bytes taken from a stream at a time, as many as the buffers of streams hold: they are passed by then.
pub const PIECE: usize = 1 << 18;

/// Bytes that are kept of a row that is too long.
const KEPT: usize = 1 << 17;

/// Whole lines, one after the other, or a part of a line. What lies behind the last end of a line begins the next block.
#[derive(Default)]
pub struct Block {
    /// Bytes after the first `length` are left over from earlier blocks.
    buffer: Vec<u8>,
    length: usize,
    /// The bytes that are missing behind those that are here; if there are any, the block is the beginning of a row that
    /// is too long.
    pub missing: u64,
}

/// How a stream is cut.
#[derive(Clone, Copy)]
pub struct Cut {
    /// Bytes of a block, unless a row is longer.
    pub block: usize,
    /// Bytes of the longest row.
    pub row: usize,
    /// The last place in the beginning of a line where a row may end.
    pub seam: fn(&[u8]) -> Option<usize>,
}

/// The blocks of a stream.
pub struct Blocks<'a> {
    stream: &'a mut (dyn BufRead + Send),
    cut: Cut,
    /// What has been read of the next block.
    rest: Vec<u8>,
    ended: bool,
    /// What kept the stream from being read to its end.
    pub error: Option<Error>,
}

impl Block {
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.buffer[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Makes room behind what is filled. The bytes are zeroed once and not for every block.
    fn make_room(&mut self, count: usize) {
        if self.buffer.is_empty() {
            // The kernel's zeroes, which cost nothing until they are written over.
            self.buffer = vec![0; count];
        } else if self.buffer.len() < self.length + count {
            self.buffer.resize(self.length + count, 0);
        }
    }
}

impl<'a> Blocks<'a> {
    pub fn new(stream: &'a mut (dyn BufRead + Send), cut: Cut) -> Self {
        Blocks { stream, cut, rest: Vec::new(), ended: false, error: None }
    }

    /// Fills in the next block; false if there is none. The last line of a stream may lack its end.
    pub fn next(&mut self, block: &mut Block) -> bool {
        block.length = 0;
        block.missing = 0;
        block.make_room(self.cut.block + PIECE.min(self.cut.block));
        block.push(&self.rest);
        self.rest.clear();
        let mut size = self.cut.block;
        loop {
            while block.length < size && !self.ended {
                self.read(block);
            }
            let is_long = block.length > self.cut.row;
            if self.ended && self.error.is_none() && !is_long {
                break;
            }
            // No line of a block is longer than a row may be.
            let bytes = &block.bytes()[..block.length.min(self.cut.row + 1)];
            let end = memchr::memrchr(b'\n', bytes).map(|end| end + 1);
            if self.error.is_some() {
                // What follows the last end of a line may be but a part of one.
                block.length = end.unwrap_or(0);
                break;
            }
            let seam = || (self.cut.seam)(&bytes[..bytes.len().min(self.cut.row)]);
            if let Some(end) = end.or_else(seam) {
                self.rest.extend_from_slice(&block.bytes()[end..]);
                block.length = end;
                break;
            }
            if is_long {
                self.pass_over(block);
                break;
            }
            // A row that is longer than a block makes the block longer.
            size = (2 * size).min(self.cut.row + 1);
        }
        block.length > 0
    }

    /// Keeps the beginning of a row that is too long, and goes to the end of its line.
    fn pass_over(&mut self, block: &mut Block) {
        let kept = KEPT.min(self.cut.row);
        // The bytes behind those that are kept are looked through, and then read over by the next ones.
        while block.length > kept || !self.ended {
            let passed = &block.bytes()[kept..];
            let end = memchr::memchr(b'\n', passed);
            let missing = end.unwrap_or(passed.len());
            self.rest.extend_from_slice(&passed[missing..]);
            block.missing += missing as u64;
            block.length = kept;
            if end.is_some() {
                break;
            }
            self.read(block);
        }
    }

    /// Reads a piece, or finds that the stream has ended.
    fn read(&mut self, block: &mut Block) {
        let count = PIECE.min(self.cut.block);
        block.make_room(count);
        match self.stream.read(&mut block.buffer[block.length..][..count]) {
            Ok(0) => self.ended = true,
            Ok(count) => block.length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                self.ended = true;
                self.error = Some(error);
            }
        }
    }
}
