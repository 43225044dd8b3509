//! `history`: the newest actions before a day, of each customer who was shown something that day.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tasks::actions::ActionFile;
use tasks::actions::era::eras;
use tasks::histories::HistoryWriter;
use tasks::history::Wanted;
use tasks::report::{Report, Span};
use tasks::task::{self, Arguments, Contract};
use tasks::{calendar, schema, table};

/// Find the newest actions of each customer who was shown something on a day
///
/// The actions are given as any number of tables, of a day or of a month each; which days these are is the look-back. Of
/// them an action counts if it is stamped before the day begins, so that an event filed under an earlier day but stamped later
/// cannot leak. Newest first; ties by item_id, then by action_type, both descending. A customer without actions has an
/// empty history.
///
/// Inputs: impressions; months, actions and orders (any number, all tables of actions). Outputs: histories.
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
    contract.expect(&["impressions", "months", "actions", "orders"], &["histories"])?;
    let midnight = i64::from(calendar::day_number(contract.day()?)) * calendar::DAY;
    let mut customers = {
        let impressions = table::read(contract.input("impressions")?, schema::impressions())?;
        table::int64(&impressions, schema::CUSTOMER_ID)?.to_vec()
    };
    customers.sort_unstable();
    customers.dedup();
    let mut files = Vec::new();
    for path in ["months", "actions", "orders"].iter().flat_map(|name| contract.inputs(name)) {
        files.push(ActionFile::open(path)?);
    }
    // The span is said even if no action is used: that nothing after the day was used must not be confused with silence.
    let rows_in = files.iter().map(|file| file.rows() as u64).sum();
    let mut report = Report { rows_in, events: Some(Span::default()), ..Report::default() };
    let wanted = Wanted { customers: &customers, length: arguments.history_length as usize, before: midnight };
    let mut writer = HistoryWriter::create(contract.output("histories")?)?;
    wanted.find(&eras(files), task::threads(), |(histories, times)| {
        report.rows_out += histories.customers.len() as u64;
        report.widen(times);
        writer.write(&histories)
    })?;
    writer.finish()?;
    Ok(report)
}

impl Arguments for History {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
