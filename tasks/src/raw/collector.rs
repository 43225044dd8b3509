//! Gathers what is let through into columns, and what is not into the table of rejected rows.
//!
//! It does not know formats. How many rejects are too many is decided by [`Collector::check`]; what becomes of the
//! columns is up to the caller.

use std::path::Path;

use anyhow::{Result, bail};
use polars::prelude::{Column, Int32Chunked, Int64Chunked, IntoColumn};

use super::fields::{Fields, Role, Source};
use super::record::{Cell, Record, Values};
use super::rejected::{Place, Rejected};
use super::rules::{self, Problem};
use crate::calendar;
use crate::report::Report;
use crate::schema::{self, Schema};
use crate::table;

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
        self.rejected.begin(file);
    }

    /// An empty collector for a part of the file that is being read.
    pub(super) fn part(&self) -> Collector {
        Collector { rejected: self.rejected.part(), ..Collector::new(self.fields.clone()) }
    }

    /// Makes room for as many more rows, which costs less than to grow step by step.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.customers.reserve(rows);
        self.items.reserve(rows);
        match self.fields.source {
            Source::Impressions => self.labels.reserve(rows),
            _ => self.timestamps.reserve(rows),
        }
        if self.fields.source == Source::PreviousOrders {
            self.days.reserve(rows);
        }
    }

    /// Adds what a part of the file has gathered, which begins after `lines` lines.
    pub(super) fn append(&mut self, part: Collector, lines: u64) {
        append(&mut self.customers, part.customers);
        append(&mut self.items, part.items);
        append(&mut self.timestamps, part.timestamps);
        append(&mut self.days, part.days);
        append(&mut self.labels, part.labels);
        self.rejected.append(part.rejected, lines);
        self.rows.add(part.rows);
        self.entries.add(part.entries);
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
            Source::Clicks | Source::AddToCarts => event(record),
            Source::PreviousOrders => self.order(record),
        };
        match judged {
            Ok(values) => self.accept(&values),
            Err((role, problem)) => self.reject_row(place, self.reason(role, problem)),
        }
    }

    /// Takes in a row that is known to be good.
    pub(super) fn accept(&mut self, values: &Values) {
        self.rows.seen += 1;
        if self.fields.source == Source::Impressions {
            self.entries.seen += values.entries.len() as u64;
            self.customers.extend(values.entries.iter().map(|_| values.customer_id));
            self.items.extend(values.entries.iter().map(|(item, _)| item));
            self.labels.extend(values.entries.iter().map(|(_, label)| label));
            return;
        }
        self.customers.push(values.customer_id);
        self.items.push(values.item_id);
        if self.fields.source == Source::PreviousOrders {
            self.days.push(values.day);
        }
        // Only orders have no time of their own, unless a field is named for it: theirs is the beginning of their day.
        self.timestamps.push(values.timestamp.unwrap_or(i64::from(values.day) * calendar::DAY));
    }

    fn order(&self, record: &Record) -> Judged {
        let customer_id = rules::customer_id(&record.customer_id).map_err(of(Role::CustomerId))?;
        let item_id = rules::item_id(&record.item_id).map_err(of(Role::ItemId))?;
        let day = rules::day(&record.day).map_err(of(Role::Day))?;
        let timestamp = match self.fields.name(Role::Timestamp) {
            Some(_) => Some(rules::timestamp(&record.timestamp).map_err(of(Role::Timestamp))?),
            None => None,
        };
        Ok(Values { customer_id, item_id, day, timestamp, ..Values::default() })
    }

    fn impressions(&mut self, record: &Record, place: &Place) -> Judged {
        let customer_id = rules::customer_id(&record.customer_id).map_err(of(Role::CustomerId))?;
        let mut entries = Vec::new();
        for cell in rules::entries(&record.impressions).map_err(of(Role::Impressions))? {
            let reason = match entry(cell) {
                Ok(good) => {
                    entries.push(good);
                    continue;
                }
                Err(Some((role, problem))) => self.reason(role, problem),
                Err(None) => format!("{}[] is not an object", self.fields.label(Role::Impressions)),
            };
            self.entries.seen += 1;
            self.entries.rejected += 1;
            self.rejected.push(place, reason);
        }
        Ok(Values { customer_id, entries, ..Values::default() })
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
        report.span(self.timestamps.iter().copied().min().into_iter().chain(self.timestamps.iter().copied().max()));
        let mut columns = vec![
            Int64Chunked::from_vec(schema::CUSTOMER_ID.into(), self.customers).into_column(),
            Int32Chunked::from_vec(schema::ITEM_ID.into(), self.items).into_column(),
        ];
        let schema: Schema = match self.fields.source {
            Source::Impressions => {
                columns.push(Column::new(schema::IS_ORDER.into(), self.labels));
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

type Judged = Result<Values, (Role, Problem)>;

fn of(role: Role) -> impl Fn(Problem) -> (Role, Problem) {
    move |problem| (role, problem)
}

fn event(record: &Record) -> Judged {
    let customer_id = rules::customer_id(&record.customer_id).map_err(of(Role::CustomerId))?;
    let item_id = rules::item_id(&record.item_id).map_err(of(Role::ItemId))?;
    let timestamp = rules::timestamp(&record.timestamp).map_err(of(Role::Timestamp))?;
    Ok(Values { customer_id, item_id, timestamp: Some(timestamp), ..Values::default() })
}

/// An entry's item and label; `Err(None)` if it is no object.
fn entry(cell: &Cell) -> Result<(i32, bool), Option<(Role, Problem)>> {
    let Cell::Entry(entry) = cell else { return Err(None) };
    let item = rules::item_id(&entry.item_id).map_err(of(Role::ItemId))?;
    let label = rules::is_order(&entry.is_order).map_err(of(Role::IsOrder))?;
    Ok((item, label))
}

/// Adds a part to a column, or makes the column of it if nothing is there yet nor was expected.
fn append<T>(column: &mut Vec<T>, mut part: Vec<T>) {
    if column.capacity() == 0 {
        *column = part;
    } else {
        column.append(&mut part);
    }
}

impl Tally {
    fn add(&mut self, part: Tally) {
        self.seen += part.seen;
        self.rejected += part.rejected;
    }
}
