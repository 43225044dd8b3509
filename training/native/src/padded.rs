//! Rows of one length, padded with zeroes. Knows slices, and neither pointers nor who gave them.

use crate::day::{Day, Fault};
use crate::parts::{on_threads, parts};

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
    on_threads(parts(samples, out, Padded::split), threads, |(samples, part)| fill(day, samples, part))
}

fn fill(day: &Day, samples: &[i64], out: Padded) -> Result<(), Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::tests::DAY;

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
}
