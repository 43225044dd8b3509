//! A difference put to people in a few lines.

use super::example::{Cell, Change, Example, What};
use super::schema::SchemaDifference;
use super::{Difference, RowDifference};
use crate::parquet_file::Value;
use crate::spelling::legible;

/// The difference as lines, each under a heading; `the same` if there is none.
pub fn words(difference: &Difference) -> String {
    if difference.same {
        return "the same\n".to_string();
    }
    let mut lines = vec![
        ("schema", schema_words(&difference.schema)),
        ("rows", row_words(&difference.rows, difference.schema.same)),
    ];
    if let Some(key) = &difference.rows.paired_by {
        let key = legible(key);
        lines.push((
            "",
            format!("several have the same {key}: these are paired in order, and need not belong together"),
        ));
    }
    if !difference.columns.is_empty() {
        let columns = difference.columns.iter().map(|column| {
            let unit = if column.rows == 1 { "row" } else { "rows" };
            format!("{} in {} {unit}", legible(&column.name), column.rows)
        });
        lines.push(("columns", columns.collect::<Vec<_>>().join(", ")));
    }
    for (number, example) in difference.examples.iter().enumerate() {
        lines.push((if number == 0 { "e.g." } else { "" }, example_words(example)));
    }
    lines.iter().map(|(heading, text)| format!("{heading:7}  {text}\n")).collect()
}

fn schema_words(schema: &SchemaDifference) -> String {
    if schema.same {
        return "the same".to_string();
    }
    let mut parts = Vec::new();
    for (what, columns) in [("added", &schema.added), ("removed", &schema.removed)] {
        let columns = columns.iter().map(|column| format!("{} ({})", legible(&column.name), legible(&column.dtype)));
        parts.push((what, columns.collect::<Vec<_>>()));
    }
    let retyped = schema
        .retyped
        .iter()
        .map(|column| format!("{} ({} -> {})", legible(&column.name), legible(&column.before), legible(&column.now)));
    parts.push(("another type", retyped.collect()));
    let parts = parts.iter().filter(|(_, columns)| !columns.is_empty());
    let mut parts: Vec<_> = parts.map(|(what, columns)| format!("{what}: {}", columns.join(", "))).collect();
    if schema.reordered {
        parts.push("the columns are in another order".to_string());
    }
    parts.join("; ")
}

fn row_words(rows: &RowDifference, all_columns: bool) -> String {
    let what = if !rows.compared {
        "not compared, as no column is in both with the same type".to_string()
    } else if rows.added + rows.removed + rows.changed > 0 {
        format!("{} added, {} removed, {} changed", rows.added, rows.removed, rows.changed)
    } else {
        let order = if rows.reordered { "the rows are the same, in another order" } else { "the rows are the same" };
        let scope = if all_columns { "" } else { " (in the columns that both have)" };
        format!("{order}{scope}")
    };
    format!("{} before, {} now: {what}", rows.before, rows.now)
}

fn example_words(example: &Example) -> String {
    let cells = |cells: &[Cell]| cells.iter().map(cell_words).collect::<Vec<_>>().join(", ");
    let what = match &example.what {
        What::Changed { columns } => columns.iter().map(change_words).collect::<Vec<_>>().join(", "),
        What::Added { columns } => format!("added, {}", cells(columns)),
        What::Removed { columns } => format!("removed, {}", cells(columns)),
    };
    format!("{}: {}", cell_words(&example.key), what.trim_end_matches(", "))
}

fn cell_words(cell: &Cell) -> String {
    format!("{} {}", legible(&cell.name), cell.value)
}

fn change_words(change: &Change) -> String {
    match change {
        Change::Value { name, before, now } => format!("{} {before} -> {now}", legible(name)),
        Change::Item { name, place, before, now, length_before, length_now } => {
            let item = |item: &Option<Value>| item.as_ref().map_or("nothing".to_string(), |item| item.to_string());
            let long = if length_before == length_now {
                length_now.to_string()
            } else {
                format!("{length_before} -> {length_now}")
            };
            format!("{}[{place}] {} -> {} ({long} long)", legible(name), item(before), item(now))
        }
    }
}
