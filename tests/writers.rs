//! What the writers of training rows write is what was given to them, at every edge of lists, pages and row groups, and
//! under any number of threads. Pages and row groups are tiny here, so that there are many edges.

use std::io::Cursor;

#[path = "support/statistics.rs"]
mod statistics;
mod support;
#[path = "support/tables.rs"]
mod tables;
#[path = "support/training.rs"]
mod training;

use support::{Chance, Space};
use tables::list_rows;
use tasks::compact::{CompactSizes, CompactWriter};
use tasks::histories::{Histories, HistoryWriter};
use tasks::pages::Sizes;
use tasks::training::{PORTION, Portion, Tables};
use tasks::wide::{self, WideWriter};
use training::Shop;

/// What `make` gives, which must be the same under one, two, three and many threads.
fn under_any_number_of_threads<T: PartialEq>(what: &str, make: impl Fn(usize) -> T) -> T {
    let mut made = [1, 2, 3, 8].map(&make).into_iter();
    let first = made.next().unwrap();
    assert!(made.all(|other| other == first), "{what}: threads change bytes");
    first
}

/// Writes the histories of a shop as the `history` task does, so many to a row group.
fn write_histories(space: &Space, name: &str, shop: &Shop, group: usize) {
    let mut writer = HistoryWriter::create(&space.path(name)).unwrap();
    for some in shop.histories.chunks(group) {
        let mut histories = Histories::default();
        for (customer, items, types) in some {
            let offsets = vec![0, items.len() as i64];
            let (customers, items, action_types) = (vec![*customer], items.clone(), types.clone());
            histories.append(&Histories { customers, offsets, items, action_types });
        }
        writer.write(&histories).unwrap();
    }
    writer.finish().unwrap();
}

/// Writes a shop in both layouts and compares what polars reads with what is meant.
fn check(space: &Space, shop: &Shop, length: usize, sizes: Sizes, what: &str) {
    shop.write(space);
    write_histories(space, "laid.parquet", shop, sizes.page);
    for (histories, portion) in [
        ("histories.parquet", PORTION),
        ("laid.parquet", PORTION),
        ("laid.parquet", Portion { rows: sizes.row_group, actions: usize::MAX }),
        ("laid.parquet", Portion { rows: usize::MAX, actions: 3 * length }),
    ] {
        let tables = Tables::open(&space.path("impressions.parquet"), &space.path(histories)).unwrap();
        let bytes = under_any_number_of_threads(what, |threads| {
            let mut writer = WideWriter::new(Cursor::new(Vec::new()), length, sizes, threads).unwrap();
            tables.portions(portion, |rows| writer.write(rows)).unwrap();
            writer.finish().unwrap().into_inner()
        });
        space.write("wide.parquet", &bytes);
        statistics::agree(&bytes, &tables::table(space, "wide.parquet"), &["customer_id", "item_id"]);
        assert!(list_rows(space, "wide.parquet") == shop.wide(length), "{what}: wide from {histories}");
        let (compact, samples) = under_any_number_of_threads(what, |threads| {
            let sizes = CompactSizes { histories: sizes, samples: sizes.row_group };
            let mut writer =
                CompactWriter::new(Cursor::new(Vec::new()), Cursor::new(Vec::new()), sizes, threads).unwrap();
            tables.portions(portion, |rows| writer.write(rows)).unwrap();
            writer.finish().unwrap()
        });
        let (compact, samples) = (compact.into_inner(), samples.into_inner());
        space.write("compact.parquet", &compact).write("samples.parquet", &samples);
        statistics::agree(&compact, &tables::table(space, "compact.parquet"), &["customer_id"]);
        statistics::agree(&samples, &tables::table(space, "samples.parquet"), &["customer_id", "item_id"]);
        let found = list_rows(space, "compact.parquet").into_iter();
        let found: Vec<_> = found.map(|(customer, _, items, types)| (customer, items, types)).collect();
        assert!(found == shop.histories, "{what}: histories from {histories}");
        let samples = tables::table(space, "samples.parquet");
        let rows: Vec<_> = samples.column("history_row").unwrap().u32().unwrap().into_no_null_iter().collect();
        let customers = rows.iter().map(|row| shop.histories[*row as usize].0);
        assert!(customers.eq(shop.impressions.iter().map(|impression| impression.0)), "{what}: samples");
    }
}

#[test]
fn a_list_of_every_length_comes_back_at_every_length_to_which_it_is_padded() {
    let space = Space::new("writer_lengths");
    let sizes = Sizes { row_group: 64, page: 5 };
    for length in (1..=33).chain([1000]) {
        let near = (0..=length.min(33)).chain([length - 1, length]);
        let histories = near.enumerate().map(|(customer, actions)| {
            let items = (0..actions).map(|action| 1 + (action as i32 * 7 + customer as i32) % 50).collect();
            (customer as i64, items, (0..actions).map(|action| 1 + (action % 3) as i8).collect())
        });
        let histories: Vec<_> = histories.collect();
        let impressions = histories.iter().flat_map(|history| [(history.0, 3, true), (history.0, 4, false)]).collect();
        check(&space, &Shop { impressions, histories }, length, sizes, &format!("padded to {length}"));
    }
}

#[test]
fn random_rows_come_back_whatever_the_sizes() {
    let space = Space::new("writer_random");
    for seed in 1..=60 {
        let mut chance = Chance(seed);
        let page = 1 + chance.below(20) as usize;
        let sizes = Sizes { row_group: page + chance.below(60) as usize, page };
        let edge = [page, sizes.row_group, 2 * sizes.row_group][chance.below(3) as usize];
        let rows = (edge * chance.below(4) as usize + chance.below(3) as usize).saturating_sub(1);
        let length = [1, 7, 8, 9, 40, 1000][chance.below(6) as usize];
        let lengths = [0, 1, 7, 8, 9, length - 1, length].map(|actions| actions.min(length));
        let shop = Shop::random(&mut chance, rows, &lengths);
        let what =
            format!("seed {seed}: {rows} rows, {page} a page and {} a row group, length {length}", sizes.row_group);
        check(&space, &shop, length, sizes, &what);
    }
}

#[test]
fn one_customer_may_fill_many_pages_and_row_groups() {
    let space = Space::new("writer_one_customer");
    let history = (7, (1..=900).collect(), vec![2; 900]);
    let shop = Shop { impressions: (0..300).map(|item| (7, item, true)).collect(), histories: vec![history] };
    check(&space, &shop, 1000, Sizes { row_group: 70, page: 9 }, "one customer");
}

#[test]
fn the_sizes_of_the_program_bound_what_a_reader_holds() {
    for length in [1, 8, 1000, 5_000, 100_000] {
        let sizes = wide::sizes(length);
        assert!(sizes.row_group * length <= 1 << 27, "{length}");
        assert!((1..=1 << 16).contains(&sizes.row_group) && sizes.page * length < 1 << 24, "{length}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error_under_any_number_of_threads() {
    /// A disk that is full after so many bytes.
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl std::io::Seek for Full {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Err(std::io::ErrorKind::NotSeekable.into())
        }
    }
    let space = Space::new("writer_full");
    Shop::random(&mut Chance(4), 500, &[10]).write(&space);
    let tables = Tables::open(&space.path("impressions.parquet"), &space.path("histories.parquet")).unwrap();
    for threads in 1..=4 {
        let mut writer = WideWriter::new(Full(3_000), 10, Sizes { row_group: 20, page: 5 }, threads).unwrap();
        let error = tables.portions(PORTION, |rows| writer.write(rows)).unwrap_err();
        assert!(format!("{error:#}").contains("no storage space"), "{error:#}");
    }
}
