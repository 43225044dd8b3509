//! Reading a Parquet file of whatever origin, so that a damaged one is an error and never the end of the program.
//!
//! The place where Parquet files are opened to read, but for those of our own layouts ([`crate::actions`],
//! [`crate::histories`]). It does not know what columns a table should have: [`crate::table`] does for those between tasks,
//! [`crate::raw`] for those of others.

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use polars::prelude::*;
use polars_parquet::parquet::schema::types::PhysicalType;

/// Bytes that a stride of a file takes in memory at most, roughly: a row group of training rows has 525 million.
const STRIDE_BYTES: usize = 600_000_000;

/// A file whose footer has been read.
pub struct ParquetFile {
    path: PathBuf,
    pub rows: usize,
    /// The names of its columns, in order.
    pub columns: Vec<String>,
    /// Rows of a stride: a whole row group, if that fits into memory.
    stride: usize,
}

impl ParquetFile {
    pub fn open(path: &Path) -> Result<Self> {
        let mut reader = ParquetReader::new(File::open(path)?);
        guarded(|| {
            let columns = reader.schema()?.iter_names().map(|name| name.to_string()).collect();
            let metadata = reader.get_metadata()?;
            let chunks = metadata.row_groups.iter().flat_map(|group| group.parquet_columns());
            // A value takes its bytes in memory, however well it is packed.
            let bytes = chunks.map(|chunk| {
                let width = if chunk.physical_type() == PhysicalType::Int32 { 4 } else { 8 };
                chunk.uncompressed_size().max(chunk.num_values().saturating_mul(width))
            });
            let bytes = bytes.fold(0_usize, |sum, bytes| sum.saturating_add(bytes.try_into().unwrap_or(0)));
            let most = (STRIDE_BYTES / (bytes / metadata.num_rows.max(1)).max(1)).max(1);
            // A row group that is cut in two is decoded twice. One that is too large is cut at powers of two.
            let group = metadata.row_groups.iter().map(|group| group.num_rows()).max().unwrap_or(1).max(1);
            let stride = if group <= most { group } else { 1 << most.ilog2() };
            Ok(ParquetFile { path: path.to_path_buf(), rows: metadata.num_rows, columns, stride })
        })
    }

    /// Its rows in strides (the first row, how many) of which each fits into memory, however long the lists are.
    pub fn strides(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows).step_by(self.stride).map(|start| (start, self.stride.min(self.rows - start)))
    }

    /// Fails if one of `names` is not a column, and says what there is.
    pub fn expect<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        for name in names {
            if !self.columns.iter().any(|column| column == name) {
                bail!("no column `{name}`; it has {}", self.columns.join(", "));
            }
        }
        Ok(())
    }

    /// Reads `count` rows from row `start` on, of these columns in this order, each as one chunk.
    pub fn read(&self, columns: &[String], start: usize, count: usize) -> Result<DataFrame> {
        let reader = ParquetReader::new(File::open(&self.path)?)
            .set_rechunk(true)
            // Files are many and small, and what reads them does so side by side already.
            .read_parallel(ParallelStrategy::None)
            .with_columns(Some(columns.to_vec()))
            .with_slice(Some((start, count)));
        guarded(|| Ok(reader.finish()?.select(columns)?))
    }
}

thread_local! {
    /// Whether a panic on this thread is expected and will be told as an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread will be told as an error, so that nobody else needs to speak of it.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Turns a panic of the Parquet library, which trusts what files say of themselves, into an error.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(anyhow!(
            "the file is damaged, or holds a type that is not known here ({})",
            text.unwrap_or("no details").trim()
        ))
    })
}
