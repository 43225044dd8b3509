//! Which rows of a table are looked at: all of them, or those of one customer; read by strides.
//!
//! It does not know what becomes of the rows.

use anyhow::Result;

use crate::parquet_file::{Column, Field, ParquetFile, Value};
use crate::schema::CUSTOMER_ID;

/// Rows of a file, as many as there are.
pub struct Selection<'a> {
    file: &'a ParquetFile,
    /// The column of customers, and which of them.
    customer: Option<(Field, i64)>,
}

/// A stretch of a file that fits into memory, and which of its rows are selected.
pub struct Stretch {
    start: usize,
    count: usize,
    /// The rows of the customer, from its start.
    matches: Option<Vec<usize>>,
    /// How many of its rows are selected.
    pub rows: usize,
}

impl<'a> Selection<'a> {
    /// The rows of a customer, or all rows.
    pub fn new(file: &'a ParquetFile, customer: Option<i64>) -> Result<Self> {
        let customer = customer.map(|customer| anyhow::Ok((file.column(CUSTOMER_ID)?.clone(), customer)));
        Ok(Selection { file, customer: customer.transpose()? })
    }

    /// The stretches of the file, in order; only the customers' column is read for them.
    pub fn stretches(&self) -> impl Iterator<Item = Result<Stretch>> {
        self.file.strides().map(|(start, count)| {
            let Some((field, customer)) = &self.customer else {
                return Ok(Stretch { start, count, matches: None, rows: count });
            };
            let ids = self.file.read(std::slice::from_ref(field), start, count)?;
            let customer = i128::from(*customer);
            let is_match =
                |row: &usize| ids.iter().any(|ids| matches!(ids.value(*row), Value::Integer(id) if id == customer));
            let matches: Vec<_> = (0..count).filter(is_match).collect();
            Ok(Stretch { start, count, rows: matches.len(), matches: Some(matches) })
        })
    }

    /// Reads a stretch, at most up to its `most`-th selected row.
    pub fn read(&self, stretch: &Stretch, columns: &[Field], most: usize) -> Result<Vec<Column>> {
        let count = match &stretch.matches {
            None => stretch.count.min(most),
            Some(matches) => matches.iter().take(most).next_back().map_or(0, |row| row + 1),
        };
        self.file.read(columns, stretch.start, count)
    }
}

impl Stretch {
    /// The first `most` selected rows, from the start of the stretch.
    pub fn selected(&self, most: usize) -> impl Iterator<Item = usize> {
        let all = self.matches.is_none().then_some(0..self.count).into_iter().flatten();
        all.chain(self.matches.iter().flatten().copied()).take(most)
    }
}
