//! What changed from one table to another: the schema, and which rows came, went or are not what they were.
//!
//! Tables are multisets of rows, compared in the columns that both have with the same type. Rows that are equal in both
//! are matched off; what is left on both sides is paired by its key, in order of appearance: a pair is a changed row,
//! the rest are added or removed ones. The key is `customer_id`, or else the first column.
//!
//! ```text
//! digests of all rows ─► unmatched rows ─► their keys ─► pairs ─► in which columns they differ ─► examples
//! ```
//!
//! Tables may be larger than memory: of a row no more than its digest is held, and only what differs is read again. How
//! the answer is put to people is in [`words`]; why the tables were made is not known here.

mod example;
mod rows;
mod schema;
mod table;
mod words;

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::schema::CUSTOMER_ID;
use example::Example;
use rows::Pairs;
use schema::SchemaDifference;
pub(crate) use table::Table;
pub use words::words;

/// What changed from an old table to a new one.
#[derive(Serialize)]
pub struct Difference {
    /// Whether both hold the same rows in the same order, in the same columns.
    same: bool,
    schema: SchemaDifference,
    rows: RowDifference,
    /// In which columns changed rows differ.
    columns: Vec<ColumnDifference>,
    examples: Vec<Example>,
}

#[derive(Default, Serialize)]
struct RowDifference {
    before: usize,
    now: usize,
    /// False if there is no column to compare them in.
    compared: bool,
    added: usize,
    removed: usize,
    changed: usize,
    /// The rows are the same, in another order.
    reordered: bool,
    /// The column by whose values changed rows were paired, in order of appearance, if several rows share one, so that other
    /// pairs might have been made.
    paired_by: Option<String>,
}

#[derive(Serialize)]
struct ColumnDifference {
    name: String,
    /// Changed rows that differ in this column.
    rows: usize,
}

/// Compares two Parquet files, and gives at most so many examples.
pub fn compare(old: &Path, new: &Path, examples: usize) -> Result<Difference> {
    compare_tables(&Table::open(old)?, &Table::open(new)?, examples)
}

/// The same of tables that are open.
pub(crate) fn compare_tables(old: &Table, new: &Table, examples: usize) -> Result<Difference> {
    let (schema, columns) = SchemaDifference::between(&old.types(), &new.types());
    let mut rows = RowDifference { before: old.rows(), now: new.rows(), ..RowDifference::default() };
    let Some(key) = columns.iter().find(|name| *name == CUSTOMER_ID).or(columns.first()) else {
        return Ok(Difference { same: false, schema, rows, columns: Vec::new(), examples: Vec::new() });
    };
    let (unmatched_old, unmatched_new, in_order) = {
        let (before, now) = (old.digests(&columns)?, new.digests(&columns)?);
        (rows::unmatched(&before, &now), rows::unmatched(&now, &before), before == now)
    };
    let keys = (old.digests_of(key, &unmatched_old)?, new.digests_of(key, &unmatched_new)?);
    let pairs = Pairs::by_key((&unmatched_old, &keys.0), (&unmatched_new, &keys.1));
    rows.compared = true;
    (rows.added, rows.removed, rows.changed) = (pairs.added.len(), pairs.removed.len(), pairs.changed.len());
    rows.paired_by = pairs.doubtful.then(|| key.clone());
    rows.reordered = unmatched_old.is_empty() && unmatched_new.is_empty() && !in_order;
    Ok(Difference {
        same: schema.same && in_order,
        schema,
        rows,
        columns: column_differences(old, new, &columns, &pairs)?,
        examples: example::choose(old, new, &columns, key, &pairs, examples)?,
    })
}

/// In how many of the changed rows each column differs; columns in which none does are left out.
fn column_differences(old: &Table, new: &Table, columns: &[String], pairs: &Pairs) -> Result<Vec<ColumnDifference>> {
    let (before, now): (Vec<_>, Vec<_>) = pairs.changed.iter().copied().unzip();
    let mut differences = Vec::new();
    for name in columns {
        let (before, now) = (old.digests_of(name, &before)?, new.digests_of(name, &now)?);
        let rows = before.iter().zip(&now).filter(|(before, now)| before != now).count();
        if rows > 0 {
            differences.push(ColumnDifference { name: name.clone(), rows });
        }
    }
    Ok(differences)
}
