//! A column of lists that are padded to the same length, where one list often fills many rows.
//!
//! Each list is encoded once, as runs that begin and end with a byte; its rows are repetitions of these bytes, and the
//! levels of lists of one length are a repetition as well. So the time it takes goes with the lists and not with the rows.

use std::ops::Range;

use anyhow::Result;

use super::{ColumnPages, hybrid};

/// Values are places in a dictionary; the padding has place 0.
pub struct PaddedLists {
    length: usize,
    /// Bits of a value.
    width: usize,
    runs: Vec<u8>,
    /// For each list, its bytes in `runs`, and the row that comes after its rows.
    lists: Vec<(Range<usize>, usize)>,
}

impl PaddedLists {
    pub fn new(length: usize, width: usize) -> Self {
        PaddedLists { length, width, runs: Vec::new(), lists: Vec::new() }
    }

    /// Adds so many rows that hold a list of at most `length` values.
    ///
    /// The list is packed in groups of eight, the last of which reaches into the padding. Where no whole group fits into the
    /// length any more, values are runs of their own.
    pub fn add(&mut self, rows: usize, mut values: impl ExactSizeIterator<Item = u32>) {
        let start = self.runs.len();
        let packed = values.len().min(self.length / 8 * 8);
        let single = values.len() - packed;
        hybrid::packed(&mut self.runs, values.by_ref().take(packed), self.width);
        for value in values {
            hybrid::repeated(&mut self.runs, 1, value, self.width);
        }
        let padding = self.length - packed.next_multiple_of(8) - single;
        hybrid::repeated(&mut self.runs, padding, 0, self.width);
        self.lists.push((start..self.runs.len(), self.rows() + rows));
    }

    fn rows(&self) -> usize {
        self.lists.last().map_or(0, |(_, end)| *end)
    }

    /// Adds the rows to a column, so many to a page.
    pub fn write(&self, column: &mut ColumnPages, page: usize) -> Result<()> {
        // The first value of a list begins it (level 0) and the others go on with it (1); all are there (1).
        let mut repetition = Vec::new();
        hybrid::repeated(&mut repetition, 1, 0, 1);
        hybrid::repeated(&mut repetition, self.length - 1, 1, 1);
        for start in (0..self.rows()).step_by(page) {
            let end = self.rows().min(start + page);
            let entries = (end - start) * self.length;
            let repetition_size = ((end - start) * repetition.len()) as u32;
            let mut definition = Vec::new();
            hybrid::measured(&mut definition, |levels| hybrid::repeated(levels, entries, 1, 1));
            definition.push(self.width as u8);
            let size = repetition_size.to_le_bytes();
            let mut pieces = vec![(&size[..], 1), (&repetition, end - start), (&definition, 1)];
            let mut row = start;
            let first = self.lists.partition_point(|(_, end)| *end <= start);
            for (runs, list_end) in &self.lists[first..] {
                pieces.push((&self.runs[runs.clone()], end.min(*list_end) - row));
                row = end.min(*list_end);
                if row == end {
                    break;
                }
            }
            column.repeating_lists(end - start, entries, &pieces)?;
        }
        Ok(())
    }
}
