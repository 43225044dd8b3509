//! Running `read`, and what came of it as text.

#![allow(dead_code, reason = "each test file uses the part of this that it needs")]

use polars::prelude::{AnyValue, Column};

use crate::support::{Ended, Space, end};
use crate::tables::table;

/// Runs `read` on files of the space, in the order given.
pub fn read(space: &Space, source: &str, files: &[&str], more: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_read"), "read");
    command.args(["--source", source, "--out", "rows=rows.parquet", "--out", "rejected=rejected.parquet"]);
    for file in files {
        command.args(["--in", &format!("raw={file}")]);
    }
    end({
        command.args(more);
        command
    })
}

/// The rows of a table as text, cell by cell.
pub fn rows(space: &Space, name: &str) -> Vec<String> {
    let table = table(space, name);
    let cell = |column: &Column, row| match column.get(row).unwrap() {
        AnyValue::String(text) => text.to_string(),
        AnyValue::StringOwned(text) => text.to_string(),
        value => value.to_string(),
    };
    (0..table.height())
        .map(|row| table.columns().iter().map(|column| cell(column, row)).collect::<Vec<_>>().join(" | "))
        .collect()
}

/// The rejected rows: file, line, column, reason, entries, raw text.
pub fn rejects(space: &Space) -> Vec<[String; 6]> {
    let cells = |row: &String| row.splitn(6, " | ").map(str::to_string).collect::<Vec<_>>().try_into().unwrap();
    rows(space, "rejected.parquet").iter().map(cells).collect()
}

/// The lines and the reasons of the rejected rows.
pub fn reasons(space: &Space) -> Vec<String> {
    rejects(space).into_iter().map(|[_, line, _, reason, ..]| format!("{line}: {reason}")).collect()
}
