//! How the values of a table are spelled: for people on a terminal, and as JSON for programs.
//!
//! The data is anybody's, so what people see is stripped of all that would act on a terminal. It does not know which
//! rows are shown, nor where.

use std::fmt;

use chrono::{DateTime, NaiveTime, SecondsFormat, Utc};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::calendar;
use crate::parquet_file::{Column, Unit, Value};

/// Items of a list that people are shown.
const ITEMS: usize = 3;

/// A value as it stands in a table for people: a text without quotes, in one line.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) => legible(text),
        other => other.to_string(),
    }
}

/// A text without what acts on a terminal: breaks and tabs become spaces, the rest goes.
pub fn legible(text: &str) -> String {
    let keep = |character: char| match character {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ => (!acts(character)).then_some(character),
    };
    text.chars().filter_map(keep).collect()
}

/// JSON in one line, in which what acts on a terminal is escaped, also where JSON need not.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    let escape = |character: char| match acts(character) {
        true => format!("\\u{:04x}", u32::from(character)),
        false => character.to_string(),
    };
    // Nothing outside of its texts is more than plain letters.
    Ok(if text.contains(acts) { text.chars().map(escape).collect() } else { text })
}

/// Control characters, breaks of lines, and marks that turn the direction of writing.
fn acts(character: char) -> bool {
    let marks = ['\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'];
    character.is_control()
        || marks.contains(&character)
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// To people, as a part of a sentence: texts are in quotes.
impl fmt::Display for Value<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Null => out.write_str("null"),
            Value::Boolean(value) => write!(out, "{value}"),
            Value::Integer(number) => write!(out, "{number}"),
            // The shortest digits that are this number and no other, so that two numbers that differ look different.
            Value::Single(number) => write!(out, "{number:?}"),
            Value::Double(number) => write!(out, "{number:?}"),
            Value::Decimal(digits, scale) => out.write_str(&point(digits.to_string(), *scale)),
            Value::Huge(digits, scale) => out.write_str(&point(digits.clone(), *scale)),
            Value::Text(text) => write!(out, "\"{}\"", legible(text)),
            Value::Bytes(bytes) => write!(out, "{} bytes", bytes.len()),
            Value::Day(day) => match calendar::day_of_number(*day) {
                Some(day) => write!(out, "{day}"),
                None => write!(out, "{day}"),
            },
            // Whatever the file claims: there are times outside the years that can be written.
            Value::Instant(time, unit) => match instant(*time, *unit) {
                Some(instant) => write!(out, "{}", instant.naive_utc()),
                None => write!(out, "{time}"),
            },
            Value::Clock(time, unit) => match clock(*time, *unit) {
                Some(clock) => write!(out, "{clock}"),
                None => write!(out, "{time}"),
            },
            Value::Duration(time, unit) => write!(out, "{time} {unit}"),
            Value::List(list) => write!(out, "[{}]", items(list)),
            Value::Struct(fields) => {
                let fields = fields.iter().map(|(name, value)| format!("{}: {value}", legible(name)));
                write!(out, "{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// To programs.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => out.serialize_none(),
            Value::Boolean(value) => out.serialize_bool(*value),
            Value::Integer(number) => out.serialize_i128(*number),
            // A number that JSON does not have, such as NaN, is a text.
            Value::Single(number) if number.is_finite() => out.serialize_f32(*number),
            Value::Double(number) if number.is_finite() => out.serialize_f64(*number),
            Value::Text(text) => out.serialize_str(text),
            Value::Bytes(bytes) => {
                out.serialize_str(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
            }
            Value::Day(day) => match calendar::day_of_number(*day) {
                Some(day) => out.collect_str(&day),
                None => out.serialize_i32(*day),
            },
            Value::Instant(time, unit) => match instant(*time, *unit) {
                Some(instant) => out.serialize_str(&instant.to_rfc3339_opts(digits(*unit), true)),
                None => out.serialize_i64(*time),
            },
            Value::Clock(time, unit) if clock(*time, *unit).is_none() => out.serialize_i64(*time),
            Value::Duration(time, _) => out.serialize_i64(*time),
            Value::List(list) => out.collect_seq(list),
            Value::Struct(fields) => out.collect_map(fields.iter().map(|(name, value)| (name, value))),
            // A reader of JSON would make a float of a decimal number, which is another number.
            Value::Single(_) | Value::Double(_) | Value::Decimal(..) | Value::Huge(..) | Value::Clock(..) => {
                out.collect_str(self)
            }
        }
    }
}

/// A row as a JSON object, its columns in their order.
pub struct JsonRow<'a> {
    pub columns: &'a [Column],
    pub row: usize,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut object = out.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            object.serialize_entry(&column.field.name, &column.value(self.row))?;
        }
        object.end()
    }
}

/// The items of a list, or the first ones and the last.
fn items(list: &[Value]) -> String {
    let shown = if list.len() <= ITEMS { list.len() } else { ITEMS - 1 };
    let mut text = list[..shown].iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    if let Some(last) = list[shown..].last() {
        text.push_str(&format!(", … {last}"));
    }
    text
}

/// Digits with a point before the last `scale` of them.
fn point(digits: String, scale: usize) -> String {
    if scale == 0 {
        return digits;
    }
    let (sign, digits) = digits.strip_prefix('-').map_or(("", &digits[..]), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A point in time; `None` outside the years that can be written.
fn instant(time: i64, unit: Unit) -> Option<DateTime<Utc>> {
    let (seconds, fraction) = (time.div_euclid(unit.per_second()), time.rem_euclid(unit.per_second()));
    DateTime::from_timestamp(seconds, (fraction * (1_000_000_000 / unit.per_second())) as u32)
}

/// A time of day; `None` if it is not within a day.
fn clock(time: i64, unit: Unit) -> Option<NaiveTime> {
    let (seconds, fraction) = (time.div_euclid(unit.per_second()), time.rem_euclid(unit.per_second()));
    let nanoseconds = (fraction * (1_000_000_000 / unit.per_second())) as u32;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds.try_into().ok()?, nanoseconds)
}

/// As many digits of a second as the unit has.
fn digits(unit: Unit) -> SecondsFormat {
    match unit {
        Unit::Seconds => SecondsFormat::Secs,
        Unit::Milliseconds => SecondsFormat::Millis,
        Unit::Microseconds => SecondsFormat::Micros,
        Unit::Nanoseconds => SecondsFormat::Nanos,
    }
}
