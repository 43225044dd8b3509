//! Reads action tables, a row group at a time and only the columns that are wanted.
//!
//! A table that was not written by [`super::writer`] (a task of one's own may write actions too) is read in the ordinary
//! way and laid out anew in memory, so that there is one way to read on. It does not know what is done with actions.

use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polars_parquet::parquet::metadata::{ColumnChunkMetadata, FileMetadata};
use polars_parquet::parquet::read::read_metadata;
use polars_parquet::parquet::statistics::Statistics;

use super::{Action, ActionWriter, LAYOUT};
use crate::pages::file::layout;
use crate::pages::reading::{self, Packed};
use crate::parquet_file::guarded;
use crate::times::Times;
use crate::{schema, table};

/// Places of the columns.
const CUSTOMER: usize = 0;
const ITEM: usize = 1;
const TYPE: usize = 2;
const TIMESTAMP: usize = 3;

/// A table of actions whose footer has been read.
///
/// It is opened whenever something is read of it, so that a thousand tables take no more than one descriptor.
pub struct ActionFile {
    path: PathBuf,
    /// The whole of it, if it was laid out anew.
    memory: Option<Vec<u8>>,
    metadata: FileMetadata,
    groups: Vec<Group>,
    /// In bytes.
    length: u64,
    /// The times of its actions.
    pub times: Times,
}

/// A table that is open to be read.
enum Opened<'a> {
    File(File),
    Memory(&'a [u8]),
}

/// Rows that are so near to each other are read at once, with those between them.
const NEAR: usize = 64;

/// What the footer says of a row group.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub first_customer: i64,
    pub last_customer: i64,
    pub rows: usize,
}

/// A row group in memory. One that is read into again keeps its memory.
#[derive(Default)]
pub struct Block {
    /// Ascending, each once.
    pub customers: Vec<i64>,
    ends: Vec<u32>,
    /// The columns as they lie in the file, one behind the other.
    bytes: Vec<u8>,
    /// Where the values of some columns are among the bytes.
    items: Range<usize>,
    types: Packed,
    timestamps: Range<usize>,
}

impl ActionFile {
    /// Fails if the file is no table of actions, or not sorted by customer.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let mut file = File::open(path)?;
            let metadata = guarded(|| Ok(read_metadata(&mut file)?))?;
            if layout(&metadata) == Some(LAYOUT) {
                return ActionFile::new(path, file.metadata()?.len(), None, metadata);
            }
            let bytes = laid_out_anew(path)?;
            let metadata = guarded(|| Ok(read_metadata(&mut Cursor::new(&bytes))?))?;
            ActionFile::new(path, bytes.len() as u64, Some(bytes), metadata)
        };
        open().with_context(|| format!("cannot read {} as a table of actions", path.display()))
    }

    fn new(path: &Path, length: u64, memory: Option<Vec<u8>>, metadata: FileMetadata) -> Result<Self> {
        let mut groups: Vec<Group> = Vec::new();
        let mut times = Times::default();
        for group in &metadata.row_groups {
            let [customers, _, _, timestamps] = group.parquet_columns() else { bail!("it has not four columns") };
            let (first_customer, last_customer) = extremes(customers, &metadata)?;
            if groups.last().is_some_and(|before| before.last_customer >= first_customer) {
                bail!("its row groups are not sorted by customer_id");
            }
            groups.push(Group { first_customer, last_customer, rows: group.num_rows() });
            times = times.union(Times(Some(extremes(timestamps, &metadata)?)));
        }
        Ok(ActionFile { path: path.to_path_buf(), memory, metadata, groups, length, times })
    }

    pub fn rows(&self) -> usize {
        self.groups.iter().map(|group| group.rows).sum()
    }

    /// Its row groups, in order of customers.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Reads a row group, with or without the timestamps, which are more than half of it.
    pub fn read(&self, group: usize, with_timestamps: bool, block: &mut Block) -> Result<()> {
        let mut read = || guarded(|| self.read_block(group, with_timestamps, block));
        read().with_context(|| format!("cannot read {}", self.path.display()))
    }

    fn read_block(&self, group: usize, with_timestamps: bool, block: &mut Block) -> Result<()> {
        let chunks = self.metadata.row_groups[group].parquet_columns();
        let rows = self.groups[group].rows;
        let last = if with_timestamps { TIMESTAMP } else { TYPE };
        // The columns follow each other, so one read takes them all.
        let start = chunks[CUSTOMER].byte_range().start;
        self.bytes(&self.opened()?, start..chunks[last].byte_range().end, &mut block.bytes)?;
        let column = |column: usize| {
            let range = chunks[column].byte_range();
            reading::find(&block.bytes, (range.start - start) as usize..(range.end - start) as usize, rows)
        };
        let customers = column(CUSTOMER)?;
        block.customers.clear();
        block.customers.extend(block.bytes[customers.dictionary].chunks_exact(8).map(number));
        if !block.customers.is_sorted_by(|a, b| a < b) {
            bail!("customers that are not sorted");
        }
        reading::ends_of_runs(&block.bytes[customers.values], block.customers.len(), rows, &mut block.ends)?;
        block.items = column(ITEM)?.values;
        let types = column(TYPE)?;
        block.types = Packed::find(&block.bytes, types, rows)?;
        block.timestamps = if with_timestamps { column(TIMESTAMP)?.values } else { 0..0 };
        let timestamps = if with_timestamps { rows * 8 } else { 0 };
        if block.items.len() != rows * 4 || block.timestamps.len() != timestamps {
            bail!("a page of another length than its rows");
        }
        Ok(())
    }

    /// The times of some rows (row group and row in it), which ascend.
    pub fn times_of(&self, rows: &[(usize, usize)]) -> Result<Times> {
        let read = || {
            let (file, mut bytes, mut times) = (self.opened()?, Vec::new(), Times::default());
            for near in rows.chunk_by(|a, b| a.0 == b.0 && b.1 - a.1 <= NEAR) {
                let ((group, first), (_, last)) = (near[0], near[near.len() - 1]);
                // PLAIN values are the end of their only page, which is the end of the column.
                let end = self.metadata.row_groups[group].parquet_columns()[TIMESTAMP].byte_range().end;
                let place = |row: usize| end.saturating_sub(8 * (self.groups[group].rows - row) as u64);
                self.bytes(&file, place(first)..place(last + 1), &mut bytes)?;
                let time = |(_, row): &(usize, usize)| bytes.get(8 * (row - first)..8 * (row - first + 1)).map(number);
                times = near.iter().filter_map(time).fold(times, |times, time| times.union(Times::of(time)));
            }
            Ok(times)
        };
        guarded(read).with_context(|| format!("cannot read {}", self.path.display()))
    }

    fn opened(&self) -> Result<Opened<'_>> {
        Ok(match &self.memory {
            Some(bytes) => Opened::Memory(bytes),
            None => Opened::File(File::open(&self.path)?),
        })
    }

    fn bytes(&self, opened: &Opened, range: Range<u64>, bytes: &mut Vec<u8>) -> Result<()> {
        if range.end < range.start || range.end > self.length {
            bail!("the file is shorter than it says");
        }
        match opened {
            Opened::Memory(all) => {
                bytes.clear();
                bytes.extend_from_slice(&all[range.start as usize..range.end as usize]);
            }
            Opened::File(file) => {
                bytes.resize((range.end - range.start) as usize, 0);
                file.read_exact_at(bytes, range.start)?;
            }
        }
        Ok(())
    }
}

fn number(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(0, i64::from_le_bytes)
}

/// The smallest and the largest value of a column, from its statistics.
fn extremes(column: &ColumnChunkMetadata, metadata: &FileMetadata) -> Result<(i64, i64)> {
    match column.statistics(&metadata.footer_buf).transpose()? {
        Some(Statistics::Int64(found)) => found.min_value.zip(found.max_value).context("statistics without extremes"),
        _ => bail!("a column without statistics"),
    }
}

/// A table of whatever writer, as a file of this layout.
fn laid_out_anew(path: &Path) -> Result<Vec<u8>> {
    let frame = table::read(path, schema::actions())?;
    let customers = table::int64(&frame, schema::CUSTOMER_ID)?;
    let items = table::int32(&frame, schema::ITEM_ID)?;
    let types = table::int8(&frame, schema::ACTION_TYPE)?;
    let timestamps = table::instants(&frame, schema::TIMESTAMP)?;
    if !customers.is_sorted() {
        bail!("the actions are not sorted by customer_id");
    }
    let mut writer = ActionWriter::new(Cursor::new(Vec::new()))?;
    let mut start = 0;
    for of_customer in customers.chunk_by(|a, b| a == b) {
        let rows = start..start + of_customer.len();
        start = rows.end;
        let mut actions: Vec<_> = rows.map(|row| Action::new(timestamps[row], items[row], types[row])).collect();
        actions.sort_unstable_by(|a, b| b.cmp(a));
        writer.customer(of_customer[0])?;
        writer.actions(&actions);
    }
    Ok(writer.finish()?.into_inner())
}

impl Block {
    /// The rows of the customer at a place, newest first.
    #[inline]
    pub fn rows(&self, place: usize) -> Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[place] as usize
    }

    /// The items of some rows.
    pub fn items(&self, rows: Range<usize>) -> impl Iterator<Item = i32> {
        let bytes = &self.items_as_they_lie()[rows.start * 4..rows.end * 4];
        bytes.chunks_exact(4).map(|bytes| bytes.try_into().map_or(0, i32::from_le_bytes))
    }

    /// The types of some rows.
    pub fn action_types(&self, rows: Range<usize>) -> impl Iterator<Item = i8> {
        rows.map(|row| self.types.get(&self.bytes, row))
    }

    /// The timestamps of some rows; none if they were not read.
    pub fn timestamps(&self, rows: Range<usize>) -> impl DoubleEndedIterator<Item = i64> {
        let bytes = self.timestamps_as_they_lie().get(rows.start * 8..rows.end * 8).unwrap_or_default();
        bytes.chunks_exact(8).map(number)
    }

    /// Some rows as actions; none if the timestamps were not read.
    pub fn actions(&self, rows: Range<usize>) -> impl Iterator<Item = Action> {
        let times = self.timestamps(rows.clone());
        let rest = self.items(rows.clone()).zip(self.action_types(rows));
        times.zip(rest).map(|(timestamp, (item, action_type))| Action::new(timestamp, item, action_type))
    }

    /// All items, as in the file.
    pub(super) fn items_as_they_lie(&self) -> &[u8] {
        &self.bytes[self.items.clone()]
    }

    /// All timestamps, as in the file.
    pub(super) fn timestamps_as_they_lie(&self) -> &[u8] {
        &self.bytes[self.timestamps.clone()]
    }
}
