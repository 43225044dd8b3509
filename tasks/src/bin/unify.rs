//! `unify`: clicks, add-to-carts and orders become actions.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Parser;
use tasks::actions::ActionWriter;
use tasks::actions::sort::Sorter;
use tasks::calendar;
use tasks::events::{Block, Event, EventFile};
use tasks::report::Report;
use tasks::schema::{self, ActionType};
use tasks::table;
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
                tables.push((EventFile::open(path)?, action_type));
            }
        }
        // Customers first: the sorter has to know how many events there are of each range of them.
        let mut customers = Vec::with_capacity(tables.iter().map(|(table, _)| table.rows()).sum());
        let mut block = Block::default();
        for (table, _) in &tables {
            for group in 0..table.groups() {
                table.read_customers(group, &mut block)?;
                customers.extend(block.customers());
            }
        }
        let mut sorter = Sorter::new(customers);
        for (table, action_type) in &tables {
            for group in 0..table.groups() {
                table.read(group, &mut block)?;
                sorter.add(block.events(), *action_type);
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
    let mut days = BTreeMap::<i32, Vec<Event>>::new();
    for path in inputs {
        let table = table::read(path, schema::orders())?;
        let orders = table::int64(&table, schema::CUSTOMER_ID)?.iter().zip(table::int32(&table, schema::ITEM_ID)?);
        let times = table::instants(&table, schema::TIMESTAMP)?.iter().zip(table::days(&table, schema::DAY)?);
        for ((customer, item), (timestamp, day)) in orders.zip(times) {
            days.entry(*day).or_default().push((*customer, *item, *timestamp));
        }
    }
    std::fs::create_dir(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut report = Report::default();
    for (number, orders) in days {
        let Some(day) = calendar::day_of_number(number) else { bail!("day {number} has no spelling") };
        let mut sorter = Sorter::new(orders.iter().map(|order| order.0).collect());
        sorter.add(orders.into_iter(), ActionType::Order);
        write(&folder.join(file_of(day)), sorter, &mut report)?;
    }
    Ok(report)
}

fn file_of(day: NaiveDate) -> String {
    format!("dt={day}.parquet")
}

/// Writes a table of actions, sorted.
fn write(path: &Path, sorter: Sorter, report: &mut Report) -> Result<()> {
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
    writer.finish().map(drop)
}

impl Arguments for Unify {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
