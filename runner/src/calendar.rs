//! Rows over days as text: a name, and one character a day under a header that says which day it is.
//!
//! ```text
//!          2025-08
//!          00000001111111
//!          34567890123456
//! history  ......~~x-....
//! ```
//!
//! Pure. It knows days and characters, and not what the characters mean.

use std::collections::BTreeMap;

use crate::day::Day;

/// A name and what there is to show beside it.
#[derive(Debug)]
pub struct Row {
    pub name: String,
    pub marks: Marks,
}

#[derive(Debug)]
pub enum Marks {
    /// One character, for all days.
    Once(char),
    /// A character for each day that has one.
    Days(BTreeMap<Day, char>),
}

/// So many days stand side by side however narrow the place is.
const FEWEST_COLUMNS: usize = 14;

/// The lines of a table, in blocks of days where these do not fit side by side.
pub fn lines(days: &[Day], rows: &[Row], width: usize) -> Vec<String> {
    let names = rows.iter().map(|row| row.name.len()).max().unwrap_or(0) + 2;
    let columns = width.saturating_sub(names).max(FEWEST_COLUMNS);
    // Blocks of about the same width are easier to compare than a wide one and a rest.
    let blocks = days.len().div_ceil(columns).max(1);
    let mut lines = Vec::new();
    for (number, block) in days.chunks(days.len().div_ceil(blocks).max(1)).enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        lines.extend(header(block).into_iter().map(|line| format!("{:names$}{line}", "")));
        for row in rows {
            let marks = match &row.marks {
                Marks::Once(mark) if number == 0 => format!("{mark} once for all days"),
                Marks::Once(_) => continue,
                Marks::Days(marks) => block.iter().map(|day| marks.get(day).unwrap_or(&' ')).collect(),
            };
            lines.push(format!("{:names$}{marks}", row.name).trim_end().to_string());
        }
    }
    lines
}

/// The months, and below them the days, a digit below the other.
fn header(days: &[Day]) -> [String; 3] {
    let digits = |divisor: u32| days.iter().map(|day| (day.number() / divisor % 10).to_string()).collect();
    [months(days).trim_end().to_string(), digits(10), digits(1)]
}

/// Each month above its first day, as long as there is room: `2025-08`, or `08`, or nothing.
fn months(days: &[Day]) -> String {
    let months: Vec<&[Day]> = days.chunk_by(|day, next| day.month() == next.month()).collect();
    let mut line = String::new();
    for month in &months {
        let name = month.first().map_or(String::new(), |day| day.month());
        let short = name.rsplit('-').next().unwrap_or_default();
        let fits = |label: &&str| label.len() < month.len() || months.len() == 1;
        let label = [name.as_str(), short].into_iter().find(fits).unwrap_or_default();
        line.push_str(&format!("{label:<0$}", month.len()));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(from: &str, to: &str, width: usize) -> Vec<String> {
        let days: Vec<Day> = from.parse::<Day>().unwrap().through(to.parse().unwrap()).collect();
        let marks = days.iter().skip(1).map(|day| (*day, '.')).collect();
        let row = |name: &str, marks| Row { name: name.to_string(), marks };
        lines(&days, &[row("orders", Marks::Once('~')), row("history", Marks::Days(marks))], width)
    }

    #[test]
    fn a_day_is_read_from_top_to_bottom() {
        let expected = [
            "         2025-08",
            "         00000001111111",
            "         34567890123456",
            "orders   ~ once for all days",
            "history   .............",
        ];
        assert_eq!(table("2025-08-03", "2025-08-16", 80), expected);
    }

    #[test]
    fn a_month_is_named_as_far_as_there_is_room_for_it() {
        let months = |from, to| table(from, to, 80)[0].trim_start().to_string();
        assert_eq!(months("2025-08-30", "2025-09-12"), "2025-09", "two days of August leave no room for its name");
        assert_eq!(months("2025-08-28", "2025-09-30"), "08  2025-09");
        assert_eq!(months("2025-08-16", "2025-08-16"), "2025-08");
    }

    #[test]
    fn days_that_do_not_fit_stand_in_blocks_of_the_same_width() {
        let lines = table("2025-07-01", "2025-08-29", 40);
        assert!(lines.iter().all(|line| line.len() <= 40), "{lines:#?}");
        let tens = |line: &&String| line.trim_start().chars().all(|digit| digit.is_ascii_digit()) && !line.is_empty();
        let widths: Vec<usize> = lines.iter().filter(tens).map(|line| line.trim_start().len()).collect();
        assert_eq!(widths, [30; 4], "{lines:#?}");
        assert_eq!(lines.iter().filter(|line| line.contains("once")).count(), 1);
    }

    #[test]
    fn a_narrow_place_still_shows_some_days() {
        assert_eq!(table("2025-08-03", "2025-08-16", 0).len(), 5);
        assert!(lines(&[], &[], 80).is_empty());
    }
}
