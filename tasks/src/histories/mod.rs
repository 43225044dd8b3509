//! Tables of histories: for each customer who was shown something, the newest actions before a day.
//!
//! They are written once and read right afterwards, and hold lists, which general readers and writers take value by
//! value. So a file is ordinary Parquet that is laid out to be taken as a whole:
//!
//! | column | type | encoding |
//! |---|---|---|
//! | `customer_id` | INT64 | PLAIN |
//! | `actions` | list of INT32 | PLAIN |
//! | `action_types` | list of INT32 (int8) | dictionary; one bit-packed run |
//!
//! Rows are ordered by customer. Nothing is compressed, nothing is nullable, and a row group has one page a column.
//!
//! [`file`] reads and [`writer`] writes, with the encodings of [`crate::pages`]. Neither knows how histories are found,
//! nor what becomes of them.

pub mod file;
pub mod writer;

pub use file::HistoryFile;
pub use writer::HistoryWriter;

/// What the footer says by which [`file`] knows a file of this layout.
const LAYOUT: &str = "histories";

/// The histories of some customers, side by side: number `n` is the range `offsets[n] .. offsets[n + 1]` of items and
/// types.
#[derive(Clone, Debug, PartialEq)]
pub struct Histories {
    pub customers: Vec<i64>,
    pub offsets: Vec<i64>,
    /// Newest first, one history after the other.
    pub items: Vec<i32>,
    pub action_types: Vec<i8>,
}

impl Default for Histories {
    fn default() -> Self {
        Histories { customers: Vec::new(), offsets: vec![0], items: Vec::new(), action_types: Vec::new() }
    }
}

impl Histories {
    /// The lengths of the histories.
    pub fn lengths(&self) -> impl Iterator<Item = usize> {
        self.offsets.windows(2).map(|edges| (edges[1] - edges[0]) as usize)
    }

    /// Adds histories of further customers.
    pub fn append(&mut self, other: &Histories) {
        let end = self.offsets.last().copied().unwrap_or(0);
        self.customers.extend_from_slice(&other.customers);
        self.offsets.extend(other.offsets.iter().skip(1).map(|offset| end + offset));
        self.items.extend_from_slice(&other.items);
        self.action_types.extend_from_slice(&other.action_types);
    }
}
