//! A place in a text that moves over tokens of JSON in their plain spellings.
//!
//! What it takes for a token is one, and means to serde_json what it means here. It does not know all spellings: where
//! there is an escape, a letter beyond ASCII, an exponent or a number of more than 18 digits, it says that there is
//! nothing.

use crate::calendar::Reader;

/// Bytes in which a day or a timestamp must end; the longest is `2025-08-16T12:00:00.123456789+02:00`.
const LONGEST_TIME: usize = 36;

#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    /// What lies before it.
    pub rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Moves over this text.
    pub fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    /// A number of 1 or more, in digits.
    pub fn positive(&mut self) -> Option<i64> {
        let mut value = 0;
        let mut count = 0;
        while let Some(digit) = self.rest.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            value = value * 10 + i64::from(digit);
            count += 1;
            if count > 18 {
                return None;
            }
        }
        // JSON knows no leading zeroes.
        let lawful = self.rest.first().is_some_and(|first| (b'1'..=b'9').contains(first));
        self.rest = &self.rest[count..];
        lawful.then_some(value)
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
