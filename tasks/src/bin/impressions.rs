//! `impressions`: the items shown on a day, ordered by customer.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use polars::prelude::{BooleanChunked, Int32Chunked, Int64Chunked, IntoColumn, NewChunkedArray};
use tasks::report::Report;
use tasks::task::{self, Arguments, Contract};
use tasks::{order, schema, table};

/// Order the items shown on a day by customer
///
/// One row for every item shown, ordered by customer_id and then as in the raw files, which is the order of the
/// training rows.
///
/// Inputs: shown. Outputs: impressions.
#[derive(Parser)]
#[command(version)]
struct Impressions {
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(impressions)
}

fn impressions(arguments: &Impressions) -> Result<Report> {
    arguments.contract.expect(&["shown"], &["impressions"])?;
    let shown = table::read(arguments.contract.input("shown")?, schema::impressions())?;
    let customers = table::int64(&shown, schema::CUSTOMER_ID)?;
    let items = table::int32(&shown, schema::ITEM_ID)?;
    let labels: Vec<bool> = table::booleans(&shown, schema::IS_ORDER)?;
    let order = order::by_customer(customers);
    let columns = vec![
        Int64Chunked::from_iter_values(schema::CUSTOMER_ID.into(), order.iter().map(|row| customers[*row]))
            .into_column(),
        Int32Chunked::from_iter_values(schema::ITEM_ID.into(), order.iter().map(|row| items[*row])).into_column(),
        BooleanChunked::from_iter_values(schema::IS_ORDER.into(), order.iter().map(|row| labels[*row])).into_column(),
    ];
    table::write(arguments.contract.output("impressions")?, schema::impressions(), columns)?;
    let rows = order.len() as u64;
    Ok(Report { rows_in: rows, rows_out: rows, ..Report::default() })
}

impl Arguments for Impressions {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
