//! The order of rows by customer.
//!
//! A radix sort from the lowest digit up: each pass sorts by one digit and keeps the order of the pass before, so rows of
//! a customer stay as they were. Customers are numbers of few digits, which makes it several times as fast as comparing
//! them. The algorithm is the textbook's (Knuth, The Art of Computer Programming 3, 5.2.5, algorithm R).

/// Bits of a digit: the counts of its values fit into the first cache.
pub const DIGIT: u32 = 11;

/// The rows ordered by customer, and those of a customer as they were.
pub fn by_customer(customers: &[i64]) -> Vec<usize> {
    let (Some(smallest), Some(largest)) = (customers.iter().min(), customers.iter().max()) else { return Vec::new() };
    let (row_bits, key_bits) = (bits(customers.len() as u64 - 1), bits(largest.abs_diff(*smallest)));
    let keys = customers.iter().map(|customer| customer.abs_diff(*smallest)).zip(0_u64..);
    if row_bits + key_bits > u64::BITS {
        let rows = sorted(keys.collect(), key_bits, |(key, _)| key);
        return rows.into_iter().map(|(_, row)| row as usize).collect();
    }
    // A row and its customer in one number, which is half of what there is to move.
    let rows = sorted(keys.map(|(key, row)| key << row_bits | row).collect(), key_bits, |row| row >> row_bits);
    rows.into_iter().map(|row| (row & ((1 << row_bits) - 1)) as usize).collect()
}

/// Rows ordered by a key of so many bits.
fn sorted<Row: Copy + Default>(mut rows: Vec<Row>, bits: u32, key: impl Fn(Row) -> u64) -> Vec<Row> {
    let mut sorted = vec![Row::default(); if bits == 0 { 0 } else { rows.len() }];
    for (shift, width) in digits(bits) {
        let digit = |row: Row| (key(row) >> shift) as usize & ((1 << width) - 1);
        let mut places = starts(width, rows.iter().map(|row| digit(*row)));
        for row in &rows {
            let place = &mut places[digit(*row)];
            sorted[*place as usize] = *row;
            *place += 1;
        }
        std::mem::swap(&mut rows, &mut sorted);
    }
    rows
}

/// Where the rows of each value of a digit of so many bits begin, once they are ordered by it.
pub fn starts(width: u32, digits: impl Iterator<Item = usize>) -> [u64; 1 << DIGIT] {
    let mut places = [0; 1 << DIGIT];
    digits.for_each(|digit| places[digit] += 1);
    let mut start = 0;
    for place in &mut places[..1 << width] {
        start += std::mem::replace(place, start);
    }
    places
}

/// The digits of numbers of so many bits, the lowest first: where each begins, and its bits. All are about as long, for
/// the counts of the values of short ones are few.
pub fn digits(bits: u32) -> impl Iterator<Item = (u32, u32)> {
    let width = bits.div_ceil(bits.div_ceil(DIGIT).max(1)).max(1);
    (0..bits).step_by(width as usize).map(move |shift| (shift, width.min(bits - shift)))
}

/// How many bits a number has.
fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::draw::Draw;

    #[test]
    fn rows_are_ordered_as_a_stable_sort_orders_them() {
        for seed in 0..200 {
            let draw = &mut Draw::new(seed, 0, 2);
            let largest = 1 << draw.below(63);
            let customers: Vec<i64> = (0..draw.below(3_000)).map(|_| 1 + draw.below(largest) as i64).collect();
            let mut expected: Vec<usize> = (0..customers.len()).collect();
            expected.sort_by_key(|row| customers[*row]);
            assert_eq!(by_customer(&customers), expected, "seed {seed}");
        }
        let far_apart: Vec<i64> =
            (0..5_000).map(|row| if row % 7 == 0 { i64::MAX - row % 3 } else { row % 911 }).collect();
        for customers in [vec![], vec![7], vec![7; 5], vec![i64::MAX, i64::MIN, 0, i64::MAX], far_apart] {
            let mut expected: Vec<usize> = (0..customers.len()).collect();
            expected.sort_by_key(|row| customers[*row]);
            assert_eq!(by_customer(&customers), expected);
        }
    }
}
