//! Decimal digits, eight at a time.
//!
//! Eight bytes of text are taken as one number, the first byte as the lowest, so that all of them are looked at and
//! worked on in a few steps of ordinary arithmetic. It does not know what the digits are of.

/// The same in each of the eight bytes, by multiplication.
const EACH: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGHEST: u64 = EACH * 0x80;

/// The value of each byte that is a digit. Any other byte becomes more than 9.
pub fn values(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes) ^ u64::from_le_bytes(*b"00000000")
}

/// What is left of the bytes where they are not as in `like`: a digit leaves its value where that has a zero, and any
/// other byte zero where it is the same.
pub fn values_between(bytes: [u8; 8], like: &[u8; 8]) -> u64 {
    u64::from_le_bytes(bytes) ^ u64::from_le_bytes(*like)
}

/// The highest bit of each byte that is more than 9, up to the first such byte; of those behind it nothing is known.
fn beyond(values: u64) -> u64 {
    // A carry comes only from a byte that is more than 9 itself.
    (values.wrapping_add(EACH * 0x76) | values) & HIGHEST
}

/// Whether no byte is more than 9.
pub fn are_digits(values: u64) -> bool {
    beyond(values) == 0
}

/// How many bytes are 9 or less, up to the first that is not.
pub fn count(values: u64) -> usize {
    (beyond(values).trailing_zeros() / 8) as usize
}

/// Powers of ten, by how many digits follow.
const TENS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number that the digits at the front spell, and how many there are.
///
/// Nothing is decided by the number of digits, which no processor can foretell, but whether there are more than seven:
/// that is mostly the same in all rows.
// Each row has two: as calls they would take a twentieth of the time in which JSON is read.
#[inline(always)]
pub fn up_to_sixteen(bytes: &[u8; 16]) -> (i64, usize) {
    let [low, high] = [0, 8].map(|start| values(std::array::from_fn(|place| bytes[start + place])));
    let first = count(low);
    if first < 8 {
        return (leading(low, first), first);
    }
    let second = count(high);
    (leading(low, first) * TENS[second] + leading(high, second), first + second)
}

/// The number that the first `count` digits spell.
fn leading(values: u64, count: usize) -> i64 {
    // Zeroes are put before the digits to make them eight.
    number(values.checked_shl(64 - 8 * count as u32).unwrap_or(0))
}

/// The number that eight digits spell. Neighbours are joined: to pairs, fours, and all eight.
pub fn number(values: u64) -> i64 {
    let pairs = (values & (EACH * 0x0f)).wrapping_mul(10 * 0x100 + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 * 0x1_0000 + 1) >> 16;
    let all = (fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32;
    all as i64
}

/// The two-digit number at each byte that it and the next one spell.
pub fn pairs(values: u64) -> [u8; 8] {
    // No byte becomes more than 99.
    (values.wrapping_mul(10).wrapping_add(values >> 8)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight bytes that begin with these, and are of others behind.
    fn eight(text: &[u8], others: u8) -> [u8; 8] {
        std::array::from_fn(|place| text.get(place).copied().unwrap_or(others))
    }

    #[test]
    fn digits_are_counted_up_to_the_first_byte_that_is_none() {
        for byte in 0..=u8::MAX {
            for count in 0..8 {
                for behind in [b'0', b'9', b'/', b':', 0, 0xff] {
                    let mut bytes = eight(&b"9999999"[..count], behind);
                    bytes[count] = byte;
                    let expected = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(8);
                    assert_eq!(super::count(values(bytes)), expected, "{bytes:?}");
                    assert_eq!(are_digits(values(bytes)), expected == 8, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn a_number_is_what_its_digits_spell() {
        for text in ["", "0", "7", "10", "99", "123", "9090", "54321", "999999", "1000000", "12345678", "99999999"] {
            for behind in [b',', b'}', b'0', 0xff] {
                let found = leading(values(eight(text.as_bytes(), behind)), text.len());
                assert_eq!(found, text.parse().unwrap_or(0), "{text:?} before {behind}");
            }
        }
        assert_eq!(number(values(*b"00000042")), 42);
    }

    #[test]
    fn up_to_sixteen_digits_are_counted_and_read() {
        for count in 0..=16 {
            for behind in [b',', b'}', b' ', 0xff] {
                let text: Vec<u8> = b"9081726354433221".iter().copied().take(count).collect();
                let bytes = std::array::from_fn(|place| text.get(place).copied().unwrap_or(behind));
                let expected = std::str::from_utf8(&text).unwrap().parse().unwrap_or(0);
                assert_eq!(up_to_sixteen(&bytes), (expected, count));
            }
        }
    }

    #[test]
    fn pairs_of_digits_are_numbers_of_two_digits() {
        let found = pairs(values_between(*b"23:59:07", b"00:00:00"));
        assert_eq!([found[0], found[3], found[6]], [23, 59, 7]);
    }
}
