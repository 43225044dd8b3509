//! `unify`: clicks, add-to-carts and orders become actions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
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

/// Events of one type, column by column.
struct Events<'a> {
    customers: &'a [i64],
    items: &'a [i32],
    timestamps: &'a [i64],
    action_type: ActionType,
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
                tables.push((table::read(path, &schema::events())?, action_type));
            }
        }
        let events = tables.iter().map(|(table, action_type)| Events::of(table, *action_type));
        let mut report = Report::default();
        write(output, &events.collect::<Result<Vec<_>>>()?, &mut report)?;
        return Ok(report);
    }
    contract.expect(&["previous_orders"], &["actions"])?;
    unify_orders(contract.inputs("previous_orders"), output)
}

/// Splits orders by their day, each day into a table of its own.
fn unify_orders(inputs: Vec<&Path>, folder: &Path) -> Result<Report> {
    let mut days = BTreeMap::<i32, (Vec<i64>, Vec<i32>, Vec<i64>)>::new();
    for path in inputs {
        let table = table::read(path, &schema::orders())?;
        let orders = Events::of(&table, ActionType::Order)?;
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
        let orders = Events { customers, items, timestamps, action_type: ActionType::Order };
        write(&folder.join(file_of(day)), &[orders], &mut report)?;
    }
    Ok(report)
}

fn file_of(day: NaiveDate) -> String {
    format!("dt={day}.parquet")
}

impl<'a> Events<'a> {
    fn of(table: &'a DataFrame, action_type: ActionType) -> Result<Self> {
        Ok(Events {
            customers: table::int64(table, schema::CUSTOMER_ID)?,
            items: table::int32(table, schema::ITEM_ID)?,
            timestamps: table::instants(table, schema::TIMESTAMP)?,
            action_type,
        })
    }

    fn action(&self, row: usize) -> Action {
        Action::new(self.timestamps[row], self.items[row], self.action_type as i8)
    }
}

/// Writes a table of actions, sorted.
fn write(path: &Path, events: &[Events], report: &mut Report) -> Result<()> {
    let writer = ActionWriter::create(path)?;
    write_sorted(writer, events, report).with_context(|| format!("cannot write {}", path.display()))
}

fn write_sorted(mut writer: ActionWriter<impl Write>, events: &[Events], report: &mut Report) -> Result<()> {
    let customers = match events {
        [only] => Cow::Borrowed(only.customers),
        _ => events.iter().flat_map(|events| events.customers).copied().collect(),
    };
    // Rows are numbered through all tables.
    let mut starts = vec![0];
    starts.extend(events.iter().scan(0, |end, events| {
        *end += events.customers.len();
        Some(*end)
    }));
    let action = |row: &usize| {
        let table = starts.partition_point(|start| start <= row) - 1;
        events[table].action(row - starts[table])
    };
    let order = order::by_customer(&customers);
    let mut actions: Vec<Action> = order.iter().map(action).collect();
    let mut rest = &mut actions[..];
    for rows in order.chunk_by(|a, b| customers[*a] == customers[*b]) {
        let (of_customer, others) = rest.split_at_mut(rows.len());
        of_customer.sort_unstable_by(|a, b| b.cmp(a));
        writer.customer(customers[rows[0]])?;
        writer.actions(of_customer);
        rest = others;
    }
    report.rows_in += customers.len() as u64;
    report.rows_out += writer.rows();
    report.widen(writer.times());
    writer.finish().map(drop)
}

impl Arguments for Unify {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
