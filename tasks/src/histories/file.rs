//! Reads tables of histories, a row group at a time.
//!
//! A table that was not written by [`super::writer`] is read in the ordinary way, as one row group. It does not know what
//! is done with histories.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use polars::prelude::{DataFrame, Int8Type, Int32Type, PolarsNumericType};
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::read::read_metadata;

use super::{Histories, LAYOUT};
use crate::pages::file::layout;
use crate::pages::reading::{self, Packed};
use crate::parquet_file::guarded;
use crate::{schema, table};

/// A table of histories whose footer has been read.
pub struct HistoryFile {
    path: PathBuf,
    layout: Layout,
}

enum Layout {
    Ours(File, Box<FileMetadata>),
    /// That of another writer, whose table is in memory.
    Other(Histories),
}

impl HistoryFile {
    /// Fails if the file is no table of histories.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let mut file = File::open(path)?;
            let metadata = guarded(|| Ok(read_metadata(&mut file)?))?;
            if layout(&metadata) == Some(LAYOUT) {
                return Ok(Layout::Ours(file, Box::new(metadata)));
            }
            Ok::<_, anyhow::Error>(Layout::Other(whole(path)?))
        };
        let found = open().with_context(|| format!("cannot read {} as a table of histories", path.display()))?;
        Ok(HistoryFile { path: path.to_path_buf(), layout: found })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many row groups there are.
    pub fn groups(&self) -> usize {
        match &self.layout {
            Layout::Ours(_, metadata) => metadata.row_groups.len(),
            Layout::Other(_) => 1,
        }
    }

    /// Reads a row group.
    pub fn read(&self, group: usize) -> Result<Histories> {
        let read = || match &self.layout {
            Layout::Ours(file, metadata) => guarded(|| laid(file, metadata, group)),
            Layout::Other(histories) => Ok(histories.clone()),
        };
        read().with_context(|| format!("cannot read {}", self.path.display()))
    }
}

/// A row group of a file of our own layout.
fn laid(file: &File, metadata: &FileMetadata, group: usize) -> Result<Histories> {
    let group = &metadata.row_groups[group];
    let [customers, items, types] = group.parquet_columns() else { bail!("it has not three columns") };
    let rows = group.num_rows();
    let start = customers.byte_range().start;
    let length = types.byte_range().end.saturating_sub(start);
    if start.saturating_add(length) > file.metadata()?.len() {
        bail!("the file is shorter than it says");
    }
    // The columns follow each other, so one read takes them all.
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, start)?;
    let entries = usize::try_from(items.num_values())?;
    let column = |column: std::ops::Range<u64>, entries| {
        reading::find(&bytes, (column.start - start) as usize..(column.end - start) as usize, entries)
    };
    let customers = &bytes[column(customers.byte_range(), rows)?.values];
    let customers: Vec<i64> = customers.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
    let mut ends = Vec::new();
    let page = &bytes[column(items.byte_range(), entries)?.values];
    let values = &page[reading::ends_of_lists(page, rows, &mut ends)?..];
    let items: Vec<i32> = values.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
    let mut pages = column(types.byte_range(), entries)?;
    let mut ends_of_types = Vec::new();
    pages.values.start += reading::ends_of_lists(&bytes[pages.values.clone()], rows, &mut ends_of_types)?;
    let packed = Packed::find(&bytes, pages, items.len())?;
    if customers.len() != rows || ends != ends_of_types || ends.last().is_some_and(|end| *end != items.len() as i64) {
        bail!("columns of different lengths");
    }
    ends.insert(0, 0);
    let mut action_types = Vec::new();
    packed.unpack(&bytes, items.len(), &mut action_types);
    Ok(Histories { customers, offsets: ends, items, action_types })
}

/// A table of another writer.
fn whole(path: &Path) -> Result<Histories> {
    let frame = table::read(path, schema::histories())?;
    let (offsets, items) = lists::<Int32Type>(&frame, schema::ACTIONS)?;
    let (type_offsets, action_types) = lists::<Int8Type>(&frame, schema::ACTION_TYPES)?;
    if offsets != type_offsets {
        bail!("{} and {} of the histories differ in length", schema::ACTIONS, schema::ACTION_TYPES);
    }
    Ok(Histories {
        customers: table::int64(&frame, schema::CUSTOMER_ID)?.to_vec(),
        offsets: offsets.to_vec(),
        items: items.to_vec(),
        action_types: action_types.to_vec(),
    })
}

/// Offsets and values of a column of lists that [`table::read`] has read.
fn lists<'a, T: PolarsNumericType>(frame: &'a DataFrame, name: &str) -> Result<(&'a [i64], &'a [T::Native])> {
    let mut chunks = frame.column(name)?.list()?.downcast_iter();
    let (Some(lists), None) = (chunks.next(), chunks.next()) else { bail!("column `{name}` is not in one piece") };
    let values = lists.values().as_any().downcast_ref::<T::Array>();
    let values = values.with_context(|| format!("column `{name}` holds lists of another type"))?;
    if lists.values().null_count() > 0 {
        bail!("the lists of column `{name}` hold {} nulls", lists.values().null_count());
    }
    Ok((lists.offsets().as_slice(), values.values().as_slice()))
}
