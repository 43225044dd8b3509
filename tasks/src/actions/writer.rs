//! Writes action tables in the layout of [`crate::actions`]; the bytes depend on the rows alone.
//!
//! It does not sort: customers come in ascending order, the actions of each newest first.

use std::io::{Seek, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail};
use polars::prelude::{ArrowDataType, ArrowSchema, ArrowTimeUnit};
use polars_parquet::parquet::metadata::ColumnDescriptor;

use super::{Action, Block, LAYOUT};
use crate::output::{self, Output};
use crate::pages::file::{PageFile, RowGroup};
use crate::pages::{ColumnPages, hybrid, required};
use crate::schema::{ACTION_TYPE, CUSTOMER_ID, ITEM_ID, TIMESTAMP};
use crate::times::Times;

/// A row group ends with the customer with whom it reaches so many rows. A reader holds one of each of its tables.
const ROW_GROUP: usize = 1 << 16;
/// More rows would not fit into one page of timestamps, whose length is 31 bits.
const MOST_ROWS: usize = 1 << 27;

/// A file to which actions are written one customer after the other.
pub struct ActionWriter<W: Write> {
    file: PageFile<W>,
    pending: Pending,
    row_group: usize,
    rows: u64,
    /// The times of the oldest and the newest action so far.
    times: Times,
}

/// The rows of the next row group, as they will lie in the file.
#[derive(Default)]
struct Pending {
    customers: Vec<i64>,
    lengths: Vec<u32>,
    items: Vec<u8>,
    types: Vec<i8>,
    timestamps: Vec<u8>,
    /// The times of the oldest and the newest action.
    times: Times,
    /// The rows of all customers but the last.
    counted: usize,
}

impl ActionWriter<Output> {
    pub fn create(path: &Path) -> Result<Self> {
        ActionWriter::new(output::create(path)?)
    }
}

impl<W: Write + Seek> ActionWriter<W> {
    pub fn new(out: W) -> Result<Self> {
        let file = PageFile::new(out, arrow_schema())?.laid_out_as(LAYOUT).sorted();
        Ok(ActionWriter { file, pending: Pending::default(), row_group: ROW_GROUP, rows: 0, times: Times::default() })
    }

    #[cfg(test)]
    pub fn set_row_group(&mut self, rows: usize) {
        self.row_group = rows;
    }

    /// Begins the actions of a customer, greater than the one before.
    pub fn customer(&mut self, customer: i64) -> Result<()> {
        self.pending.end_customer();
        if self.pending.types.len() >= self.row_group {
            self.write_row_group()?;
        }
        self.pending.customers.push(customer);
        Ok(())
    }

    /// The next actions of the customer, newest first.
    pub fn actions(&mut self, actions: &[Action]) {
        let pending = &mut self.pending;
        for action in actions {
            pending.items.extend_from_slice(&action.item_id().to_le_bytes());
            pending.types.push(action.action_type());
            pending.timestamps.extend_from_slice(&action.timestamp().to_le_bytes());
        }
        pending.widen(actions.first().map(|action| action.timestamp()));
        pending.widen(actions.last().map(|action| action.timestamp()));
    }

    /// The next actions of the customer, from a block that was read with its timestamps.
    pub fn copy(&mut self, block: &Block, rows: Range<usize>) {
        append::<32>(&mut self.pending.items, block.items_as_they_lie(), rows.start * 4..rows.end * 4);
        append::<64>(&mut self.pending.timestamps, block.timestamps_as_they_lie(), rows.start * 8..rows.end * 8);
        self.pending.types.extend(block.action_types(rows.clone()));
        // Newest first, so the ends are the extremes.
        let mut times = block.timestamps(rows);
        self.pending.widen(times.next());
        self.pending.widen(times.next_back());
    }

    /// Writes what is left and the footer, and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        self.pending.end_customer();
        if !self.pending.customers.is_empty() {
            self.write_row_group()?;
        }
        self.file.finish()
    }

    /// Rows written so far, but for those of the customer that is being written.
    pub fn rows(&self) -> u64 {
        self.rows + self.pending.types.len() as u64
    }

    /// The times of the oldest and the newest action so far.
    pub fn times(&self) -> Times {
        self.times.union(self.pending.times)
    }

    fn write_row_group(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let rows = pending.types.len();
        if rows > MOST_ROWS {
            bail!("customer {:?} has too many actions: {rows} rows", pending.customers.last());
        }
        if !pending.customers.is_sorted_by(|a, b| a < b) {
            bail!("customers must be written in ascending order, each once");
        }
        self.rows += rows as u64;
        self.times = self.times.union(pending.times);
        self.file.add(|columns| pending.row_group(columns))
    }
}

/// Adds a range of `from` to `bytes`. Of the few actions that a customer has in a table the number cannot be foretold; so
/// as much as `FEW` is copied whatever it is, and what is too much is taken away.
fn append<const FEW: usize>(bytes: &mut Vec<u8>, from: &[u8], range: Range<usize>) {
    match from[range.start..].first_chunk::<FEW>() {
        Some(few) if range.len() <= FEW => {
            let length = bytes.len() + range.len();
            bytes.extend_from_slice(few);
            bytes.truncate(length);
        }
        _ => bytes.extend_from_slice(&from[range]),
    }
}

fn arrow_schema() -> ArrowSchema {
    let fields = [
        (CUSTOMER_ID, ArrowDataType::Int64),
        (ITEM_ID, ArrowDataType::Int32),
        (ACTION_TYPE, ArrowDataType::Int8),
        (TIMESTAMP, ArrowDataType::Timestamp(ArrowTimeUnit::Microsecond, None)),
    ];
    fields.into_iter().map(|(name, dtype)| (name.into(), required(name, dtype))).collect()
}

impl Pending {
    /// Notes how many actions the last customer has; one without any is left out.
    fn end_customer(&mut self) {
        let rows = self.types.len();
        match rows - self.counted {
            0 => self.customers.truncate(self.lengths.len()),
            // A row group of more rows than 32 bits can count is refused before it is written.
            length => self.lengths.push(length as u32),
        }
        self.counted = rows;
    }

    fn widen(&mut self, timestamp: Option<i64>) {
        self.times = self.times.union(Times(timestamp.map(|timestamp| (timestamp, timestamp))));
    }

    /// The pages of each column.
    fn row_group(self, columns: &[ColumnDescriptor]) -> Result<RowGroup> {
        let rows = self.types.len();
        let column = |number: usize| ColumnPages::uncompressed(&columns[number]);
        let customers = self.customers.first().copied().zip(self.customers.last().copied());
        let (types, places) = hybrid::distinct(&self.types);
        let pages = [
            column(0).dictionary(&self.customers)?.places(rows, hybrid::ascending(&self.lengths), customers)?,
            column(1).plain::<i32>(rows, self.items, None)?,
            column(2).dictionary(&types)?.places::<i32>(rows, places, None)?,
            column(3).plain(rows, self.timestamps, self.times.0)?,
        ];
        Ok(RowGroup { rows, columns: pages.into_iter().map(ColumnPages::finish).collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::actions::ActionFile;
    use crate::actions::random::{Folder, Table, read, write};
    use crate::{schema, table};

    fn some_customers(count: i64) -> Table {
        let actions = |customer: i64| {
            let count = customer * customer % 13;
            (0..count).map(|place| Action::new(1_000_000 - place * 7, customer as i32, 1 + (place % 3) as i8)).collect()
        };
        (1..=count).map(|customer| (customer * 3, actions(customer))).collect()
    }

    #[test]
    fn what_is_written_is_read_whatever_the_row_groups() {
        let folder = Folder::new("groups");
        let customers = some_customers(60);
        let with_actions: Table = customers.clone().into_iter().filter(|(_, actions)| !actions.is_empty()).collect();
        let rows: Vec<_> =
            with_actions.iter().flat_map(|(customer, all)| all.iter().map(|a| (*customer, *a))).collect();
        for row_group in [1, 2, 10, 100, 100_000] {
            let path = folder.path("table.parquet");
            write(&path, row_group, &customers);
            assert_eq!(read(&path), with_actions, "row groups of {row_group}");
            // The general reader finds the same rows.
            let frame = table::read(&path, schema::actions()).unwrap();
            let found = table::int64(&frame, CUSTOMER_ID).unwrap();
            assert!(found.iter().eq(rows.iter().map(|row| &row.0)));
            let found = table::int32(&frame, ITEM_ID).unwrap();
            assert!(found.iter().copied().eq(rows.iter().map(|row| row.1.item_id())));
            let found = table::int8(&frame, ACTION_TYPE).unwrap();
            assert!(found.iter().copied().eq(rows.iter().map(|row| row.1.action_type())));
            let found = table::instants(&frame, TIMESTAMP).unwrap();
            assert!(found.iter().copied().eq(rows.iter().map(|row| row.1.timestamp())));
        }
    }

    #[test]
    fn times_are_found_by_their_rows() {
        let folder = Folder::new("row");
        let path = folder.path("table.parquet");
        write(&path, 300, &some_customers(120));
        let file = ActionFile::open(&path).unwrap();
        let mut block = Block::default();
        for group in 0..file.groups().len() {
            file.read(group, true, &mut block).unwrap();
            let rows = block.rows(block.customers.len() - 1).end;
            let found: Vec<_> = (0..rows).map(|row| file.times_of(&[(group, row)]).unwrap()).collect();
            assert_eq!(found, block.timestamps(0..rows).map(Times::of).collect::<Vec<_>>());
            for apart in [1, 2, 7, 70] {
                let some: Vec<_> = (0..rows).step_by(apart).map(|row| (group, row)).collect();
                let expected = some.iter().map(|(_, row)| found[*row]).fold(Times::default(), Times::union);
                assert_eq!(file.times_of(&some).unwrap(), expected);
            }
        }
    }

    #[test]
    fn a_file_without_actions_is_a_table_too() {
        let folder = Folder::new("empty");
        let path = folder.path("table.parquet");
        write(&path, 5, &Table::new());
        let file = ActionFile::open(&path).unwrap();
        assert_eq!((file.rows(), file.times), (0, Times::default()));
        assert_eq!(table::read(&path, schema::actions()).unwrap().height(), 0);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
    fn a_damaged_file_is_an_error_wherever_it_is_damaged() {
        let folder = Folder::new("damage");
        let path = folder.path("table.parquet");
        write(&path, 30, &some_customers(30));
        let bytes = std::fs::read(&path).unwrap();
        let whole = read(&path);
        let reads = |bytes: &[u8]| -> Result<Table> {
            std::fs::write(&path, bytes)?;
            let file = ActionFile::open(&path)?;
            let (mut found, mut block) = (Table::new(), Block::default());
            for group in 0..file.groups().len() {
                file.read(group, true, &mut block)?;
                let rows = |place| block.actions(block.rows(place)).collect();
                found.extend(block.customers.iter().enumerate().map(|(place, customer)| (*customer, rows(place))));
            }
            Ok(found)
        };
        for cut in (0..bytes.len()).step_by(7) {
            assert!(reads(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for place in 0..bytes.len() {
            // A changed value may go unnoticed here (the runner's digests are there for that), but nothing may panic.
            let mut bytes = bytes.clone();
            bytes[place] ^= 0x55;
            let _ = reads(&bytes);
        }
        assert_eq!(reads(&bytes).unwrap(), whole);
    }

    #[test]
    fn a_customer_who_is_split_over_row_groups_is_refused() {
        for (first, second) in [(5, 5), (5, 4)] {
            let mut writer = ActionWriter::new(Cursor::new(Vec::new())).unwrap();
            // The writer looks at one row group at a time.
            writer.set_row_group(1);
            for customer in [first, second] {
                writer.customer(customer).unwrap();
                writer.actions(&[Action::new(0, 1, 1)]);
            }
            let folder = Folder::new("split");
            let path = folder.path("table.parquet");
            #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
            std::fs::write(&path, writer.finish().unwrap().into_inner()).unwrap();
            let error = ActionFile::open(&path).err().unwrap();
            assert!(format!("{error:#}").contains("its row groups are not sorted by customer_id"), "{error:#}");
        }
    }

    #[test]
    fn customers_out_of_order_are_refused() {
        let mut writer = ActionWriter::new(Cursor::new(Vec::new())).unwrap();
        for customer in [2, 1] {
            writer.customer(customer).unwrap();
            writer.actions(&[Action::new(0, 1, 1)]);
        }
        assert!(writer.finish().is_err());
    }
}
