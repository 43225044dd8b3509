//! The rows that a node rejected the last time that a run tried to make it, and failed to.

use std::path::PathBuf;

use crate::journal::{self, Record};
use crate::store::{Store, rejected_name};

/// Where the rejected rows of the last attempt at a node are, and the run that made it; nothing, if it did not fail.
pub fn rejected(store: &Store, node: &str, file: &str) -> Option<(PathBuf, String)> {
    let mut records = journal::runs(&store.runs()).into_iter().filter_map(|run| Record::read(&store.runs(), &run));
    let tried = |record: &Record| record.nodes.get(node).is_some_and(|node| !node.attempts.is_empty());
    let record = records.find(tried)?;
    record.nodes.get(node)?.failure()?;
    let path = record.folder.join(rejected_name(node, file));
    path.is_file().then_some((path, record.id))
}
