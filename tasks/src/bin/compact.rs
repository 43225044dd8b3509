//! `compact`: what `join` makes, without the repetition: the histories of a day, and its impressions with the row of each
//! one's history.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tasks::compact::{self, CompactWriter};
use tasks::output;
use tasks::report::Report;
use tasks::task::{self, Arguments, Contract};
use tasks::training::{PORTION, Tables};

/// Write the training rows of a day with each history once, and for each impression the row of its history
///
/// As many samples come out as impressions went in, in the same order. Histories are not padded; every customer who was
/// shown something must have one, though it may be empty.
///
/// Inputs: impressions, histories. Outputs: histories, samples.
#[derive(Parser)]
#[command(version)]
struct Compact {
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(compact)
}

fn compact(arguments: &Compact) -> Result<Report> {
    let contract = &arguments.contract;
    contract.expect(&["impressions", "histories"], &["histories", "samples"])?;
    let tables = Tables::open(contract.input("impressions")?, contract.input("histories")?)?;
    let create = |name| output::create(contract.output(name)?);
    let (histories, samples) = (create("histories")?, create("samples")?);
    let mut writer = CompactWriter::new(histories, samples, compact::SIZES, task::threads())?;
    tables.portions(PORTION, |rows| writer.write(rows))?;
    writer.finish()?;
    let count = tables.rows() as u64;
    Ok(Report { rows_in: count, rows_out: count, ..Report::default() })
}

impl Arguments for Compact {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
