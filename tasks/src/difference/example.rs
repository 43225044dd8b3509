//! A few of the rows that changed, came or went, for people to see what it is about.

use anyhow::{Context, Result};
use serde::Serialize;

use super::rows::Pairs;
use super::table::Table;
use crate::digest;
use crate::parquet_file::{Column, Value};

/// Lists that are no longer than this are given whole.
const SHORT: usize = 3;

#[derive(Serialize)]
pub struct Example {
    pub key: Cell,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    Changed { columns: Vec<Change> },
    Added { columns: Vec<Cell> },
    Removed { columns: Vec<Cell> },
}

/// A value of a row.
#[derive(Serialize)]
pub struct Cell {
    pub name: String,
    pub value: Value<'static>,
}

/// What a row holds in a column, before and now.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Change {
    Value {
        name: String,
        before: Value<'static>,
        now: Value<'static>,
    },
    /// Of long lists no more than the first item that differs, and where it is, from 0; none where a list has ended.
    Item {
        name: String,
        place: usize,
        before: Option<Value<'static>>,
        now: Option<Value<'static>>,
        length_before: usize,
        length_now: usize,
    },
}

/// At most so many examples: of changed rows first, then of added and of removed ones.
pub fn choose(
    old: &Table,
    new: &Table,
    columns: &[String],
    key: &str,
    pairs: &Pairs,
    most: usize,
) -> Result<Vec<Example>> {
    let changed =
        pairs.changed.iter().map(|(before, now)| changed(&old.row(columns, *before)?, &new.row(columns, *now)?, key));
    let added = pairs.added.iter().map(|row| whole(&new.row(columns, *row)?, key, |columns| What::Added { columns }));
    let removed =
        pairs.removed.iter().map(|row| whole(&old.row(columns, *row)?, key, |columns| What::Removed { columns }));
    changed.chain(added).chain(removed).take(most).collect()
}

fn changed(before: &[Column], now: &[Column], key: &str) -> Result<Example> {
    let mut columns = Vec::new();
    for (before, now) in before.iter().zip(now) {
        if digest::of_column(before) != digest::of_column(now) {
            columns.push(Change::between(before.field.name.clone(), before.value(0), now.value(0)));
        }
    }
    Ok(Example { key: Cell::of(now, key)?, what: What::Changed { columns } })
}

fn whole(row: &[Column], key: &str, what: fn(Vec<Cell>) -> What) -> Result<Example> {
    let others = row.iter().map(|column| column.field.name.as_str()).filter(|name| *name != key);
    let cells = others.map(|name| Cell::of(row, name)).collect::<Result<_>>()?;
    Ok(Example { key: Cell::of(row, key)?, what: what(cells) })
}

impl Cell {
    fn of(row: &[Column], name: &str) -> Result<Cell> {
        let column = row.iter().find(|column| column.field.name == name).context("the row lacks a column")?;
        Ok(Cell { name: name.to_string(), value: column.value(0).into_owned() })
    }
}

impl Change {
    fn between(name: String, before: Value, now: Value) -> Change {
        match (&before, &now) {
            (Value::List(old), Value::List(new)) if old.len().max(new.len()) > SHORT => {
                let place = first_difference(old, new);
                let item = |list: &[Value]| list.get(place).map(|value| value.clone().into_owned());
                let (length_before, length_now) = (old.len(), new.len());
                Change::Item { name, place, before: item(old), now: item(new), length_before, length_now }
            }
            _ => Change::Value { name, before: before.into_owned(), now: now.into_owned() },
        }
    }
}

/// Where two lists that are not the same differ first; where the shorter ends, if nothing before does.
fn first_difference(old: &[Value], new: &[Value]) -> usize {
    let differ = |(old, new): (&Value, &Value)| digest::of_value(old) != digest::of_value(new);
    old.iter().zip(new).position(differ).unwrap_or(old.len().min(new.len()))
}
