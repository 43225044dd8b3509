//! A small shop whose raw files grow by a day each morning, and the runner over them.
//!
//! It knows which raw files there are and may change any of them. What is wrong with a morning, and what has to be true
//! in the evening, is in `soak.rs`.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]
#![allow(clippy::disallowed_methods, reason = "tests write files and start programs")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use chrono::{Days, NaiveDate};

use crate::support::{Chance, Ended, Space, end};

/// Days of events before the first morning.
const BEFORE: u64 = 20;
/// Days that a morning asks for.
pub const WINDOW: u64 = 5;
/// Days that a history looks back: fewer than two months, so that it takes a month and some days.
const LOOKBACK: u64 = 40;

const CUSTOMERS: u64 = 12;
const ITEMS: u64 = 40;

/// The shop on a morning.
pub struct Mornings {
    pub space: Space,
    pub chance: Chance,
    /// The number of the newest day.
    pub today: u64,
    /// Where days are published: it moves.
    pub output: String,
    /// All lines of the table of orders.
    orders: Vec<String>,
}

impl Mornings {
    pub fn new(name: &str, seed: u64) -> Mornings {
        let mut mornings = Mornings {
            space: Space::new(name),
            chance: Chance(seed),
            today: 0,
            output: "output".into(),
            orders: Vec::new(),
        };
        let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("pipeline.yaml");
        let pipeline = fs::read_to_string(pipeline).unwrap();
        let smaller = pipeline
            .replace("&lookback_days 365", &format!("&lookback_days {LOOKBACK}"))
            .replace("&history_length 1000", "&history_length 30");
        assert_ne!(smaller, pipeline);
        mornings.space.write("pipeline.yaml", smaller);
        for _ in 0..BEFORE {
            mornings.next_day();
        }
        mornings
    }

    /// The raw files of the next day arrive, and the table of orders is written anew with some more rows.
    pub fn next_day(&mut self) {
        self.today += 1;
        let day = self.today;
        for source in ["clicks", "add_to_carts", "impressions"] {
            let rows = 3 + self.chance.below(12);
            self.write_day(source, day, "a", rows);
        }
        for _ in 0..2 {
            let order = format!(
                "{{\"order_date\":\"{}\",\"customer_id\":{},\"config_id\":{}}}\n",
                date(day),
                1 + self.chance.below(CUSTOMERS),
                1 + self.chance.below(ITEMS)
            );
            self.orders.push(order);
        }
        self.write_orders();
    }

    /// Writes a file of a day, in a format that its name shows, with so many rows.
    pub fn write_day(&mut self, source: &str, day: u64, name: &str, rows: u64) {
        let csv = self.chance.below(3) == 0;
        let mut text = String::new();
        if csv {
            text += match source {
                "clicks" => "customer_id,item_id,click_time\n",
                "add_to_carts" => "customer_id,config_id,occurred_at\n",
                _ => "customer_id,impressions\n",
            };
        }
        for _ in 0..rows {
            let (customer, item) = (1 + self.chance.below(CUSTOMERS), 1 + self.chance.below(ITEMS));
            // Some are stamped after midnight, as events that come late are.
            let stamped = day + self.chance.below(8) / 7;
            let time = format!("{}T{:02}:30:00Z", date(stamped), self.chance.below(24));
            let label = self.chance.below(2) == 0;
            match (source, csv) {
                ("clicks", false) => {
                    writeln!(text, r#"{{"customer_id":{customer},"item_id":{item},"click_time":"{time}"}}"#)
                }
                ("add_to_carts", false) => {
                    writeln!(text, r#"{{"customer_id":{customer},"config_id":{item},"occurred_at":"{time}"}}"#)
                }
                (_, false) => writeln!(
                    text,
                    r#"{{"customer_id":{customer},"impressions":[{{"item_id":{item},"is_order":{label}}}]}}"#
                ),
                ("clicks" | "add_to_carts", true) => writeln!(text, "{customer},{item},{time}"),
                (_, true) => writeln!(text, r#"{customer},"[{{""item_id"":{item},""is_order"":{label}}}]""#),
            }
            .unwrap();
        }
        for other in ["json", "csv"] {
            let _ = fs::remove_file(self.space.path(&format!("{}/{name}.{other}", folder(source, day))));
        }
        let ending = if csv { "csv" } else { "json" };
        self.space.write(&format!("{}/{name}.{ending}", folder(source, day)), text);
    }

    /// Some orders are corrected: of days anywhere in the look-back.
    pub fn correct_orders(&mut self) {
        for _ in 0..1 + self.chance.below(3) {
            let place = self.chance.below(self.orders.len() as u64) as usize;
            self.orders.swap_remove(place);
        }
        self.write_orders();
    }

    fn write_orders(&self) {
        self.space.write("raw/previous_orders/all.json", self.orders.concat());
    }

    /// A day of the window or not long before it, but not the newest.
    pub fn earlier_day(&mut self) -> u64 {
        self.today - 1 - self.chance.below(2 * WINDOW)
    }

    pub fn source(&mut self) -> &'static str {
        ["clicks", "add_to_carts", "impressions"][self.chance.below(3) as usize]
    }

    /// The runner over some days up to this morning's.
    pub fn command(&self, verb: &str, days: u64, cache: &str, output: &str) -> Command {
        let mut command = self.space.command(env!("CARGO_BIN_EXE_read"), "runner");
        command.args([verb, "--from", &date(self.today + 1 - days), "--to", &date(self.today)]);
        command.args(["--data", "raw", "--cache", cache, "--output", output]);
        command
    }

    /// A run of this morning.
    pub fn run_command(&self) -> Command {
        self.command("run", WINDOW, "cache", &self.output)
    }

    pub fn run(&self, more: &[&str]) -> Ended {
        let mut command = self.run_command();
        command.args(more);
        end(command)
    }

    /// `runner cache VERB`, on this cache.
    pub fn cache_command(&self, verb: &str, more: &[&str]) -> Command {
        let mut command = self.space.command(env!("CARGO_BIN_EXE_read"), "runner");
        command.args(["cache", verb, "--cache", "cache"]).args(more);
        command
    }

    /// The published days of the window, each with its files.
    pub fn days(&self, output: &str) -> Vec<(String, Vec<u8>)> {
        let first = format!("dt={}", date(self.today + 1 - WINDOW));
        let files = self.space.tree(output).into_iter();
        files.filter(|(path, _)| !path.starts_with('.') && path.as_str() >= first.as_str()).collect()
    }

    /// How many bytes the files below a folder of the space take: several names of one file count once.
    pub fn bytes(&self, folder: &str, fits: impl Fn(&str) -> bool) -> u64 {
        let paths = self.space.tree(folder).into_iter().map(|(path, _)| path).filter(|path| fits(path));
        let files = paths.map(|path| fs::metadata(self.space.path(folder).join(path)).unwrap());
        files.map(|file| (file.ino(), file.len())).collect::<BTreeMap<_, _>>().into_values().sum()
    }
}

/// Where the raw files of a day are.
pub fn folder(source: &str, day: u64) -> String {
    format!("raw/{source}/dt={}", date(day))
}

/// A day of the shop, by its number.
pub fn date(day: u64) -> String {
    let first = NaiveDate::from_ymd_opt(2024, 1, 10).unwrap();
    first.checked_add_days(Days::new(day)).unwrap().format("%Y-%m-%d").to_string()
}
