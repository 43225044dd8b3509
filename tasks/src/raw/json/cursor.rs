//! A place in a text that moves over tokens of JSON in their plain spellings.
//!
//! What it takes for a token is one, and means to serde_json what it means here. It does not know all spellings: where
//! there is an escape, a letter beyond ASCII, an exponent or a number of more than 18 digits, it says that there is
//! nothing.

use crate::calendar::Reader;

/// Bytes in which a day or a timestamp must end; the longest is `2025-08-16T12:00:00.123456789+02:00`.
const LONGEST_TIME: usize = 36;

/// Digits of a number that surely fits.
const MOST_DIGITS: usize = 18;

#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    /// What lies before it.
    pub rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Moves over this text.
    pub fn literal(&mut self, literal: &[u8]) -> Option<()> {
        let (start, rest) = self.rest.split_at_checked(literal.len())?;
        if !are_same(start, literal) {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// A number of 1 or more, in digits.
    pub fn positive(&mut self) -> Option<i64> {
        let first = *self.rest.first()?;
        let (mut value, mut count) = match self.rest.first_chunk() {
            Some(chunk) => leading_digits(*chunk),
            None => (0, 0),
        };
        // More than eight digits, or fewer in the last eight bytes of the text.
        if matches!(count, 0 | 8) {
            while let Some(digit) = self.rest.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10)
            {
                value = value * 10 + i64::from(digit);
                count += 1;
                if count > MOST_DIGITS {
                    return None;
                }
            }
        }
        self.rest = &self.rest[count..];
        // JSON knows no leading zeroes.
        (b'1'..=b'9').contains(&first).then_some(value)
    }

    pub fn boolean(&mut self) -> Option<bool> {
        let value = !self.rest.starts_with(b"false");
        self.literal(if value { b"true" } else { b"false" })?;
        Some(value)
    }

    /// What is left of a string behind its opening quote, without the closing one.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        let length = self.rest.iter().position(|byte| !is_plain(byte))?;
        let text = &self.rest[..length];
        self.rest = self.rest[length..].strip_prefix(b"\"")?;
        Some(text)
    }

    /// A timestamp behind its opening quote.
    pub fn timestamp(&mut self, reader: &mut Reader) -> Option<i64> {
        // A text that is a time holds nothing that JSON would have escaped.
        reader.timestamp(self.time()?)
    }

    /// A day behind its opening quote.
    pub fn day(&mut self, reader: &mut Reader) -> Option<i32> {
        reader.day(self.time()?)
    }

    fn time(&mut self) -> Option<&'a [u8]> {
        let length = self.rest.iter().take(LONGEST_TIME).position(|byte| *byte == b'"')?;
        let text = &self.rest[..length];
        self.rest = &self.rest[length + 1..];
        Some(text)
    }

    /// A string, a number, true, false or null, whatever it is.
    pub fn scalar(&mut self) -> Option<()> {
        match self.rest.first()? {
            b'"' => {
                self.rest = &self.rest[1..];
                self.string().map(drop)
            }
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number(),
        }
    }

    /// A number of any sign, which may have a fraction.
    fn number(&mut self) -> Option<()> {
        self.rest = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let leading_zero = self.rest.first() == Some(&b'0');
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            return None;
        }
        if let Some(fraction) = self.rest.strip_prefix(b".") {
            self.rest = fraction;
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more, and how many.
    fn digits(&mut self) -> Option<usize> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[count..];
        (count > 0).then_some(count)
    }

    /// Moves over blanks between tokens.
    pub fn blanks(&mut self) {
        let blanks = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.rest = &self.rest[blanks..];
    }
}

/// Whether two texts of the same length are the same. They are short: to call a function for any length takes longer.
fn are_same(left: &[u8], right: &[u8]) -> bool {
    let (chunks, others) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
    match (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        (Some(last), Some(other)) => last == other && chunks.iter().eq(others),
        _ => left.iter().eq(right),
    }
}

/// The number that the digits at the beginning of eight bytes spell, and how many they are.
///
/// The bytes are taken as one number, the first as the lowest, so that all are looked at in a few steps.
fn leading_digits(bytes: [u8; 8]) -> (i64, usize) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // A digit becomes its value, and any other byte more than 9.
    let values = u64::from_le_bytes(bytes) ^ (EACH * 0x30);
    // The highest bit of a byte is set if it is more than 9. A carry goes to bytes behind one that is no digit only.
    let others = (values.wrapping_add(EACH * 0x76) | values) & (EACH * 0x80);
    let count = others.trailing_zeros() / 8;
    // Zeroes are put before the digits to make them eight. Then neighbours are joined: to pairs, fours, and all eight.
    let eight = values.checked_shl(64 - 8 * count).unwrap_or(0);
    let pairs = (eight & (EACH * 0x0f)).wrapping_mul(10 * 0x100 + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 * 0x1_0000 + 1) >> 16;
    let all = (fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32;
    (all as i64, count as usize)
}
