//! A table that is compared: reads digests of its rows, and single rows. Errors name the file.
//!
//! It does not know the other table.

use std::path::{Path, PathBuf};
use std::slice;

use anyhow::{Context, Result};
use polars::prelude::{DataFrame, IdxSize};

use super::schema::Typed;
use crate::digest::{self, Digest};
use crate::parquet_file::ParquetFile;

pub struct Table {
    path: PathBuf,
    file: ParquetFile,
}

impl Table {
    pub fn open(path: &Path) -> Result<Table> {
        let file = ParquetFile::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Table { path: path.to_path_buf(), file })
    }

    pub fn rows(&self) -> usize {
        self.file.rows
    }

    /// Its columns with their types, in order.
    pub fn types(&self) -> Result<Vec<Typed>> {
        let frame = self.read(&self.file.columns, 0, 0)?;
        Ok(frame.columns().iter().map(|column| (column.name().to_string(), column.dtype().clone())).collect())
    }

    /// A digest of each row over these columns.
    pub fn digests(&self, columns: &[String]) -> Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for (start, count) in self.file.strides() {
            // One column at a time, so that no more than one is held.
            let mut rows = vec![Vec::new(); count];
            for name in columns {
                let frame = self.read(slice::from_ref(name), start, count)?;
                for (row, digest) in rows.iter_mut().zip(digest::of_column(frame.column(name)?)?) {
                    row.extend(digest.to_le_bytes());
                }
            }
            digests.extend(rows.iter().map(|row| digest::of_bytes(row)));
        }
        Ok(digests)
    }

    /// The digests of one column in these rows, in the order in which the rows are given.
    pub fn digests_of(&self, name: &String, rows: &[usize]) -> Result<Vec<Digest>> {
        let mut places: Vec<usize> = (0..rows.len()).collect();
        places.sort_unstable_by_key(|place| rows[*place]);
        let mut digests = vec![0; rows.len()];
        let mut rest = &places[..];
        for (start, count) in self.file.strides() {
            let (here, later) = rest.split_at(rest.partition_point(|place| rows[*place] < start + count));
            rest = later;
            if here.is_empty() {
                continue;
            }
            let frame = self.read(slice::from_ref(name), start, count)?;
            let wanted: Vec<IdxSize> = here.iter().map(|place| (rows[*place] - start) as IdxSize).collect();
            for (place, digest) in here.iter().zip(digest::of_column(&frame.column(name)?.take_slice(&wanted)?)?) {
                digests[*place] = digest;
            }
        }
        Ok(digests)
    }

    /// One row of these columns.
    pub fn row(&self, columns: &[String], row: usize) -> Result<DataFrame> {
        self.read(columns, row, 1)
    }

    fn read(&self, columns: &[String], start: usize, count: usize) -> Result<DataFrame> {
        self.file.read(columns, start, count).with_context(|| format!("cannot read {}", self.path.display()))
    }
}
