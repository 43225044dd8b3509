//! A Parquet file whose row groups are made on several threads and written in order.
//!
//! Thread `n` of `m` makes the row groups `n`, `n + m`, `n + 2 m` and so on, and is at most two ahead of those that are
//! written, so that memory is bounded; the bytes do not depend on how many threads there are.

use std::io::Write;
use std::sync::mpsc::sync_channel;
use std::thread;

use anyhow::{Context, Result};
use polars::prelude::ArrowSchema;
use polars_parquet::parquet::error::ParquetError;
use polars_parquet::parquet::metadata::{ColumnDescriptor, SchemaDescriptor};
use polars_parquet::parquet::write::{DynIter, DynStreamingIterator, FileWriter, Version, WriteOptions};
use polars_parquet::write::{CompressedPage, fallible_streaming_iterator, schema_to_metadata_key, to_parquet_schema};

/// A row group, encoded and compressed.
pub struct RowGroup {
    pub rows: usize,
    /// The pages of each column.
    pub columns: Vec<Vec<CompressedPage>>,
}

/// A file to which row groups are added.
pub struct PageFile<W: Write> {
    file: FileWriter<W>,
    schema: ArrowSchema,
    columns: SchemaDescriptor,
}

impl<W: Write> PageFile<W> {
    /// `created_by` is the name that the footer gives to the writer.
    pub fn new(out: W, schema: ArrowSchema, created_by: &str) -> Result<Self> {
        let columns = to_parquet_schema(&schema)?;
        // No page index: polars-parquet writes one only for columns whose every page has statistics.
        let options = WriteOptions { write_statistics: false, version: Version::V1 };
        let file = FileWriter::new(out, columns.clone(), options, Some(created_by.to_string()));
        Ok(PageFile { file, schema, columns })
    }

    /// Adds a row group.
    pub fn add(&mut self, make: impl FnOnce(&[ColumnDescriptor]) -> Result<RowGroup>) -> Result<()> {
        append(&mut self.file, &make(self.columns.columns())?)
    }

    /// Adds `count` row groups, which `make` makes by number.
    pub fn add_all(
        &mut self,
        count: usize,
        threads: usize,
        make: impl Fn(usize, &[ColumnDescriptor]) -> Result<RowGroup> + Sync,
    ) -> Result<()> {
        let threads = threads.min(count);
        if threads < 2 {
            return (0..count).try_for_each(|number| self.add(|columns| make(number, columns)));
        }
        let columns = self.columns.columns();
        thread::scope(|scope| {
            let mut lines = Vec::new();
            for first in 0..threads {
                let (send, receive) = sync_channel(1);
                lines.push(receive);
                let make = |number| make(number, columns);
                // What cannot be sent is no longer wanted: writing has failed.
                scope.spawn(move || (first..count).step_by(threads).all(|number| send.send(make(number)).is_ok()));
            }
            (0..count).try_for_each(|number| {
                let made = lines[number % threads].recv().context("a thread that makes row groups has ended early")?;
                append(&mut self.file, &made?)
            })
        })
    }

    /// Writes the footer, and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        self.file.end(Some(vec![schema_to_metadata_key(&self.schema)]))?;
        Ok(self.file.into_inner())
    }
}

fn append(file: &mut FileWriter<impl Write>, row_group: &RowGroup) -> Result<()> {
    let columns = row_group.columns.iter().map(|pages| {
        let pages = fallible_streaming_iterator::convert(pages.iter().map(Ok::<_, ParquetError>));
        Ok::<_, ParquetError>(DynStreamingIterator::new(pages))
    });
    file.write(row_group.rows as u64, DynIter::new(columns))?;
    Ok(())
}
