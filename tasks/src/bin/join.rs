//! `join`: every impression gets its customer's history; the result is the training rows of a day.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tasks::output;
use tasks::report::Report;
use tasks::task::{self, Arguments, Contract};
use tasks::training::{PORTION, Tables};
use tasks::wide::{self, WideWriter};

/// Give every impression its customer's history, padded with zeros to a fixed length
///
/// As many rows come out as impressions went in, in the same order. An
/// empty history becomes zeros; that a customer has none at all is an error.
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
    let contract = &arguments.contract;
    contract.expect(&["impressions", "histories"], &["rows"])?;
    let tables = Tables::open(contract.input("impressions")?, contract.input("histories")?)?;
    let length = arguments.history_length as usize;
    let rows = output::create(contract.output("rows")?)?;
    let mut writer = WideWriter::new(rows, length, wide::sizes(length), task::threads())?;
    tables.portions(PORTION, |rows| writer.write(rows))?;
    writer.finish()?;
    let count = tables.rows() as u64;
    Ok(Report { rows_in: count, rows_out: count, ..Report::default() })
}

impl Arguments for Join {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
