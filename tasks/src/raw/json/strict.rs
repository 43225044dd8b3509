//! A row as serde_json reads it, made a record of the fields that matter. It decides what is JSON and what is not.
//!
//! A row is parsed in full, so that one with a fault anywhere is rejected, but only the named fields are kept. What a
//! value may be is not known here: a string where a number should be is handed on as a string.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::lenient;
use crate::raw::fields::{Fields, Role};
use crate::raw::record::{Cell, Entry, Record};

/// The fields of the JSON object that a line, or what is left of one, begins with, and how much of the line is behind us
/// with it, blanks included. `None` if the first value is not an object.
pub fn record<'a>(text: &'a str, fields: &Fields) -> serde_json::Result<(Option<Record<'a>>, usize)> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let record = RowSeed(fields).deserialize(&mut parser)?;
    // The parser tells where it is only in the error about what follows: the column, from 1, of its first byte.
    let length = parser.end().map_or_else(|error| error.column() - 1, |()| text.len());
    Ok((record, length))
}

/// The entries that a JSON text spells, for formats that nest JSON in a cell.
pub fn entries<'a>(text: &'a str, fields: &Fields) -> Cell<'a> {
    list(text, fields).unwrap_or_else(|| {
        let respelled = lenient::respelled(text);
        respelled.and_then(|text| list(&text, fields).map(Cell::into_owned)).unwrap_or(Cell::Garbled)
    })
}

/// The names of the fields of an object, or of the first entry of one of its lists.
pub fn names(text: &str, list: Option<&str>) -> Option<Vec<String>> {
    let row: Value = serde_json::from_str(text).ok()?;
    let object = match list {
        Some(list) => row.get(list)?.get(0)?,
        None => &row,
    };
    Some(object.as_object()?.keys().cloned().collect())
}

fn list<'a>(text: &'a str, fields: &Fields) -> Option<Cell<'a>> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let cell = CellSeed::List(fields).deserialize(&mut parser).ok()?;
    parser.end().ok().map(|()| cell)
}

/// Parses a row.
struct RowSeed<'f>(&'f Fields);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Option<Record<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // A row that is not an object must be told apart from one that is not JSON, so nothing but an error of syntax
        // may fail here: whatever is no object is parsed as a plain cell and dropped.
        deserializer.deserialize_any(RowVisitor(self.0))
    }
}

struct RowVisitor<'f>(&'f Fields);

/// The methods of a visitor that takes every scalar for the same value.
macro_rules! scalars_are {
    ($value:expr) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

impl<'de> Visitor<'de> for RowVisitor<'_> {
    type Value = Option<Record<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a row")
    }

    scalars_are!(None);

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        drain(list).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut record = Record::default();
        while let Some(role) = map.next_key_seed(KeySeed(|name: &str| self.0.row_role(name)))? {
            match role {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(Role::Impressions) => record.set(Role::Impressions, map.next_value_seed(CellSeed::List(self.0))?),
                Some(role) => record.set(role, map.next_value_seed(CellSeed::Scalar)?),
            }
        }
        Ok(Some(record))
    }
}

/// Parses a value: a scalar, a list of entries, or an entry; what is something else becomes [`Cell::Other`].
#[derive(Clone, Copy)]
enum CellSeed<'f> {
    Scalar,
    List(&'f Fields),
    Entry(&'f Fields),
}

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = Cell<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cell::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Cell::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Cell::Huge, Cell::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        // serde_json has no integers beyond 64 bits: it hands them on as floats.
        Ok(if value.abs() >= i64::MAX as f64 { Cell::Huge } else { Cell::Other })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cell::Text(value.to_string().into()))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Text(value.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cell::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let CellSeed::List(fields) = self else { return drain(list).map(|()| Cell::Other) };
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element_seed(CellSeed::Entry(fields))? {
            entries.push(entry);
        }
        Ok(Cell::Entries(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let CellSeed::Entry(fields) = self else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Cell::Other);
        };
        let mut entry = Entry::default();
        while let Some(role) = map.next_key_seed(KeySeed(|name: &str| fields.entry_role(name)))? {
            match role {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(role) => entry.set(role, map.next_value_seed(CellSeed::Scalar)?),
            }
        }
        Ok(Cell::Entry(Box::new(entry)))
    }
}

/// Looks a key up without keeping it.
struct KeySeed<F>(F);

impl<'de, F: Fn(&str) -> Option<Role>> DeserializeSeed<'de> for KeySeed<F> {
    type Value = Option<Role>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, F: Fn(&str) -> Option<Role>> Visitor<'de> for KeySeed<F> {
    type Value = Option<Role>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok((self.0)(name))
    }
}

fn drain<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}
