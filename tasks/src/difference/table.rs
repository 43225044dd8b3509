//! A table that is compared: reads digests of its rows, and single rows. Errors name the file.
//!
//! It does not know the other table.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

use super::schema::Typed;
use crate::digest::{self, Digest};
use crate::parquet_file::{Column, ParquetFile};

pub struct Table {
    path: PathBuf,
    file: ParquetFile,
}

impl Table {
    pub fn open(path: &Path) -> Result<Table> {
        let file = ParquetFile::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Table::of(path, file))
    }

    /// A file that has been opened; errors give it this name.
    pub fn of(path: &Path, file: ParquetFile) -> Table {
        Table { path: path.to_path_buf(), file }
    }

    pub fn rows(&self) -> usize {
        self.file.rows
    }

    /// Its columns with their types, in order.
    pub fn types(&self) -> Vec<Typed> {
        self.file.columns.iter().map(|column| (column.name.clone(), column.kind.to_string())).collect()
    }

    /// A digest of each row over these columns.
    pub fn digests(&self, columns: &[String]) -> Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for (start, count) in self.file.strides() {
            // One column at a time, so that no more than one is held.
            let mut rows = vec![Vec::new(); count];
            for name in columns {
                for (row, digest) in rows.iter_mut().zip(digest::of_column(&self.read(name, start, count)?)) {
                    row.extend(digest.to_le_bytes());
                }
            }
            digests.extend(rows.iter().map(|row| digest::of_bytes(row)));
        }
        Ok(digests)
    }

    /// The digests of one column in these rows, in the order in which the rows are given.
    pub fn digests_of(&self, name: &str, rows: &[usize]) -> Result<Vec<Digest>> {
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
            let column = self.read(name, start, count)?;
            let found = digest::of_rows(&column, here.iter().map(|place| rows[*place] - start));
            for (place, digest) in here.iter().zip(found) {
                digests[*place] = digest;
            }
        }
        Ok(digests)
    }

    /// One row of these columns.
    pub fn row(&self, columns: &[String], row: usize) -> Result<Vec<Column>> {
        columns.iter().map(|name| self.read(name, row, 1)).collect()
    }

    fn read(&self, column: &str, start: usize, count: usize) -> Result<Column> {
        let read = || anyhow::Ok(self.file.read(&[self.file.column(column)?.clone()], start, count)?.remove(0));
        read().with_context(|| format!("cannot read {}", self.path.display()))
    }
}
