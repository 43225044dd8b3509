//! Which rows of two tables belong together, by their digests alone. No I/O.

use std::collections::{HashMap, VecDeque};

use crate::digest::Digest;

/// The rows that are left when each of `others` has taken one that equals it.
pub fn unmatched(rows: &[Digest], others: &[Digest]) -> Vec<usize> {
    let mut free = HashMap::<Digest, usize>::new();
    for other in others {
        *free.entry(*other).or_default() += 1;
    }
    let mut is_left = |row: &usize| match free.get_mut(&rows[*row]) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    (0..rows.len()).filter(|row| is_left(row)).collect()
}

/// What became of rows that have no equal on the other side, each side in its own order.
pub struct Pairs {
    /// Rows of the old table, each with the row of the new table that has its key.
    pub changed: Vec<(usize, usize)>,
    pub added: Vec<usize>,
    pub removed: Vec<usize>,
    /// Whether several rows share the key of a changed row, so that any two of them might have been a pair.
    pub doubtful: bool,
}

impl Pairs {
    /// Pairs rows, given with the digests of their keys: the first of a key with the first of that key, and so on.
    pub fn by_key(old: (&[usize], &[Digest]), new: (&[usize], &[Digest])) -> Pairs {
        let mut waiting = HashMap::<Digest, VecDeque<usize>>::new();
        for (row, key) in old.0.iter().zip(old.1) {
            waiting.entry(*key).or_default().push_back(*row);
        }
        let (mut changed, mut added) = (Vec::new(), Vec::new());
        for (row, key) in new.0.iter().zip(new.1) {
            match waiting.get_mut(key).and_then(VecDeque::pop_front) {
                Some(before) => changed.push((before, *row)),
                None => added.push(*row),
            }
        }
        let mut removed: Vec<usize> = waiting.into_values().flatten().collect();
        removed.sort_unstable();
        Pairs { changed, added, removed, doubtful: is_doubtful(old.1, new.1) }
    }
}

/// Whether a key is there on both sides, and several times on one.
fn is_doubtful(old: &[Digest], new: &[Digest]) -> bool {
    let mut counts = HashMap::<Digest, (usize, usize)>::new();
    old.iter().for_each(|key| counts.entry(*key).or_default().0 += 1);
    new.iter().for_each(|key| counts.entry(*key).or_default().1 += 1);
    counts.into_values().any(|(old, new)| old.min(new) > 0 && old.max(new) > 1)
}
