//! Judges rows: gathers what is let through, and passes it on to a table as it comes, and what is not into the table of
//! rejected rows.
//!
//! It does not know formats. How many rejects are too many is decided by [`Collector::check`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail};

use super::columns::{self, Columns};
use super::fields::{Fields, Role, Source};
use super::json;
use super::record::{Cell, Record, Values};
use super::rejected::{Place, Rejected, Shift};
use super::rules::{self, Problem};
use crate::events;
use crate::output::{self, Output};
use crate::pages::file::PageFile;
use crate::report::Report;

/// Rows of a row group: few enough to be still in the processor's cache when they are written, and when they are read.
const ROW_GROUP: usize = 1 << 16;

/// What one `read` has gathered so far.
pub struct Collector {
    fields: Fields,
    /// Rows that are not written yet.
    pub(super) columns: Columns,
    /// Where rows go; without it they stay.
    table: Option<PageFile<Output>>,
    report: Report,
    pub(super) rejected: Rejected,
    pub(super) rows: Tally,
    pub(super) entries: Tally,
    /// Bytes of raw files, and of what is no row in those that hold text.
    pub(super) bytes: Tally,
    /// All fields of rows, or of the entries of a list, in the first file that lacks one and says what it has.
    lacking: BTreeMap<Option<String>, Vec<String>>,
}

/// How many were seen, and how many of them rejected.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) seen: u64,
    pub(super) rejected: u64,
}

impl Collector {
    /// One that keeps what it has gathered.
    pub fn new(fields: Fields) -> Self {
        Collector {
            fields,
            columns: Columns::default(),
            table: None,
            report: Report::default(),
            rejected: Rejected::default(),
            rows: Tally::default(),
            entries: Tally::default(),
            bytes: Tally::default(),
            lacking: BTreeMap::new(),
        }
    }

    /// One that writes what it has gathered into tables at these paths, part by part.
    pub fn create(fields: Fields, rows: &Path, rejected: &Path) -> Result<Self> {
        let schema = columns::schema(fields.source).arrow();
        let table = PageFile::new(output::create(rows)?, schema)?.laid_out_as(events::LAYOUT);
        let rejected = Rejected::create(rejected)?;
        let mut collector = Collector { table: Some(table), rejected, ..Collector::new(fields) };
        // Parts are added to what is not yet a row group. Memory that is not used costs nothing.
        collector.reserve(2 * ROW_GROUP);
        Ok(collector)
    }

    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The rows that follow are from this file.
    pub(super) fn begin(&mut self, file: &Path) {
        self.rejected.begin(file);
    }

    /// The file that is being read lacks a field of rows, or of the entries of a list; these are what it has.
    pub(super) fn lacks(&mut self, list: Option<&str>, names: Vec<String>) {
        self.lacking.entry(list.map(String::from)).or_insert(names);
    }

    /// An empty collector for a part of the file that is being read.
    pub(super) fn part(&self) -> Collector {
        Collector { rejected: self.rejected.part(), ..Collector::new(self.fields.clone()) }
    }

    /// Makes room for as many more rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.columns.reserve(rows, self.fields.source);
    }

    /// Adds what a part of the file has gathered that begins so far behind the beginning of the file.
    pub(super) fn append(&mut self, part: Collector, shift: Shift) -> Result<()> {
        self.columns.append(part.columns);
        self.rejected.append(part.rejected, shift);
        self.rows.add(part.rows);
        self.entries.add(part.entries);
        self.bytes.add(part.bytes);
        self.pass_on()
    }

    /// Writes rows as soon as there are enough; how many are written at a time does not depend on how they came.
    pub(super) fn pass_on(&mut self) -> Result<()> {
        self.rejected.pass_on()?;
        let ready = self.columns.rows() / ROW_GROUP * ROW_GROUP;
        if self.table.is_none() || ready == 0 {
            return Ok(());
        }
        for start in (0..ready).step_by(ROW_GROUP) {
            self.write(start..start + ROW_GROUP)?;
        }
        self.columns.remove(ready);
        Ok(())
    }

    /// Writes some rows.
    fn write(&mut self, rows: Range<usize>) -> Result<()> {
        self.report.rows_out += rows.len() as u64;
        let times = self.columns.timestamps.get(rows.clone()).unwrap_or_default();
        self.report.span(times.iter().copied().min().into_iter().chain(times.iter().copied().max()));
        match &mut self.table {
            Some(table) if !rows.is_empty() => {
                table.add(|columns| self.columns.row_group(rows, self.fields.source, columns))
            }
            _ => Ok(()),
        }
    }

    /// What is no record at all: it counts for a row, and as it may have been many rows, for its bytes as well.
    pub(super) fn unreadable(&mut self, place: &Place, reason: impl Into<String>) {
        self.bytes.rejected += place.bytes;
        self.reject(place, reason.into());
    }

    fn reject(&mut self, place: &Place, reason: String) {
        self.rows.seen += 1;
        self.rows.rejected += 1;
        self.rejected.row(place, reason);
    }

    /// Judges a row: its values join the columns, or it joins the rejected.
    pub(super) fn row(&mut self, record: &Record, place: &Place) {
        let mut record = Cow::Borrowed(record);
        for (first, twin) in self.fields.twins() {
            let cell = record.get(*first).clone();
            record.to_mut().set(*twin, cell);
        }
        let record = &*record;
        let judged = match self.fields.source {
            Source::Impressions => self.impressions(record, place),
            Source::Clicks | Source::AddToCarts => event(record),
            Source::PreviousOrders => self.order(record),
        };
        match judged {
            Ok(values) => self.accept(&values),
            Err((role, problem)) => self.reject(place, self.reason(role, problem)),
        }
    }

    /// Takes in a row that is known to be good.
    pub(super) fn accept(&mut self, values: &Values) {
        self.rows.seen += 1;
        self.entries.seen += values.entries.len() as u64;
        self.columns.push(values, self.fields.source);
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
        let (mut entries, mut faults) = (Vec::new(), BTreeMap::new());
        for cell in rules::entries(&record.impressions).map_err(of(Role::Impressions))? {
            match entry(cell) {
                Ok(good) => entries.push(good),
                Err(fault) => *faults.entry(fault).or_insert(0) += 1,
            }
        }
        let bad = faults.values().sum::<u64>();
        self.entries.seen += bad;
        self.entries.rejected += bad;
        let reasons: Vec<_> = faults.into_iter().map(|(fault, count)| (self.entry_reason(fault), count)).collect();
        self.rejected.entries(place, reasons);
        Ok(Values { customer_id, entries, ..Values::default() })
    }

    fn entry_reason(&self, fault: Option<(Role, Problem)>) -> String {
        match fault {
            Some((role, problem)) => self.reason(role, problem),
            None => format!("{}[] is not an object", self.fields.label(Role::Impressions)),
        }
    }

    fn reason(&self, role: Role, problem: Problem) -> String {
        format!("{} {}", self.fields.label(role), problem.text())
    }

    /// Writes the table of rejected rows to its end, which is done also where there are too many, or where a file cannot
    /// be read: it is what tells why.
    pub fn finish_rejected(&mut self) -> Result<()> {
        self.rejected.finish()
    }

    /// Fails when a greater share than `limit` of the rows, or of the entries of impression rows, was rejected, or when what
    /// is no row at all is a greater share of the bytes.
    pub fn check(&self, limit: f64) -> Result<()> {
        let tallies =
            [(&self.rows, "rows rejected"), (&self.entries, "entries rejected"), (&self.bytes, "bytes unreadable")];
        for (tally, unit) in tallies {
            // A quotient, which is rounded as the limit was when it was read: 29 of 100 are not more than 0.29.
            let share = tally.rejected as f64 / tally.seen.max(1) as f64;
            if share > limit {
                bail!(
                    "{} of {} {unit} ({:.2} %), more than the max_reject_fraction of {limit}\n{}{}",
                    tally.rejected,
                    tally.seen,
                    100.0 * share,
                    self.rejected.examples(),
                    self.advice(),
                );
            }
        }
        Ok(())
    }

    /// What to do if most rows, or entries, lack a field, which may have another name in them, or have it with another type.
    fn advice(&self) -> String {
        let advise = || {
            let (reason, count) = self.rejected.counts().into_iter().next()?;
            let is_it = |problem| move |role: &Role| reason == self.reason(*role, problem);
            let lacking = Role::all().find(is_it(Problem::Missing));
            let role = lacking.or_else(|| Role::all().find(is_it(Problem::WrongType)))?;
            let list = self.fields.entry_list(role);
            let tally = if list.is_some() { &self.entries } else { &self.rows };
            if 2 * count <= tally.seen {
                return None;
            }
            if lacking.is_none() {
                return Some(format!("\n  {} must be {}", self.fields.label(role), role.wanted()));
            }
            let told = self.lacking.get(&list.map(String::from)).cloned();
            let names = told.or_else(|| json::names(self.rejected.example(reason)?, list))?;
            let advice = self.fields.advice(role, names.iter().map(String::as_str));
            Some(format!("\n  it has the fields {advice}"))
        };
        advise().unwrap_or_default()
    }

    /// One line for people about the rejects; `None` if there are none.
    pub fn warning(&self) -> Option<String> {
        let entries = if self.entries.rejected > 0 {
            format!(" and {} of {} entries", self.entries.rejected, self.entries.seen)
        } else {
            String::new()
        };
        let (Tally { seen, rejected }, reasons) = (&self.rows, self.rejected.summary());
        (!reasons.is_empty()).then(|| format!("warning: rejected {rejected} of {seen} rows{entries}: {reasons}"))
    }

    /// Writes what is left, and counts what is in the tables.
    pub fn finish(mut self) -> Result<Report> {
        self.finish_rejected()?;
        self.write(0..self.columns.rows())?;
        if let Some(table) = self.table {
            table.finish()?;
        }
        self.report.rows_in = self.rows.seen;
        let counts = self.rejected.counts().into_iter();
        self.report.rejected = counts.map(|(reason, count)| (reason.to_string(), count)).collect();
        Ok(self.report)
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

impl Tally {
    fn add(&mut self, part: Tally) {
        self.seen += part.seen;
        self.rejected += part.rejected;
    }
}
