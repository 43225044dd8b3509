//! Days and timestamps as the raw files spell them.
//!
//! Owns the two text forms that are accepted and nothing else: which field holds a time, and what happens to a row
//! whose time is unreadable, is decided in [`crate::raw::rules`].

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use crate::digits;

/// Microseconds in a day.
pub const DAY: i64 = 86_400_000_000;

/// Days between 0001-01-01, from which chrono counts, and 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

/// Days since 1970-01-01 of a calendar day.
pub fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_FROM_CE
}

/// The calendar day of a day number; `None` outside the years that chrono knows.
pub fn day_of_number(number: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(number.checked_add(EPOCH_FROM_CE)?)
}

/// The first and the last microsecond that have a spelling: 0001-01-01 00:00:00 and 9999-12-31 23:59:59.999999, in UTC.
pub const INSTANTS: RangeInclusive<i64> = -719_162 * DAY..=2_932_897 * DAY - 1;

/// `2025-08-16`, `dt=2025-08-16` or a timestamp, whose day in UTC counts, as days since 1970-01-01.
pub fn parse_day(text: &str) -> Option<i32> {
    Reader::default().day(text.as_bytes())
}

/// A timestamp as microseconds since 1970-01-01 00:00 UTC.
///
/// The form is `YYYY-MM-DD`, `T` or a space, `HH:MM:SS`, optionally `.` and 1 to 9 digits (cut after the sixth, not
/// rounded), then `Z`, `UTC` (also behind a space), `+HH:MM`, `+HHMM`, `+HH`, the same with `-`, or nothing, which means
/// UTC. It lies within the years 0001 to 9999 in UTC.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    Reader::default().timestamp(text.as_bytes())
}

/// Reads day after day and timestamp after timestamp, of which most share their date and their form with the one before.
pub struct Reader {
    /// The length of the last timestamp.
    length: usize,
    /// The last date that was read, and its day number.
    date: [u8; 10],
    number: i32,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { length: 0, date: *b"1970-01-01", number: 0 }
    }
}

impl Reader {
    /// As [`parse_day`].
    pub fn day(&mut self, text: &[u8]) -> Option<i32> {
        match text.strip_prefix(b"dt=").unwrap_or(text).try_into() {
            Ok(date) => self.date(date),
            // What begins with `dt=` is no timestamp either.
            Err(_) => i32::try_from(self.timestamp(text)?.div_euclid(DAY)).ok(),
        }
    }

    /// As [`parse_timestamp`].
    pub fn timestamp(&mut self, text: &[u8]) -> Option<i64> {
        self.length = text.len();
        let (date, text) = text.split_first_chunk()?;
        let (clock, text) = text.split_first_chunk()?;
        let seconds = i64::from(self.date(date)?) * 86_400 + seconds_of_day(clock)?;
        let (fraction, zone) = split_fraction(text)?;
        let offset = zone_seconds(zone)?;
        let instant = (seconds - offset) * 1_000_000 + fraction;
        // Only an offset leads out of the years that a date can spell.
        (offset == 0 || INSTANTS.contains(&instant)).then_some(instant)
    }

    /// The length of the last timestamp, in bytes, whether it was one or not.
    pub fn length(&self) -> usize {
        self.length
    }

    /// `YYYY-MM-DD` as days since 1970-01-01.
    fn date(&mut self, text: &[u8; 10]) -> Option<i32> {
        if *text != self.date {
            self.number = date(text)?;
            self.date = *text;
        }
        Some(self.number)
    }
}

/// `THH:MM:SS`, or with a space for the `T`.
fn seconds_of_day(text: &[u8; 9]) -> Option<i64> {
    let [separator, clock @ ..] = text;
    let values = digits::values_between(*clock, b"00:00:00");
    let [_, _, first_colon, _, _, second_colon, _, _] = values.to_le_bytes();
    if !matches!(separator, b'T' | b' ') || first_colon | second_colon != 0 || !digits::are_digits(values) {
        return None;
    }
    let [hour, _, _, minute, _, _, second, _] = digits::pairs(values).map(i64::from);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// `YYYY-MM-DD` as days since 1970-01-01.
fn date(text: &[u8; 10]) -> Option<i32> {
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = two(text)? * 100 + two(&text[2..])?;
    let (month, day) = (two(&text[5..])?, two(&text[8..])?);
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
    (year > 0).then(|| day_number(date))
}

/// The number that the first two bytes spell.
fn two(text: &[u8]) -> Option<i64> {
    let (tens, ones) = (text[0].wrapping_sub(b'0'), text[1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// `.123456789Z` as (microseconds, `Z`); no dot means no fraction.
fn split_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    // The usual length is read without counting.
    if let Ok(usual) = text.try_into() {
        let values = digits::values_between(usual, b".000000Z");
        let [dot, .., zone] = values.to_le_bytes();
        if dot | zone == 0 && digits::are_digits(values) {
            // Six digits behind two zeroes.
            return Some((digits::number(values >> 8 << 16), b"Z"));
        }
    }
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let cut = (0..6).map(|place| if place < digits { i64::from(text[place] - b'0') } else { 0 });
    Some((cut.fold(0, |sum, digit| sum * 10 + digit), &text[digits..]))
}

/// The offset from UTC in seconds.
fn zone_seconds(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        b"" | b"Z" | b"UTC" | b" UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        2 => (two(rest)?, 0),
        4 => (two(rest)?, two(&rest[2..])?),
        5 if rest[2] == b':' => (two(rest)?, two(&rest[3..])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accepted_spelling_of_an_instant_is_the_same_instant() {
        let noon = parse_timestamp("2025-08-16T12:00:00Z").unwrap();
        assert_eq!(noon, 1_755_345_600_000_000);
        for same in [
            "2025-08-16 12:00:00",
            "2025-08-16T12:00:00.0",
            "2025-08-16T12:00:00.000000999Z",
            "2025-08-16T14:30:00+02:30",
            "2025-08-16T14:30:00+0230",
            "2025-08-15 23:00:00.000000-13:00",
            "2025-08-16T14:00:00+02",
            "2025-08-16 12:00:00UTC",
            "2025-08-16 12:00:00.000 UTC",
        ] {
            assert_eq!(parse_timestamp(same), Some(noon), "{same}");
        }
    }

    #[test]
    fn a_fraction_is_cut_to_the_microsecond_before_and_after_1970() {
        assert_eq!(parse_timestamp("1970-01-01T00:00:00.1234569Z"), Some(123_456));
        assert_eq!(parse_timestamp("1970-01-01T00:00:00.5Z"), Some(500_000));
        assert_eq!(parse_timestamp("1969-12-31T23:59:59.9999999Z"), Some(-1));
    }

    #[test]
    fn anything_else_is_unreadable() {
        for wrong in [
            "",
            "2025-08-16",
            "2025-08-16T12:00",
            "2025-08-16t12:00:00Z",
            "2025-08-16T12:00:00z",
            "2025-8-16T12:00:00Z",
            "2025-02-29T12:00:00Z",
            "0000-01-01T00:00:00Z",
            "2025-08-16T24:00:00Z",
            "2025-08-16T12:60:00Z",
            "2025-08-16T12:00:60Z",
            "2025-08-16T12:00:00.Z",
            "2025-08-16T12:00:00.1234567890Z",
            "2025-08-16T12:00:00+2",
            "2025-08-16T12:00:00+24",
            "2025-08-16T12:00:00  UTC",
            "2025-08-16T12:00:00 Z",
            "2025-08-16T12:00:00utc",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "2025-08-16T12:00:00+24:00",
            "2025-08-16T12:00:00+02:60",
            "2025-08-16T12:00:00Z ",
            "+025-08-16T12:00:00Z",
            "1755345600",
            "2025-08-16T12:00:0\u{664}Z",
        ] {
            assert_eq!(parse_timestamp(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_reader_takes_each_text_as_if_it_were_the_first() {
        let mut reader = Reader::default();
        for (text, expected) in [
            ("2025-08-16T12:00:00Z", Some(1_755_345_600_000_000)),
            ("2025-08-1", None),
            ("2025-02-30T00:00:00Z", None),
            ("2025-08-16T12:00:01Z", Some(1_755_345_601_000_000)),
            ("2025-02-30T00:00:00Z", None),
            ("1970-01-01T00:00:00.000001Z", Some(1)),
        ] {
            assert_eq!(reader.timestamp(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(reader.day(&[0; 10]), None);
        assert_eq!(reader.day(b"dt=1970-01-02"), Some(1));
        assert_eq!(reader.day(b"1970-01-02"), Some(1));
    }

    #[test]
    fn a_day_reads_with_and_without_its_prefix() {
        assert_eq!(parse_day("1970-01-02"), Some(1));
        assert_eq!(parse_day("dt=2025-08-16"), Some(20_316));
        assert_eq!(day_of_number(20_316).unwrap().to_string(), "2025-08-16");
        for (timestamp, day) in
            [("2025-08-16T00:00:00Z", 20_316), ("2025-08-16 01:00:00+02:00", 20_315), ("1969-12-31 23:59:59", -1)]
        {
            assert_eq!(parse_day(timestamp), Some(day), "{timestamp}");
        }
        let wrong = ["", "2025-8-16", "2025-13-01", "dt=dt=2025-08-16", "dt=2025-08-16T00:00:00Z", "20250816"];
        for wrong in wrong {
            assert_eq!(parse_day(wrong), None, "{wrong:?}");
        }
    }
}
