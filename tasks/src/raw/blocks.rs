//! A stream cut into blocks of about the same size, each of which ends where a line ends.
//!
//! It does not know what a line holds.

use std::io::{BufRead, Error, ErrorKind};

/// Bytes taken from a stream at a time, as many as the buffers of streams hold: they are passed by then.
pub const PIECE: usize = 1 << 18;

/// Whole lines, one after the other.
#[derive(Default)]
pub struct Block {
    /// Bytes after the first `length` are left over from earlier blocks.
    buffer: Vec<u8>,
    length: usize,
}

/// The blocks of a stream.
pub struct Blocks<'a> {
    stream: &'a mut (dyn BufRead + Send),
    /// Bytes of a block, unless a line is longer.
    size: usize,
    /// The beginning of the first line of the next block.
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
    pub fn new(stream: &'a mut (dyn BufRead + Send), size: usize) -> Self {
        Blocks { stream, size, rest: Vec::new(), ended: false, error: None }
    }

    /// Fills in the next block; false if there is none. The last line of a stream may lack its end.
    pub fn next(&mut self, block: &mut Block) -> bool {
        block.length = 0;
        block.make_room(self.size + PIECE.min(self.size));
        block.push(&self.rest);
        self.rest.clear();
        let mut size = self.size;
        loop {
            while block.length < size && !self.ended {
                self.read(block);
            }
            if self.ended && self.error.is_none() {
                break;
            }
            let end = memchr::memrchr(b'\n', block.bytes()).map(|end| end + 1);
            if self.ended {
                // What follows the last end of a line may be but a part of one.
                block.length = end.unwrap_or(0);
                break;
            }
            if let Some(end) = end {
                self.rest.extend_from_slice(&block.bytes()[end..]);
                block.length = end;
                break;
            }
            // A line that is longer than a block makes the block longer.
            size *= 2;
        }
        block.length > 0
    }

    /// Reads a piece, or finds that the stream has ended.
    fn read(&mut self, block: &mut Block) {
        let count = PIECE.min(self.size);
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
