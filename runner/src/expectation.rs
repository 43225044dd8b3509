//! Whether what a result reports is what its task asks for: numbers that are large enough (`expect`), and no event from
//! its own day or later (`point_in_time`).
//!
//! Pure: it is told the report and those of the days before. Where reports come from is known in
//! [`crate::acceptance`], and what happens to a result that falls short in [`crate::engine`].

use chrono::DateTime;
use serde_json::Value;

use crate::day::Day;
use crate::spec::{Expectation, Rhythm, Task};

/// What a program reports as the newest event that its result rests on, in microseconds since 1970 UTC.
const LARGEST_TIMESTAMP: &str = "largest_timestamp";

/// Whether anything is asked of a task's reports.
pub fn asks(task: &Task) -> bool {
    task.point_in_time || !task.expectations.is_empty()
}

/// Whether a task's reports are compared with those of the days before.
pub fn compares(task: &Task) -> bool {
    task.expectations.iter().any(|expectation| expectation.min_share.is_some())
}

/// Holds a report against what its task asks for. `before` gives the reports of the days before, and is asked only if
/// they matter. The error says what falls short of what.
pub fn judge(task: &Task, day: Option<Day>, report: &Value, before: &dyn Fn() -> Vec<Value>) -> Result<(), String> {
    if let (true, Some(day)) = (task.point_in_time, day) {
        looks_back(report, day)?;
    }
    for expectation in &task.expectations {
        let name = &expectation.number;
        let reported = number(report, name).ok_or_else(|| unnamed(report, name))?;
        at_least(expectation, reported)?;
        large_share(expectation, reported, before, task.rhythm)?;
    }
    Ok(())
}

fn at_least(expectation: &Expectation, reported: f64) -> Result<(), String> {
    match expectation.min {
        Some(min) if reported < min => Err(format!(
            "it reports {reported} `{}`, but `expect` in pipeline.yaml asks for at least {min}",
            expectation.number
        )),
        _ => Ok(()),
    }
}

fn large_share(
    expectation: &Expectation,
    reported: f64,
    before: &dyn Fn() -> Vec<Value>,
    rhythm: Rhythm,
) -> Result<(), String> {
    let Some(share) = expectation.min_share else { return Ok(()) };
    let mut earlier: Vec<f64> = before().iter().filter_map(|report| number(report, &expectation.number)).collect();
    let Some(median) = median(&mut earlier) else { return Ok(()) };
    let least = share * median;
    if reported >= least {
        return Ok(());
    }
    let span = if rhythm == Rhythm::Monthly { "month" } else { "day" };
    let spans =
        if earlier.len() == 1 { format!("the {span} before") } else { format!("the {} {span}s before", earlier.len()) };
    Err(format!(
        "it reports {reported} `{}`, but `expect` in pipeline.yaml asks for at least {least}: {share} of {median}, the \
         median of {spans}",
        expectation.number
    ))
}

/// A number of a report. Counts by reason, such as `rejected`, are the sum of them.
fn number(report: &Value, name: &str) -> Option<f64> {
    match report.get(name)? {
        Value::Object(counts) => counts.values().map(Value::as_f64).sum(),
        value => value.as_f64(),
    }
}

fn unnamed(report: &Value, name: &str) -> String {
    let known = report.as_object().into_iter().flatten().map(|(known, _)| known.as_str());
    let mut known: Vec<&str> = known.filter(|known| number(report, known).is_some()).collect();
    known.sort_unstable();
    let known = if known.is_empty() { "no number at all".to_string() } else { known.join(", ") };
    format!("its report names no number `{name}`, which `expect` in pipeline.yaml asks about; it names {known}")
}

/// The middle of some numbers; none, if there are none.
fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        count if count.is_multiple_of(2) => Some((numbers[middle - 1] + numbers[middle]) / 2.0),
        _ => Some(numbers[middle]),
    }
}

/// Whether a result rests only on events before its day; the error says on which it does.
fn looks_back(report: &Value, day: Day) -> Result<(), String> {
    match report.get(LARGEST_TIMESTAMP) {
        Some(Value::Null) => Ok(()),
        Some(Value::Number(number)) if number.as_i64().is_some_and(|newest| newest < day.start()) => Ok(()),
        Some(newest) => {
            let spelled = newest.as_i64().and_then(DateTime::from_timestamp_micros);
            let spelled = spelled.map_or(newest.to_string(), |time| time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string());
            Err(format!("it used an event of {spelled}, but a row of {day} may rest only on what was before that day"))
        }
        None => Err(format!(
            "its report names no `{LARGEST_TIMESTAMP}`, which a task with `point_in_time: true` has to (null if it \
             used no event)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expectation(min: Option<f64>, min_share: Option<f64>) -> Expectation {
        Expectation { number: "rows".into(), min, min_share }
    }

    fn share(reported: f64, earlier: &[u64]) -> Result<(), String> {
        let before = || earlier.iter().map(|rows| json!({"rows": rows})).collect();
        large_share(&expectation(None, Some(0.5)), reported, &before, Rhythm::Daily)
    }

    #[test]
    fn what_falls_short_is_told_with_both_numbers() {
        assert_eq!(at_least(&expectation(Some(3.0), None), 3.0), Ok(()));
        let asked = "`expect` in pipeline.yaml asks for at least";
        let short = at_least(&expectation(Some(3.0), None), 2.0).unwrap_err();
        assert_eq!(short, format!("it reports 2 `rows`, but {asked} 3"));
        let short = share(4.0, &[8, 10, 12]).unwrap_err();
        assert_eq!(short, format!("it reports 4 `rows`, but {asked} 5: 0.5 of 10, the median of the 3 days before"));
        assert!(share(4.0, &[10]).unwrap_err().ends_with("of 10, the median of the day before"));
    }

    #[test]
    fn one_odd_day_before_does_not_move_what_is_asked_for() {
        assert_eq!(share(5.0, &[10, 0, 10]), Ok(()));
        assert_eq!(share(5.0, &[10, 1_000_000, 10]), Ok(()));
        assert_eq!(share(5.0, &[9, 11]), Ok(()), "of an even number, the mean of the two in the middle");
        assert_eq!(share(0.0, &[]), Ok(()), "without days before there is nothing to compare with");
    }

    #[test]
    fn counts_by_reason_are_summed_and_a_name_that_is_not_there_lists_those_that_are() {
        let report = json!({"rows": 3, "rejected": {"too old": 1, "too new": 2}, "none": {}, "name": "take"});
        assert_eq!(
            ["rows", "rejected", "none", "name"].map(|name| number(&report, name)),
            [Some(3.0), Some(3.0), Some(0.0), None]
        );
        assert!(unnamed(&report, "row").ends_with("asks about; it names none, rejected, rows"));
        assert!(unnamed(&Value::Null, "row").ends_with("it names no number at all"));
    }
}
