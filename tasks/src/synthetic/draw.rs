//! Chance, the same on every machine: integers and multiplications of floats, no function of a C library.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A prime above every number of customers, and one above every number of items.
const CUSTOMER_PRIME: u64 = 2_147_483_647;
const ITEM_PRIME: u64 = 1_000_003;

/// A stream of chance of its own for each source on each day.
pub struct Draw(Xoshiro256PlusPlus);

impl Draw {
    pub fn new(seed: u64, day: i32, stream: u64) -> Self {
        let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (day as u32 as u64) << 8 ^ stream;
        Draw(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// A number in 0 .. 1.
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in 0 .. `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// A customer that acts: a few act thousands of times, most hardly ever.
    pub fn customer(&mut self, count: u64) -> u64 {
        customer_id(self.zipf::<5>(count, 3.0))
    }

    /// A customer that acts, as impressions see them: rather those who act much, but less so.
    pub fn shown_customer(&mut self, count: u64) -> u64 {
        customer_id(self.zipf::<2>(count, 3.0))
    }

    /// A customer that never acts.
    pub fn cold_customer(&mut self, count: u64) -> u64 {
        customer_id(count + self.below(count / 20 + 1))
    }

    pub fn item(&mut self, count: u64) -> u64 {
        item_id(self.item_rank(count))
    }

    /// An item by its place among all, of which the first is acted on most.
    pub fn item_rank(&mut self, count: u64) -> u64 {
        self.zipf::<10>(count, 20.0)
    }

    /// A rank in 0 .. `count` by Zipf's law with exponent 1 - 1/K and Mandelbrot's shift.
    ///
    /// The K-th power of a uniform number has a density that falls with the exponent 1 - 1/K.
    fn zipf<const K: usize>(&mut self, count: u64, shift: f64) -> u64 {
        loop {
            let uniform = self.unit();
            let power = (1..K).fold(uniform, |power, _| power * uniform);
            let rank = power * (count as f64 + shift) - shift;
            if rank >= 0.0 && rank < count as f64 {
                return rank as u64;
            }
        }
    }
}

/// Scatters ranks in the same way.
pub fn item_id(rank: u64) -> u64 {
    1 + rank * 7_919 % ITEM_PRIME
}

/// Scatters ranks, so that ids say nothing about how much a customer acts.
fn customer_id(rank: u64) -> u64 {
    1 + rank * 48_271 % CUSTOMER_PRIME
}
