//! `unify`: clicks, add-to-carts and orders become actions.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Parser;
use tasks::actions::{Action, ActionWriter};
use tasks::calendar;
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

/// A row of the output: its order is the order of the table.
type Row = (i64, std::cmp::Reverse<Action>);

fn main() -> ExitCode {
    task::run(unify)
}

fn unify(arguments: &Unify) -> Result<Report> {
    let contract = &arguments.contract;
    let output = contract.output("actions")?;
    if contract.day.is_some() {
        contract.expect(&["clicks", "add_to_carts"], &["actions"])?;
        let mut rows = Vec::new();
        for (input, action_type) in [("clicks", ActionType::Click), ("add_to_carts", ActionType::AddToCart)] {
            for path in contract.inputs(input) {
                let events = table::read(path, &schema::events())?;
                let items = table::int32(&events, schema::ITEM_ID)?;
                let timestamps = table::instants(&events, schema::TIMESTAMP)?;
                for ((customer, item), timestamp) in
                    table::int64(&events, schema::CUSTOMER_ID)?.iter().zip(items).zip(timestamps)
                {
                    rows.push(row(*customer, *timestamp, *item, action_type));
                }
            }
        }
        let mut report = Report { rows_in: rows.len() as u64, ..Report::default() };
        write(output, rows, &mut report)?;
        return Ok(report);
    }
    contract.expect(&["previous_orders"], &["actions"])?;
    unify_orders(contract.inputs("previous_orders"), output)
}

/// Splits orders by their day, each day into a table of its own.
fn unify_orders(inputs: Vec<&Path>, folder: &Path) -> Result<Report> {
    let mut rows = Vec::new();
    for path in inputs {
        let orders = table::read(path, &schema::orders())?;
        let customers = table::int64(&orders, schema::CUSTOMER_ID)?;
        let items = table::int32(&orders, schema::ITEM_ID)?;
        let timestamps = table::instants(&orders, schema::TIMESTAMP)?;
        for (place, day) in table::days(&orders, schema::DAY)?.iter().enumerate() {
            rows.push((*day, row(customers[place], timestamps[place], items[place], ActionType::Order)));
        }
    }
    rows.sort_unstable_by_key(|(day, _)| *day);
    let mut report = Report { rows_in: rows.len() as u64, ..Report::default() };
    std::fs::create_dir(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for of_day in rows.chunk_by(|(day, _), (other, _)| day == other) {
        let Some(day) = calendar::day_of_number(of_day[0].0) else { bail!("day {} has no spelling", of_day[0].0) };
        write(&folder.join(file_of(day)), of_day.iter().map(|(_, row)| *row).collect(), &mut report)?;
    }
    Ok(report)
}

fn file_of(day: NaiveDate) -> String {
    format!("dt={day}.parquet")
}

fn row(customer: i64, timestamp: i64, item: i32, action_type: ActionType) -> Row {
    (customer, std::cmp::Reverse(Action::new(timestamp, item, action_type as i8)))
}

/// Sorts rows and writes them as a table of actions.
fn write(path: &Path, mut rows: Vec<Row>, report: &mut Report) -> Result<()> {
    // Rows that compare equal are equal, so the order is total and an unstable sort gives one result.
    rows.sort_unstable();
    let mut writer = ActionWriter::create(path)?;
    for of_customer in rows.chunk_by(|(customer, _), (other, _)| customer == other) {
        writer.customer(of_customer[0].0)?;
        of_customer.iter().for_each(|(_, action)| writer.action(action.0));
    }
    report.rows_out += writer.rows();
    report.widen(writer.times());
    writer.finish().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

impl Arguments for Unify {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
