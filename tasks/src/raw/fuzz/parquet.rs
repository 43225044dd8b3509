//! Hostile Parquet files: the files of other writers with changed bytes, the footer most of all, and whole files of values
//! that no shop has.
//!
//! Of a damaged file every row that it says it has is accounted for, or it is an error; `show` and `diff` print it or give
//! an error. Of a whole file each row becomes what it must, and both print it.

use std::fmt::{Debug, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Once;

use polars::prelude::*;

use super::super::parquet::read_stretches;
use super::super::{Collector, Source};
use super::chance::Chance;
use super::{SOURCES, fields, fuzz_one_in};
use crate::difference::{Table, compare_tables, words};
use crate::parquet_file::{ParquetFile, is_guarded};
use crate::spelling::{JsonRow, cell};
use crate::statistics;

/// Where the files of other writers are.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/files/parquet");

/// A file of another writer, changed by chance.
struct Damaged {
    name: String,
    whole: Vec<u8>,
    bytes: Vec<u8>,
    source: Source,
    /// Rows that are read at a time.
    stretch: usize,
}

/// A file of three columns, with what must become of each row.
struct Wild {
    bytes: Vec<u8>,
    expected: Vec<Option<(i64, i32, i64)>>,
    stretch: usize,
}

#[test]
fn no_damaged_parquet_file_panics_or_loses_a_row_in_silence() {
    be_quiet();
    fuzz_one_in(10, Damaged::random, Damaged::check);
}

#[test]
fn every_row_of_a_parquet_file_of_hostile_values_becomes_what_it_must() {
    be_quiet();
    fuzz_one_in(10, Wild::random, Wild::check);
}

#[test]
fn it_makes_no_difference_how_many_rows_of_a_file_are_read_at_a_time() {
    be_quiet();
    let rows = |file: &ParquetFile, source, stretch| {
        let mut collector = Collector::new(fields(source, true));
        let outcome = read_stretches(file, stretch, 1 + stretch % 2, &mut collector).map_err(|error| error.to_string());
        let (columns, tally) = (collector.columns, (collector.rows.seen, collector.rows.rejected));
        let columns = (columns.customers, columns.items, columns.timestamps, columns.days, columns.labels);
        outcome.map(|()| (columns, tally, collector.entries.rejected))
    };
    for path in files() {
        let Ok(file) = ParquetFile::of(std::fs::read(&path).unwrap().into()) else { continue };
        for source in SOURCES {
            let whole = rows(&file, source, usize::MAX >> 1);
            assert!(
                [1, 2, 3, 7, 50].iter().all(|stretch| rows(&file, source, *stretch) == whole),
                "{}",
                path.display()
            );
        }
    }
}

/// The files of other writers.
fn files() -> Vec<PathBuf> {
    let files = std::fs::read_dir(FILES).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect();
    files.sort();
    files
}

/// Panics that become errors are not told.
fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_guarded() {
                usual(panic);
            }
        }));
    });
}

impl Damaged {
    fn random(chance: &mut Chance) -> Damaged {
        let files = files();
        let path = &files[chance.below(files.len() as u64) as usize];
        let whole = std::fs::read(path).unwrap();
        let mut bytes = whole.clone();
        let footer = bytes.len() - 8 - u32::from_le_bytes(*bytes[..bytes.len() - 4].last_chunk().unwrap()) as usize;
        for _ in 0..1 + chance.below(3) {
            let first = if chance.below(3) > 0 { footer.min(bytes.len() - 1) } else { 0 };
            let at = first + chance.below((bytes.len() - first) as u64) as usize;
            match chance.below(8) {
                0 => bytes[at] = chance.next() as u8,
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][chance.below(5) as usize],
                2 => bytes[at] = bytes[at].wrapping_add(1),
                3 => bytes[at] = bytes[at].wrapping_sub(1),
                4 if bytes.len() > 20 => drop(bytes.remove(at)),
                5 => bytes.insert(at, chance.next() as u8),
                6 if chance.below(8) == 0 => bytes.truncate(at.max(1)),
                _ => bytes[at] ^= 1 << chance.below(8),
            }
        }
        let (source, stretch) = (SOURCES[chance.below(4) as usize], [1, 2, 3, 70, 1 << 19][chance.below(5) as usize]);
        Damaged { name: path.file_name().unwrap().to_string_lossy().into(), whole, bytes, source, stretch }
    }

    fn check(&self) {
        let open = || ParquetFile::of(self.bytes.clone().into());
        let Ok(file) = open() else { return };
        // Reading takes as many steps as there are rows.
        if file.rows > 100_000 {
            return;
        }
        let mut collector = Collector::new(fields(self.source, true));
        if read_stretches(&file, self.stretch, 1, &mut collector).is_ok() {
            assert_eq!(collector.rows.seen as usize, file.rows, "rows seen");
            if self.source != Source::Impressions {
                assert_eq!(collector.columns.rows() + collector.rows.rejected as usize, file.rows, "rows kept");
            }
        }
        let _ = show(&file);
        // Some of the files are damaged to begin with.
        if let Ok(whole) = ParquetFile::of(self.whole.clone().into()) {
            let _ = diff(whole, file);
        }
    }
}

/// What `show` says of a file: all rows, for people and for programs, and the statistics.
fn show(file: &ParquetFile) -> anyhow::Result<()> {
    let columns = file.read(&file.columns, 0, file.rows)?;
    for row in 0..file.rows {
        columns.iter().for_each(|column| drop(cell(&column.value(row))));
        serde_json::to_string(&JsonRow { columns: &columns, row }).unwrap();
    }
    let told = statistics::gather(file, &file.columns, None)?;
    serde_json::to_string(&told).unwrap();
    Ok(())
}

fn diff(old: ParquetFile, new: ParquetFile) -> anyhow::Result<String> {
    let (old, new) = (Table::of(Path::new("old"), old), Table::of(Path::new("new"), new));
    Ok(words(&compare_tables(&old, &new, 3)?))
}

impl Wild {
    fn random(chance: &mut Chance) -> Wild {
        let rows = chance.below(40) as usize;
        let (customers, customer_ids) = ids(chance, "customer_id", rows, i64::MAX.into());
        let (items, item_ids) = ids(chance, "item_id", rows, i32::MAX.into());
        let (times, instants) = times(chance, rows);
        let mut frame = DataFrame::new_infer_height(vec![times, items, customers]).unwrap();
        let mut bytes = Vec::new();
        let group = 1 + chance.below(50) as usize;
        let compression =
            [ParquetCompression::Uncompressed, ParquetCompression::Snappy, ParquetCompression::Zstd(None)];
        ParquetWriter::new(&mut bytes)
            .with_row_group_size(Some(group))
            .with_compression(compression[chance.below(3) as usize])
            .finish(&mut frame)
            .unwrap();
        let row = |row: usize| Some((customer_ids[row]? as i64, item_ids[row]? as i32, instants[row]?));
        Wild { bytes, expected: (0..rows).map(row).collect(), stretch: 1 + chance.below(60) as usize }
    }

    fn check(&self) {
        let mut collector = Collector::new(fields(Source::Clicks, false));
        let file = ParquetFile::of(self.bytes.clone().into()).unwrap();
        read_stretches(&file, self.stretch, 1 + self.stretch % 2, &mut collector).unwrap();
        let columns = &collector.columns;
        let found = columns.customers.iter().zip(&columns.items).zip(&columns.timestamps);
        let found: Vec<_> = found.map(|((customer, item), time)| (*customer, *item, *time)).collect();
        assert_eq!(found, self.expected.iter().flatten().copied().collect::<Vec<_>>());
        assert_eq!(collector.rows.rejected as usize, self.expected.iter().filter(|row| row.is_none()).count());
        assert_eq!(collector.rows.seen as usize, self.expected.len());
        show(&file).unwrap();
        assert_eq!(diff(ParquetFile::of(self.bytes.clone().into()).unwrap(), file).unwrap(), "the same\n");
    }
}

/// Identifiers of a type that is chosen by chance, and what each must become.
fn ids(chance: &mut Chance, name: &str, rows: usize, most: i128) -> (Column, Vec<Option<i128>>) {
    let kind = chance.below(8);
    let mut edges =
        vec![0, 1, -1, 127, 255, 256, 32_767, 65_535, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, i64::MAX, i64::MIN];
    edges.push(chance.next() as i64);
    let mut values: Vec<Option<i64>> = (0..rows).map(|_| Some(1 + chance.below(100) as i64)).collect();
    if chance.below(2) == 0 {
        let edge = |chance: &mut Chance| edges[chance.below(edges.len() as u64) as usize];
        values.iter_mut().for_each(|value| *value = (chance.below(9) > 0).then(|| edge(chance)));
    }
    let column = Column::new(name.into(), &values);
    // What does not fit becomes null.
    let (column, is_right) = match kind {
        0 => (column.cast(&DataType::Int32).unwrap(), true),
        1 => (column.cast(&DataType::UInt32).unwrap(), true),
        2 => (column.cast(&DataType::UInt64).unwrap(), true),
        3 => (column.cast(&DataType::Int16).unwrap(), true),
        4 => (column.cast(&DataType::UInt8).unwrap(), true),
        5 => (column.cast(&DataType::Float64).unwrap(), false),
        _ => (column, true),
    };
    let kept = column.cast(&DataType::Int64).unwrap();
    let kept = kept.i64().unwrap().iter().map(|value| value.map(i128::from));
    let expected = kept.map(|value| value.filter(|id| is_right && (1..=most).contains(id))).collect();
    (column, expected)
}

/// Times of a unit that is chosen by chance, and the microseconds that each must become.
fn times(chance: &mut Chance, rows: usize) -> (Column, Vec<Option<i64>>) {
    let (unit, factor) =
        [(TimeUnit::Nanoseconds, 1), (TimeUnit::Microseconds, 1_000), (TimeUnit::Milliseconds, 1_000_000)]
            [chance.below(3) as usize];
    // 0001-01-01 and 9999-12-31 in microseconds.
    let (first, last) = (-62_135_596_800_000_000_i128, 253_402_300_799_999_999_i128);
    let wild = chance.below(2) == 0;
    let edges =
        [first * 1_000, last * 1_000 + 999, 0, -1, 1, 999, 1_001, -1_001, first * 1_000 - 1, last * 1_000 + 1_000];
    let mut time = || match chance.below(4) {
        _ if !wild => 1_754_784_000_000_000_000 / factor + chance.below(1_000_000) as i128,
        0 => i128::from(chance.next() as i64),
        1 => i128::from([i64::MAX, i64::MIN, i64::MAX / 1_000, i64::MIN / 1_000][chance.below(4) as usize]),
        _ => edges[chance.below(10) as usize].div_euclid(factor),
    };
    let times: Vec<Option<i64>> = (0..rows).map(|_| i64::try_from(time()).ok()).collect();
    let micros = |time: i64| (i128::from(time) * factor).div_euclid(1_000);
    let expected = times.iter().map(|time| {
        let micros = micros((*time)?);
        (first..=last).contains(&micros).then_some(micros as i64)
    });
    let expected = expected.collect();
    let zone = if chance.below(2) == 0 { Some(TimeZone::UTC) } else { None };
    let column = Int64Chunked::from_iter_options("click_time".into(), times.into_iter());
    (column.into_datetime(unit, zone).into_column(), expected)
}

impl Debug for Damaged {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        write!(out, "{} as {:?}, by {}: b\"{}\"", self.name, self.source, self.stretch, self.bytes.escape_ascii())
    }
}

impl Debug for Wild {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        write!(out, "by {}, expected {:?}: b\"{}\"", self.stretch, self.expected, self.bytes.escape_ascii())
    }
}
