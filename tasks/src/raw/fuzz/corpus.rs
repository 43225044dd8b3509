//! What the fuzz tests begin with: lines as the sources have them, and lines that each break a rule.

use super::super::{Format, Source};
use super::chance::Chance;
use super::mutation::mutate;

const EVENTS: &[&str] = &[
    r#"{"dt":"2025-08-16","customer_id":7,"item_id":9,"config_id":9,"click_time":"2025-08-16T12:00:00Z","occurred_at":"2025-08-16 14:00:00.123456+02:00","order_date":"2025-08-16"}"#,
    r#"{"dt":5,"extra":[{"a":null,"b":[1.5e3,"\n"]}],"click_time":"2025-08-16 14:00:00+02:00","item_id":9,"customer_id":7}"#,
    r#"  {"customer_id":1,"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00"}  "#,
    r#"{"customer_id":9223372036854775807,"item_id":2147483647,"config_id":2147483647,"click_time":"1969-12-31T23:59:59.999999999Z","occurred_at":"0001-01-01T00:00:00+2359","order_date":"9999-12-31"}"#,
    r#"{"customer_id":7,"config_id":9,"simple_id":null,"occurred_at":"2025-08-16T12:00:00.5Z","order_date":"dt=2025-08-16"}"#,
    r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00"#,
    r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"} {}"#,
    r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z",}"#,
    "customer 7",
    "[7, 9]",
    "null",
    "7",
    "{}",
    "",
    r#"{"customer_id":null,"item_id":9,"config_id":9,"click_time":"2025-08-16T12:00:00Z","order_date":"2025-08-16"}"#,
    r#"{"customer_id":"7","item_id":9,"config_id":9,"click_time":"2025-08-16T12:00:00Z","order_date":"2025-08-16"}"#,
    r#"{"customer_id":7.0,"item_id":9,"config_id":9,"click_time":"2025-08-16T12:00:00Z","order_date":"2025-08-16"}"#,
    r#"{"customer_id":{"a":7},"item_id":[9],"click_time":"2025-08-16T12:00:00Z"}"#,
    r#"{"customer_id":-7,"item_id":0,"config_id":0,"click_time":"2025-08-16T12:00:00Z","order_date":"2025-08-16"}"#,
    r#"{"customer_id":99999999999999999999,"item_id":2147483648,"click_time":"2025-08-16T12:00:00Z"}"#,
    r#"{"customer_id":7,"item_id":9,"config_id":9,"click_time":1755345600,"occurred_at":null,"order_date":20250816}"#,
    r#"{"customer_id":7,"item_id":9,"config_id":9,"click_time":"yesterday","occurred_at":"","order_date":"2025-8-16"}"#,
    r#"{"dt":"2025-08-16","customer_id":7,"it"#,
];

const SHOWN: &[&str] = &[
    r#"{"dt":"2025-08-16","ranking_id":"r1","customer_id":7,"impressions":[{"item_id":9,"is_order":false},{"item_id":10,"is_order":true}]}"#,
    r#"{"customer_id":7,"impressions":[{"item_id":1,"is_order":true},{"item_id":0,"is_order":true},{"item_id":2,"is_order":1},{"item_id":3,"is_order":null},{"item_id":4},5,null]}"#,
    r#"{"customer_id":8,"impressions":[]}"#,
    r#"{"impressions":[{"is_order":false,"score":0.5,"item_id":2147483647}],"customer_id":9223372036854775807}"#,
    r#"{"customer_id":7}"#,
    r#"{"customer_id":7,"impressions":null}"#,
    r#"{"customer_id":7,"impressions":{}}"#,
    r#"{"customer_id":7,"impressions":"[]"}"#,
    r#"{"customer_id":0,"impressions":[{"item_id":9,"is_order":false}]}"#,
    "oops",
];

const CELLS: &[&str] = &[
    "7,9,2025-08-16T12:00:00Z,2025-08-16",
    ",9,2025-08-16T12:00:00Z,2025-08-16",
    "+7,9,2025-08-16T12:00:00Z,2025-08-16",
    "7.0,9,2025-08-16T12:00:00Z,",
    "7,-9,2025-08-16T12:00:00Z,dt=2025-08-16",
    "99999999999999999999,9,2025-08-16T12:00:00Z,2025-08-16",
    "7,9",
    "7,\"9\n\",2025-08-16T12:00:00Z,2025-08-16",
    "007,9,\"2025-08-16 12:00:00.5\",2025-08-16,more",
    "\"7\",\"9\",\"2025-08-16T12:00:00+0200\",\"2025-08-16\"",
    "7,9,\"2025-\"\"08\"\"-16\",",
    "9223372036854775807,2147483647,9999-12-31T23:59:59.999999999-2359,0001-01-01",
    "",
];

const SHOWN_CELLS: &[&str] = &[
    r#"7,"[{""item_id"":9,""is_order"":false},{""item_id"":10,""is_order"":true}]""#,
    r#"7,"[{""item_id"":0,""is_order"":true},5,null]""#,
    "8,[]",
    "8,",
    "7,\"[\n]\"",
    r#"0,"[{""item_id"":9,""is_order"":false}]""#,
    r#"7,"{}""#,
    r#"7,"[{""item_id"":9,""is_or""#,
    "7",
];

const TIMESTAMPS: &[&str] = &[
    "2025-08-16T12:00:00Z",
    "2025-08-16 12:00:00",
    "2025-08-16T12:00:00.123456789Z",
    "2025-08-16T14:30:00+02:30",
    "2025-08-15 23:00:00.000000-1300",
    "1969-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-2359",
    "2024-02-29T00:00:00Z",
    "2025-08-16",
    "2025-08-16t12:00:00z",
    "0000-01-01T00:00:00Z",
    "2025-08-16T24:00:00Z",
    "2025-08-16T12:00:60Z",
    "2025-08-16T12:00:00.Z",
    "2025-08-16T12:00:00+24:00",
    "1755345600",
    "2025-08-16T12:00:0\u{664}Z",
    "",
];

/// A line of a file of a source, changed by chance.
pub fn line(chance: &mut Chance, format: Format, source: Source) -> Vec<u8> {
    let lines = match (format, source) {
        (Format::Json, Source::Impressions) => SHOWN,
        (Format::Json, _) => EVENTS,
        (_, Source::Impressions) => SHOWN_CELLS,
        _ => CELLS,
    };
    let (first, other) = (pick(chance, lines), pick(chance, lines));
    mutate(chance, first.into(), other.as_bytes())
}

/// The header of a CSV file of a source, seldom changed, as few rows are let through without its names.
pub fn header(chance: &mut Chance, source: Source) -> Vec<u8> {
    let header = match source {
        Source::Impressions => "customer_id,impressions",
        Source::Clicks => "customer_id,item_id,click_time,order_date",
        Source::AddToCarts => "customer_id,config_id,occurred_at,dt",
        Source::PreviousOrders => "customer_id,config_id,occurred_at,order_date",
    };
    if chance.below(8) > 0 { header.into() } else { mutate(chance, header.into(), b"customer_id,item_id") }
}

/// A text that is a timestamp, or nearly one.
pub fn timestamp(chance: &mut Chance) -> String {
    if chance.below(2) == 0 {
        return changed(chance, TIMESTAMPS);
    }
    let day = date(chance);
    let (between, fraction, zone) = (pick(chance, &["T", " "]), fraction(chance), zone(chance));
    let clock = format!("{:02}:{:02}:{:02}", chance.below(25), chance.below(61), chance.below(61));
    format!("{day}{between}{clock}{fraction}{zone}")
}

/// A text that is a day, or nearly one.
pub fn day(chance: &mut Chance) -> String {
    if chance.below(2) == 0 {
        return changed(
            chance,
            &["2025-08-16", "dt=2025-08-16", "2024-02-29", "0001-01-01", "9999-12-31", "2025-8-16"],
        );
    }
    let prefix = pick(chance, &["", "dt=", "dt=dt=", "DT=", " "]);
    format!("{prefix}{}", date(chance))
}

fn date(chance: &mut Chance) -> String {
    let year = if chance.below(2) == 0 { chance.below(10_000) } else { 1960 + chance.below(80) };
    format!("{year:04}-{:02}-{:02}", chance.below(14), chance.below(33))
}

fn fraction(chance: &mut Chance) -> String {
    let digits: String = chance.next().to_string().chars().take(chance.below(11) as usize).collect();
    if digits.is_empty() { digits } else { format!(".{digits}") }
}

fn zone(chance: &mut Chance) -> String {
    let (sign, colon) = (pick(chance, &["+", "-"]), pick(chance, &["", ":"]));
    let offset = format!("{sign}{:02}{colon}{:02}", chance.below(25), chance.below(61));
    [String::new(), "Z".to_string(), offset][chance.below(3) as usize].clone()
}

fn changed(chance: &mut Chance, texts: &[&str]) -> String {
    let (first, other) = (pick(chance, texts), pick(chance, texts));
    String::from_utf8_lossy(&mutate(chance, first.into(), other.as_bytes())).into_owned()
}

fn pick<'a>(chance: &mut Chance, texts: &[&'a str]) -> &'a str {
    texts[chance.below(texts.len() as u64) as usize]
}
