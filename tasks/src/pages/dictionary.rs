//! The distinct values of some lists in order of first use, and where each value of the lists is among them.

use polars::prelude::PlHashMap;

pub struct Dictionary {
    /// Distinct values, the first of which is 0, the padding of lists.
    pub values: Vec<i32>,
    /// For each value of the lists, its place in `values`.
    pub places: Vec<u32>,
}

impl Dictionary {
    pub fn new<'a>(lists: impl Iterator<Item = &'a [i32]> + Clone) -> Self {
        let count = lists.clone().map(<[i32]>::len).sum();
        let values = lists.clone().flatten().copied();
        // As an unsigned number, a negative one is large.
        let largest = values.clone().map(|value| value as u32).max().unwrap_or(0) as usize;
        let mut dictionary = Dictionary { values: vec![0], places: Vec::with_capacity(count) };
        // Things are usually numbered from one on; then a table by number is five times as fast as a hash table.
        if largest < 4 * count + 65_536 {
            // Which there are is found out first, from a table of bits, which is so small that it stays in the cache.
            let mut known = vec![0_u64; largest / 64 + 1];
            known[0] = 1;
            for value in values {
                let (word, bit) = (&mut known[value as usize / 64], 1 << (value % 64));
                if *word & bit == 0 {
                    *word |= bit;
                    dictionary.values.push(value);
                }
            }
            let mut places = vec![0; largest + 1];
            dictionary.values.iter().zip(0..).for_each(|(value, place)| places[*value as usize] = place);
            for list in lists {
                dictionary.places.extend(list.iter().map(|value| places[*value as usize]));
            }
        } else {
            let mut known = PlHashMap::from_iter([(0, 0)]);
            for value in values {
                let place = *known.entry(value).or_insert_with(|| {
                    dictionary.values.push(value);
                    dictionary.values.len() as u32 - 1
                });
                dictionary.places.push(place);
            }
        }
        dictionary
    }

    /// How many bits a place takes.
    pub fn width(&self) -> usize {
        super::hybrid::width(self.values.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order_of_first_use_after_the_padding() {
        for more in [7, 70_000_000, i32::MAX, -1] {
            let lists = [&[5, more, 5][..], &[], &[0, 9, more]];
            let dictionary = Dictionary::new(lists.into_iter());
            assert_eq!(dictionary.values, [0, 5, more, 9]);
            assert_eq!(dictionary.places, [1, 2, 1, 0, 3, 2]);
            assert_eq!(dictionary.width(), 2);
        }
        assert_eq!(Dictionary::new(std::iter::empty()).values, [0]);
    }
}
