//! What a program says: all of it into a log, the end of it kept for people.
//!
//! The end is kept in memory, so that a failure can be told even where the log cannot be written.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::text::plain;

/// How many bytes of the end are kept at least.
const TAIL: usize = 16 * 1024;
/// How many lines of it are shown.
const TAIL_LINES: usize = 20;

/// The words of one program.
#[derive(Debug)]
pub struct Words {
    path: PathBuf,
    log: Option<File>,
    tail: Vec<u8>,
}

impl Words {
    /// Nothing has been said, so there is no log yet.
    pub fn new(log: &Path) -> Self {
        Words { path: log.to_path_buf(), log: None, tail: Vec::new() }
    }

    #[expect(clippy::disallowed_methods, reason = "what a program says is written down here")]
    pub fn take(&mut self, bytes: &[u8]) {
        if self.log.is_none() {
            self.log = File::create(&self.path).ok();
        }
        if let Some(log) = &mut self.log {
            // On a full disk the log ends early; what was said last is still in memory.
            let _ = log.write_all(bytes);
        }
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    /// The last lines, without control characters.
    pub fn last_lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.tail);
        let lines: Vec<String> =
            text.lines().map(|line| plain(line.trim_end())).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].to_vec()
    }
}
