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
pub mod padded;

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
    pages: Vec<CompressedPage>,
}

impl<'a> ColumnPages<'a> {
    pub fn new(column: &'a ColumnDescriptor) -> Self {
        ColumnPages { descriptor: &column.descriptor, pages: Vec::new() }
    }

    /// The dictionary, which comes before all pages that refer to it.
    pub fn dictionary(mut self, values: &[i32]) -> Result<Self> {
        let page = DictPage::new(CowBuffer::Owned(plain(values)), values.len(), false);
        self.compress(Page::Dict(page))?;
        Ok(self)
    }

    /// A page of lists: levels, the width of a place in the dictionary, and places. `entries` is the number of levels.
    pub fn lists(&mut self, rows: usize, entries: usize, bytes: Vec<u8>) -> Result<()> {
        self.data(rows, header(entries, Encoding::RleDictionary, None)?, bytes)
    }

    /// The same, of bytes that repeat, which are never written out.
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
    pub fn numbers<T: NativeType + Ord>(mut self, values: &[T]) -> Result<Self> {
        let statistics = PrimitiveStatistics {
            primitive_type: self.descriptor.primitive_type.clone(),
            null_count: Some(0),
            distinct_count: None,
            min_value: values.iter().min().copied(),
            max_value: values.iter().max().copied(),
        };
        let header = header(values.len(), Encoding::Plain, Some(statistics.serialize()))?;
        self.data(values.len(), header, plain(values))?;
        Ok(self)
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
        let compression = CompressionOptions::Zstd(Some(ZstdLevel::try_new(ZSTD_LEVEL)?));
        self.pages.push(compress(page, Vec::new(), compression)?);
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
fn plain<T: NativeType>(values: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; size_of_val(values)];
    for (slot, value) in bytes.chunks_exact_mut(size_of::<T>()).zip(values) {
        slot.copy_from_slice(value.to_le_bytes().as_ref());
    }
    bytes
}
