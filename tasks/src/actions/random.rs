//! Random tables of actions for tests: in files of either kind, of one time or of many.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use polars::prelude::{Int8Chunked, Int32Chunked, Int64Chunked, IntoColumn, NewChunkedArray};

use super::{Action, ActionFile, ActionWriter};
use crate::schema::{ACTION_TYPE, CUSTOMER_ID, ITEM_ID, TIMESTAMP};
use crate::synthetic::draw::Draw;
use crate::{schema, table};

/// A table: what each customer did, newest first.
pub type Table = BTreeMap<i64, Vec<Action>>;

/// Some tables, of which few or many overlap in time and share customers.
pub fn tables(draw: &mut Draw) -> Vec<Table> {
    let (count, customers, span) = (draw.below(7), 1 + draw.below(40), 1 + draw.below(300));
    let overlap = draw.below(3) * span;
    let table = |draw: &mut Draw, number: u64| {
        let mut table = Table::new();
        for _ in 0..draw.below(120) {
            let timestamp = 100 * number + draw.below(span + overlap);
            let action = Action::new(timestamp as i64, 1 + draw.below(3) as i32, 1 + draw.below(3) as i8);
            table.entry(1 + draw.below(customers) as i64).or_default().push(action);
        }
        table.values_mut().for_each(|actions| actions.sort_by(|a, b| b.cmp(a)));
        table
    };
    (0..count).map(|number| table(draw, number)).collect()
}

/// All actions of some tables, customer by customer, newest first: what a sort of everything gives.
pub fn all(tables: &[Table]) -> Table {
    let mut all = Table::new();
    for (customer, actions) in tables.iter().flatten() {
        all.entry(*customer).or_default().extend(actions);
    }
    all.values_mut().for_each(|actions| actions.sort_by(|a, b| b.cmp(a)));
    all
}

/// A folder that is gone with its owner.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("actions-{}-{number}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

#[expect(clippy::disallowed_methods, reason = "the folder is the test's own")]
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The tables as files, some of them of our own layout with row groups of any size, some as others would write them.
pub fn files(folder: &Folder, tables: &[Table], draw: &mut Draw) -> Vec<ActionFile> {
    let file = |(number, table): (usize, &Table)| {
        let path = folder.path(&format!("{number}.parquet"));
        match draw.below(3) {
            0 => write_as_others(&path, table),
            _ => write(&path, 1 + draw.below(60) as usize, table),
        }
        ActionFile::open(&path).unwrap()
    };
    tables.iter().enumerate().map(file).collect()
}

/// Writes a table in our own layout.
pub fn write(path: &Path, row_group: usize, table: &Table) {
    let mut writer = ActionWriter::create(path).unwrap();
    writer.set_row_group(row_group);
    for (customer, actions) in table {
        writer.customer(*customer).unwrap();
        writer.actions(actions);
    }
    writer.finish().unwrap();
}

fn write_as_others(path: &Path, table: &Table) {
    let rows: Vec<_> = table.iter().flat_map(|(customer, rows)| rows.iter().map(|row| (*customer, *row))).collect();
    let columns = vec![
        Int64Chunked::from_iter_values(CUSTOMER_ID.into(), rows.iter().map(|row| row.0)).into_column(),
        Int32Chunked::from_iter_values(ITEM_ID.into(), rows.iter().map(|row| row.1.item_id())).into_column(),
        Int8Chunked::from_iter_values(ACTION_TYPE.into(), rows.iter().map(|row| row.1.action_type())).into_column(),
        table::instant_column(TIMESTAMP, rows.iter().map(|row| row.1.timestamp()).collect()),
    ];
    table::write(path, schema::actions(), columns).unwrap();
}

/// Reads a table back.
pub fn read(path: &Path) -> Table {
    let file = ActionFile::open(path).unwrap();
    let (mut found, mut block) = (Table::new(), super::Block::default());
    for group in 0..file.groups().len() {
        file.read(group, true, &mut block).unwrap();
        let customers = block.customers.iter().enumerate();
        found.extend(customers.map(|(place, customer)| (*customer, block.actions(block.rows(place)).collect())));
    }
    found
}
