//! How the values of a table are spelled: for people on a terminal, and as JSON for programs.
//!
//! The data is anybody's, so what people see is stripped of all that would act on a terminal. It does not know which
//! rows are shown, nor where.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use polars::prelude::{AnyValue, DataFrame, PolarsResult, Series, TimeUnit};
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

use crate::calendar;

/// Items of a list that people are shown.
const ITEMS: usize = 3;

/// A value, to be told to people (as a part of a sentence, so texts are in quotes) or to programs.
#[derive(Clone, Debug)]
pub struct Value<'a>(pub AnyValue<'a>);

impl Value<'_> {
    /// The value as it stands in a table for people: a text without quotes, in one line.
    pub fn cell(&self) -> String {
        self.0.extract_str().map_or_else(|| self.to_string(), legible)
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

impl fmt::Display for Value<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if let Some(text) = self.0.extract_str() {
            return write!(out, "\"{}\"", legible(text));
        }
        if let Some(bytes) = self.0.extract_bytes() {
            return write!(out, "{} bytes", bytes.len());
        }
        match &self.0 {
            // The shortest digits that are this number and no other, so that two numbers that differ look different.
            AnyValue::Float32(number) => write!(out, "{number:?}"),
            AnyValue::Float64(number) => write!(out, "{number:?}"),
            AnyValue::List(list) => write!(out, "[{}]", items(list)),
            AnyValue::Struct(..) | AnyValue::StructOwned(_) => {
                let fields = fields(&self.0).into_iter().map(|(name, value)| format!("{}: {value}", legible(name)));
                write!(out, "{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            // Whatever the file claims: polars panics on times outside the years that can be written.
            value => match Time::of(value) {
                Some(Time::Day(day)) => write!(out, "{day}"),
                Some(Time::Instant(instant, _)) => write!(out, "{}", instant.naive_utc()),
                Some(Time::Number(number)) => write!(out, "{number}"),
                None => write!(out, "{value}"),
            },
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = self.0.extract_str() {
            return out.serialize_str(text);
        }
        if let Some(bytes) = self.0.extract_bytes() {
            return out.serialize_str(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        match &self.0 {
            AnyValue::Null => out.serialize_none(),
            AnyValue::Boolean(value) => out.serialize_bool(*value),
            AnyValue::UInt64(number) => out.serialize_u64(*number),
            AnyValue::Float32(number) if number.is_finite() => out.serialize_f32(*number),
            AnyValue::Float64(number) if number.is_finite() => out.serialize_f64(*number),
            AnyValue::List(list) => {
                let items = (0..list.len()).map(|index| list.get(index).map(Value)).collect::<PolarsResult<Vec<_>>>();
                out.collect_seq(items.map_err(S::Error::custom)?)
            }
            AnyValue::Struct(..) | AnyValue::StructOwned(_) => out.collect_map(fields(&self.0)),
            value => match Time::of(value) {
                Some(Time::Instant(instant, digits)) => out.serialize_str(&instant.to_rfc3339_opts(digits, true)),
                Some(Time::Number(number)) => out.serialize_i64(number),
                Some(Time::Day(day)) => out.collect_str(&day),
                None => match value.extract::<i64>().filter(|_| value.is_integer()) {
                    Some(number) => out.serialize_i64(number),
                    // A number that JSON does not have, such as NaN.
                    None => out.collect_str(self),
                },
            },
        }
    }
}

/// A row as a JSON object, its columns in their order.
pub struct JsonRow<'a> {
    pub frame: &'a DataFrame,
    pub row: usize,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut object = out.serialize_map(Some(self.frame.width()))?;
        for column in self.frame.columns() {
            object.serialize_entry(column.name().as_str(), &Value(column.get(self.row).map_err(S::Error::custom)?))?;
        }
        object.end()
    }
}

/// The items of a list, or the first ones and the last.
fn items(list: &Series) -> String {
    let item = |index| list.get(index).map_or("?".to_string(), |value| Value(value).to_string());
    let shown = if list.len() <= ITEMS { list.len() } else { ITEMS - 1 };
    let mut text = (0..shown).map(item).collect::<Vec<_>>().join(", ");
    if shown < list.len() {
        text.push_str(&format!(", … {}", item(list.len() - 1)));
    }
    text
}

/// The fields of a struct.
fn fields<'a>(value: &'a AnyValue) -> Vec<(&'a str, Value<'a>)> {
    match value {
        AnyValue::Struct(_, _, fields) => {
            let names = fields.iter().map(|field| field.name().as_str());
            names.zip(value._iter_struct_av().map(Value)).collect()
        }
        AnyValue::StructOwned(payload) => {
            let names = payload.1.iter().map(|field| field.name().as_str());
            names.zip(payload.0.iter().cloned().map(Value)).collect()
        }
        _ => Vec::new(),
    }
}

/// A value that is a point in time.
enum Time {
    Day(NaiveDate),
    /// With as many digits of a second as its unit has.
    Instant(DateTime<Utc>, SecondsFormat),
    /// Outside the years that can be written: the number that stands in the file.
    Number(i64),
}

impl Time {
    fn of(value: &AnyValue) -> Option<Time> {
        let (time, unit) = match value {
            AnyValue::Date(day) => {
                return Some(calendar::day_of_number(*day).map_or(Time::Number(i64::from(*day)), Time::Day));
            }
            AnyValue::Datetime(time, unit, _) => (*time, unit),
            AnyValue::DatetimeOwned(time, unit, _) => (*time, unit),
            _ => return None,
        };
        let (instant, digits) = match unit {
            TimeUnit::Nanoseconds => (Some(DateTime::from_timestamp_nanos(time)), SecondsFormat::Nanos),
            TimeUnit::Microseconds => (DateTime::from_timestamp_micros(time), SecondsFormat::Micros),
            TimeUnit::Milliseconds => (DateTime::from_timestamp_millis(time), SecondsFormat::Millis),
        };
        Some(instant.map_or(Time::Number(time), |instant| Time::Instant(instant, digits)))
    }
}
