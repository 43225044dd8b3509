//! Writes tables of histories in the layout of [`crate::histories`]; the bytes depend on the row groups given alone.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Result, bail};
use polars::prelude::ArrowDataType;

use super::{CREATED_BY, Histories};
use crate::pages::file::{PageFile, RowGroup};
use crate::pages::{ColumnPages, hybrid, levels, plain, required, required_list};
use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID};
use crate::table;

/// A file to which histories are written, some customers after the others.
pub struct HistoryWriter<W: Write> {
    file: PageFile<W>,
    last: Option<i64>,
}

impl HistoryWriter<BufWriter<File>> {
    pub fn create(path: &Path) -> Result<Self> {
        let file = table::create(path)?;
        let fields = [
            required(CUSTOMER_ID, ArrowDataType::Int64),
            required_list(ACTIONS, ArrowDataType::Int32),
            required_list(ACTION_TYPES, ArrowDataType::Int8),
        ];
        let schema = fields.into_iter().map(|field| (field.name.clone(), field)).collect();
        let file = PageFile::new(BufWriter::with_capacity(1 << 16, file), schema, CREATED_BY)?;
        Ok(HistoryWriter { file, last: None })
    }
}

impl<W: Write> HistoryWriter<W> {
    /// Writes histories as a row group; their customers come after those before, in ascending order.
    pub fn write(&mut self, histories: &Histories) -> Result<()> {
        let customers = self.last.iter().chain(&histories.customers);
        if !customers.is_sorted_by(|a, b| a < b) {
            bail!("customers must be written in ascending order, each once");
        }
        let rows = histories.customers.len();
        if rows == 0 {
            return Ok(());
        }
        self.last = histories.customers.last().copied();
        let lengths: Vec<usize> = histories.lengths().collect();
        let mut front = Vec::new();
        levels::of_lists(&mut front, &lengths);
        let entries = levels::entries(&lengths);
        let (types, places) = hybrid::distinct(&histories.action_types);
        self.file.add(|columns| {
            let column = |number: usize| ColumnPages::uncompressed(&columns[number]);
            let mut actions = column(1);
            actions.plain_lists(rows, entries, [&front[..], &plain(&histories.items)].concat())?;
            let mut action_types = column(2).dictionary(&types)?;
            action_types.lists(rows, entries, [&front[..], &places].concat())?;
            let customers = column(0).numbers(&histories.customers)?;
            let columns = [customers, actions, action_types];
            Ok(RowGroup { rows, columns: columns.into_iter().map(ColumnPages::finish).collect() })
        })
    }

    /// Writes the footer, and gives back what was written to.
    pub fn finish(self) -> Result<W> {
        self.file.finish()
    }
}
