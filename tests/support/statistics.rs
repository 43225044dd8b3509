//! The statistics in a Parquet file held against its data: those of every row group in the footer, and those of every page.
//!
//! Readers leave out what cannot hold a value that they look for, so a wrong statistic loses rows and says nothing.

use std::io::Cursor;

use polars::prelude::{Column, DataFrame, DataType};
use polars_parquet::parquet::metadata::ColumnChunkMetadata;
use polars_parquet::parquet::read::read_metadata;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{PageHeader, Statistics};

/// Fails unless these columns have statistics everywhere, and all that there are agree with the rows of the file.
pub fn agree(file: &[u8], rows: &DataFrame, columns: &[&str]) {
    let metadata = read_metadata(&mut Cursor::new(file)).unwrap();
    assert_eq!(metadata.num_rows, rows.height());
    let mut start = 0;
    for group in &metadata.row_groups {
        let rows = rows.slice(start as i64, group.num_rows());
        start += group.num_rows();
        for chunk in group.parquet_columns() {
            let path = &chunk.descriptor().path_in_schema;
            let values = rows.column(&path[0]).unwrap();
            let footer = chunk.statistics(&metadata.footer_buf);
            let is_told = columns.contains(&path[0].as_str());
            assert_eq!(footer.is_some(), is_told, "statistics of {path:?} in the footer");
            let mut first = 0;
            for header in pages(file, chunk) {
                let Some(header) = header.data_page_header else { continue };
                assert_eq!(header.statistics.is_some(), is_told, "statistics of {path:?} in a page");
                let Some(found) = header.statistics else { continue };
                let page = values.slice(first, header.num_values as usize);
                first += i64::from(header.num_values);
                assert_eq!(told(found), expected(&page), "page of {path:?}");
            }
            if let Some(found) = footer {
                let found = found.unwrap().serialize();
                assert_eq!(told(found), expected(values), "row group of {path:?}");
                assert_eq!(first as usize, values.len(), "pages of {path:?}");
            }
        }
    }
    assert_eq!(start, rows.height());
}

/// Nulls, the smallest and the largest value, as their bytes.
type Told = (Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>);

fn told(statistics: Statistics) -> Told {
    (statistics.null_count, statistics.min_value, statistics.max_value)
}

/// What the statistics of these values have to tell.
fn expected(values: &Column) -> Told {
    let (values, wide) = (values.cast(&DataType::Int64).unwrap(), values.name().as_str() == "customer_id");
    let integers = values.i64().unwrap();
    let bytes = |value: i64| if wide { value.to_le_bytes().to_vec() } else { (value as i32).to_le_bytes().to_vec() };
    let (smallest, largest) = (integers.iter().flatten().min(), integers.iter().flatten().max());
    (Some(integers.null_count() as i64), smallest.map(bytes), largest.map(bytes))
}

fn pages(file: &[u8], chunk: &ColumnChunkMetadata) -> Vec<PageHeader> {
    let range = chunk.byte_range();
    let mut bytes = &file[range.start as usize..range.end as usize];
    let mut headers = Vec::new();
    while !bytes.is_empty() {
        let mut cursor = Cursor::new(bytes);
        let header = PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut cursor, 1 << 20)).unwrap();
        bytes = &bytes[cursor.position() as usize + header.compressed_page_size as usize..];
        headers.push(header);
    }
    headers
}
