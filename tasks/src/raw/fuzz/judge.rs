//! What must come of raw bytes, found out slowly: whole JSON values, chrono's own parser, one rule after another.
//!
//! It shares no code with what it judges but the csv crate's way to split rows into cells.

use chrono::{DateTime, NaiveDate};
use serde_json::Value;

use super::super::{Collector, Fields, Role, Source};

/// A row that was let through.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    customer: i64,
    item: i32,
    timestamp: Option<i64>,
    day: Option<i32>,
    label: Option<bool>,
}

/// What must become of a row.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub rows: Vec<Row>,
    /// How often it is kept among the rejected: once as a whole, or once for each bad entry.
    pub rejects: usize,
    /// Whether it is rejected as a whole.
    pub whole: bool,
}

/// A row of a file with its verdict; none where JSON is bent in ways that are accepted in one place and not in another.
pub struct Judgement {
    pub line: u64,
    pub raw: Vec<u8>,
    pub verdict: Option<Verdict>,
}

impl Row {
    /// Whether the contract lets a row like this through.
    pub fn is_lawful(&self) -> bool {
        let days = day("0001-01-01").unwrap()..=day("9999-12-31").unwrap();
        self.customer > 0 && self.item > 0 && self.day.is_none_or(|day| days.contains(&day))
    }
}

/// The rows that a collector has gathered; of the columns that its source has, each has a value for every row.
pub fn rows(collector: &Collector) -> Vec<Row> {
    let (columns, count) = (&collector.columns, collector.columns.rows());
    let shown = collector.fields().source == Source::Impressions;
    let lengths = (columns.items.len(), columns.labels.len(), columns.timestamps.len());
    assert_eq!(lengths, (count, if shown { count } else { 0 }, if shown { 0 } else { count }), "lengths of columns");
    let row = |row: usize| Row {
        customer: columns.customers[row],
        item: columns.items[row],
        timestamp: columns.timestamps.get(row).copied(),
        day: columns.days.get(row).copied(),
        label: columns.labels.get(row).copied(),
    };
    (0..count).map(row).collect()
}

/// The rows of a JSON Lines file.
pub fn json(content: &[u8], fields: &Fields) -> Vec<Judgement> {
    let lines = content.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
    let judged = lines.map(|(raw, line)| {
        let verdict = match std::str::from_utf8(raw).map(serde_json::from_str::<Value>) {
            Err(_) => Some(Verdict::rejected()),
            // serde_json is stricter with values that it keeps than with those that it skips.
            Ok(Err(_)) => None,
            Ok(Ok(Value::Object(object))) => Some(judge(fields, &|role| object.get(fields.name(role)?).cloned())),
            Ok(Ok(_)) => Some(Verdict::rejected()),
        };
        Judgement { line, raw: raw.to_vec(), verdict }
    });
    judged.collect()
}

/// The rows of a CSV file.
pub fn csv(content: &[u8], fields: &Fields) -> Vec<Judgement> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(content);
    let header = reader.byte_headers().unwrap().clone();
    let (mut cells, mut judgements) = (::csv::ByteRecord::new(), Vec::new());
    while reader.read_byte_record(&mut cells).unwrap() {
        let (start, line) = cells.position().map(|place| (place.byte() as usize, place.line())).unwrap();
        let raw = content[start..reader.position().byte() as usize].to_vec();
        let find = |role| {
            let name = fields.name(role)?.as_bytes();
            let texts = header.iter().zip(&cells).filter(|(known, _)| *known == name);
            texts.filter_map(|(_, text)| std::str::from_utf8(text).ok()).next_back()
        };
        let nested = find(Role::Impressions).filter(|text| !text.is_empty());
        let unsure = nested.is_some_and(|text| serde_json::from_str::<Value>(text).is_err());
        let verdict = match std::str::from_utf8(cells.as_slice()) {
            Err(_) => Some(Verdict::rejected()),
            Ok(_) if unsure => None,
            Ok(_) => Some(judge(fields, &|role| find(role).map(|text| csv_value(role, text)))),
        };
        judgements.push(Judgement { line, raw, verdict });
    }
    judgements
}

/// The header line of a CSV file.
pub fn csv_header(content: &[u8]) -> &[u8] {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(content);
    reader.byte_headers().unwrap();
    &content[..reader.position().byte() as usize]
}

fn csv_value(role: Role, text: &str) -> Value {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match text {
        "" => Value::Null,
        _ if role == Role::Impressions => serde_json::from_str(text).unwrap(),
        _ if !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()) => {
            text.parse::<i64>().map_or(Value::Null, Value::from)
        }
        _ => Value::from(text),
    }
}

impl Verdict {
    fn rejected() -> Verdict {
        Verdict { rows: Vec::new(), rejects: 1, whole: true }
    }
}

/// Every rule of the contract for a row.
fn judge(fields: &Fields, field: &dyn Fn(Role) -> Option<Value>) -> Verdict {
    let text = |role| field(role)?.as_str().map(str::to_string);
    let customer = || field(Role::CustomerId)?.as_i64().filter(|id| *id > 0);
    if fields.source == Source::Impressions {
        let entries = || Some((customer()?, field(Role::Impressions)?.as_array()?.clone()));
        let Some((customer, entries)) = entries() else { return Verdict::rejected() };
        let rows: Vec<Row> = entries.iter().filter_map(|value| entry(fields, customer, value)).collect();
        return Verdict { rejects: entries.len() - rows.len(), rows, whole: false };
    }
    let row = || {
        let day = if fields.source == Source::PreviousOrders { Some(day(&text(Role::Day)?)?) } else { None };
        let timestamp = match (fields.name(Role::Timestamp), day) {
            (None, Some(day)) => i64::from(day) * 86_400_000_000,
            _ => timestamp(&text(Role::Timestamp)?)?,
        };
        Some(Row {
            customer: customer()?,
            item: item(&field(Role::ItemId)?)?,
            timestamp: Some(timestamp),
            day,
            label: None,
        })
    };
    row().map_or_else(Verdict::rejected, |row| Verdict { rows: vec![row], rejects: 0, whole: false })
}

fn entry(fields: &Fields, customer: i64, value: &Value) -> Option<Row> {
    let part = |role| value.as_object()?.get(fields.name(role)?);
    let (item, label) = (item(part(Role::ItemId)?)?, part(Role::IsOrder)?.as_bool()?);
    Some(Row { customer, item, timestamp: None, day: None, label: Some(label) })
}

fn item(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|id| i32::try_from(id).ok()).filter(|id| *id > 0)
}

/// A timestamp, read by chrono once its letters have been found to stand where the contract wants them.
pub fn timestamp(text: &str) -> Option<i64> {
    let shape = shape(text);
    let rest = shape.strip_prefix("9999-99-99T99:99:99").or(shape.strip_prefix("9999-99-99 99:99:99"))?;
    let digits = rest.strip_prefix('.').map(|rest| rest.chars().take_while(|letter| *letter == '9').count());
    let zone = text.len() - rest.len() + digits.map_or(0, |digits| digits + 1);
    let (clock, zone) = (text[..zone].replace(' ', "T"), &text[zone..]);
    let zone = match shape[shape.len() - zone.len()..].as_ref() {
        "" | "Z" => "Z".to_string(),
        "+99:99" | "-99:99" => zone.to_string(),
        "+9999" | "-9999" => format!("{}:{}", &zone[..3], &zone[3..]),
        _ => return None,
    };
    let lawful =
        digits.is_none_or(|digits| (1..=9).contains(&digits)) && !text.starts_with("0000") && &text[17..19] != "60";
    let instant = DateTime::parse_from_rfc3339(&(clock + &zone)).ok().filter(|_| lawful)?;
    Some(instant.timestamp_micros())
}

/// A day, likewise.
pub fn day(text: &str) -> Option<i32> {
    let text = text.strip_prefix("dt=").unwrap_or(text);
    let lawful = shape(text) == "9999-99-99" && !text.starts_with("0000");
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| lawful)?;
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// A text with every digit made a 9.
fn shape(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect()
}
