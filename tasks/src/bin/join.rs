//! `join`: every impression gets its customer's history; the result is the training rows of a day.

use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use polars::prelude::{Int8Type, Int32Type};
use tasks::report::Report;
use tasks::task::{self, Arguments, Contract};
use tasks::wide::{self, TrainingRows};
use tasks::{schema, table};

/// Give every impression its customer's history, padded with zeros to a fixed length
///
/// As many rows come out as impressions went in, in the same order. A customer without a history gets zeros.
///
/// Inputs: impressions, histories. Outputs: rows.
#[derive(Parser)]
#[command(version)]
struct Join {
    /// How long every list is; not less than the history_length of the histories
    #[arg(long, value_name = "ACTIONS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    history_length: u32,
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(join)
}

fn join(arguments: &Join) -> Result<Report> {
    let start = std::time::Instant::now();
    let contract = &arguments.contract;
    contract.expect(&["impressions", "histories"], &["rows"])?;
    let impressions = table::read(contract.input("impressions")?, &schema::impressions())?;
    let histories = table::read(contract.input("histories")?, &schema::histories())?;
    let customers = table::int64(&impressions, schema::CUSTOMER_ID)?;
    let (offsets, items) = table::lists::<Int32Type>(&histories, schema::ACTIONS)?;
    let (type_offsets, action_types) = table::lists::<Int8Type>(&histories, schema::ACTION_TYPES)?;
    if offsets != type_offsets {
        bail!("{} and {} of the histories differ in length", schema::ACTIONS, schema::ACTION_TYPES);
    }
    let rows = TrainingRows {
        customers,
        items: table::int32(&impressions, schema::ITEM_ID)?,
        labels: &table::booleans(&impressions, schema::IS_ORDER)?,
        history_rows: &match_rows(customers, table::int64(&histories, schema::CUSTOMER_ID)?)?,
        histories: wide::Lists { offsets: &offsets, items: &items, action_types: &action_types },
        length: arguments.history_length as usize,
    };
    let path = contract.output("rows")?;
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let n = |k: &str, d: usize| std::env::var(k).ok().and_then(|t| t.parse().ok()).unwrap_or(d);
    let sizes = tasks::pages::Sizes { row_group: n("WIDE_RG", 32768), page: n("WIDE_PAGE", 1024) };
    eprintln!("read {:?}", start.elapsed());
    wide::write(BufWriter::with_capacity(1 << 20, file), &rows, sizes, task::threads())
        .with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("written {:?}", start.elapsed());
    let count = customers.len() as u64;
    Ok(Report { rows_in: count, rows_out: count, ..Report::default() })
}

/// For each of `customers`, its place among `known`; both ascend.
fn match_rows(customers: &[i64], known: &[i64]) -> Result<Vec<Option<usize>>> {
    if !customers.is_sorted() || !known.is_sorted_by(|a, b| a < b) {
        bail!("impressions and histories must be sorted by customer_id, histories with each customer once");
    }
    let mut place = 0;
    let matches = customers.iter().map(|customer| {
        while known.get(place).is_some_and(|other| other < customer) {
            place += 1;
        }
        (known.get(place) == Some(customer)).then_some(place)
    });
    Ok(matches.collect())
}

impl Arguments for Join {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
