//! How fast training rows are written: 100,000 impressions of 10,000 customers, in both layouts, to memory.
//!
//! `cargo bench --workspace --bench wide`

use std::io::Cursor;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tasks::compact::{self, CompactWriter};
use tasks::training::{Lists, TrainingRows};
use tasks::wide::{self, WideWriter};

const CUSTOMERS: usize = 10_000;
const IMPRESSIONS_EACH: usize = 10;
const LENGTH: usize = 1000;

/// Histories of `mean` actions on average, in a catalogue of 200,000 items of which some are far more popular.
struct Shop {
    customers: Vec<i64>,
    shown: Vec<i32>,
    labels: Vec<bool>,
    offsets: Vec<i64>,
    items: Vec<i32>,
    types: Vec<i8>,
}

impl Shop {
    fn new(mean: usize) -> Shop {
        let mut state = 1_u64;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % end
        };
        let mut offsets = vec![0];
        let (mut items, mut types) = (Vec::new(), Vec::new());
        for _ in 0..CUSTOMERS {
            for _ in 0..below(2 * mean) {
                let popularity = 1 + below(200_000);
                items.push(1 + below(popularity) as i32);
                types.push([1, 1, 1, 1, 1, 1, 1, 2, 2, 3][below(10)]);
            }
            offsets.push(items.len() as i64);
        }
        let rows = CUSTOMERS * IMPRESSIONS_EACH;
        Shop {
            customers: (0..rows).map(|row| 1 + (row / IMPRESSIONS_EACH) as i64).collect(),
            shown: (0..rows).map(|_| 1 + below(200_000) as i32).collect(),
            labels: (0..rows).map(|_| below(30) == 0).collect(),
            offsets,
            items,
            types,
        }
    }

    fn rows(&self) -> TrainingRows<'_> {
        TrainingRows {
            customers: &self.customers,
            items: &self.shown,
            labels: &self.labels,
            history_rows: (0..self.customers.len()).map(|row| row / IMPRESSIONS_EACH).collect(),
            histories: Lists { offsets: &self.offsets, items: &self.items, action_types: &self.types },
        }
    }
}

#[divan::bench(args = [50, 100, 300], consts = [1, 2])]
fn wide_rows<const THREADS: usize>(bencher: Bencher, mean: usize) {
    let shop = Shop::new(mean);
    let rows = shop.rows();
    bencher.counter(ItemsCount::new(rows.customers.len())).bench_local(|| {
        let mut writer = WideWriter::new(Cursor::new(Vec::new()), LENGTH, wide::sizes(LENGTH), THREADS)?;
        writer.write(black_box(&rows))?;
        writer.finish()
    });
}

#[divan::bench(args = [50, 100, 300])]
fn compact_rows(bencher: Bencher, mean: usize) {
    let shop = Shop::new(mean);
    let rows = shop.rows();
    bencher.counter(ItemsCount::new(rows.customers.len())).bench_local(|| {
        let mut writer = CompactWriter::new(Cursor::new(Vec::new()), Cursor::new(Vec::new()), compact::SIZES, 1)?;
        writer.write(black_box(&rows))?;
        writer.finish()
    });
}

fn main() {
    divan::main();
}
