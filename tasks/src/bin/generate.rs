//! `generate`: synthetic raw events, to try the pipeline on and to measure it with.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use chrono::{Days, NaiveDate};
use clap::Parser;
use tasks::synthetic::{self, Shop, Spelling};
use tasks::task::{complain, parse_day, report_faults};

/// Generate synthetic raw events in the usual layout of the four sources
///
/// Customers and items follow power laws: a few customers act thousands of times, most hardly ever, and some are shown
/// items without ever acting. There are ties, duplicates, and events stamped after the day that they are filed under.
/// The same arguments give the same files.
#[derive(Parser)]
#[command(version)]
struct Generate {
    /// Where to write; a new folder, or one without the four sources
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Customers that act; a twentieth as many more are only shown items
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    customers: u64,
    /// Items in the catalogue
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    items: u64,
    /// All days
    #[arg(long, default_value_t = 74, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// The last days, with impressions; the days before have only actions
    #[arg(long, default_value_t = 14)]
    impression_days: u32,
    /// The last of the days
    #[arg(long, value_name = "DAY", default_value = "2025-08-16", value_parser = parse_day)]
    last_day: NaiveDate,
    /// Clicks, add-to-carts and orders of a day together
    #[arg(long, default_value_t = 20_000)]
    actions_per_day: u64,
    /// Impression rows of a day, each with 1 to 19 items
    #[arg(long, default_value_t = 1_000)]
    impression_rows_per_day: u64,
    /// The share of rows, and of the entries of impression rows, that break a rule; all of them on every fifth day
    #[arg(long, value_name = "FRACTION", default_value_t = 0.0)]
    bad: f64,
    /// The share of what customers do that goes by their taste, from 0 to 1; 0: there is nothing to learn
    ///
    /// Each customer favours an eighth of the items, and no file says which. That share of actions falls on favoured
    /// items. As large a share of the items shown is ordered by taste: favoured ones 12 times as often as others, and the
    /// best-selling twentieth 2.5 times as often as the rest, whoever is shown them. So popularity tells something, and
    /// histories tell more.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = parse_share)]
    taste: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value = "json")]
    format: Spelling,
}

fn main() -> ExitCode {
    report_faults();
    match generate(Generate::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn generate(arguments: Generate) -> Result<()> {
    let before = Days::new(u64::from(arguments.days) - 1);
    let shop = Shop {
        customers: arguments.customers,
        items: arguments.items,
        first_day: arguments.last_day.checked_sub_days(before).context("so many days before do not exist")?,
        days: arguments.days,
        impression_days: arguments.impression_days.min(arguments.days),
        actions_per_day: arguments.actions_per_day,
        impression_rows_per_day: arguments.impression_rows_per_day,
        seed: arguments.seed,
        bad: arguments.bad,
        taste: arguments.taste,
        spelling: arguments.format,
        out: arguments.out,
    };
    synthetic::check_empty(&shop.out)?;
    let made = synthetic::generate(&shop)?;
    complain(&format!("{} events and {} impressions in {}", made.events, made.impressions, shop.out.display()));
    Ok(())
}

fn parse_share(text: &str) -> Result<f64> {
    let share = text.parse()?;
    ensure!((0.0..=1.0).contains(&share), "it must be from 0 to 1");
    Ok(share)
}
