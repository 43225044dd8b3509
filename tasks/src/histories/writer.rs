//! Writes tables of histories in the layout of [`crate::histories`]; the bytes depend on the histories given
//! at a time alone.

use std::io::{Seek, Write};
use std::path::Path;

use anyhow::{Result, bail};
use polars::prelude::ArrowDataType;

use super::{Histories, LAYOUT};
use crate::output::{self, Output};
use crate::pages::file::{PageFile, RowGroup};
use crate::pages::{ColumnPages, hybrid, levels, plain, required, required_list};
use crate::schema::{ACTION_TYPES, ACTIONS, CUSTOMER_ID};

/// Customers of a row group at most. A reader takes a row group at a time, and what was shown to all of its customers.
const ROW_GROUP: usize = 1 << 12;

/// A file to which histories are written, some customers after the others.
pub struct HistoryWriter<W: Write> {
    file: PageFile<W>,
    last: Option<i64>,
}

impl HistoryWriter<Output> {
    pub fn create(path: &Path) -> Result<Self> {
        let fields = [
            required(CUSTOMER_ID, ArrowDataType::Int64),
            required_list(ACTIONS, ArrowDataType::Int32),
            required_list(ACTION_TYPES, ArrowDataType::Int8),
        ];
        let schema = fields.into_iter().map(|field| (field.name.clone(), field)).collect();
        let file = PageFile::new(output::create(path)?, schema)?.laid_out_as(LAYOUT).sorted();
        Ok(HistoryWriter { file, last: None })
    }
}

impl<W: Write + Seek> HistoryWriter<W> {
    /// Writes histories, as row groups of their own; their customers come after those before, in ascending order.
    pub fn write(&mut self, histories: &Histories) -> Result<()> {
        let customers = self.last.iter().chain(&histories.customers);
        if !customers.is_sorted_by(|a, b| a < b) {
            bail!("customers must be written in ascending order, each once");
        }
        self.last = histories.customers.last().copied().or(self.last);
        let lengths: Vec<usize> = histories.lengths().collect();
        let starts = (0..lengths.len()).step_by(ROW_GROUP);
        starts.zip(lengths.chunks(ROW_GROUP)).try_for_each(|(start, lengths)| {
            let offsets = &histories.offsets[start..=start + lengths.len()];
            let actions = offsets[0] as usize..offsets[lengths.len()] as usize;
            let customers = &histories.customers[start..start + lengths.len()];
            self.add(customers, lengths, &histories.items[actions.clone()], &histories.action_types[actions])
        })
    }

    fn add(&mut self, customers: &[i64], lengths: &[usize], items: &[i32], action_types: &[i8]) -> Result<()> {
        let mut front = Vec::new();
        levels::of_lists(&mut front, lengths);
        let (rows, entries) = (lengths.len(), levels::entries(lengths));
        let (types, places) = hybrid::distinct(action_types);
        self.file.add(|columns| {
            let column = |number: usize| ColumnPages::uncompressed(&columns[number]);
            let mut actions = column(1);
            actions.plain_lists(rows, entries, [&front[..], &plain(items)].concat())?;
            let mut action_types = column(2).dictionary(&types)?;
            action_types.lists(rows, entries, [&front[..], &places].concat())?;
            let customers = column(0).numbers(customers)?;
            let columns = [customers, actions, action_types];
            Ok(RowGroup { rows, columns: columns.into_iter().map(ColumnPages::finish).collect() })
        })
    }

    /// Writes the footer, and gives back what was written to.
    pub fn finish(self) -> Result<W> {
        self.file.finish()
    }
}
