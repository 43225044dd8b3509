//! Chance for randomised tests, the same for the same seed. It knows nothing of what is drawn.

/// A generator of chance for randomised tests (SplitMix64), small enough to be beyond doubt.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number in 0 .. `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
