//! The last time that a run tried to make a node, and failed to: what happened, and the rows that were rejected.

use std::path::PathBuf;

use crate::journal::{self, Record};
use crate::store::{Store, rejected_name};

/// Where the rejected rows of the last attempt at a node are, and the run that made it; nothing, if it did not fail.
pub fn rejected(store: &Store, node: &str, file: &str) -> Option<(PathBuf, String)> {
    let (record, _) = last(store, node)?;
    let path = record.folder.join(rejected_name(node, file));
    path.is_file().then_some((path, record.id))
}

/// The record of the run that tried last to make a node, and what happened; nothing, if it did not fail.
pub fn last(store: &Store, node: &str) -> Option<(Record, String)> {
    let mut records = journal::runs(&store.runs()).into_iter().filter_map(|run| Record::read(&store.runs(), &run));
    let tried = |record: &Record| record.nodes.get(node).is_some_and(|node| !node.attempts.is_empty());
    let record = records.find(tried)?;
    let message = record.nodes.get(node)?.failure()?.to_string();
    Some((record, message))
}
