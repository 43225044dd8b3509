//! The distinct values of a column's lists in a row group, in order of first use, each with its place.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Distinct values and where they are. The first is always 0, the padding.
pub struct Dictionary {
    values: Vec<i32>,
    places: HashMap<i32, u32, BuildHasherDefault<Scatter>>,
}

impl Dictionary {
    pub fn new() -> Self {
        Dictionary { values: vec![0], places: HashMap::from_iter([(0, 0)]) }
    }

    pub fn values(&self) -> &[i32] {
        &self.values
    }

    /// The place of a value, which is new if the value is.
    pub fn place(&mut self, value: i32) -> u32 {
        *self.places.entry(value).or_insert_with(|| {
            self.values.push(value);
            self.values.len() as u32 - 1
        })
    }
}

/// Spreads integers over a hash table: a multiplication, whose high and low half are folded together.
#[derive(Default)]
struct Scatter(u64);

impl Hasher for Scatter {
    fn write_i32(&mut self, value: i32) {
        let product = u128::from(value as u32) * 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        unimplemented!("{bytes:?}")
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
