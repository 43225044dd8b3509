//! Tables of actions: how they lie in their files, and how they are read where only some customers or columns matter.
//!
//! Most of a pipeline's bytes are actions, and most of their readers want few of them: a history wants the customers of
//! one day. So the files are ordinary Parquet that any reader takes, but laid out so that little has to be done to them:
//!
//! | column | physical type | encoding |
//! |---|---|---|
//! | `customer_id` | INT64 | dictionary of the customers, ascending; one RLE run a customer |
//! | `item_id` | INT32 | PLAIN |
//! | `action_type` | INT32 (int8) | dictionary of the types; one bit-packed run |
//! | `timestamp` | INT64 (microseconds) | PLAIN |
//!
//! Rows are ordered by customer and then newest first, so the dictionary of `customer_id` *is* the list of customers, and
//! its runs are how many actions each has: the column is the index of the file. Nothing is compressed, no column is
//! nullable, and a row group has one page a column and holds all actions of its customers. Statistics give the
//! customers of a row group and the times of a file.
//!
//! Formats: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.
//!
//! [`file`] reads and [`writer`] writes, with the encodings of [`crate::pages`]; [`sort`] orders what was logged by
//! customer, and [`era`] whole tables by time. None of them knows what an action is for.

pub mod action;
pub mod era;
pub mod file;
#[cfg(test)]
pub mod random;
pub mod sort;
pub mod writer;

pub use action::Action;
pub use file::{ActionFile, Block};
pub use writer::ActionWriter;

/// What the footer says by which [`file`] knows a file of this layout.
const LAYOUT: &str = "actions";
