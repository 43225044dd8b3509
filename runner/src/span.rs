//! Days in a row: a day, a month, a look-back.
//!
//! Pure arithmetic over days. Which days hold something is not known here.

use crate::day::Day;

/// The days from `first` to `last`, both included; none, if `last` comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: Day,
    pub last: Day,
}

impl Span {
    pub fn day(day: Day) -> Self {
        Span { first: day, last: day }
    }

    /// The month that a day is in.
    pub fn month(day: Day) -> Self {
        Span { first: day.first_of_month(), last: day.last_of_month() }
    }

    /// So many days before a day, which is not among them; without a number, every earlier day.
    pub fn before(day: Day, lookback: Option<u32>) -> Self {
        let first = lookback.map_or(Day::EARLIEST, |days| day.plus(-i64::from(days)));
        Span { first, last: day.plus(-1) }
    }

    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    pub fn days(self) -> impl Iterator<Item = Day> {
        self.first.through(self.last)
    }

    /// The same, without the days before `first`.
    pub fn from(self, first: Day) -> Self {
        Span { first: self.first.max(first), ..self }
    }

    /// The months of which every day is in it.
    pub fn months(self) -> impl Iterator<Item = Span> {
        let begun = Span::month(self.first);
        let first = if begun.first < self.first { Span::month(begun.last.plus(1)) } else { begun };
        std::iter::successors(Some(first), |month| Some(Span::month(month.last.plus(1))))
            .take_while(move |month| month.last <= self.last)
    }

    /// What is left of it without some of its parts, which are given in order.
    pub fn without(self, parts: &[Span]) -> Vec<Span> {
        let mut left = Vec::new();
        let mut first = self.first;
        for part in parts {
            left.push(Span { first, last: part.first.plus(-1) });
            first = part.last.plus(1);
        }
        left.push(Span { first, last: self.last });
        left.retain(|span| span.first <= span.last);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: &str, last: &str) -> Span {
        Span { first: first.parse().unwrap(), last: last.parse().unwrap() }
    }

    #[test]
    fn a_month_at_an_edge_is_whole_or_not_taken() {
        let months = |first, last| span(first, last).months().map(|month| month.first.month()).collect::<Vec<_>>();
        assert_eq!(months("2025-01-01", "2025-03-31"), ["2025-01", "2025-02", "2025-03"]);
        assert_eq!(months("2025-01-02", "2025-03-30"), ["2025-02"]);
        assert_eq!(months("2023-12-31", "2024-02-29"), ["2024-01", "2024-02"]);
        assert_eq!(months("2025-01-02", "2025-02-27"), Vec::<String>::new());
        assert_eq!(months("2025-03-01", "2025-02-28"), Vec::<String>::new());
    }

    #[test]
    fn parts_are_taken_out_wherever_they_are() {
        let whole = span("2025-01-10", "2025-04-20");
        let (february, april) = (span("2025-02-01", "2025-02-28"), span("2025-04-01", "2025-04-20"));
        assert_eq!(whole.without(&[]), [whole]);
        let left = [span("2025-01-10", "2025-01-31"), span("2025-03-01", "2025-03-31")];
        assert_eq!(whole.without(&[february, april]), left);
        assert_eq!(february.without(&[february]), []);
    }

    #[test]
    fn a_look_back_ends_the_day_before() {
        let day: Day = "2025-03-01".parse().unwrap();
        assert_eq!(Span::before(day, Some(1)), span("2025-02-28", "2025-02-28"));
        assert_eq!(Span::before(day, None), Span { first: Day::EARLIEST, ..span("2025-02-28", "2025-02-28") });
    }
}
