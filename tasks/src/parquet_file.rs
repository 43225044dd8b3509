//! Reading a Parquet file of whatever origin, so that a damaged one is an error and never the end of the program.
//!
//! The only place that opens Parquet files to read. It does not know what columns a table should have: [`crate::table`]
//! does for those between tasks, [`crate::raw`] for those of others.

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use polars::prelude::*;

/// A file whose footer has been read.
pub struct ParquetFile {
    path: PathBuf,
    pub rows: usize,
    /// The names of its columns, in order.
    pub columns: Vec<String>,
}

impl ParquetFile {
    pub fn open(path: &Path) -> Result<Self> {
        let mut reader = ParquetReader::new(File::open(path)?);
        let read = || Ok((reader.num_rows()?, reader.schema()?.iter_names().map(|name| name.to_string()).collect()));
        let (rows, columns) = guarded(read)?;
        Ok(ParquetFile { path: path.to_path_buf(), rows, columns })
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
fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
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
