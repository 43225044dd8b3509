//! Reads tables of events, a row group at a time, as `read` writes them: each column of a row group is one PLAIN page,
//! not compressed, and is taken as it lies.
//!
//! A table of another writer is read in the ordinary way, part by part. It does not know what becomes of events.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polars::prelude::DataFrame;
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::read::read_metadata;

use crate::pages::file::layout;
use crate::pages::{self, reading};
use crate::parquet_file::guarded;
use crate::schema::{self, CUSTOMER_ID, ITEM_ID, TIMESTAMP};
use crate::table::{self, TableFile};

/// What the footer says by which a file that `read` has written is known.
pub const LAYOUT: &str = "events";

/// A table of events whose footer has been read.
pub struct EventFile {
    path: PathBuf,
    layout: Layout,
}

enum Layout {
    Ours(File, Box<FileMetadata>),
    /// That of another writer.
    Other(TableFile),
}

/// Some rows of a table in memory. One that is read into again keeps its memory.
#[derive(Default)]
pub struct Block {
    /// The columns as they lie in the file.
    bytes: Vec<u8>,
    /// Where the values of each column are among the bytes.
    columns: [Range<usize>; COLUMNS],
}

/// An event: who, what and when, in microseconds since 1970 UTC.
pub type Event = (i64, i32, i64);

/// `customer_id`, `item_id`, `timestamp`.
const COLUMNS: usize = 3;

impl EventFile {
    /// Fails if the file is no table of events.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let mut file = File::open(path)?;
            let metadata = guarded(|| Ok(read_metadata(&mut file)?))?;
            let names = metadata.schema_descr.columns().iter().map(|column| column.path_in_schema.concat());
            let is_laid =
                layout(&metadata) == Some(LAYOUT) && names.eq(schema::events().columns.iter().map(|(name, _)| *name));
            Ok::<_, anyhow::Error>(is_laid.then(|| Layout::Ours(file, Box::new(metadata))))
        };
        let laid = open().with_context(|| format!("cannot read {} as a table of events", path.display()))?;
        let found = laid.map_or_else(|| TableFile::open(path, schema::events()).map(Layout::Other), Ok)?;
        Ok(EventFile { path: path.to_path_buf(), layout: found })
    }

    pub fn rows(&self) -> usize {
        match &self.layout {
            Layout::Ours(_, metadata) => metadata.num_rows,
            Layout::Other(table) => table.rows(),
        }
    }

    /// How many groups of rows there are.
    pub fn groups(&self) -> usize {
        match &self.layout {
            Layout::Ours(_, metadata) => metadata.row_groups.len(),
            Layout::Other(table) => table.parts(),
        }
    }

    /// Reads the customers of a group of rows, and nothing else.
    pub fn read_customers(&self, group: usize, block: &mut Block) -> Result<()> {
        self.read_columns(group, 1, block)
    }

    /// Reads a group of rows.
    pub fn read(&self, group: usize, block: &mut Block) -> Result<()> {
        self.read_columns(group, COLUMNS, block)
    }

    /// Reads the first columns of a group of rows.
    fn read_columns(&self, group: usize, columns: usize, block: &mut Block) -> Result<()> {
        block.columns = Default::default();
        match &self.layout {
            Layout::Ours(file, metadata) => guarded(|| block.take_laid(file, metadata, group, columns))
                .with_context(|| format!("cannot read {}", self.path.display())),
            Layout::Other(table) => block.take_other(&table.part(group, &table.names()[..columns])?),
        }
    }
}

impl Block {
    pub fn customers(&self) -> impl Iterator<Item = i64> {
        self.values(0).map(i64::from_le_bytes)
    }

    /// The events; none if only the customers were read.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let (items, timestamps) = (self.values(1).map(i32::from_le_bytes), self.values(2).map(i64::from_le_bytes));
        self.customers().zip(items).zip(timestamps).map(|((customer, item), timestamp)| (customer, item, timestamp))
    }

    fn values<const WIDTH: usize>(&self, column: usize) -> impl Iterator<Item = [u8; WIDTH]> {
        self.bytes[self.columns[column].clone()].as_chunks().0.iter().copied()
    }

    fn take_laid(&mut self, file: &File, metadata: &FileMetadata, group: usize, columns: usize) -> Result<()> {
        let group = &metadata.row_groups[group];
        let rows = group.num_rows();
        let chunks: Vec<Range<u64>> =
            group.parquet_columns().iter().take(columns).map(|chunk| chunk.byte_range()).collect();
        let (Some(first), Some(last)) = (chunks.first(), chunks.last()) else { bail!("it has no columns") };
        if last.end < first.start || last.end > file.metadata()?.len() {
            bail!("the file is shorter than it says");
        }
        // The columns follow each other, so one read takes them all.
        self.bytes.resize((last.end - first.start) as usize, 0);
        file.read_exact_at(&mut self.bytes, first.start)?;
        for ((place, chunk), width) in self.columns.iter_mut().zip(chunks.iter().cloned()).zip([8, 4, 8]) {
            let chunk = (chunk.start - first.start) as usize..(chunk.end - first.start) as usize;
            *place = reading::find(&self.bytes, chunk, rows)?.values;
            if place.len() != width * rows {
                bail!("a page of {} bytes for {rows} rows", place.len());
            }
        }
        Ok(())
    }

    fn take_other(&mut self, rows: &DataFrame) -> Result<()> {
        self.bytes = pages::plain(table::int64(rows, CUSTOMER_ID)?);
        self.columns[0] = 0..self.bytes.len();
        if rows.width() == COLUMNS {
            self.bytes.extend(pages::plain(table::int32(rows, ITEM_ID)?));
            self.columns[1] = self.columns[0].end..self.bytes.len();
            self.bytes.extend(pages::plain(table::instants(rows, TIMESTAMP)?));
            self.columns[2] = self.columns[1].end..self.bytes.len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::random::Folder;
    use crate::raw::{Collector, Fields, Source, read_json_lines};
    use polars::prelude::{Int32Chunked, Int64Chunked, IntoColumn, NewChunkedArray};

    /// So many that they fill two row groups and a part of a third.
    const ROWS: i64 = 150_000;

    fn all(path: &Path) -> Result<Vec<Event>> {
        let file = EventFile::open(path)?;
        let (mut block, mut customers, mut all) = (Block::default(), Vec::new(), Vec::new());
        for group in 0..file.groups() {
            file.read_customers(group, &mut block)?;
            assert_eq!(block.events().count(), 0);
            customers.extend(block.customers());
            file.read(group, &mut block)?;
            all.extend(block.events());
        }
        if !customers.iter().eq(all.iter().map(|(customer, _, _)| customer)) || customers.len() != file.rows() {
            bail!("the customers alone are others");
        }
        Ok(all)
    }

    fn expected(rows: i64) -> Vec<Event> {
        (0..rows).map(|row| (1 + row * 7_919 % 1_000_003, 1 + (row * 31 % 50_021) as i32, row * 1_000_000)).collect()
    }

    /// A table as `read` writes it.
    fn write(path: &Path, rows: i64) {
        let line = |(customer, item, timestamp): Event| {
            let time = chrono::DateTime::from_timestamp_micros(timestamp).unwrap().format("%FT%TZ");
            format!(r#"{{"customer_id":{customer},"item_id":{item},"click_time":"{time}"}}"#)
        };
        let text: Vec<String> = expected(rows).into_iter().map(line).collect();
        let fields = Fields::new(Source::Clicks, &[]).unwrap();
        let mut collector = Collector::create(fields, path, &path.with_extension("rejected")).unwrap();
        read_json_lines(&mut text.join("\n").as_bytes(), 1, 1, &mut collector).unwrap();
        collector.finish().unwrap();
    }

    #[test]
    fn what_read_has_written_is_read_by_this_and_by_the_general_reader() {
        let folder = Folder::new("events");
        for rows in [0, 1, 1 << 16, ROWS] {
            let path = folder.path("rows.parquet");
            write(&path, rows);
            assert_eq!(all(&path).unwrap(), expected(rows));
            let frame = table::read(&path, schema::events()).unwrap();
            let found = table::int64(&frame, CUSTOMER_ID).unwrap().iter();
            assert!(found.eq(expected(rows).iter().map(|(customer, _, _)| customer)));
            let found = table::int32(&frame, ITEM_ID).unwrap().iter();
            assert!(found.eq(expected(rows).iter().map(|(_, item, _)| item)));
            let found = table::instants(&frame, TIMESTAMP).unwrap().iter();
            assert!(found.eq(expected(rows).iter().map(|(_, _, timestamp)| timestamp)));
        }
    }

    #[test]
    fn a_table_of_another_writer_is_read_too() {
        let folder = Folder::new("others");
        let rows = expected(600_000);
        let columns = vec![
            Int64Chunked::from_iter_values(CUSTOMER_ID.into(), rows.iter().map(|row| row.0)).into_column(),
            Int32Chunked::from_iter_values(ITEM_ID.into(), rows.iter().map(|row| row.1)).into_column(),
            table::instant_column(TIMESTAMP, rows.iter().map(|row| row.2).collect()),
        ];
        let path = folder.path("rows.parquet");
        table::write(&path, schema::events(), columns).unwrap();
        assert!(all(&path).unwrap() == rows);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
    fn a_damaged_file_is_an_error_wherever_it_is_damaged() {
        let folder = Folder::new("damage");
        let path = folder.path("rows.parquet");
        write(&path, 20);
        let bytes = std::fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(all(&path).is_err(), "cut at {cut}");
        }
        for place in 0..bytes.len() {
            // A changed value may go unnoticed here (the runner's digests are there for that), but nothing may panic.
            let mut bytes = bytes.clone();
            bytes[place] ^= 0x55;
            std::fs::write(&path, bytes).unwrap();
            let _ = all(&path);
        }
    }
}
