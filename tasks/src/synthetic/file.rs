//! How synthetic rows are spelled in raw files: JSON Lines, packed or not, CSV, Parquet.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate};
use polars::prelude::*;

use super::{Event, Shop};
use crate::calendar::{self, DAY};
use crate::table;

/// Rows of a file, after which the next one begins; bounds the memory that a Parquet file takes.
const ROWS_OF_FILE: usize = 1_000_000;

/// How files are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Spelling {
    Json,
    Gzip,
    Zstd,
    Csv,
    Parquet,
    /// Another one from day to day; orders as Parquet
    Mixed,
}

impl Spelling {
    fn of_day(self, day: i32) -> Spelling {
        use Spelling::{Csv, Gzip, Json, Mixed, Parquet, Zstd};
        let week = [Gzip, Json, Gzip, Zstd, Gzip, Csv, Parquet];
        if self == Mixed { week[day.rem_euclid(7) as usize] } else { self }
    }

    fn extension(self) -> &'static str {
        match self {
            Spelling::Json | Spelling::Mixed => "json",
            Spelling::Gzip => "json.gz",
            Spelling::Zstd => "json.zst",
            Spelling::Csv => "csv",
            Spelling::Parquet => "parquet",
        }
    }
}

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
        let header = match self.source {
            "clicks" => "dt,customer_id,item_id,click_time",
            "add_to_carts" => "dt,customer_id,config_id,simple_id,occurred_at",
            _ => "order_date,customer_id,config_id",
        };
        let (day, source) = (self.files.day.clone(), self.source);
        let bad = self.bad.next();
        let csv = self.files.spelling == Spelling::Csv;
        let Event { customer, item, timestamp } = event;
        let out = self.files.out(header)?;
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
        if !self.events.is_empty() {
            self.write_table()?;
        }
        self.files.close()
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
        let out = self.files.out("dt,ranking_id,customer_id,impressions")?;
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
        if !self.impressions.is_empty() {
            self.write_table()?;
        }
        self.files.close()
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

/// The files of a folder, written one after the other.
struct Files {
    folder: PathBuf,
    spelling: Spelling,
    /// The folder's day, for rows that spell it.
    day: String,
    number: usize,
    rows: usize,
    open: Option<Out>,
}

enum Out {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Files {
    fn of_day(shop: &Shop, source: &str, day: i32) -> Result<Self> {
        let name =
            calendar::day_of_number(day).map(|date| format!("dt={date}")).context("a day beyond the calendar")?;
        // Both spellings of the day inside a row are in use.
        let spelled = if day % 2 == 0 { name.clone() } else { name.replace("dt=", "") };
        Files::new(shop.out.join(source).join(&name), shop.spelling.of_day(day), spelled)
    }

    fn new(folder: PathBuf, spelling: Spelling, day: String) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Files { folder, spelling, day, number: 0, rows: 0, open: None })
    }

    /// The file that takes the next row.
    fn out(&mut self, header: &str) -> Result<&mut dyn Write> {
        if self.open.is_none() {
            let file = BufWriter::with_capacity(1 << 18, self.create()?);
            let mut out = match self.spelling {
                Spelling::Gzip => Out::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default())),
                Spelling::Zstd => Out::Zstd(zstd::Encoder::new(file, 0)?),
                _ => Out::Plain(file),
            };
            if self.spelling == Spelling::Csv {
                writeln!(out.writer(), "{header}")?;
            }
            self.open = Some(out);
        }
        Ok(self.open.as_mut().context("a file was just opened")?.writer())
    }

    fn create(&mut self) -> Result<File> {
        let path = self.folder.join(format!("part-{:05}.{}", self.number, self.spelling.extension()));
        self.number += 1;
        File::create(&path).with_context(|| format!("cannot create {}", path.display()))
    }

    fn row_written(&mut self) -> Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_OF_FILE) { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some(Out::Plain(mut file)) => file.flush()?,
            Some(Out::Gzip(file)) => file.finish()?.flush()?,
            Some(Out::Zstd(file)) => file.finish()?.flush()?,
            None => {}
        }
        Ok(())
    }

    fn write_table(&mut self, columns: Vec<Column>) -> Result<()> {
        let file = self.create()?;
        ParquetWriter::new(file).finish(&mut DataFrame::new_infer_height(columns)?)?;
        Ok(())
    }
}

impl Out {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Out::Plain(file) => file,
            Out::Gzip(file) => file,
            Out::Zstd(file) => file,
        }
    }
}

/// Decides which rows of a day break a rule, and how; each way in turn.
///
/// Bad rows come in bursts, as from a producer that is broken for a day: all of them on every [`BURST`]th day, evenly
/// over the day and never more than their share of it, so that small days do not fail by bad luck.
struct BadRows {
    share: f64,
    rows: u64,
    bad: u64,
    first: u64,
}

/// Days from one burst of bad rows to the next.
const BURST: i32 = 5;

/// A way to break a rule.
#[derive(Clone, Copy)]
enum BadRow {
    Truncated,
    MissingField,
    NullCustomer,
    TextCustomer,
    ZeroItem,
    HugeItem,
    Unreadable,
}

impl BadRows {
    fn new(shop: &Shop, day: i32) -> Self {
        let share = if day.rem_euclid(BURST) == 0 { shop.bad * f64::from(BURST) } else { 0.0 };
        BadRows { share, rows: 0, bad: 0, first: day.unsigned_abs().into() }
    }

    /// Whether, and how, the next row breaks a rule.
    fn next(&mut self) -> Option<BadRow> {
        self.rows += 1;
        if (self.rows as f64 * self.share) as u64 == self.bad {
            return None;
        }
        self.bad += 1;
        let kinds = [
            BadRow::Truncated,
            BadRow::MissingField,
            BadRow::NullCustomer,
            BadRow::TextCustomer,
            BadRow::ZeroItem,
            BadRow::HugeItem,
            BadRow::Unreadable,
        ];
        Some(kinds[((self.first + self.bad) % 7) as usize])
    }
}

impl BadRow {
    /// A row of any source that breaks a rule in this way.
    fn text(self, csv: bool, day: &str, customer: u64, item: u64) -> String {
        if csv {
            return match self {
                BadRow::ZeroItem | BadRow::HugeItem => format!("{day},0,{item},"),
                BadRow::NullCustomer => format!("{day},,{item},"),
                _ => format!("{day},customer {customer}"),
            };
        }
        // The item and the time carry every source's name for them.
        let with = |customer: &str, item: &str, time: &str| {
            format!(
                r#"{{"dt":"{day}","customer_id":{customer},"item_id":{item},"config_id":{item},"click_time":"{time}","occurred_at":"{time}","order_date":"{time}","impressions":null}}"#
            )
        };
        let (customer, item) = (customer.to_string(), item.to_string());
        match self {
            BadRow::Truncated => format!(r#"{{"dt":"{day}","customer_id":{customer},"it"#),
            BadRow::MissingField => format!(r#"{{"dt":"{day}","customer_id":{customer}}}"#),
            BadRow::NullCustomer => with("null", &item, "2025-08-01T00:00:00Z"),
            BadRow::TextCustomer => with(&format!("\"{customer}\""), &item, "2025-08-01T00:00:00Z"),
            BadRow::ZeroItem => with(&customer, "0", "2025-08-01T00:00:00Z"),
            BadRow::HugeItem => with(&customer, "2147483648", "2025-08-01T00:00:00Z"),
            BadRow::Unreadable => with(&customer, &item, "yesterday"),
        }
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

/// Refuses to mix synthetic files with others.
pub fn check_empty(out: &Path) -> Result<()> {
    let sources = ["impressions", "clicks", "add_to_carts", "previous_orders"];
    match sources.iter().map(|source| out.join(source)).find(|folder| folder.exists()) {
        Some(folder) => anyhow::bail!("{} is there already; generate writes into a new place only", folder.display()),
        None => Ok(()),
    }
}
