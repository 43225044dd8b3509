//! `merge`: many tables of actions become one.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tasks::actions::era::eras;
use tasks::actions::{ActionFile, ActionWriter};
use tasks::merge::merge;
use tasks::report::Report;
use tasks::task::{self, Arguments, Contract};

/// Merge many tables of actions into one
///
/// All actions come out, ordered as in every table of actions: by customer_id, then newest first, then by item_id and
/// action_type, both descending. A history that reads the tables of whole months opens a dozen files instead of
/// hundreds.
///
/// Inputs: actions and orders (any number, all tables of actions). Outputs: actions.
#[derive(Parser)]
#[command(version)]
struct Merge {
    #[command(flatten)]
    contract: Contract,
}

fn main() -> ExitCode {
    task::run(run)
}

fn run(arguments: &Merge) -> Result<Report> {
    let contract = &arguments.contract;
    contract.expect(&["actions", "orders"], &["actions"])?;
    let inputs = contract.inputs("actions").into_iter().chain(contract.inputs("orders"));
    let files = inputs.map(ActionFile::open).collect::<Result<Vec<_>>>()?;
    let mut report = Report { rows_in: files.iter().map(|file| file.rows() as u64).sum(), ..Report::default() };
    let mut writer = ActionWriter::create(contract.output("actions")?)?;
    merge(&eras(files), &mut writer)?;
    report.widen(writer.times());
    report.rows_out = writer.rows();
    writer.finish()?;
    Ok(report)
}

impl Arguments for Merge {
    fn contract(&self) -> &Contract {
        &self.contract
    }
}
