//! Reading a Parquet file of whatever origin, so that a damaged one is an error and never the end of the program, nor fewer
//! rows in silence.
//!
//! ```text
//! bytes ─ footer ─► columns and their kinds ─► some fields of some rows ─► Column ─► Value
//! ```
//!
//! The place where Parquet files are opened to read, except files of our own layouts ([`crate::actions`],
//! [`crate::histories`], [`crate::events`]). Only what is asked for is decoded, down to the fields of a struct, so that it
//! does not matter of which type the rest is. It does not know what columns a table should have: [`crate::table`] knows
//! that of tables between tasks, [`crate::raw`] of other people's files.

mod column;
mod decode;
mod footer;
mod guard;
mod kind;
mod schema;
mod value;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use memmap2::Mmap;
use polars_buffer::Buffer;
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::schema::types::PhysicalType;

pub use column::{Column, Lists, numbers, typed, value};
pub(crate) use guard::guarded;
pub use guard::is_guarded;
pub use kind::{Field, Kind, Unit};
pub use value::{Value, integer};

/// Bytes that a stride of a file takes in memory at most, roughly: a row group of training rows has 525 million.
const STRIDE_BYTES: usize = 600_000_000;

/// A file whose footer has been read.
pub struct ParquetFile {
    bytes: Buffer<u8>,
    metadata: Box<FileMetadata>,
    pub rows: usize,
    /// Its columns, in order.
    pub columns: Vec<Field>,
    /// Rows of a stride: a whole row group, if that fits into memory.
    stride: usize,
}

impl ParquetFile {
    /// Fails if the file is none, or if its footer disagrees with itself or with the file.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path)?;
        if let Some(bytes) = map(&file)? {
            return ParquetFile::of(bytes);
        }
        // A pipe has no length, and can only be read from its beginning.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        ParquetFile::of(bytes.into())
    }

    /// The same of a file in memory.
    pub fn of(bytes: Buffer<u8>) -> Result<Self> {
        let metadata = footer::read(&bytes)?;
        let chunks = metadata.row_groups.iter().flat_map(|group| group.parquet_columns());
        // A value takes its bytes in memory, however well it is packed.
        let sizes = chunks.map(|chunk| {
            let width = if chunk.physical_type() == PhysicalType::Int32 { 4 } else { 8 };
            chunk.uncompressed_size().max(chunk.num_values().saturating_mul(width))
        });
        let size = sizes.fold(0_usize, |sum, bytes| sum.saturating_add(bytes.try_into().unwrap_or(0)));
        let most = (STRIDE_BYTES / (size / metadata.num_rows.max(1)).max(1)).max(1);
        // A row group that is cut in two is decoded twice. One that is too large is cut at powers of two.
        let group = metadata.row_groups.iter().map(|group| group.num_rows()).max().unwrap_or(1).max(1);
        let stride = if group <= most { group } else { 1 << most.ilog2() };
        Ok(ParquetFile {
            rows: metadata.num_rows,
            columns: schema::columns(&metadata),
            bytes,
            metadata: Box::new(metadata),
            stride,
        })
    }

    /// Its rows in strides (the first row, how many) of which each fits into memory, however long the lists are.
    pub fn strides(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows).step_by(self.stride).map(|start| (start, self.stride.min(self.rows - start)))
    }

    /// The column of a name, the last if there are several; fails if there is none, and says what there is.
    pub fn column(&self, name: &str) -> Result<&Field> {
        self.columns.iter().rfind(|column| column.name == name).with_context(|| {
            let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
            format!("no column `{name}`; it has {}", names.join(", "))
        })
    }

    /// Reads `count` rows from row `start` on, of these columns in this order. A column may have only some of the fields
    /// of its structs.
    pub fn read(&self, columns: &[Field], start: usize, count: usize) -> Result<Vec<Column>> {
        guarded(|| columns.iter().map(|field| self.read_column(field, start..start + count)).collect())
    }

    fn read_column(&self, field: &Field, rows: Range<usize>) -> Result<Column> {
        let (mut arrays, mut found, mut first) = (Vec::new(), 0, 0);
        for group in &self.metadata.row_groups {
            let here = rows.start.max(first)..rows.end.min(first + group.num_rows());
            if !here.is_empty() {
                let decoded = decode::decode(&self.bytes, group, field, here.start - first..here.end - first)?;
                found += decoded.len();
                arrays.push(decoded);
            }
            first += group.num_rows();
        }
        if found != rows.len() {
            bail!("the file is damaged: column `{}` holds {found} of {} rows", field.name, rows.len());
        }
        let values = decode::join(field, arrays)?;
        Ok(Column { field: field.clone(), values })
    }
}

/// A file as memory, so that only what is read of it takes room; `None` where that cannot be.
///
/// The library would start a thread to give the memory back, and end the program where there is none to be had.
#[expect(
    unsafe_code,
    reason = "a mapped file is not to be shortened meanwhile; files of tasks are written once, and whole"
)]
fn map(file: &File) -> Result<Option<Buffer<u8>>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(None);
    }
    // Some file systems cannot map.
    Ok(unsafe { Mmap::map(file) }.ok().map(Buffer::from_owner))
}
