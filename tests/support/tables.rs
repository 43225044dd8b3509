//! Small tables for tests: written from literal rows, read back as text.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use polars::prelude::*;

use crate::support::{Ended, Space, end};

/// Runs a task with `--in`, `--out` and other arguments as one line, split at spaces.
pub fn task(space: &Space, name: &str, arguments: &str) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_read"), name);
    command.args(arguments.split_whitespace());
    end(command)
}

pub fn write(space: &Space, name: &str, columns: Vec<Column>) {
    let path = space.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut frame).unwrap();
}

pub fn table(space: &Space, name: &str) -> DataFrame {
    ParquetReader::new(std::fs::File::open(space.path(name)).unwrap()).finish().unwrap()
}

/// A table of actions: customer, item, type, microseconds.
pub fn write_actions(space: &Space, name: &str, rows: &[(i64, i32, i8, i64)]) {
    write(
        space,
        name,
        vec![
            Column::new("customer_id".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
            Column::new("item_id".into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()),
            Column::new("action_type".into(), rows.iter().map(|row| row.2).collect::<Vec<_>>()),
            times("timestamp", rows.iter().map(|row| row.3).collect()),
        ],
    );
}

/// A table of impressions: customer, item, label.
pub fn write_impressions(space: &Space, name: &str, rows: &[(i64, i32, bool)]) {
    write(
        space,
        name,
        vec![
            Column::new("customer_id".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
            Column::new("item_id".into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()),
            Column::new("is_order".into(), rows.iter().map(|row| row.2).collect::<Vec<_>>()),
        ],
    );
}

/// A table of histories: customer, items and types.
pub fn write_histories(space: &Space, name: &str, rows: &[(i64, Vec<i32>, Vec<i8>)]) {
    let mut items = ListPrimitiveChunkedBuilder::<Int32Type>::new("actions".into(), 0, 0, DataType::Int32);
    let mut types = ListPrimitiveChunkedBuilder::<Int8Type>::new("action_types".into(), 0, 0, DataType::Int8);
    for (_, row_items, row_types) in rows {
        items.append_slice(row_items);
        types.append_slice(row_types);
    }
    let customers = Column::new("customer_id".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>());
    write(space, name, vec![customers, items.finish().into_column(), types.finish().into_column()]);
}

pub fn times(name: &str, micros: Vec<i64>) -> Column {
    Int64Chunked::from_vec(name.into(), micros).into_datetime(TimeUnit::Microseconds, None).into_column()
}

/// A row with lists, as training rows and histories have them: customer, item and label if there are, items, types.
pub type ListRow = (i64, Option<(i32, bool)>, Vec<i32>, Vec<i8>);

pub fn list_rows(space: &Space, name: &str) -> Vec<ListRow> {
    let table = table(space, name);
    let lists = |column: &str| table.column(column).unwrap().list().unwrap().clone();
    let (items, types) = (lists("actions"), lists("action_types"));
    assert_eq!(items.null_count() + types.null_count(), 0);
    let shown = table.column("item_id").ok().map(|items| (items, table.column("is_order").unwrap()));
    let customers = table.column("customer_id").unwrap().i64().unwrap();
    (0..table.height())
        .map(|row| {
            let shown = shown.map(|(items, labels)| {
                (items.i32().unwrap().get(row).unwrap(), labels.bool().unwrap().get(row).unwrap())
            });
            let items = items.get_as_series(row).unwrap().i32().unwrap().iter().map(Option::unwrap).collect();
            let types = types.get_as_series(row).unwrap().i8().unwrap().iter().map(Option::unwrap).collect();
            (customers.get(row).unwrap(), shown, items, types)
        })
        .collect()
}
