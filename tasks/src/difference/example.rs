//! A few of the rows that changed, came or went, for people to see what it is about.

use anyhow::Result;
use polars::prelude::{AnyValue, DataFrame, IntoColumn, Series};
use serde::Serialize;

use super::rows::Pairs;
use super::table::Table;
use crate::digest;
use crate::spelling::Value;

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

fn changed(before: &DataFrame, now: &DataFrame, key: &str) -> Result<Example> {
    let mut columns = Vec::new();
    for (before, now) in before.columns().iter().zip(now.columns()) {
        if digest::of_column(before)? != digest::of_column(now)? {
            let (name, before, now) = (before.name().to_string(), before.get(0)?, now.get(0)?);
            columns.push(Change::between(name, before.into_static(), now.into_static())?);
        }
    }
    Ok(Example { key: Cell::of(now, key)?, what: What::Changed { columns } })
}

fn whole(row: &DataFrame, key: &str, what: fn(Vec<Cell>) -> What) -> Result<Example> {
    let others = row.columns().iter().map(|column| column.name().as_str()).filter(|name| *name != key);
    let cells = others.map(|name| Cell::of(row, name)).collect::<Result<_>>()?;
    Ok(Example { key: Cell::of(row, key)?, what: what(cells) })
}

impl Cell {
    fn of(row: &DataFrame, name: &str) -> Result<Cell> {
        Ok(Cell { name: name.to_string(), value: Value(row.column(name)?.get(0)?.into_static()) })
    }
}

impl Change {
    fn between(name: String, before: AnyValue<'static>, now: AnyValue<'static>) -> Result<Change> {
        match (&before, &now) {
            (AnyValue::List(old), AnyValue::List(new)) if old.len().max(new.len()) > SHORT => {
                let place = first_difference(old, new)?;
                let item = |list: &Series| list.get(place).ok().map(|value| Value(value.into_static()));
                let (length_before, length_now) = (old.len(), new.len());
                Ok(Change::Item { name, place, before: item(old), now: item(new), length_before, length_now })
            }
            _ => Ok(Change::Value { name, before: Value(before), now: Value(now) }),
        }
    }
}

/// Where two lists that are not the same differ first; where the shorter ends, if nothing before does.
fn first_difference(old: &Series, new: &Series) -> Result<usize> {
    let items = |list: &Series| digest::of_column(&list.clone().into_column());
    let (old, new) = (items(old)?, items(new)?);
    Ok(old.iter().zip(&new).position(|(old, new)| old != new).unwrap_or(old.len().min(new.len())))
}
