//! A Parquet file whose row groups are made on several threads and written in order.
//!
//! Thread `n` of `m` makes the row groups `n`, `n + m`, `n + 2 m` and so on, and is at most two ahead of those that are
//! written, so that memory is bounded; the bytes do not depend on how many threads there are.

use std::fmt::Display;
use std::io::{Seek, SeekFrom, Write};
use std::sync::mpsc::sync_channel;
use std::thread;

use anyhow::{Context, Error, Result, anyhow};
use polars::prelude::ArrowSchema;
use polars_parquet::parquet::error::ParquetError;
use polars_parquet::parquet::metadata::{
    ColumnDescriptor, FileMetadata, KeyValue, SchemaDescriptor, ThriftFileMetadata,
};
use polars_parquet::parquet::write::{DynIter, DynStreamingIterator, FileWriter, Version, WriteOptions};
use polars_parquet::write::{CompressedPage, fallible_streaming_iterator, schema_to_metadata_key, to_parquet_schema};
use polars_parquet_format::SortingColumn;
use polars_parquet_format::thrift::protocol::TCompactOutputProtocol;

use crate::output::Unwritten;

/// The name that the footer gives to the writer, in the form that readers take apart.
const CREATED_BY: &str = concat!("runner version ", env!("CARGO_PKG_VERSION"));
/// The key under which a footer names the layout of pages that the file has, if a reader of ours relies on one.
const LAYOUT: &str = "runner.layout";
/// What ends a Parquet file: the length of the footer, and these four bytes.
const MAGIC: &[u8] = b"PAR1";

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
    layout: Option<&'static str>,
    sorted: bool,
}

impl<W: Write> PageFile<W> {
    pub fn new(out: W, schema: ArrowSchema) -> Result<Self> {
        let columns = to_parquet_schema(&schema)?;
        // Readers find where each page begins (the offset index, which is always written), but not what is in it: for the
        // column index polars-parquet wants statistics of every page, which lists have not.
        let options = WriteOptions { write_statistics: false, version: Version::V1 };
        let file = FileWriter::new(out, columns.clone(), options, Some(CREATED_BY.to_string()));
        Ok(PageFile { file, schema, columns, layout: None, sorted: false })
    }

    /// The footer will name this layout, which [`layout`] finds.
    pub fn laid_out_as(self, layout: &'static str) -> Self {
        PageFile { layout: Some(layout), ..self }
    }

    /// The footer will say that the rows are sorted by the first column.
    pub fn sorted(self) -> Self {
        PageFile { sorted: true, ..self }
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
                let make = |number| make(number, columns);
                // What cannot be sent is no longer wanted: writing has failed.
                let line = move || (first..count).step_by(threads).all(|number| send.send(make(number)).is_ok());
                let begun = thread::Builder::new().spawn_scoped(scope, line);
                lines.push(begun.ok().map(|_| receive));
            }
            (0..count).try_for_each(|number| {
                let made = match &lines[number % threads] {
                    Some(line) => line.recv().context("a thread that makes row groups has ended early")?,
                    // Where no other thread is to be had, this one does its share.
                    None => make(number, columns),
                };
                append(&mut self.file, &made?)
            })
        })
    }
}

impl<W: Write + Seek> PageFile<W> {
    /// Writes the footer, and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        let mut entries = vec![schema_to_metadata_key(&self.schema)];
        entries.extend(self.layout.map(|layout| KeyValue { key: LAYOUT.into(), value: Some(layout.into()) }));
        let size = self.file.end(Some(entries)).map_err(plainly)?;
        let (mut out, mut footer) = self.file.into_inner_and_metadata();
        if self.sorted {
            // polars-parquet does not know of an order, so the footer is written once more, over the first.
            let first = encoded(&footer)?;
            let by_first = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
            footer.row_groups.iter_mut().for_each(|group| group.sorting_columns = Some(vec![by_first.clone()]));
            out.seek(SeekFrom::Start(size - first.len() as u64))?;
            out.write_all(&encoded(&footer)?)?;
            out.flush()?;
        }
        Ok(out)
    }
}

/// A footer as it ends a file.
fn encoded(footer: &ThriftFileMetadata) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = footer.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut bytes))?;
    bytes.extend_from_slice(&u32::try_from(length)?.to_le_bytes());
    bytes.extend_from_slice(MAGIC);
    Ok(bytes)
}

/// The layout that a footer names.
pub fn layout(footer: &FileMetadata) -> Option<&str> {
    let entry = footer.key_value_metadata.iter().flatten().find(|entry| entry.key == LAYOUT)?;
    entry.value.as_deref()
}

/// What polars-parquet says of a disk that refuses, in the words of the system alone.
pub fn plainly(error: impl Display) -> Error {
    let text = error.to_string();
    match text.rsplit_once("underlying IO error: ") {
        Some((_, words)) => Error::new(Unwritten(words.to_string())),
        None => anyhow!(text),
    }
}

fn append(file: &mut FileWriter<impl Write>, row_group: &RowGroup) -> Result<()> {
    let columns = row_group.columns.iter().map(|pages| {
        let pages = fallible_streaming_iterator::convert(pages.iter().map(Ok::<_, ParquetError>));
        Ok::<_, ParquetError>(DynStreamingIterator::new(pages))
    });
    file.write(row_group.rows as u64, DynIter::new(columns)).map_err(plainly)
}
