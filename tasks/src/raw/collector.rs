//! Gathers what is let through into columns, and what is not into the table of rejected rows.
//!
//! It does not know formats. How many rejects are too many is decided by [`Collector::check`]; what becomes of the
//! columns is up to the caller.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use polars::prelude::{Column, IntoColumn, NamedFrom, Series};

use super::fields::{Fields, Role, Source};
use super::record::{Cell, Record};
use super::rules::{self, Problem};
use crate::calendar;
use crate::report::Report;
use crate::schema::{self, Schema};
use crate::table;

/// Characters of a rejected row that are shown as an example; the table holds it whole.
const EXAMPLE: usize = 200;
/// Reasons that are shown when there are too many rejects.
const TOP_REASONS: usize = 5;

/// What one `read` has gathered so far.
pub struct Collector {
    fields: Fields,
    pub(super) customers: Vec<i64>,
    pub(super) items: Vec<i32>,
    pub(super) timestamps: Vec<i64>,
    pub(super) days: Vec<i32>,
    pub(super) labels: Vec<bool>,
    pub(super) rejected: Rejected,
    pub(super) rows: Tally,
    pub(super) entries: Tally,
}

/// How many were seen, and how many of them rejected.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) seen: u64,
    pub(super) rejected: u64,
}

/// The columns of the table of rejected rows, and the file that is being read.
#[derive(Default)]
pub(super) struct Rejected {
    file: String,
    files: Vec<String>,
    pub(super) lines: Vec<i64>,
    reasons: Vec<String>,
    pub(super) raw: Vec<String>,
}

/// A raw row's line (or row number in a Parquet file), from 1, and how to spell it again if it is rejected.
pub struct Place<'a> {
    pub line: u64,
    pub raw: &'a dyn Fn() -> String,
}

impl Collector {
    pub fn new(fields: Fields) -> Self {
        Collector {
            fields,
            customers: Vec::new(),
            items: Vec::new(),
            timestamps: Vec::new(),
            days: Vec::new(),
            labels: Vec::new(),
            rejected: Rejected::default(),
            rows: Tally::default(),
            entries: Tally::default(),
        }
    }

    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The rows that follow are from this file.
    pub(super) fn begin(&mut self, file: &Path) {
        self.rejected.file = file.to_string_lossy().into_owned();
    }

    /// A row that is no record at all.
    pub(super) fn reject_row(&mut self, place: &Place, reason: impl Into<String>) {
        self.rows.seen += 1;
        self.rows.rejected += 1;
        self.rejected.push(place, reason.into());
    }

    /// Judges a row: its values join the columns, or it joins the rejected.
    pub(super) fn row(&mut self, record: &Record, place: &Place) {
        let judged = match self.fields.source {
            Source::Impressions => self.impressions(record, place),
            Source::Clicks | Source::AddToCarts => self.event(record),
            Source::PreviousOrders => self.order(record),
        };
        match judged {
            Ok(()) => self.rows.seen += 1,
            Err((role, problem)) => self.reject_row(place, self.reason(role, problem)),
        }
    }

    fn event(&mut self, record: &Record) -> Judged {
        let customer = rules::customer_id(&record.customer_id).map_err(of(Role::CustomerId))?;
        let item = rules::item_id(&record.item_id).map_err(of(Role::ItemId))?;
        let timestamp = rules::timestamp(&record.timestamp).map_err(of(Role::Timestamp))?;
        self.customers.push(customer);
        self.items.push(item);
        self.timestamps.push(timestamp);
        Ok(())
    }

    fn order(&mut self, record: &Record) -> Judged {
        let customer = rules::customer_id(&record.customer_id).map_err(of(Role::CustomerId))?;
        let item = rules::item_id(&record.item_id).map_err(of(Role::ItemId))?;
        let day = rules::day(&record.day).map_err(of(Role::Day))?;
        let timestamp = match self.fields.name(Role::Timestamp) {
            Some(_) => rules::timestamp(&record.timestamp).map_err(of(Role::Timestamp))?,
            None => i64::from(day) * calendar::DAY,
        };
        self.customers.push(customer);
        self.items.push(item);
        self.timestamps.push(timestamp);
        self.days.push(day);
        Ok(())
    }

    fn impressions(&mut self, record: &Record, place: &Place) -> Judged {
        let customer = rules::customer_id(&record.customer_id).map_err(of(Role::CustomerId))?;
        for cell in rules::entries(&record.impressions).map_err(of(Role::Impressions))? {
            self.entries.seen += 1;
            let reason = match entry(cell) {
                Ok((item, label)) => {
                    self.customers.push(customer);
                    self.items.push(item);
                    self.labels.push(label);
                    continue;
                }
                Err(Some((role, problem))) => self.reason(role, problem),
                Err(None) => format!("{}[] is not an object", self.fields.label(Role::Impressions)),
            };
            self.entries.rejected += 1;
            self.rejected.push(place, reason);
        }
        Ok(())
    }

    fn reason(&self, role: Role, problem: Problem) -> String {
        format!("{} {}", self.fields.label(role), problem.text())
    }

    /// Fails when more than `limit` (a fraction) of the rows, or of the entries of impression rows, were rejected.
    pub fn check(&self, limit: f64) -> Result<()> {
        for (tally, unit) in [(&self.rows, "rows"), (&self.entries, "entries")] {
            // A quotient, which is rounded as the limit was when it was read: 29 of 100 are not more than 0.29.
            let share = tally.rejected as f64 / tally.seen.max(1) as f64;
            if share > limit {
                bail!(
                    "{} of {} {unit} rejected ({:.2} %), more than the max_reject_fraction of {limit}\n{}",
                    tally.rejected,
                    tally.seen,
                    100.0 * share,
                    self.rejected.examples()
                );
            }
        }
        Ok(())
    }

    /// One line for people about the rejects; `None` if there are none.
    pub fn warning(&self) -> Option<String> {
        let reasons: Vec<_> =
            self.rejected.counts().into_iter().map(|(reason, count)| format!("{count} x {reason}")).collect();
        let entries = if self.entries.rejected > 0 {
            format!(" and {} of {} entries", self.entries.rejected, self.entries.seen)
        } else {
            String::new()
        };
        let Tally { seen, rejected } = self.rows;
        (!reasons.is_empty())
            .then(|| format!("warning: rejected {rejected} of {seen} rows{entries}: {}", reasons.join(", ")))
    }

    /// Writes both tables and counts what is in them.
    pub fn write(self, rows: &Path, rejected: &Path) -> Result<Report> {
        let mut report = Report {
            rows_in: self.rows.seen,
            rows_out: self.customers.len() as u64,
            rejected: self.rejected.counts().into_iter().collect(),
            ..Report::default()
        };
        report.span(self.timestamps.iter().copied());
        let mut columns = vec![column(schema::CUSTOMER_ID, self.customers), column(schema::ITEM_ID, self.items)];
        let schema: Schema = match self.fields.source {
            Source::Impressions => {
                columns.push(column(schema::IS_ORDER, self.labels));
                schema::impressions()
            }
            Source::Clicks | Source::AddToCarts => {
                columns.push(table::instant_column(schema::TIMESTAMP, self.timestamps));
                schema::events()
            }
            Source::PreviousOrders => {
                columns.push(table::instant_column(schema::TIMESTAMP, self.timestamps));
                columns.push(table::day_column(schema::DAY, self.days));
                schema::orders()
            }
        };
        table::write(rows, schema, columns)?;
        table::write(rejected, schema::rejected(), self.rejected.columns())?;
        Ok(report)
    }
}

type Judged = Result<(), (Role, Problem)>;

fn of(role: Role) -> impl Fn(Problem) -> (Role, Problem) {
    move |problem| (role, problem)
}

/// An entry's item and label; `Err(None)` if it is no object.
fn entry(cell: &Cell) -> Result<(i32, bool), Option<(Role, Problem)>> {
    let Cell::Entry(entry) = cell else { return Err(None) };
    let item = rules::item_id(&entry.item_id).map_err(of(Role::ItemId))?;
    let label = rules::is_order(&entry.is_order).map_err(of(Role::IsOrder))?;
    Ok((item, label))
}

fn column<T>(name: &str, values: Vec<T>) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
{
    Series::new(name.into(), values).into_column()
}

impl Rejected {
    fn push(&mut self, place: &Place, reason: String) {
        self.files.push(self.file.clone());
        self.lines.push(place.line as i64);
        self.reasons.push(reason);
        self.raw.push((place.raw)());
    }

    /// Reasons with their counts, the most frequent first.
    fn counts(&self) -> Vec<(String, u64)> {
        let mut counts = BTreeMap::<&str, u64>::new();
        for reason in &self.reasons {
            *counts.entry(reason).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().map(|(reason, count)| (reason.to_string(), count)).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// The top reasons, each with the first row that it befell.
    fn examples(&self) -> String {
        let mut lines = Vec::new();
        for (reason, count) in self.counts().into_iter().take(TOP_REASONS) {
            let Some(first) = self.reasons.iter().position(|known| *known == reason) else { continue };
            let raw: String = self.raw[first].chars().take(EXAMPLE).collect();
            lines.push(format!("  {count} x {reason}, e.g. {}:{}: {raw}", self.files[first], self.lines[first]));
        }
        lines.join("\n")
    }

    fn columns(self) -> Vec<Column> {
        vec![
            column("file", self.files),
            column("line", self.lines),
            column("reason", self.reasons),
            column("raw", self.raw),
        ]
    }
}
