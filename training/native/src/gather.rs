//! Copies histories into batches: padded to rows of one length, or one after the other.
//!
//! A batch is split into runs of rows, each with its own part of the output. Threads take one after the other, so that one
//! that the machine is slow to start is not waited for with half of the batch.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

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

/// Rows of `length` values, and what goes with each of them.
pub struct Padded<'a> {
    pub length: usize,
    pub impressions: &'a mut [i32],
    pub label: &'a mut [u8],
    pub lengths: &'a mut [i32],
    /// How many values a row holds already; those beyond are zero.
    pub filled: &'a mut [i32],
    pub actions: &'a mut [i32],
    pub action_types: &'a mut [i8],
}

/// Values one row after the other; row `n` is the range `offsets[n] .. offsets[n + 1]`.
pub struct Jagged<'a> {
    pub length: usize,
    pub impressions: &'a mut [i32],
    pub label: &'a mut [u8],
    pub offsets: &'a [i64],
    pub actions: &'a mut [i32],
    pub action_types: &'a mut [i8],
}

/// The rows of a part.
const PART: usize = 128;
/// Fewer parts than this are not worth a thread, which takes as long to start as they do.
const PARTS_A_THREAD: usize = 3;

impl Day<'_> {
    /// Where the history of a sample is: its first `length` values.
    fn history(&self, sample: i64, length: usize) -> Result<(usize, Range<usize>), Fault> {
        let sample = usize::try_from(sample).map_err(|_| Fault::Sample)?;
        let row = *self.history_row.get(sample).ok_or(Fault::Sample)? as usize;
        let bounds = self.offsets.get(row..).and_then(|offsets| offsets.first_chunk::<2>()).ok_or(Fault::Day)?;
        let [start, end] = bounds.map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
        if start > end || end > self.actions.len() {
            return Err(Fault::Day);
        }
        Ok((sample, start..end.min(start.saturating_add(length))))
    }

    fn sizes_agree(&self) -> bool {
        let samples = self.history_row.len();
        self.item_id.len() == samples && self.is_order.len() == samples && self.actions.len() == self.action_types.len()
    }
}

/// Fills a row for each sample.
pub fn padded(day: &Day, samples: &[i64], out: Padded, threads: usize) -> Result<(), Fault> {
    let count = samples.len();
    let values = count.checked_mul(out.length).ok_or(Fault::Output)?;
    let rows = [out.impressions.len(), out.label.len(), out.lengths.len(), out.filled.len()];
    let sizes = [out.actions.len(), out.action_types.len()];
    let countable = out.length <= i32::MAX as usize;
    if !countable
        || !day.sizes_agree()
        || rows.iter().any(|rows| *rows != count)
        || sizes.iter().any(|size| *size != values)
    {
        return Err(Fault::Output);
    }
    let (mut samples, mut rest, mut parts) = (samples, out, Vec::new());
    for rows in part_sizes(count) {
        let (part, after) = rest.split(rows);
        let (own, others) = samples.split_at(rows);
        parts.push((own, part));
        (samples, rest) = (others, after);
    }
    on_threads(parts, threads, |(samples, part)| padded_part(day, samples, part))
}

fn padded_part(day: &Day, samples: &[i64], out: Padded) -> Result<(), Fault> {
    for (row, sample) in samples.iter().enumerate() {
        let (sample, history) = day.history(*sample, out.length)?;
        let (start, count) = (row * out.length, history.len());
        let filled = usize::try_from(out.filled[row]).map_err(|_| Fault::Output)?.min(out.length);
        out.actions[start..start + count].copy_from_slice(&day.actions[history.clone()]);
        out.action_types[start..start + count].copy_from_slice(&day.action_types[history]);
        if filled > count {
            out.actions[start + count..start + filled].fill(0);
            out.action_types[start + count..start + filled].fill(0);
        }
        out.impressions[row] = day.item_id[sample];
        out.label[row] = day.is_order[sample];
        out.lengths[row] = count as i32;
        out.filled[row] = count as i32;
    }
    Ok(())
}

/// Finds where each row of a jagged batch begins, and where the last one ends.
pub fn offsets(day: &Day, samples: &[i64], length: usize, offsets: &mut [i64]) -> Result<(), Fault> {
    if !day.sizes_agree() || offsets.len() != samples.len() + 1 {
        return Err(Fault::Output);
    }
    let mut end = 0;
    offsets[0] = 0;
    for (sample, offset) in samples.iter().zip(&mut offsets[1..]) {
        end += day.history(*sample, length)?.1.len() as i64;
        *offset = end;
    }
    Ok(())
}

/// Fills the rows of a jagged batch whose offsets are found.
pub fn jagged(day: &Day, samples: &[i64], out: Jagged, threads: usize) -> Result<(), Fault> {
    let count = samples.len();
    let values = out.actions.len();
    if !day.sizes_agree()
        || [out.impressions.len(), out.label.len()].iter().any(|rows| *rows != count)
        || out.offsets.len() != count + 1
        || out.action_types.len() != values
        || out.offsets[count] != values as i64
        || !out.offsets.is_sorted()
        || out.offsets[0] != 0
    {
        return Err(Fault::Output);
    }
    let (mut samples, mut rest, mut parts) = (samples, out, Vec::new());
    for rows in part_sizes(count) {
        let (part, after) = rest.split(rows);
        let (own, others) = samples.split_at(rows);
        parts.push((own, part));
        (samples, rest) = (others, after);
    }
    on_threads(parts, threads, |(samples, part)| jagged_part(day, samples, part))
}

fn jagged_part(day: &Day, samples: &[i64], out: Jagged) -> Result<(), Fault> {
    let first = out.offsets[0];
    for (row, sample) in samples.iter().enumerate() {
        let (sample, history) = day.history(*sample, out.length)?;
        let (start, end) = ((out.offsets[row] - first) as usize, (out.offsets[row + 1] - first) as usize);
        if end - start != history.len() {
            return Err(Fault::Output);
        }
        out.actions[start..end].copy_from_slice(&day.actions[history.clone()]);
        out.action_types[start..end].copy_from_slice(&day.action_types[history]);
        out.impressions[row] = day.item_id[sample];
        out.label[row] = day.is_order[sample];
    }
    Ok(())
}

impl<'a> Padded<'a> {
    fn split(self, rows: usize) -> (Padded<'a>, Padded<'a>) {
        let length = self.length;
        let (impressions, impressions_after) = self.impressions.split_at_mut(rows);
        let (label, label_after) = self.label.split_at_mut(rows);
        let (lengths, lengths_after) = self.lengths.split_at_mut(rows);
        let (filled, filled_after) = self.filled.split_at_mut(rows);
        let (actions, actions_after) = self.actions.split_at_mut(rows * length);
        let (action_types, types_after) = self.action_types.split_at_mut(rows * length);
        (
            Padded { length, impressions, label, lengths, filled, actions, action_types },
            Padded {
                length,
                impressions: impressions_after,
                label: label_after,
                lengths: lengths_after,
                filled: filled_after,
                actions: actions_after,
                action_types: types_after,
            },
        )
    }
}

impl<'a> Jagged<'a> {
    fn split(self, rows: usize) -> (Jagged<'a>, Jagged<'a>) {
        let length = self.length;
        let values = (self.offsets[rows] - self.offsets[0]) as usize;
        let (impressions, impressions_after) = self.impressions.split_at_mut(rows);
        let (label, label_after) = self.label.split_at_mut(rows);
        let (actions, actions_after) = self.actions.split_at_mut(values);
        let (action_types, types_after) = self.action_types.split_at_mut(values);
        (
            Jagged { length, impressions, label, offsets: &self.offsets[..=rows], actions, action_types },
            Jagged {
                length,
                impressions: impressions_after,
                label: label_after,
                offsets: &self.offsets[rows..],
                actions: actions_after,
                action_types: types_after,
            },
        )
    }
}

/// How many rows each part has.
fn part_sizes(count: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(PART).map(move |start| PART.min(count - start))
}

/// Works on all parts, several at a time. A thread that the machine does not have leaves its part to the others.
fn on_threads<T: Send>(
    parts: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> Result<(), Fault> + Sync,
) -> Result<(), Fault> {
    let others = threads.min(parts.len() / PARTS_A_THREAD).saturating_sub(1);
    let parts = Mutex::new(parts.into_iter());
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || -> Result<(), Fault> {
        while let Some(part) = next() {
            work(part)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..others).filter_map(|_| Builder::new().spawn_scoped(scope, run).ok()).collect();
        let own = run();
        threads.into_iter().fold(own, |result, thread| result.and(thread.join().unwrap_or(Err(Fault::Day))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three histories: 3, 0 and 2 actions; five samples.
    const DAY: Day = Day {
        item_id: &[10, 11, 12, 13, 14],
        is_order: &[0, 1, 0, 0, 1],
        history_row: &[0, 0, 1, 2, 2],
        offsets: &[0, 3, 3, 5],
        actions: &[7, 8, 9, 5, 6],
        action_types: &[1, 2, 3, 2, 1],
    };

    /// Memory for rows, which another batch has left its values in.
    struct Rows {
        impressions: Vec<i32>,
        label: Vec<u8>,
        lengths: Vec<i32>,
        filled: Vec<i32>,
        actions: Vec<i32>,
        action_types: Vec<i8>,
    }

    impl Rows {
        fn used(rows: usize, length: usize) -> Rows {
            Rows {
                impressions: vec![-1; rows],
                label: vec![9; rows],
                lengths: vec![-1; rows],
                filled: vec![length as i32; rows],
                actions: vec![-1; rows * length],
                action_types: vec![-1; rows * length],
            }
        }

        fn fill(&mut self, day: &Day, samples: &[i64], length: usize, threads: usize) -> Result<(), Fault> {
            let out = Padded {
                length,
                impressions: &mut self.impressions,
                label: &mut self.label,
                lengths: &mut self.lengths,
                filled: &mut self.filled,
                actions: &mut self.actions,
                action_types: &mut self.action_types,
            };
            padded(day, samples, out, threads)
        }
    }

    #[test]
    fn rows_are_padded_whatever_was_there_before() {
        let mut rows = Rows::used(3, 4);
        rows.fill(&DAY, &[4, 2, 1], 4, 1).unwrap();
        assert_eq!(rows.actions, [5, 6, 0, 0, 0, 0, 0, 0, 7, 8, 9, 0]);
        assert_eq!(rows.action_types, [2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0]);
        assert_eq!((rows.lengths, rows.filled), (vec![2, 0, 3], vec![2, 0, 3]));
        assert_eq!((rows.impressions, rows.label), (vec![14, 12, 11], vec![1, 0, 1]));
    }

    #[test]
    fn the_newest_stay_of_a_history_that_is_too_long() {
        let mut rows = Rows::used(1, 2);
        rows.fill(&DAY, &[0], 2, 1).unwrap();
        assert_eq!((rows.actions, rows.lengths), (vec![7, 8], vec![2]));
    }

    #[test]
    fn any_number_of_threads_writes_the_same() {
        let samples: Vec<i64> = (0..1000).map(|number| number * 7 % 5).collect();
        let mut one = Rows::used(1000, 3);
        one.fill(&DAY, &samples, 3, 1).unwrap();
        for threads in [0, 2, 3, 64] {
            let mut many = Rows::used(1000, 3);
            many.fill(&DAY, &samples, 3, threads).unwrap();
            assert_eq!((&many.actions, &many.label, &many.filled), (&one.actions, &one.label, &one.filled));
        }
    }

    #[test]
    fn a_sample_that_is_not_there_is_a_fault_on_any_thread() {
        for wrong in [-1, 5, i64::MIN, i64::MAX] {
            let mut samples = vec![0; 1000];
            samples[700] = wrong;
            assert_eq!(Rows::used(1000, 2).fill(&DAY, &samples, 2, 3), Err(Fault::Sample));
        }
    }

    #[test]
    fn a_day_whose_numbers_lead_out_of_it_is_a_fault() {
        let beyond_the_histories = Day { history_row: &[3; 5], ..DAY };
        let beyond_the_actions = Day { offsets: &[0, 6, 6, 6], ..DAY };
        let backwards = Day { offsets: &[3, 0, 0, 5], ..DAY };
        let negative = Day { offsets: &[-1, 3, 3, 5], ..DAY };
        for day in [beyond_the_histories, beyond_the_actions, backwards, negative] {
            assert_eq!(Rows::used(1, 4).fill(&day, &[0], 4, 1), Err(Fault::Day));
        }
    }

    #[test]
    fn an_output_of_another_size_is_a_fault() {
        assert_eq!(Rows::used(2, 4).fill(&DAY, &[0], 4, 1), Err(Fault::Output));
        assert_eq!(Rows::used(1, 4).fill(&DAY, &[0], 5, 1), Err(Fault::Output));
        let mut rows = Rows::used(1, 4);
        rows.filled = vec![-1];
        assert_eq!(rows.fill(&DAY, &[0], 4, 1), Err(Fault::Output));
    }

    /// Offsets, actions and types.
    type Values = (Vec<i64>, Vec<i32>, Vec<i8>);

    fn jagged_of(samples: &[i64], length: usize, threads: usize) -> Result<Values, Fault> {
        let mut ends = vec![-1; samples.len() + 1];
        offsets(&DAY, samples, length, &mut ends)?;
        let values = ends[samples.len()] as usize;
        let (mut impressions, mut label) = (vec![0; samples.len()], vec![0; samples.len()]);
        let (mut actions, mut action_types) = (vec![-1; values], vec![-1; values]);
        let out = Jagged {
            length,
            impressions: &mut impressions,
            label: &mut label,
            offsets: &ends,
            actions: &mut actions,
            action_types: &mut action_types,
        };
        jagged(&DAY, samples, out, threads)?;
        Ok((ends, actions, action_types))
    }

    #[test]
    fn jagged_rows_lie_one_after_the_other() {
        let (offsets, actions, types) = jagged_of(&[4, 2, 1], 2, 1).unwrap();
        assert_eq!((offsets, actions, types), (vec![0, 2, 2, 4], vec![5, 6, 7, 8], vec![2, 1, 1, 2]));
        assert_eq!(jagged_of(&[], 2, 1), Ok((vec![0], vec![], vec![])));
    }

    #[test]
    fn any_number_of_threads_writes_the_same_jagged_rows() {
        let samples: Vec<i64> = (0..1000).map(|number| number * 3 % 5).collect();
        assert_eq!(jagged_of(&samples, 9, 3), jagged_of(&samples, 9, 1));
    }

    #[test]
    fn offsets_of_other_samples_are_a_fault() {
        let (mut impressions, mut label, mut actions, mut types) = ([0], [0], [0; 2], [0; 2]);
        let mut fill = |offsets: &[i64]| {
            let out = Jagged {
                length: 9,
                impressions: &mut impressions,
                label: &mut label,
                offsets,
                actions: &mut actions,
                action_types: &mut types,
            };
            jagged(&DAY, &[0], out, 1)
        };
        assert_eq!(fill(&[0, 2]), Err(Fault::Output));
        assert_eq!(fill(&[1, 2]), Err(Fault::Output));
        assert_eq!(fill(&[0, 3]), Err(Fault::Output));
        assert_eq!(fill(&[]), Err(Fault::Output));
    }
}
