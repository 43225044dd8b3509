//! How fast histories are found and months merged: 3 million actions in 30 tables of a day each, from the page cache.
//!
//! `cargo bench --workspace --bench history`

use std::io::Cursor;
use std::path::PathBuf;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tasks::actions::era::{Era, eras};
use tasks::actions::{Action, ActionFile, ActionWriter};
use tasks::history::Wanted;
use tasks::merge::merge;

const DAYS: i64 = 30;
const CUSTOMERS: i64 = 20_000;
/// Actions of a customer on a day.
const ACTIVITY: i64 = 5;
/// Microseconds from one day to the next.
const DAY: i64 = 86_400_000_000;

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("history-bench-{}", std::process::id()))
}

/// The tables; with `apart` of no microseconds they all overlap in time.
fn tables(name: &str, apart: i64) -> anyhow::Result<Vec<Era>> {
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    let mut files = Vec::new();
    for day in 0..DAYS {
        let path = folder.join(format!("{name}-{day}.parquet"));
        let mut writer = ActionWriter::create(&path)?;
        for customer in 1..=CUSTOMERS {
            let action = |number: i64| Action::new(day * apart + number * 7_000_000 + customer, number as i32 + 1, 1);
            writer.customer(customer)?;
            writer.actions(&(0..ACTIVITY).rev().map(action).collect::<Vec<_>>());
        }
        writer.finish()?;
        files.push(ActionFile::open(&path)?);
    }
    Ok(eras(files))
}

/// One customer in `every`, of tables that follow each other (`apart`) or overlap.
#[divan::bench(args = [(1, true), (12, true), (1, false), (12, false)])]
fn histories(bencher: Bencher, (every, apart): (usize, bool)) {
    let customers: Vec<i64> = (1..=CUSTOMERS).step_by(every).collect();
    let wanted = Wanted { customers: &customers, length: 1000, before: i64::MAX };
    let Ok(eras) = tables(&format!("histories-{every}-{apart}"), if apart { DAY } else { 0 }) else { return };
    bencher.counter(ItemsCount::new((DAYS * CUSTOMERS * ACTIVITY) as usize)).bench_local(|| {
        wanted.find(black_box(&eras), 1, |found| {
            black_box(found);
            Ok(())
        })
    });
}

#[divan::bench]
fn merged_month(bencher: Bencher) {
    let Ok(eras) = tables("merge", DAY) else { return };
    bencher.counter(ItemsCount::new((DAYS * CUSTOMERS * ACTIVITY) as usize)).bench_local(|| {
        let mut writer = ActionWriter::new(Cursor::new(Vec::new()))?;
        merge(black_box(&eras), &mut writer)?;
        writer.finish()
    });
}

#[expect(clippy::disallowed_methods, reason = "files of the benchmark's own")]
fn main() -> std::io::Result<()> {
    divan::main();
    std::fs::remove_dir_all(folder())
}
