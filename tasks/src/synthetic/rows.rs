//! How synthetic rows are spelled, in each format.

use anyhow::Result;
use chrono::{DateTime, NaiveDate};
use polars::prelude::*;

use super::bad::BadRows;
use super::files::{Files, ROWS_OF_FILE, Spelling};
use super::{Event, Shop};
use crate::calendar::DAY;
use crate::table;

const IMPRESSIONS_HEADER: &str = "dt,ranking_id,customer_id,impressions";

/// An impression row: a customer, and items with whether they were ordered.
pub struct Impression {
    pub ranking: u64,
    pub customer: u64,
    pub entries: Vec<(u64, bool)>,
}

/// The rows of one source on one day, or of all orders.
pub struct EventWriter {
    files: Files,
    source: &'static str,
    events: Vec<Event>,
    bad: BadRows,
}

pub struct ImpressionWriter {
    files: Files,
    impressions: Vec<Impression>,
    bad: BadRows,
    bad_entries: BadRows,
}

impl EventWriter {
    pub fn of_day(shop: &Shop, source: &'static str, day: i32) -> Result<Self> {
        let files = Files::of_day(shop, source, day)?;
        Ok(EventWriter { files, source, events: Vec::new(), bad: BadRows::new(shop, day) })
    }

    pub fn orders(shop: &Shop) -> Result<Self> {
        let source = "previous_orders";
        let spelling = if shop.spelling == Spelling::Mixed { Spelling::Parquet } else { shop.spelling };
        let files = Files::new(shop.out.join(source), spelling, String::new())?;
        Ok(EventWriter { files, source, events: Vec::new(), bad: BadRows::new(shop, 0) })
    }

    pub fn write(&mut self, event: Event) -> Result<()> {
        if self.files.spelling == Spelling::Parquet {
            self.events.push(event);
            return if self.events.len() == ROWS_OF_FILE { self.write_table() } else { Ok(()) };
        }
        let (day, source) = (self.files.day.clone(), self.source);
        let bad = self.bad.next();
        let csv = self.files.spelling == Spelling::Csv;
        let Event { customer, item, timestamp } = event;
        let out = self.files.out(header(source))?;
        match bad {
            Some(kind) => out.write_all(kind.text(csv, &day, customer, item).as_bytes())?,
            None if csv => match source {
                "clicks" => write!(out, "{day},{customer},{item},{}", Stamp(timestamp))?,
                "add_to_carts" => write!(out, "{day},{customer},{item},{},{}", item * 100, Stamp(timestamp))?,
                _ => write!(out, "{},{customer},{item}", date(timestamp))?,
            },
            None => match source {
                "clicks" => write!(
                    out,
                    r#"{{"dt":"{day}","customer_id":{customer},"item_id":{item},"click_time":"{}"}}"#,
                    Stamp(timestamp)
                )?,
                "add_to_carts" => write!(
                    out,
                    r#"{{"dt":"{day}","customer_id":{customer},"config_id":{item},"simple_id":{},"occurred_at":"{}"}}"#,
                    item * 100,
                    Stamp(timestamp)
                )?,
                _ => write!(
                    out,
                    r#"{{"order_date":"{}","customer_id":{customer},"config_id":{item}}}"#,
                    date(timestamp)
                )?,
            },
        }
        out.write_all(b"\n")?;
        self.files.row_written()
    }

    pub fn finish(mut self) -> Result<()> {
        if self.files.spelling == Spelling::Parquet && (self.files.is_empty() || !self.events.is_empty()) {
            self.write_table()?;
        }
        self.files.finish(header(self.source))
    }

    fn write_table(&mut self) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        // The one way in which a row of these types can break a rule is an id that is out of range.
        let customers: Vec<i64> =
            events.iter().map(|event| if self.bad.next().is_some() { 0 } else { event.customer as i64 }).collect();
        let items: Vec<i32> = events.iter().map(|event| event.item as i32).collect();
        let times: Vec<i64> = events.iter().map(|event| event.timestamp).collect();
        let days = times.iter().map(|time| (time / DAY) as i32).collect();
        let customers = Int64Chunked::from_vec("customer_id".into(), customers).into_column();
        let item = |name: &str| Int32Chunked::from_vec(name.into(), items.clone()).into_column();
        let columns = match self.source {
            "clicks" => vec![customers, item("item_id"), table::instant_column("click_time", times)],
            "add_to_carts" => vec![customers, item("config_id"), table::instant_column("occurred_at", times)],
            _ => vec![table::day_column("order_date", days), customers, item("config_id")],
        };
        self.files.write_table(columns)
    }
}

impl ImpressionWriter {
    pub fn of_day(shop: &Shop, day: i32) -> Result<Self> {
        let files = Files::of_day(shop, "impressions", day)?;
        let (bad, bad_entries) = (BadRows::new(shop, day), BadRows::new(shop, day));
        Ok(ImpressionWriter { files, impressions: Vec::new(), bad, bad_entries })
    }

    pub fn write(&mut self, impression: &Impression) -> Result<()> {
        let Impression { ranking, customer, entries } = impression;
        if self.files.spelling == Spelling::Parquet {
            self.impressions.push(Impression { ranking: *ranking, customer: *customer, entries: entries.clone() });
            return if self.impressions.len() == ROWS_OF_FILE { self.write_table() } else { Ok(()) };
        }
        let day = self.files.day.clone();
        let bad = self.bad.next();
        let csv = self.files.spelling == Spelling::Csv;
        let quote = if csv { "\"\"" } else { "\"" };
        let list: Vec<String> = entries
            .iter()
            .map(|(item, order)| (if self.bad_entries.next().is_some() { 0 } else { *item }, order))
            .map(|(item, order)| format!("{{{quote}item_id{quote}:{item},{quote}is_order{quote}:{order}}}"))
            .collect();
        let list = list.join(",");
        let out = self.files.out(IMPRESSIONS_HEADER)?;
        match bad {
            Some(kind) => out.write_all(kind.text(csv, &day, *customer, 1).as_bytes())?,
            None if csv => write!(out, "{day},ranking-{ranking:012x},{customer},\"[{list}]\"")?,
            None => write!(
                out,
                r#"{{"dt":"{day}","ranking_id":"ranking-{ranking:012x}","customer_id":{customer},"impressions":[{list}]}}"#
            )?,
        }
        out.write_all(b"\n")?;
        self.files.row_written()
    }

    pub fn finish(mut self) -> Result<()> {
        if self.files.spelling == Spelling::Parquet && (self.files.is_empty() || !self.impressions.is_empty()) {
            self.write_table()?;
        }
        self.files.finish(IMPRESSIONS_HEADER)
    }

    fn write_table(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.impressions);
        let customers: Vec<i64> =
            rows.iter().map(|row| if self.bad.next().is_some() { 0 } else { row.customer as i64 }).collect();
        let rankings: Vec<String> = rows.iter().map(|row| format!("ranking-{:012x}", row.ranking)).collect();
        let lists = rows.iter().map(|row| {
            let items: Vec<i32> = row.entries.iter().map(|(item, _)| *item as i32).collect();
            let labels: Vec<bool> = row.entries.iter().map(|(_, order)| *order).collect();
            let fields = [Series::new("item_id".into(), items), Series::new("is_order".into(), labels)];
            StructChunked::from_series(PlSmallStr::EMPTY, row.entries.len(), fields.iter()).map(IntoSeries::into_series)
        });
        let lists = lists.collect::<PolarsResult<Vec<Series>>>()?;
        self.files.write_table(vec![
            Column::new("ranking_id".into(), rankings),
            Int64Chunked::from_vec("customer_id".into(), customers).into_column(),
            Series::new("impressions".into(), lists).into_column(),
        ])
    }
}

/// The first line of a CSV file of events.
fn header(source: &str) -> &'static str {
    match source {
        "clicks" => "dt,customer_id,item_id,click_time",
        "add_to_carts" => "dt,customer_id,config_id,simple_id,occurred_at",
        _ => "order_date,customer_id,config_id",
    }
}

/// A timestamp as it is spelled in text, with microseconds.
struct Stamp(i64);

impl std::fmt::Display for Stamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let seconds = self.0.div_euclid(1_000_000);
        let (of_day, micros) = (seconds.rem_euclid(86_400), self.0.rem_euclid(1_000_000));
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(formatter, "{}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z", date(self.0))
    }
}

fn date(timestamp: i64) -> NaiveDate {
    DateTime::from_timestamp_micros(timestamp).unwrap_or_default().date_naive()
}
