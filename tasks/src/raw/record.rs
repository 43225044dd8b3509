//! A raw row as every format hands it on: the fields that matter, each with what was found there, not yet judged. And
//! the values of a row that is let through.

use std::borrow::Cow;

use super::fields::Role;

/// What was found in a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell<'a> {
    /// The row has no such field.
    #[default]
    Missing,
    Null,
    Integer(i64),
    /// An integer beyond 64 bits.
    Huge,
    Boolean(bool),
    Text(Cow<'a, str>),
    /// Microseconds since 1970 UTC, from a format that has times of its own.
    Instant(i64),
    /// Days since 1970, from a format that has dates of its own.
    Day(i32),
    /// The entries of an impression row.
    Entries(Vec<Cell<'a>>),
    /// An entry of an impression row.
    Entry(Box<Entry<'a>>),
    /// What cannot be read as what it should spell: a text, or a time that no calendar has.
    Garbled,
    /// A value that no field may have: a fraction, a list, an object.
    Other,
}

/// An entry of an impression row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry<'a> {
    pub item_id: Cell<'a>,
    pub is_order: Cell<'a>,
}

/// A raw row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record<'a> {
    pub customer_id: Cell<'a>,
    pub item_id: Cell<'a>,
    pub timestamp: Cell<'a>,
    pub day: Cell<'a>,
    pub impressions: Cell<'a>,
}

/// The values of a row that is let through, those that its source has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    pub customer_id: i64,
    pub item_id: i32,
    pub timestamp: Option<i64>,
    pub day: i32,
    /// The item and the label of each entry of an impression row.
    pub entries: Vec<(i32, bool)>,
}

impl Cell<'_> {
    /// The same, which borrows nothing.
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Cell::Missing => Cell::Missing,
            Cell::Null => Cell::Null,
            Cell::Integer(value) => Cell::Integer(value),
            Cell::Huge => Cell::Huge,
            Cell::Boolean(value) => Cell::Boolean(value),
            Cell::Text(text) => Cell::Text(text.into_owned().into()),
            Cell::Instant(micros) => Cell::Instant(micros),
            Cell::Day(day) => Cell::Day(day),
            Cell::Entries(entries) => Cell::Entries(entries.into_iter().map(Cell::into_owned).collect()),
            Cell::Entry(entry) => {
                let (item_id, is_order) = (entry.item_id.into_owned(), entry.is_order.into_owned());
                Cell::Entry(Box::new(Entry { item_id, is_order }))
            }
            Cell::Garbled => Cell::Garbled,
            Cell::Other => Cell::Other,
        }
    }
}

impl<'a> Record<'a> {
    /// What was found in a field of the row.
    pub fn get(&self, role: Role) -> &Cell<'a> {
        match role {
            Role::CustomerId => &self.customer_id,
            Role::ItemId => &self.item_id,
            Role::Timestamp => &self.timestamp,
            Role::Day => &self.day,
            Role::Impressions => &self.impressions,
            Role::IsOrder => &Cell::Missing,
        }
    }

    /// Fills in a field of the row; of a field that comes twice the last counts.
    #[inline]
    pub fn set(&mut self, role: Role, cell: Cell<'a>) {
        match role {
            Role::CustomerId => self.customer_id = cell,
            Role::ItemId => self.item_id = cell,
            Role::Timestamp => self.timestamp = cell,
            Role::Day => self.day = cell,
            Role::Impressions => self.impressions = cell,
            Role::IsOrder => {}
        }
    }
}

impl<'a> Entry<'a> {
    /// Fills in a field of the entry.
    pub fn set(&mut self, role: Role, cell: Cell<'a>) {
        match role {
            Role::ItemId => self.item_id = cell,
            Role::IsOrder => self.is_order = cell,
            _ => {}
        }
    }
}
