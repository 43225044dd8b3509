//! The whole pipeline beside a naive reference, on random events: what `read` must let through, which actions a history
//! holds, and every training row, in order.

mod support;
#[path = "support/tables.rs"]
mod tables;

use std::collections::BTreeMap;

use polars::prelude::*;
use support::{Chance, Ended, Space, end};
use tables::ListRow;

const FIRST: i64 = 20_290;
const DAYS: i64 = 20;
/// The last days have impressions.
const SHOWN: i64 = 4;
const SECONDS: i64 = 86_400;

/// An action: customer, item, type, seconds since 1970, day that it belongs to.
type Action = (i64, i32, i8, i64, i64);

/// A random shop in memory, and what it would give.
struct Shop {
    actions: Vec<Action>,
    /// By day: customer, item, label.
    shown: BTreeMap<i64, Vec<(i64, i32, bool)>>,
    lookback: Option<i64>,
    length: usize,
}

impl Shop {
    fn random(chance: &mut Chance) -> Shop {
        let customers = 1 + chance.below(30) as i64;
        let power = 1 + chance.below(customers as u64) as i64;
        let mut actions = Vec::new();
        for day in FIRST..FIRST + DAYS {
            for _ in 0..chance.below(150) {
                // Few items and coarse seconds make ties; some events are stamped on another day than they are filed.
                let customer = if chance.below(3) == 0 { power } else { 1 + chance.below(customers as u64) as i64 };
                let stray = [0, 0, 0, 0, 0, 0, 1, -1][chance.below(8) as usize];
                let second = (day + stray) * SECONDS + [0, 1, 43_200, SECONDS - 1][chance.below(4) as usize];
                let kind = 1 + chance.below(3) as i8;
                let action =
                    if kind == 3 { (customer, 0, 3, day * SECONDS, day) } else { (customer, 0, kind, second, day) };
                let action = (action.0, 1 + chance.below(4) as i32, action.2, action.3, action.4);
                actions.push(action);
                if chance.below(10) == 0 {
                    actions.push(action);
                }
            }
        }
        // Orders reach further back than clicks.
        actions.push((power, 9, 3, (FIRST - 300) * SECONDS, FIRST - 300));
        let mut shown = BTreeMap::new();
        for day in FIRST + DAYS - SHOWN..FIRST + DAYS {
            let rows = 1 + chance.below(60);
            let row = |chance: &mut Chance| {
                (1 + chance.below(customers as u64 + 5) as i64, 1 + chance.below(4) as i32, chance.below(2) == 0)
            };
            shown.insert(day, (0..rows).map(|_| row(chance)).collect());
        }
        let lookback = [None, Some(1), Some(7), Some(365)][chance.below(4) as usize];
        let length = [1, 3, 50, 1000][chance.below(4) as usize];
        Shop { actions, shown, lookback, length }
    }

    /// The training rows of a day, as the contract has them.
    fn expected(&self, day: i64) -> Vec<ListRow> {
        let mut rows = self.shown[&day].clone();
        rows.sort_by_key(|row| row.0);
        rows.into_iter()
            .map(|(customer, item, label)| {
                let mut history: Vec<_> = self
                    .actions
                    .iter()
                    .filter(|action| action.0 == customer && action.4 < day && action.3 < day * SECONDS)
                    .filter(|action| self.lookback.is_none_or(|days| action.4 >= day - days))
                    .map(|action| (action.3, action.1, action.2))
                    .collect();
                history.sort_by(|a, b| b.cmp(a));
                history.resize(self.length, (0, 0, 0));
                let items = history.iter().map(|action| action.1).collect();
                (customer, Some((item, label)), items, history.iter().map(|action| action.2).collect())
            })
            .collect()
    }

    /// Writes the raw files, each source and day in a format of its own, and the pipeline.
    fn write(&self, space: &Space) {
        for day in FIRST..FIRST + DAYS {
            for (source, item, time, kind) in
                [("clicks", "item_id", "click_time", 1), ("add_to_carts", "config_id", "occurred_at", 2)]
            {
                let rows: Vec<_> = self.actions.iter().filter(|action| action.4 == day && action.2 == kind).collect();
                let columns = vec![
                    Column::new("customer_id".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
                    Column::new(item.into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()),
                    Column::new(time.into(), rows.iter().map(|row| spell(row.3)).collect::<Vec<_>>()),
                ];
                spell_rows(
                    space,
                    &format!("data/{source}/dt={}/part", date(day)),
                    columns,
                    (day + i64::from(kind)) as usize,
                );
            }
            if let Some(shown) = self.shown.get(&day) {
                let lines = shown.iter().map(|(customer, item, label)| {
                    format!("{{\"dt\":\"{}\",\"customer_id\":{customer},\"impressions\":[{{\"item_id\":{item},\"is_order\":{label}}}]}}\n", date(day))
                });
                space.write(&format!("data/impressions/dt={}/part.json", date(day)), lines.collect::<String>());
            }
        }
        let orders: Vec<_> = self.actions.iter().filter(|action| action.2 == 3).collect();
        let columns = vec![
            Column::new("order_date".into(), orders.iter().map(|row| date(row.4)).collect::<Vec<_>>()),
            Column::new("customer_id".into(), orders.iter().map(|row| row.0).collect::<Vec<_>>()),
            Column::new("config_id".into(), orders.iter().map(|row| row.1).collect::<Vec<_>>()),
        ];
        spell_rows(space, "data/previous_orders/part", columns, orders.len());
        let pipeline = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../pipeline.yaml")).unwrap();
        let lookback = self.lookback.map_or("null".to_string(), |days| days.to_string());
        let pipeline = pipeline
            .replace("&lookback_days 365", &format!("&lookback_days {lookback}"))
            .replace("&history_length 1000", &format!("&history_length {}", self.length));
        assert!(
            pipeline.contains(&format!("&lookback_days {lookback}}}"))
                && pipeline.contains(&format!("&history_length {}}}", self.length))
        );
        space.write("pipeline.yaml", pipeline);
    }

    /// Compares every published day.
    #[track_caller]
    fn compare(&self, space: &Space, what: &str) {
        for day in self.shown.keys() {
            let rows = tables::list_rows(space, &format!("data/output/dt={}/rows.parquet", date(*day)));
            let expected = self.expected(*day);
            assert_eq!(rows.len(), expected.len(), "{what}: rows of {}", date(*day));
            for (number, (row, expected)) in rows.iter().zip(&expected).enumerate() {
                assert_eq!(row, expected, "{what}: row {number} of {}", date(*day));
            }
        }
    }
}

/// Writes rows as JSON Lines, CSV or Parquet; replaces what another format has left.
fn spell_rows(space: &Space, path: &str, columns: Vec<Column>, format: usize) {
    for ending in ["json", "csv", "parquet"] {
        if space.exists(&format!("{path}.{ending}")) {
            space.remove(&format!("{path}.{ending}"));
        }
    }
    let cells = |row: usize, quote: &str| -> Vec<(String, String)> {
        let cell = |column: &Column| match column.get(row).unwrap() {
            AnyValue::String(text) => format!("{quote}{text}{quote}"),
            value => value.to_string(),
        };
        columns.iter().map(|column| (column.name().to_string(), cell(column))).collect()
    };
    let height = columns[0].len();
    match format % 3 {
        0 => {
            let line = |row| {
                cells(row, "\"").iter().map(|(name, cell)| format!("\"{name}\":{cell}")).collect::<Vec<_>>().join(",")
            };
            space.write(
                &format!("{path}.json"),
                (0..height).map(|row| format!("{{{}}}\n", line(row))).collect::<String>(),
            );
        }
        1 => {
            let header: Vec<_> = columns.iter().map(|column| column.name().to_string()).collect();
            let line = |row| cells(row, "").into_iter().map(|(_, cell)| cell).collect::<Vec<_>>().join(",") + "\n";
            space.write(&format!("{path}.csv"), header.join(",") + "\n" + &(0..height).map(line).collect::<String>());
        }
        _ => tables::write(space, &format!("{path}.parquet"), columns),
    }
}

fn date(day: i64) -> String {
    chrono::DateTime::from_timestamp(day * SECONDS, 0).unwrap().format("%Y-%m-%d").to_string()
}

fn spell(second: i64) -> String {
    chrono::DateTime::from_timestamp(second, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn run(space: &Space, more: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_read"), "runner");
    command.args(["run", "--from", &date(FIRST + DAYS - SHOWN), "--to", &date(FIRST + DAYS - 1)]).args(more);
    end(command)
}

#[test]
fn random_shops_give_what_the_contract_says_and_go_on_doing_so_as_they_change() {
    for seed in 1..=12 {
        let mut chance = Chance(seed);
        let mut shop = Shop::random(&mut chance);
        let space = Space::new(&format!("reference_{seed}"));
        shop.write(&space);
        run(&space, &[]).with(0);
        shop.compare(&space, &format!("seed {seed}"));
        // A click that moves, an order that is added, an impression that goes: each time the same command again.
        let click = chance.below(shop.actions.len() as u64) as usize;
        shop.actions[click].1 += 4;
        shop.write(&space);
        run(&space, &[]).with(0);
        shop.compare(&space, &format!("seed {seed} with action {click} edited"));
        let day = FIRST + chance.below(DAYS as u64) as i64;
        shop.actions.push((1, 77, 3, day * SECONDS, day));
        shop.write(&space);
        run(&space, &[]).with(0);
        shop.compare(&space, &format!("seed {seed} with an order on day {day}"));
        shop.shown.values_mut().next().unwrap().pop();
        shop.write(&space);
        run(&space, &[]).with(0);
        shop.compare(&space, &format!("seed {seed} with an impression less"));
    }
}

#[test]
fn a_customer_with_more_than_a_thousand_actions_keeps_the_newest_thousand() {
    let mut chance = Chance(99);
    let mut shop = Shop::random(&mut chance);
    (shop.length, shop.lookback) = (1000, Some(365));
    for number in 0..2_500 {
        let day = FIRST + number % (DAYS - SHOWN);
        shop.actions.push((1, 1 + (number % 7) as i32, 1, day * SECONDS + number % 60, day));
    }
    shop.shown.values_mut().for_each(|rows| rows.push((1, 5, true)));
    let space = Space::new("power_user");
    shop.write(&space);
    run(&space, &[]).with(0);
    shop.compare(&space, "power user");
    let full = tables::list_rows(&space, &format!("data/output/dt={}/rows.parquet", date(FIRST + DAYS - 1)));
    assert!(full.iter().any(|row| row.2.iter().all(|item| *item > 0)));
}

#[test]
fn jobs_change_no_byte() {
    let shop = Shop::random(&mut Chance(5));
    let outputs: Vec<_> = ["1", "2", "5"]
        .iter()
        .map(|jobs| {
            let space = Space::new(&format!("reference_jobs_{jobs}"));
            shop.write(&space);
            run(&space, &["--jobs", jobs]).with(0);
            space.tree("data/output")
        })
        .collect();
    assert!(!outputs[0].is_empty() && outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn a_new_order_changes_the_data_of_its_own_day_alone() {
    let mut chance = Chance(3);
    let mut shop = Shop::random(&mut chance);
    shop.lookback = Some(2);
    let space = Space::new("new_order");
    shop.write(&space);
    run(&space, &[]).with(0);
    // The day before the last: in a look-back of two days only the last day's history can see it.
    let day = FIRST + DAYS - 2;
    shop.actions.push((1, 77, 3, day * SECONDS, day));
    shop.write(&space);
    let ended = run(&space, &[]).with(0);
    shop.compare(&space, "with a new order");
    let last = date(FIRST + DAYS - 1);
    let ran: Vec<&str> =
        ended.stderr.lines().filter_map(|line| line.strip_prefix("ran ")?.split_whitespace().next()).collect();
    let allowed = ["read_previous_orders", "unify_orders", &format!("history@{last}"), &format!("join@{last}")];
    assert!(ran.iter().all(|node| allowed.contains(node)), "{ran:?}");
    assert!(ran.contains(&"unify_orders") && ran.contains(&&*format!("history@{last}")), "{ran:?}");
}

#[test]
fn orders_may_lie_in_folders_of_days() {
    let shop = Shop::random(&mut Chance(8));
    let space = Space::new("orders_in_folders");
    shop.write(&space);
    let (name, bytes) = space.tree("data/previous_orders").remove(0);
    space.remove("data/previous_orders").write(&format!("data/previous_orders/dt=2025-08-01/{name}"), bytes);
    run(&space, &[]).with(0);
    shop.compare(&space, "orders in a folder of a day");
}

#[test]
fn a_day_with_too_many_bad_rows_fails_alone_and_says_why() {
    let shop = Shop::random(&mut Chance(8));
    let space = Space::new("bad_day");
    shop.write(&space);
    let day = date(FIRST + DAYS - 1);
    space.write(&format!("data/impressions/dt={day}/part.json"), "{\"customer_id\":0,\"impressions\":[]}\noops\n");
    run(&space, &[])
        .with(1)
        .says(&format!("read_impressions@{day} failed: exit status 1"))
        .says("2 of 2 rows rejected (100.00 %)")
        .says(&format!("1 x unreadable JSON, e.g. impressions/dt={day}/part.json:2: oops"));
    assert!(!space.exists(&format!("data/output/dt={day}")));
    assert!(space.exists(&format!("data/output/dt={}/rows.parquet", date(FIRST + DAYS - 2))));
}
