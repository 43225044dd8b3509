//! A UTC calendar day, as it is written everywhere: `2025-08-16`.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(NaiveDate);

impl Day {
    /// Before every day that anything happened on.
    pub const EARLIEST: Day = Day(NaiveDate::MIN);

    /// The current day in UTC.
    pub fn today() -> Day {
        Day(chrono::Utc::now().date_naive())
    }

    /// The day so many days later, or earlier if negative; the calendar's ends stay where they are.
    pub fn plus(self, days: i64) -> Day {
        let moved = Duration::try_days(days).and_then(|days| self.0.checked_add_signed(days));
        Day(moved.unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// Its first moment, in microseconds since 1970 UTC.
    pub fn start(self) -> i64 {
        self.0.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
    }

    /// Its month, as it is written everywhere: `2025-08`.
    pub fn month(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    pub fn first_of_month(self) -> Day {
        Day(self.0.with_day(1).unwrap_or(self.0))
    }

    pub fn last_of_month(self) -> Day {
        self.plus(i64::from(self.0.num_days_in_month()) - i64::from(self.number()))
    }

    /// Its number in its month, from 1.
    pub fn number(self) -> u32 {
        self.0.day()
    }

    /// Every day from this one to `last`, both included.
    pub fn through(self, last: Day) -> impl Iterator<Item = Day> {
        self.0.iter_days().map(Day).take_while(move |day| *day <= last)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(formatter)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = if shaped { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
        date.map(Day).ok_or_else(|| format!("`{text}` is not a day; a day is written YYYY-MM-DD"))
    }
}

impl Day {
    /// A day as a person types it: also `today` and `yesterday`, in UTC.
    pub fn typed(text: &str) -> Result<Day, String> {
        match text {
            "today" => Ok(Day::today()),
            "yesterday" => Ok(Day::today().plus(-1)),
            text => text.parse().map_err(|error| format!("{error}, `today` or `yesterday`")),
        }
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

/// Ascending days as runs: `2025-06-01..2025-06-03, 2025-06-07`.
pub fn ranges(days: &[Day]) -> String {
    let runs = days.chunk_by(|day, next| day.plus(1) == *next);
    let spelled = runs.map(|run| match run {
        [day] => day.to_string(),
        [first, .., last] => format!("{first}..{last}"),
        [] => String::new(),
    });
    spelled.collect::<Vec<_>>().join(", ")
}

/// How many ranges are told at most.
const MOST_RANGES: usize = 6;

/// The same of the newest days alone, where there are many ranges: `2025-06-01, 2025-06-03 and 60 days before`.
pub fn newest_ranges(days: &[Day]) -> String {
    let runs: Vec<&[Day]> = days.chunk_by(|day, next| day.plus(1) == *next).collect();
    let (older, newest) = runs.split_at(runs.len().saturating_sub(MOST_RANGES));
    let left_out: usize = older.iter().map(|run| run.len()).sum();
    let named = ranges(&newest.concat());
    if left_out == 0 { named } else { format!("{named} and {left_out} days before") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reads_as_it_is_written_and_nothing_else_does() {
        assert_eq!("2024-02-29".parse::<Day>().unwrap().to_string(), "2024-02-29");
        for wrong in ["2025-02-29", "2025-8-01", "20250801", "2025-08-01 ", "dt=2025-08-01", "+025-08-01", ""] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn days_in_a_row_are_shown_as_a_range() {
        let days: Vec<Day> =
            ["2025-02-27", "2025-02-28", "2025-03-01", "2025-03-05"].map(|day| day.parse().unwrap()).into();
        assert_eq!(ranges(&days), "2025-02-27..2025-03-01, 2025-03-05");
        assert_eq!(ranges(&[]), "");
    }
}
