//! A day as slices, and where the history of a sample is in it. Every number is held against the slices before it is used.

use std::ops::Range;

/// A day: samples, each with the number of its history, and histories side by side.
#[derive(Clone, Copy)]
pub struct Day<'a> {
    /// One place a sample, as in `is_order` and `history_row`.
    pub item_id: &'a [i32],
    pub is_order: &'a [u8],
    pub history_row: &'a [u32],
    /// History `n` is the range `offsets[n] .. offsets[n + 1]` of actions and types.
    pub offsets: &'a [i64],
    pub actions: &'a [i32],
    pub action_types: &'a [i8],
}

/// What a number was that led nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Fault {
    /// The day has no such sample.
    Sample = 1,
    /// The day's own numbers do not go together.
    Day = 2,
    /// The output does not have the sizes that it must have.
    Output = 3,
}

impl Day<'_> {
    /// Where the history of a sample is: its first `length` values.
    pub fn history(&self, sample: i64, length: usize) -> Result<(usize, Range<usize>), Fault> {
        let sample = usize::try_from(sample).map_err(|_| Fault::Sample)?;
        let row = *self.history_row.get(sample).ok_or(Fault::Sample)? as usize;
        let bounds = self.offsets.get(row..).and_then(|offsets| offsets.first_chunk::<2>()).ok_or(Fault::Day)?;
        let [start, end] = bounds.map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
        if start > end || end > self.actions.len() {
            return Err(Fault::Day);
        }
        Ok((sample, start..end.min(start.saturating_add(length))))
    }

    /// Whether all that has a place a sample, or a value, has as many.
    pub fn sizes_agree(&self) -> bool {
        let samples = self.history_row.len();
        self.item_id.len() == samples && self.is_order.len() == samples && self.actions.len() == self.action_types.len()
    }
}

#[cfg(test)]
pub mod tests {
    use super::Day;

    /// Three histories: 3, 0 and 2 actions; five samples.
    pub const DAY: Day = Day {
        item_id: &[10, 11, 12, 13, 14],
        is_order: &[0, 1, 0, 0, 1],
        history_row: &[0, 0, 1, 2, 2],
        offsets: &[0, 3, 3, 5],
        actions: &[7, 8, 9, 5, 6],
        action_types: &[1, 2, 3, 2, 1],
    };
}
