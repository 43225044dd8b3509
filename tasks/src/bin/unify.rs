//! `unify`: clicks, add-to-carts and orders become actions.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Parser;
use polars::prelude::DataFrame;
use tasks::actions::ActionWriter;
use tasks::actions::sort::{Events, Sorter};
use tasks::calendar;
use tasks::report::Report;
use tasks::schema::{self, ActionType};
use tasks::table::{self, TableFile};
use tasks::task::{self, Arguments, Contract};

/// Turn clicks, add-to-carts and orders into one table of actions
///
/// Clicks and add-to-carts belong to --day. Orders carry their own day, so they are unified apart from the others and
/// without --day: the output is then a folder with a table for each day that has orders, dt=YYYY-MM-DD.parquet.
///
/// The actions are sorted by customer_id, then newest first, then by item_id and action_type, both descending.
///
/// Inputs: clicks, add_to_carts (with --day), or previous_orders (without). Outputs: actions.
#[derive(Parser)]
#[command(version)]
struct Unify {
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(unify)
}

fn unify(arguments: &Unify) -> Result<Report> {
    let contract = &arguments.contract;
    let output = contract.output("actions")?;
    if contract.day.is_some() {
        contract.expect(&["clicks", "add_to_carts"], &["actions"])?;
        let mut tables = Vec::new();
        for (input, action_type) in [("clicks", ActionType::Click), ("add_to_carts", ActionType::AddToCart)] {
            for path in contract.inputs(input) {
                tables.push((TableFile::open(path, schema::events())?, action_type));
            }
        }
        // Customers first: the sorter has to know how many events there are of each range of them.
        let mut customers = Vec::with_capacity(tables.iter().map(|(table, _)| table.rows()).sum());
        for part in tables.iter().flat_map(|(table, _)| table.parts(&[schema::CUSTOMER_ID])) {
            customers.extend_from_slice(table::int64(&part?, schema::CUSTOMER_ID)?);
        }
        let mut sorter = Sorter::new(customers);
        for (table, action_type) in &tables {
            for part in table.parts(&table.names()) {
                sorter.add(&events_of(&part?, *action_type)?);
            }
        }
        let mut report = Report::default();
        write(output, sorter, &mut report)?;
        return Ok(report);
    }
    contract.expect(&["previous_orders"], &["actions"])?;
    unify_orders(contract.inputs("previous_orders"), output)
}

/// Splits orders by their day, each day into a table of its own.
fn unify_orders(inputs: Vec<&Path>, folder: &Path) -> Result<Report> {
    let mut days = BTreeMap::<i32, (Vec<i64>, Vec<i32>, Vec<i64>)>::new();
    for path in inputs {
        let table = table::read(path, schema::orders())?;
        let orders = events_of(&table, ActionType::Order)?;
        for (row, day) in table::days(&table, schema::DAY)?.iter().enumerate() {
            let (customers, items, timestamps) = days.entry(*day).or_default();
            customers.push(orders.customers[row]);
            items.push(orders.items[row]);
            timestamps.push(orders.timestamps[row]);
        }
    }
    std::fs::create_dir(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut report = Report::default();
    for (number, (customers, items, timestamps)) in &days {
        let Some(day) = calendar::day_of_number(*number) else { bail!("day {number} has no spelling") };
        let mut sorter = Sorter::new(customers.clone());
        sorter.add(&Events { customers, items, timestamps, action_type: ActionType::Order });
        write(&folder.join(file_of(day)), sorter, &mut report)?;
    }
    Ok(report)
}

fn file_of(day: NaiveDate) -> String {
    format!("dt={day}.parquet")
}

fn events_of(table: &DataFrame, action_type: ActionType) -> Result<Events<'_>> {
    Ok(Events {
        customers: table::int64(table, schema::CUSTOMER_ID)?,
        items: table::int32(table, schema::ITEM_ID)?,
        timestamps: table::instants(table, schema::TIMESTAMP)?,
        action_type,
    })
}

/// Writes a table of actions, sorted.
fn write(path: &Path, sorter: Sorter, report: &mut Report) -> Result<()> {
    let write = || {
        let mut writer = ActionWriter::create(path)?;
        sorter.each(|customer, actions| {
            writer.customer(customer)?;
            writer.actions(actions);
            Ok(())
        })?;
        // Every event becomes an action.
        report.rows_in += writer.rows();
        report.rows_out += writer.rows();
        report.widen(writer.times());
        writer.finish()
    };
    write().map(drop).with_context(|| format!("cannot write {}", path.display()))
}

impl Arguments for Unify {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
