//! Which rows of a table are looked at: all of them, or those of one customer; read by strides.
//!
//! It does not know what becomes of the rows.

use anyhow::Result;
use polars::prelude::{BooleanChunked, ChunkCompareEq, DataFrame};

use crate::parquet_file::ParquetFile;
use crate::schema::CUSTOMER_ID;

/// Rows of a file, as many as there are.
pub struct Selection<'a> {
    file: &'a ParquetFile,
    customer: Option<i64>,
}

/// A stretch of a file that fits into memory, and which of its rows are selected.
pub struct Stretch {
    start: usize,
    count: usize,
    matches: Option<BooleanChunked>,
    /// How many of its rows are selected.
    pub rows: usize,
}

impl<'a> Selection<'a> {
    /// The rows of a customer, or all rows.
    pub fn new(file: &'a ParquetFile, customer: Option<i64>) -> Result<Self> {
        file.expect(customer.map(|_| CUSTOMER_ID))?;
        Ok(Selection { file, customer })
    }

    /// The stretches of the file, in order; only the customers' column is read for them.
    pub fn stretches(&self) -> impl Iterator<Item = Result<Stretch>> {
        self.file.strides().map(|(start, count)| {
            let Some(customer) = self.customer else { return Ok(Stretch { start, count, matches: None, rows: count }) };
            let ids = self.file.read(&[CUSTOMER_ID.to_string()], start, count)?;
            let matches = ids.column(CUSTOMER_ID)?.i64()?.equal(customer);
            let rows = matches.sum().unwrap_or(0) as usize;
            Ok(Stretch { start, count, matches: Some(matches), rows })
        })
    }

    /// The first `most` selected rows of a stretch.
    pub fn read(&self, stretch: &Stretch, columns: &[String], most: usize) -> Result<DataFrame> {
        if most == 0 || stretch.rows == 0 {
            return self.file.read(columns, 0, 0);
        }
        match &stretch.matches {
            None => self.file.read(columns, stretch.start, stretch.count.min(most)),
            Some(matches) => {
                let frame = self.file.read(columns, stretch.start, stretch.count)?.filter(matches)?;
                Ok(frame.head(Some(most)))
            }
        }
    }
}
