//! What is let through: the contract's rules for each field, whatever the format it came from.
//!
//! It judges a value and names the problem; it does not know files, lines or tables.

use super::record::Cell;
use crate::calendar;

/// Why a field's value is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    Missing,
    Null,
    WrongType,
    OutOfRange,
    Unreadable,
}

impl Problem {
    /// The end of a sentence that begins with the field's name.
    pub fn text(self) -> &'static str {
        match self {
            Problem::Missing => "is missing",
            Problem::Null => "is null",
            Problem::WrongType => "has the wrong type",
            Problem::OutOfRange => "is out of range",
            Problem::Unreadable => "is unreadable",
        }
    }
}

/// An integer in 1 ..= 2^63-1, or its decimal digits as text.
pub fn customer_id(cell: &Cell) -> Result<i64, Problem> {
    positive(cell)
}

/// An integer in 1 ..= 2^31-1, or its decimal digits as text.
pub fn item_id(cell: &Cell) -> Result<i32, Problem> {
    i32::try_from(positive(cell)?).map_err(|_| Problem::OutOfRange)
}

/// A time, in microseconds since 1970 UTC.
pub fn timestamp(cell: &Cell) -> Result<i64, Problem> {
    match cell {
        Cell::Instant(micros) if calendar::INSTANTS.contains(micros) => Ok(*micros),
        Cell::Text(text) => calendar::parse_timestamp(text).ok_or(Problem::Unreadable),
        Cell::Instant(_) | Cell::Garbled => Err(Problem::Unreadable),
        other => Err(absence(other)),
    }
}

/// A day, in days since 1970.
pub fn day(cell: &Cell) -> Result<i32, Problem> {
    let day = match cell {
        Cell::Day(day) => Some(*day),
        Cell::Instant(micros) => i32::try_from(micros.div_euclid(calendar::DAY)).ok(),
        Cell::Text(text) => calendar::parse_day(text),
        Cell::Garbled => None,
        other => return Err(absence(other)),
    };
    day.filter(|day| (FIRST_DAY..=LAST_DAY).contains(day)).ok_or(Problem::Unreadable)
}

/// 0001-01-01 and 9999-12-31: the days that have a spelling.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;

/// Digits of 2^63-1.
const LONGEST_ID: usize = 19;

/// A label.
pub fn is_order(cell: &Cell) -> Result<bool, Problem> {
    match cell {
        Cell::Boolean(value) => Ok(*value),
        other => Err(absence(other)),
    }
}

/// The entries of an impression row.
pub fn entries<'a, 'b>(cell: &'b Cell<'a>) -> Result<&'b [Cell<'a>], Problem> {
    match cell {
        Cell::Entries(entries) => Ok(entries),
        Cell::Garbled => Err(Problem::Unreadable),
        other => Err(absence(other)),
    }
}

fn positive(cell: &Cell) -> Result<i64, Problem> {
    match cell {
        Cell::Integer(value) if *value > 0 => Ok(*value),
        Cell::Integer(_) | Cell::Huge => Err(Problem::OutOfRange),
        // JSON of programs that cannot hold large numbers has them in quotes.
        Cell::Text(text)
            if (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            text.parse().ok().filter(|id| *id > 0).ok_or(Problem::OutOfRange)
        }
        other => Err(absence(other)),
    }
}

fn absence(cell: &Cell) -> Problem {
    match cell {
        Cell::Missing => Problem::Missing,
        Cell::Null => Problem::Null,
        _ => Problem::WrongType,
    }
}
