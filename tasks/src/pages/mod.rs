//! Parquet files made page by page, for lists that a general writer would take far too long to write.
//!
//! A general writer shreds lists value by value. Those who use this know the shape of their lists and give whole pages
//! as bytes; what repeats, they say so. The page interface of polars-parquet puts the pages into a file and writes headers
//! and footer.
//!
//! A page of data (v1) is, compressed together, its repetition levels, its definition levels and its values:
//! <https://parquet.apache.org/docs/file-format/data-pages/>. The values are PLAIN, or places in the dictionary that is
//! the column's first page in each row group: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.
//!
//! Nothing here knows what a table means.

pub mod dictionary;
pub mod file;
pub mod frame;
pub mod hybrid;
pub mod levels;
pub mod padded;
pub mod reading;

use anyhow::Result;
use polars::prelude::{ArrowDataType, ArrowField};
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::metadata::ColumnDescriptor;
use polars_parquet::parquet::page::{CompressedDataPage, DataPage, DataPageHeader, DataPageHeaderV1, DictPage, Page};
use polars_parquet::parquet::statistics::{ParquetStatistics, PrimitiveStatistics};
use polars_parquet::parquet::types::NativeType;
use polars_parquet::parquet::write::compress;
use polars_parquet::write::{CompressedPage, CompressionOptions, Descriptor, ZstdLevel};

use frame::Piece;

/// The fastest level: higher ones take longer and gain little on what is packed already.
const ZSTD_LEVEL: i32 = 1;

/// How many rows make a row group, and how many a page of lists.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub row_group: usize,
    pub page: usize,
}

/// A column that holds no nulls.
pub fn required(name: &str, dtype: ArrowDataType) -> ArrowField {
    ArrowField::new(name.into(), dtype, false)
}

/// A column of lists; neither they nor their elements are ever null.
pub fn required_list(name: &str, dtype: ArrowDataType) -> ArrowField {
    required(name, ArrowDataType::List(Box::new(required("element", dtype))))
}

/// The pages of one column of a row group.
pub struct ColumnPages<'a> {
    descriptor: &'a Descriptor,
    compression: CompressionOptions,
    pages: Vec<CompressedPage>,
}

impl<'a> ColumnPages<'a> {
    /// Pages that are compressed.
    pub fn new(column: &'a ColumnDescriptor) -> Self {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).ok();
        ColumnPages { descriptor: &column.descriptor, compression: CompressionOptions::Zstd(level), pages: Vec::new() }
    }

    /// Pages that are not compressed.
    pub fn uncompressed(column: &'a ColumnDescriptor) -> Self {
        ColumnPages { compression: CompressionOptions::Uncompressed, ..ColumnPages::new(column) }
    }

    /// The dictionary, which comes before all pages that refer to it.
    pub fn dictionary<T: NativeType>(mut self, values: &[T]) -> Result<Self> {
        let page = DictPage::new(CowBuffer::Owned(plain(values)), values.len(), false);
        self.compress(Page::Dict(page))?;
        Ok(self)
    }

    /// A page of lists: levels, the width of a place in the dictionary, and places. `entries` is the number of levels.
    pub fn lists(&mut self, rows: usize, entries: usize, bytes: Vec<u8>) -> Result<()> {
        self.data(rows, header(entries, Encoding::RleDictionary, None)?, bytes)
    }

    /// A page of lists: levels, then PLAIN values.
    pub fn plain_lists(&mut self, rows: usize, entries: usize, bytes: Vec<u8>) -> Result<()> {
        self.data(rows, header(entries, Encoding::Plain, None)?, bytes)
    }

    /// A page of lists and places whose bytes repeat, which are never written out.
    pub fn repeating_lists(&mut self, rows: usize, entries: usize, pieces: &[Piece]) -> Result<()> {
        self.pages.push(CompressedPage::Data(CompressedDataPage::new(
            header(entries, Encoding::RleDictionary, None)?,
            CowBuffer::Owned(frame::compress(pieces)?),
            Compression::Zstd,
            frame::size(pieces),
            self.descriptor.clone(),
            rows,
        )));
        Ok(())
    }

    /// All values of a row group as one PLAIN page, with their smallest and largest, by which readers skip row groups.
    pub fn numbers<T: NativeType + Ord>(self, values: &[T]) -> Result<Self> {
        let extremes = values.iter().min().copied().zip(values.iter().max().copied());
        self.plain(values.len(), plain(values), extremes)
    }

    /// All values of a row group as one PLAIN page, given as its bytes, with their smallest and largest if known.
    pub fn plain<T: NativeType>(mut self, rows: usize, bytes: Vec<u8>, extremes: Option<(T, T)>) -> Result<Self> {
        let statistics = self.statistics(extremes);
        self.data(rows, header(rows, Encoding::Plain, statistics)?, bytes)?;
        Ok(self)
    }

    /// All values of a row group as one page of a dictionary's places: their width and runs.
    pub fn places<T: NativeType>(mut self, rows: usize, bytes: Vec<u8>, extremes: Option<(T, T)>) -> Result<Self> {
        let statistics = self.statistics(extremes);
        self.data(rows, header(rows, Encoding::RleDictionary, statistics)?, bytes)?;
        Ok(self)
    }

    fn statistics<T: NativeType>(&self, extremes: Option<(T, T)>) -> Option<ParquetStatistics> {
        let (smallest, largest) = extremes?;
        let statistics = PrimitiveStatistics {
            primitive_type: self.descriptor.primitive_type.clone(),
            null_count: Some(0),
            distinct_count: None,
            min_value: Some(smallest),
            max_value: Some(largest),
        };
        Some(statistics.serialize())
    }

    /// All values of a row group as one PLAIN page.
    pub fn unsigned(mut self, values: &[u32]) -> Result<Self> {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.data(values.len(), header(values.len(), Encoding::Plain, None)?, bytes)?;
        Ok(self)
    }

    /// All values of a row group as one PLAIN page: eight to a byte, the first in the lowest bit.
    pub fn booleans(mut self, values: &[bool]) -> Result<Self> {
        let pack = |eight: &[bool]| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        let bytes = values.chunks(8).map(pack).collect();
        self.data(values.len(), header(values.len(), Encoding::Plain, None)?, bytes)?;
        Ok(self)
    }

    pub fn finish(self) -> Vec<CompressedPage> {
        self.pages
    }

    fn data(&mut self, rows: usize, header: DataPageHeader, bytes: Vec<u8>) -> Result<()> {
        self.compress(Page::Data(DataPage::new(header, CowBuffer::Owned(bytes), self.descriptor.clone(), rows)))
    }

    fn compress(&mut self, page: Page) -> Result<()> {
        self.pages.push(compress(page, Vec::new(), self.compression)?);
        Ok(())
    }
}

fn header(entries: usize, encoding: Encoding, statistics: Option<ParquetStatistics>) -> Result<DataPageHeader> {
    Ok(DataPageHeader::V1(DataPageHeaderV1 {
        num_values: entries.try_into()?,
        encoding: encoding.into(),
        definition_level_encoding: Encoding::Rle.into(),
        repetition_level_encoding: Encoding::Rle.into(),
        statistics,
    }))
}

/// Numbers one after the other, the lowest byte first.
pub fn plain<T: NativeType>(values: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; size_of_val(values)];
    for (slot, value) in bytes.chunks_exact_mut(size_of::<T>()).zip(values) {
        slot.copy_from_slice(value.to_le_bytes().as_ref());
    }
    bytes
}
