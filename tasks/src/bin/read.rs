//! `read`: raw event files become one typed table; rows that break a rule go to a table of rejected rows.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use tasks::raw::{Collector, Fields, Format, Source, read_file};
use tasks::report::Report;
use tasks::task::{self, Arguments, Contract};

/// Read raw event files of one source into a typed Parquet table
///
/// Files may be JSON objects, one a line or one after the other (.json, .jsonl, .ndjson), CSV with a header (.csv), each
/// also packed as .gz or .zst, and Parquet. Text may also come from a pipe. The rows keep the order of the files as given
/// and of the rows in them.
///
/// A row that breaks a rule (unreadable, a field missing, null, of the wrong type or out of range) is not let through:
/// it goes to `rejected` with its file, line, reason and raw text (up to 64 KiB). That table is also there after a file
/// could not be read, or too much was rejected. A JSON object of more than 8 MiB is rejected unread; a CSV file with a row
/// that long is refused.
///
/// Inputs: raw (any number). Outputs: rows, rejected.
///
/// Example: read --source clicks --in raw=clicks.json --out rows=rows.parquet --out rejected=rejected.parquet
#[derive(Parser)]
#[command(version)]
struct Read {
    /// Which of the four sources the files belong to
    #[arg(long, value_enum)]
    source: Source,
    /// What the files hold, if their names do not say so
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The name of a field in the files, e.g. --field item_id=product; may be repeated
    ///
    /// The fields are customer_id, item_id, timestamp (clicks, add_to_carts; on request previous_orders), day
    /// (previous_orders), impressions, is_order (impressions).
    #[arg(long = "field", value_name = "FIELD=NAME", value_parser = field)]
    fields: Vec<(String, String)>,
    /// Fail if a greater share of the rows, or of the entries of impression rows, is rejected
    ///
    /// Also if what is no row at all (unreadable JSON, for example) is a greater share of the bytes.
    #[arg(long, value_name = "FRACTION", default_value_t = 0.01, value_parser = fraction)]
    max_reject_fraction: f64,
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(read)
}

fn read(arguments: &Read) -> Result<Report> {
    arguments.contract.expect(&["raw"], &["rows", "rejected"])?;
    if arguments.source == Source::PreviousOrders && arguments.contract.day.is_some() {
        bail!(
            "an order belongs to its own day, whatever the day of its file: read previous_orders as a whole, without --day"
        );
    }
    let fields = Fields::new(arguments.source, &arguments.fields)?;
    let outputs = (arguments.contract.output("rows")?, arguments.contract.output("rejected")?);
    let mut collector = Collector::create(fields, outputs.0, outputs.1)?;
    let mut files = arguments.contract.inputs("raw").into_iter();
    let read = files.try_for_each(|file| read_file(file, arguments.format, &mut collector));
    collector.finish_rejected()?;
    read?;
    collector.check(arguments.max_reject_fraction)?;
    // Who asks for a report is told there.
    if let Some(warning) = collector.warning().filter(|_| !arguments.contract.reports()) {
        task::complain(&warning);
    }
    collector.finish()
}

impl Arguments for Read {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}

fn field(text: &str) -> Result<(String, String), String> {
    let (field, name) = text.split_once('=').ok_or("it is written FIELD=NAME")?;
    Ok((field.to_string(), name.to_string()))
}

fn fraction(text: &str) -> Result<f64, String> {
    let fraction = text.parse::<f64>().ok().filter(|fraction| (0.0..=1.0).contains(fraction));
    fraction.ok_or_else(|| "a fraction lies between 0 and 1".to_string())
}
