//! `history`: the newest actions before a day, of each customer who was shown something that day.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use polars::prelude::{
    DataType, Int8Type, Int32Type, Int64Chunked, IntoColumn, ListBuilderTrait, ListPrimitiveChunkedBuilder,
};
use tasks::history::{ActionTable, Histories};
use tasks::report::{Report, Span};
use tasks::task::{self, Arguments, Contract};
use tasks::{calendar, schema, table};

/// Find the newest actions of each customer who was shown something on a day
///
/// The actions are given as any number of tables, usually one a day; which days these are is the look-back. Of them an
/// action counts if it is stamped before the day begins, so that an event filed under an earlier day but stamped later
/// cannot leak. Newest first; ties by item_id, then by action_type, both descending. A customer without actions has an
/// empty history.
///
/// Inputs: impressions, actions and orders (any number). Outputs: histories.
#[derive(Parser)]
#[command(version)]
struct History {
    /// Actions to keep of each customer
    #[arg(long, value_name = "ACTIONS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    history_length: u32,
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(history)
}

fn history(arguments: &History) -> Result<Report> {
    let contract = &arguments.contract;
    contract.expect(&["impressions", "actions", "orders"], &["histories"])?;
    let midnight = i64::from(calendar::day_number(contract.day()?)) * calendar::DAY;
    let mut customers = {
        let impressions = table::read(contract.input("impressions")?, &schema::impressions())?;
        table::int64(&impressions, schema::CUSTOMER_ID)?.to_vec()
    };
    customers.sort_unstable();
    customers.dedup();
    // Said even if no action is used: that nothing after the day was used must not be confused with silence.
    let mut report = Report { events: Some(Span::default()), ..Report::default() };
    let mut histories = Histories::new(customers, arguments.history_length as usize, midnight);
    for path in contract.inputs("actions").into_iter().chain(contract.inputs("orders")) {
        let actions = table::read(path, &schema::actions())?;
        report.rows_in += actions.height() as u64;
        let table = ActionTable {
            customers: table::int64(&actions, schema::CUSTOMER_ID)?,
            items: table::int32(&actions, schema::ITEM_ID)?,
            action_types: table::int8(&actions, schema::ACTION_TYPE)?,
            timestamps: table::instants(&actions, schema::TIMESTAMP)?,
        };
        histories.add(&table).with_context(|| format!("cannot use {}", path.display()))?;
    }
    write(contract, histories, report)
}

fn write(contract: &Contract, histories: Histories, mut report: Report) -> Result<Report> {
    let mut customers = Vec::new();
    let mut items = ListPrimitiveChunkedBuilder::<Int32Type>::new(schema::ACTIONS.into(), 0, 0, DataType::Int32);
    let mut action_types =
        ListPrimitiveChunkedBuilder::<Int8Type>::new(schema::ACTION_TYPES.into(), 0, 0, DataType::Int8);
    for (customer, actions) in histories.finish() {
        customers.push(customer);
        items.append_values_iter(actions.iter().map(|action| action.item_id()));
        action_types.append_values_iter(actions.iter().map(|action| action.action_type()));
        report.span(actions.iter().map(|action| action.timestamp()));
    }
    report.rows_out = customers.len() as u64;
    let columns = vec![
        Int64Chunked::from_vec(schema::CUSTOMER_ID.into(), customers).into_column(),
        items.finish().into_column(),
        action_types.finish().into_column(),
    ];
    table::write(contract.output("histories")?, &schema::histories(), columns)?;
    Ok(report)
}

impl Arguments for History {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
