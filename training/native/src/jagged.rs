//! Rows one after the other, each as long as its history. Knows slices, and neither pointers nor who gave them.

use crate::day::{Day, Fault};
use crate::parts::{on_threads, parts};

/// Values one row after the other; row `n` is the range `offsets[n] .. offsets[n + 1]`.
pub struct Jagged<'a> {
    pub length: usize,
    pub impressions: &'a mut [i32],
    pub label: &'a mut [u8],
    pub offsets: &'a [i64],
    pub actions: &'a mut [i32],
    pub action_types: &'a mut [i8],
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
    on_threads(parts(samples, out, Jagged::split), threads, |(samples, part)| fill(day, samples, part))
}

fn fill(day: &Day, samples: &[i64], out: Jagged) -> Result<(), Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::tests::DAY;

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
