//! `unify`: clicks, add-to-carts and orders become actions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Parser;
use polars::prelude::DataFrame;
use tasks::actions::{Action, ActionWriter};
use tasks::report::Report;
use tasks::schema::{self, ActionType};
use tasks::task::{self, Arguments, Contract};
use tasks::{calendar, order, table};

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

/// Actions side by side with the customers whose they are.
#[derive(Default)]
struct Actions {
    customers: Vec<i64>,
    actions: Vec<Action>,
}

fn main() -> ExitCode {
    task::run(unify)
}

fn unify(arguments: &Unify) -> Result<Report> {
    let contract = &arguments.contract;
    let output = contract.output("actions")?;
    if contract.day.is_some() {
        contract.expect(&["clicks", "add_to_carts"], &["actions"])?;
        let mut actions = Actions::default();
        for (input, action_type) in [("clicks", ActionType::Click), ("add_to_carts", ActionType::AddToCart)] {
            for path in contract.inputs(input) {
                let events = table::read(path, &schema::events())?;
                actions.take(&events, 0..events.height(), action_type)?;
            }
        }
        let mut report = Report { rows_in: actions.customers.len() as u64, ..Report::default() };
        actions.write(output, &mut report)?;
        return Ok(report);
    }
    contract.expect(&["previous_orders"], &["actions"])?;
    unify_orders(contract.inputs("previous_orders"), output)
}

/// Splits orders by their day, each day into a table of its own.
fn unify_orders(inputs: Vec<&Path>, folder: &Path) -> Result<Report> {
    let mut days = BTreeMap::<i32, Actions>::new();
    let mut report = Report::default();
    for path in inputs {
        let orders = table::read(path, &schema::orders())?;
        report.rows_in += orders.height() as u64;
        let mut start = 0;
        for of_day in table::days(&orders, schema::DAY)?.chunk_by(|day, other| day == other) {
            let rows = start..start + of_day.len();
            start = rows.end;
            days.entry(of_day[0]).or_default().take(&orders, rows, ActionType::Order)?;
        }
    }
    std::fs::create_dir(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (number, actions) in days {
        let Some(day) = calendar::day_of_number(number) else { bail!("day {number} has no spelling") };
        actions.write(&folder.join(file_of(day)), &mut report)?;
    }
    Ok(report)
}

fn file_of(day: NaiveDate) -> String {
    format!("dt={day}.parquet")
}

impl Actions {
    /// Takes in some rows of a table of events.
    fn take(&mut self, events: &DataFrame, rows: Range<usize>, action_type: ActionType) -> Result<()> {
        let items = &table::int32(events, schema::ITEM_ID)?[rows.clone()];
        let timestamps = &table::instants(events, schema::TIMESTAMP)?[rows.clone()];
        self.customers.extend_from_slice(&table::int64(events, schema::CUSTOMER_ID)?[rows]);
        let actions = timestamps.iter().zip(items);
        self.actions.extend(actions.map(|(timestamp, item)| Action::new(*timestamp, *item, action_type as i8)));
        Ok(())
    }

    /// Writes a table of actions, sorted.
    fn write(&self, path: &Path, report: &mut Report) -> Result<()> {
        let mut writer = ActionWriter::create(path)?;
        let order = order::by_customer(&self.customers);
        let mut actions: Vec<Action> = order.iter().map(|row| self.actions[*row]).collect();
        let mut rest = &mut actions[..];
        for rows in order.chunk_by(|a, b| self.customers[*a] == self.customers[*b]) {
            let (of_customer, others) = rest.split_at_mut(rows.len());
            of_customer.sort_unstable_by(|a, b| b.cmp(a));
            writer.customer(self.customers[rows[0]])?;
            writer.actions(of_customer);
            rest = others;
        }
        report.rows_out += writer.rows();
        report.widen(writer.times());
        writer.finish().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }
}

impl Arguments for Unify {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
