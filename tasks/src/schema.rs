//! The names and columns of every table that passes between tasks. No I/O.
//!
//! | table | one row is | columns | order of rows |
//! |---|---|---|---|
//! | `events` | a click, an add-to-cart or an order as `read` let it through | `customer_id`, `item_id`, `timestamp`; orders also `day` | as in the raw files |
//! | `shown` | an item shown to a customer, as `read` let it through | `customer_id`, `item_id`, `is_order` | as in the raw files |
//! | `rejected` | a row that `read` did not let through, or a reason why it did not let some of its entries through | `file`, `line`, `column`, `reason`, `entries`, `raw` | as in the raw files |
//! | `actions` | a click, an add-to-cart or an order | `customer_id`, `item_id`, `action_type`, `timestamp` | customer, then newest first |
//! | `impressions` | an item shown to a customer | `customer_id`, `item_id`, `is_order` | customer, then as in the raw files |
//! | `histories` | a customer who was shown something | `customer_id`, `actions`, `action_types` | customer |
//!
//! The training rows that `join` writes are described in [`crate::wide`].

use polars::prelude::{ArrowField, ArrowSchema, CompatLevel, DataType, PlSmallStr, TimeUnit};

/// Who was shown an item or acted on one: 1 ..= 2^63-1.
pub const CUSTOMER_ID: &str = "customer_id";
/// The item shown or acted on: 1 ..= 2^31-1, for 0 is the padding of a history.
pub const ITEM_ID: &str = "item_id";
/// The label: whether the item shown was ordered.
pub const IS_ORDER: &str = "is_order";
/// When an action happened, in microseconds UTC.
pub const TIMESTAMP: &str = "timestamp";
/// The day that an order belongs to.
pub const DAY: &str = "day";
/// What a customer did: see [`ActionType`].
pub const ACTION_TYPE: &str = "action_type";
/// The items of a history, newest first.
pub const ACTIONS: &str = "actions";
/// The action types of a history, newest first.
pub const ACTION_TYPES: &str = "action_types";

/// What a customer did with an item; the numbers are those of the training rows, where 0 is padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ActionType {
    Click = 1,
    AddToCart = 2,
    Order = 3,
}

/// A table's name and its columns, in order. No column of a table between tasks holds a null.
pub struct Schema {
    pub table: &'static str,
    pub columns: Vec<(&'static str, DataType)>,
}

impl Schema {
    /// As Parquet files have it: no column is nullable.
    pub fn arrow(&self) -> ArrowSchema {
        let field = |(name, dtype): &(&str, DataType)| {
            let name = PlSmallStr::from_str(name);
            (name.clone(), ArrowField::new(name, dtype.to_arrow(CompatLevel::newest()), false))
        };
        self.columns.iter().map(field).collect()
    }
}

/// Microseconds; the zone is always UTC and is not spelled out in the type.
fn instant() -> DataType {
    DataType::Datetime(TimeUnit::Microseconds, None)
}

pub fn events() -> Schema {
    Schema {
        table: "events",
        columns: vec![(CUSTOMER_ID, DataType::Int64), (ITEM_ID, DataType::Int32), (TIMESTAMP, instant())],
    }
}

pub fn orders() -> Schema {
    let mut schema = events();
    schema.columns.push((DAY, DataType::Date));
    schema
}

/// The columns of both `shown` and `impressions`.
pub fn impressions() -> Schema {
    Schema {
        table: "impressions",
        columns: vec![(CUSTOMER_ID, DataType::Int64), (ITEM_ID, DataType::Int32), (IS_ORDER, DataType::Boolean)],
    }
}

/// `line` is a row's line, or its number in a Parquet file, and `column` the byte of the line at which it begins: both count
/// from 1. `entries` is how many entries of the row have this fault, and 0 where it is the row as a whole. `raw` is the row
/// as it is in the file, up to 64 KiB; of the rejects of one row the first has it, and in the others it is empty.
pub fn rejected() -> Schema {
    Schema {
        table: "rejected",
        columns: vec![
            ("file", DataType::String),
            ("line", DataType::Int64),
            ("column", DataType::Int64),
            ("reason", DataType::String),
            ("entries", DataType::Int64),
            ("raw", DataType::String),
        ],
    }
}

pub fn actions() -> Schema {
    Schema {
        table: "actions",
        columns: vec![
            (CUSTOMER_ID, DataType::Int64),
            (ITEM_ID, DataType::Int32),
            (ACTION_TYPE, DataType::Int8),
            (TIMESTAMP, instant()),
        ],
    }
}

pub fn histories() -> Schema {
    Schema {
        table: "histories",
        columns: vec![
            (CUSTOMER_ID, DataType::Int64),
            (ACTIONS, DataType::List(Box::new(DataType::Int32))),
            (ACTION_TYPES, DataType::List(Box::new(DataType::Int8))),
        ],
    }
}
