//! The levels of a page of lists, none of which is cut off.

use super::hybrid;

/// The levels of lists of these lengths, as they stand at the front of a page.
///
/// The first value of a list begins it (repetition level 0) and the others go on with it (1). An empty list is an entry
/// without a value (definition level 0); every other entry has one (1).
pub fn of_lists(bytes: &mut Vec<u8>, lengths: &[usize]) {
    hybrid::measured(bytes, |levels| {
        for length in lengths {
            hybrid::repeated(levels, 1, 0, 1);
            hybrid::repeated(levels, length.saturating_sub(1), 1, 1);
        }
    });
    hybrid::measured(bytes, |levels| {
        for same in lengths.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
            let values: usize = same.iter().sum();
            hybrid::repeated(levels, if values == 0 { same.len() } else { values }, u32::from(values > 0), 1);
        }
    });
}

/// How many entries these lists have.
pub fn entries(lengths: &[usize]) -> usize {
    lengths.iter().map(|length| (*length).max(1)).sum()
}
