//! A place in a text that moves over tokens of JSON in their plain spellings.
//!
//! What it takes for a token is one, and means to [`super::strict`] what it means here. It does not know all spellings: where
//! there is an escape, a letter beyond ASCII, an exponent or a number of more than 18 digits, it says that there is
//! nothing.

use crate::calendar::Reader;
use crate::digits;

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
    #[inline]
    pub fn literal(&mut self, literal: &[u8]) -> Option<()> {
        let (start, rest) = self.rest.split_at_checked(literal.len())?;
        if !are_same(start, literal) {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// A number of 1 or more, in digits.
    #[inline(always)]
    pub fn positive(&mut self) -> Option<i64> {
        let first = *self.rest.first()?;
        let (value, count) = match self.rest.first_chunk().map(digits::up_to_sixteen) {
            Some(number @ (_, 1..16)) => number,
            _ => self.any_number()?,
        };
        self.rest = &self.rest[count..];
        // JSON knows no leading zeroes.
        (b'1'..=b'9').contains(&first).then_some(value)
    }

    /// The number that the next digits spell, and how many there are.
    #[cold]
    fn any_number(&self) -> Option<(i64, usize)> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self.rest[..count].iter().map(|byte| i64::from(byte - b'0'));
        (count <= MOST_DIGITS).then(|| (digits.fold(0, |value, digit| value * 10 + digit), count))
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
        reader.timestamp(self.time(reader.length())?)
    }

    /// A day behind its opening quote.
    pub fn day(&mut self, reader: &mut Reader) -> Option<i32> {
        reader.day(self.time(0)?)
    }

    /// What is left of a string, which is probably of this length. A time that holds a quote is none.
    fn time(&mut self, length: usize) -> Option<&'a [u8]> {
        let length = match self.rest.get(length) {
            Some(b'"') => length,
            _ => self.rest.iter().take(LONGEST_TIME).position(|byte| *byte == b'"')?,
        };
        let text = &self.rest[..length];
        self.rest = &self.rest[length + 1..];
        Some(text)
    }

    /// A string, a number or a word that others write for one, true, false or null, whatever it is.
    pub fn scalar(&mut self) -> Option<()> {
        match self.rest.first()? {
            b'"' => {
                self.rest = &self.rest[1..];
                self.string().map(drop)
            }
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'N' => self.literal(b"NaN"),
            _ => self.number(),
        }
    }

    /// A number of any sign, which may have a fraction.
    fn number(&mut self) -> Option<()> {
        self.rest = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        if self.rest.first() == Some(&b'I') {
            return self.literal(b"Infinity");
        }
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
    if let (Some(last), Some(other)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        let (chunks, others) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
        let differences = chunks.iter().zip(others).map(|(a, b)| u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b));
        return (u64::from_le_bytes(*last) ^ u64::from_le_bytes(*other)) | differences.fold(0, |all, bits| all | bits)
            == 0;
    }
    // What is shorter than two chunks is covered by the first and the last.
    match (left.first_chunk::<4>(), right.first_chunk::<4>(), left.last_chunk::<4>(), right.last_chunk::<4>()) {
        (Some(first), Some(other_first), Some(last), Some(other_last)) => first == other_first && last == other_last,
        _ => left.iter().eq(right),
    }
}
