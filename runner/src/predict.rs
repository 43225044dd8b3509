//! What a run would do, found by walking the graph with the run's own look-up and running nothing.

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::graph::NodeId;
use crate::resolve::Resolver;
use crate::store::{Lookup, Reason, StoredEntry};

/// What a dry run says of a node.
#[derive(Debug)]
pub enum Prediction {
    Cached(Arc<StoredEntry>),
    WouldRun(Reason),
    /// It reads the named node, which would run; if that gives the same bytes as before, this one need not.
    MayRun(NodeId),
}

/// Walks the graph without running anything.
pub fn predict(resolver: &Resolver, forced: &dyn Fn(NodeId) -> bool) -> Result<Vec<(NodeId, Prediction)>> {
    let mut results: Vec<Option<Arc<StoredEntry>>> = vec![None; resolver.graph.len()];
    let mut predictions = Vec::new();
    for id in resolver.graph.ids() {
        let unknown = resolver.graph.needs(id).filter(|needed| results[needed.index()].is_none()).min();
        let prediction = match unknown {
            Some(needed) => Prediction::MayRun(needed),
            None => {
                let resolved = resolver.resolve(id, |needed| results[needed.index()].clone());
                let resolved = resolved.with_context(|| resolver.graph.name(id).to_string())?;
                match resolver.store.lookup(resolved.manifest, forced(id)) {
                    Lookup::Hit(entry) => {
                        let entry = Arc::new(entry);
                        results[id.index()] = Some(Arc::clone(&entry));
                        Prediction::Cached(entry)
                    }
                    Lookup::Miss(_, reason) => Prediction::WouldRun(reason),
                }
            }
        };
        predictions.push((id, prediction));
    }
    Ok(predictions)
}
