//! Parquet files made page by page, for tables whose lists a general writer would take far too long to write.
//!
//! A general writer shreds lists value by value into levels and values. Those who use this know the shape of their
//! lists, and give whole pages as bytes; here they are compressed, and put into a file by the page interface of
//! polars-parquet, which knows headers and footer.
//!
//! A page of data (v1) is, compressed together, its repetition levels, its definition levels and its values:
//! <https://parquet.apache.org/docs/file-format/data-pages/>. The values are PLAIN, or places in the dictionary that is
//! the column's first page in each row group:
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.
//!
//! Nothing here knows what a table means.

pub mod dictionary;
pub mod file;
pub mod hybrid;

use anyhow::Result;
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, DataPageHeaderV1, DictPage, Page};
use polars_parquet::parquet::statistics::{ParquetStatistics, PrimitiveStatistics};
use polars_parquet::parquet::types::NativeType;
use polars_parquet::parquet::write::compress;
use polars_parquet::write::{CompressedPage, CompressionOptions, Descriptor, ZstdLevel};

/// The fastest level: what repeats does so within few bytes, so that higher levels gain little.
const ZSTD_LEVEL: i32 = 1;

/// How many rows make a row group, and how many a page of lists.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub row_group: usize,
    pub page: usize,
}

/// The pages of one column of a row group.
pub struct ColumnPages<'a> {
    descriptor: &'a Descriptor,
    pages: Vec<CompressedPage>,
}

impl<'a> ColumnPages<'a> {
    pub fn new(descriptor: &'a Descriptor) -> Self {
        ColumnPages { descriptor, pages: Vec::new() }
    }

    /// The dictionary, which comes before all pages that refer to it.
    pub fn dictionary(mut self, values: &[i32]) -> Result<Self> {
        let page = DictPage::new(CowBuffer::Owned(plain(values)), values.len(), false);
        self.add(Page::Dict(page))?;
        Ok(self)
    }

    /// A page of lists: levels, then places in the dictionary. `entries` is how many pairs of levels there are.
    pub fn lists(&mut self, rows: usize, entries: usize, bytes: Vec<u8>) -> Result<()> {
        self.data(rows, entries, Encoding::RleDictionary, bytes, None)
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
        self.data(values.len(), values.len(), Encoding::Plain, plain(values), Some(statistics.serialize()))?;
        Ok(self)
    }

    /// All values of a row group as one PLAIN page: eight to a byte, the first in the lowest bit.
    pub fn booleans(mut self, values: &[bool]) -> Result<Self> {
        let pack = |eight: &[bool]| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        let bytes = values.chunks(8).map(pack).collect();
        self.data(values.len(), values.len(), Encoding::Plain, bytes, None)?;
        Ok(self)
    }

    pub fn finish(self) -> Vec<CompressedPage> {
        self.pages
    }

    fn data(
        &mut self,
        rows: usize,
        entries: usize,
        encoding: Encoding,
        bytes: Vec<u8>,
        statistics: Option<ParquetStatistics>,
    ) -> Result<()> {
        let header = DataPageHeader::V1(DataPageHeaderV1 {
            num_values: entries.try_into()?,
            encoding: encoding.into(),
            definition_level_encoding: Encoding::Rle.into(),
            repetition_level_encoding: Encoding::Rle.into(),
            statistics,
        });
        self.add(Page::Data(DataPage::new(header, CowBuffer::Owned(bytes), self.descriptor.clone(), rows)))
    }

    fn add(&mut self, page: Page) -> Result<()> {
        let mut compression = CompressionOptions::Zstd(Some(ZstdLevel::try_new(ZSTD_LEVEL)?));
        if std::env::var("WIDE_LZ4").is_ok() {
            compression = CompressionOptions::Lz4Raw;
        }
        if let Ok(l) = std::env::var("WIDE_ZSTD") {
            compression = CompressionOptions::Zstd(Some(ZstdLevel::try_new(l.parse()?)?));
        }
        self.pages.push(compress(page, Vec::new(), compression)?);
        Ok(())
    }
}

/// Numbers one after the other, the lowest byte first.
fn plain<T: NativeType>(values: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; size_of_val(values)];
    for (slot, value) in bytes.chunks_exact_mut(size_of::<T>()).zip(values) {
        slot.copy_from_slice(value.to_le_bytes().as_ref());
    }
    bytes
}
