//! What must come of raw bytes, found out slowly: whole JSON values, every cell of a CSV, chrono's own parser, one rule after
//! another.
//!
//! It shares no code with what it judges but the csv crate's way to split rows into cells.

use chrono::{DateTime, Datelike, NaiveDate};
use serde_json::Value;

use super::super::{Collector, Fields, Role, Source};
use super::json;

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
    /// How many rows it is taken for.
    pub seen: u64,
    /// How many rows or entries are rejected.
    pub rejects: u64,
    /// How many rows are rejected as a whole.
    pub whole: u64,
    /// Bytes of those that are no rows.
    pub bytes: u64,
}

/// A row of a file with its verdict; none where a number is bent in ways that are accepted in one place and not in another.
pub struct Judgement {
    pub line: u64,
    pub column: u64,
    pub raw: Vec<u8>,
    pub verdict: Option<Verdict>,
}

/// The rows of a file, or a word of the reason for which all of it is refused.
pub type Judged = Result<Vec<Judgement>, &'static str>;

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

/// A text without its byte order mark.
fn unmarked(content: &[u8]) -> Result<&[u8], &'static str> {
    match content {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err("UTF-16"),
        [letter, 0, other, ..] if letter.is_ascii_graphic() && *other != 0 => Err("UTF-16"),
        [0, letter, 0, ..] if letter.is_ascii_graphic() => Err("UTF-16"),
        [0xef, 0xbb, 0xbf, text @ ..] => Ok(text),
        _ => Ok(content),
    }
}

/// The rows of a JSON Lines file.
pub fn json(content: &[u8], fields: &Fields) -> Judged {
    let content = unmarked(content)?;
    let text = String::from_utf8_lossy(content);
    let mut lines = text.split('\n').map(|line| line.replace(|letter: char| letter.is_ascii_whitespace(), ""));
    match lines.find(|line| !line.is_empty()) {
        Some(line) if line == "[" || line.starts_with("[{") => return Err("JSON list"),
        Some(line) if line == "{" => return Err("several lines"),
        _ => {}
    }
    let mut judgements = Vec::new();
    for (line, number) in content.split(|byte| *byte == b'\n').zip(1..) {
        for row in json::rows(line) {
            let is_odd = row.is_odd;
            // What becomes of an odd number decides also where the row ends.
            let raw = &line[row.start..if is_odd { line.len() } else { row.end }];
            let start = row.start + raw.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let raw = raw.trim_ascii();
            let verdict = match row.object {
                _ if is_odd => None,
                Some(object) => Some(judge(fields, &|role| object.get(fields.name(role)?).cloned())),
                None => Some(Verdict::unreadable(raw)),
            };
            judgements.push(Judgement { line: number, column: start as u64 + 1, raw: raw.to_vec(), verdict });
            if is_odd {
                break;
            }
        }
    }
    Ok(judgements)
}

/// The rows of a CSV file.
pub fn csv(content: &[u8], fields: &Fields) -> Judged {
    let content = unmarked(content)?;
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(content);
    let header = reader.byte_headers().unwrap().clone();
    match cells(&content[..reader.position().byte() as usize]) {
        None => return Err("a quote opens here"),
        Some(true) => return Err("a quote of the header"),
        Some(false) => {}
    }
    let names: Vec<_> = header.iter().collect();
    let times = |name: &str| names.iter().filter(|known| **known == name.as_bytes()).count();
    let wanted = || fields.row_fields().map(|(_, name)| times(name)).filter(|times| *times != 1);
    let (mut row, mut judgements) = (::csv::ByteRecord::new(), Vec::new());
    let (mut counted, mut line) = (0, 1);
    let is_separated = |name: &[u8]| name.iter().any(|byte| b";\t|".contains(byte));
    let mut refusal = match names.as_slice() {
        [] => None,
        [only] if is_separated(only) => Some("its header is one cell"),
        _ => wanted().next().map(|times| if times == 0 { "has no" } else { "times" }),
    };
    while reader.read_byte_record(&mut row).unwrap() {
        let start = row.position().map(|place| place.byte() as usize).unwrap();
        let whole = &content[start..reader.position().byte() as usize];
        let blank = whole.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        while counted < start + blank {
            let is_end =
                content[counted] == b'\n' || content[counted] == b'\r' && content.get(counted + 1) != Some(&b'\n');
            line += u64::from(is_end);
            counted += 1;
        }
        let raw = whole.trim_ascii();
        let find = |role| {
            let name = fields.name(role)?.as_bytes();
            let texts = header.iter().zip(&row).filter(|(known, _)| *known == name);
            texts.filter_map(|(_, text)| std::str::from_utf8(text).ok()).next_back()
        };
        let is_odd = find(Role::Impressions).is_some_and(|text| json::whole(text).1);
        let Some(is_torn) = cells(whole) else {
            refusal = refusal.or(Some("a quote opens here"));
            break;
        };
        let is_bad = is_torn || row.len() > header.len() || std::str::from_utf8(row.as_slice()).is_err();
        let verdict = match is_bad {
            true => Some(Verdict::unreadable(raw)),
            false if is_odd => None,
            false => Some(judge(fields, &|role| find(role).map(|text| csv_value(role, text)))),
        };
        judgements.push(Judgement { line, column: 1, raw: raw.to_vec(), verdict });
    }
    refusal.map_or(Ok(judgements), Err)
}

/// Whether text follows the end of a quoted cell that goes over several lines; `None` if a quote is left open.
fn cells(row: &[u8]) -> Option<bool> {
    let (mut rest, mut is_torn) = (row, false);
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut end = 0;
            loop {
                end += quoted[end..].iter().position(|byte| *byte == b'"')?;
                if quoted.get(end + 1) != Some(&b'"') {
                    break;
                }
                end += 2;
            }
            rest = &quoted[end + 1..];
            let is_over = rest.first().is_none_or(|byte| b",\r\n".contains(byte));
            is_torn |= !is_over && quoted[..end].iter().any(|byte| b"\r\n".contains(byte));
        }
        match rest.iter().position(|byte| b",\r\n".contains(byte)) {
            Some(end) => rest = &rest[end + 1..],
            None => return Some(is_torn),
        }
    }
}

/// The header line of a CSV file.
pub fn csv_header(content: &[u8]) -> &[u8] {
    let content = unmarked(content).unwrap();
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(content);
    reader.byte_headers().unwrap();
    &content[..reader.position().byte() as usize]
}

fn csv_value(role: Role, text: &str) -> Value {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match text {
        "" => Value::Null,
        _ if role == Role::Impressions => json::whole(text).0.unwrap_or(Value::Null),
        _ if !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()) => {
            text.parse::<i64>().map_or(Value::Null, Value::from)
        }
        _ => Value::from(text),
    }
}

impl Verdict {
    /// A row that breaks a rule.
    fn rejected() -> Verdict {
        Verdict { seen: 1, rejects: 1, whole: 1, ..Verdict::default() }
    }

    /// What is no row.
    fn unreadable(raw: &[u8]) -> Verdict {
        Verdict { bytes: raw.len() as u64, ..Verdict::rejected() }
    }
}

/// Every rule of the contract for a row.
fn judge(fields: &Fields, field: &dyn Fn(Role) -> Option<Value>) -> Verdict {
    let text = |role| field(role)?.as_str().map(str::to_string);
    let customer = || integer(&field(Role::CustomerId)?).filter(|id| *id > 0);
    if fields.source == Source::Impressions {
        let entries = || Some((customer()?, field(Role::Impressions)?.as_array()?.clone()));
        let Some((customer, entries)) = entries() else { return Verdict::rejected() };
        let rows: Vec<Row> = entries.iter().filter_map(|value| entry(fields, customer, value)).collect();
        let rejects = (entries.len() - rows.len()) as u64;
        return Verdict { rejects, rows, seen: 1, whole: 0, bytes: 0 };
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
    let good = |row| Verdict { rows: vec![row], seen: 1, ..Verdict::default() };
    row().map_or_else(Verdict::rejected, good)
}

fn entry(fields: &Fields, customer: i64, value: &Value) -> Option<Row> {
    let part = |role| value.as_object()?.get(fields.name(role)?);
    let (item, label) = (item(part(Role::ItemId)?)?, part(Role::IsOrder)?.as_bool()?);
    Some(Row { customer, item, timestamp: None, day: None, label: Some(label) })
}

fn item(value: &Value) -> Option<i32> {
    integer(value).and_then(|id| i32::try_from(id).ok()).filter(|id| *id > 0)
}

/// An integer, also one in quotes.
fn integer(value: &Value) -> Option<i64> {
    let digits = value.as_str().filter(|text| text.len() < 20 && text.chars().all(|digit| digit.is_ascii_digit()));
    value.as_i64().or_else(|| digits?.parse().ok())
}

/// A timestamp, read by chrono once its letters have been found to stand where the contract wants them.
pub fn timestamp(text: &str) -> Option<i64> {
    let shape = shape(text);
    let rest = shape.strip_prefix("9999-99-99T99:99:99").or(shape.strip_prefix("9999-99-99 99:99:99"))?;
    let digits = rest.strip_prefix('.').map(|rest| rest.chars().take_while(|letter| *letter == '9').count());
    let zone = text.len() - rest.len() + digits.map_or(0, |digits| digits + 1);
    let (clock, zone) = (text[..zone].replace(' ', "T"), &text[zone..]);
    let zone = match shape[shape.len() - zone.len()..].as_ref() {
        "" | "Z" | "UTC" | " UTC" => "Z".to_string(),
        "+99" | "-99" => format!("{zone}:00"),
        "+99:99" | "-99:99" => zone.to_string(),
        "+9999" | "-9999" => format!("{}:{}", &zone[..3], &zone[3..]),
        _ => return None,
    };
    let lawful =
        digits.is_none_or(|digits| (1..=9).contains(&digits)) && !text.starts_with("0000") && &text[17..19] != "60";
    let instant = DateTime::parse_from_rfc3339(&(clock + &zone)).ok().filter(|_| lawful)?;
    Some(instant.timestamp_micros()).filter(|_| (1..=9999).contains(&instant.to_utc().year()))
}

/// A day, also one that is spelled as a timestamp.
pub fn day(text: &str) -> Option<i32> {
    let days = |instant: i64| i32::try_from(instant.div_euclid(86_400_000_000)).ok();
    date(text).or_else(|| days(timestamp(text)?))
}

fn date(text: &str) -> Option<i32> {
    let text = text.strip_prefix("dt=").unwrap_or(text);
    let lawful = shape(text) == "9999-99-99" && !text.starts_with("0000");
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| lawful)?;
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// A text with every digit made a 9.
fn shape(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect()
}
