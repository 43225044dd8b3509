//! What a run would do, found by walking the graph with the run's own look-up and running nothing.
//!
//! A run begins with this too: what is found here to have a result is not looked at again. So a plan and a run cannot
//! disagree.

use std::sync::Arc;

use crate::acceptance::{Acceptance, Verdict};
use crate::graph::{Graph, NodeId};
use crate::resolve::{Resolver, Sight};
use crate::store::{Check, ENTRY_FILE, Kept, Lookup, Reason};

/// What is known of a node before anything runs.
#[derive(Debug)]
pub enum Prediction {
    Cached(Arc<Kept>),
    WouldRun(Reason),
    /// It reads the named node, which would run; if that gives the same bytes as before, this one need not.
    MayRun(NodeId),
    /// It cannot run: something that it reads is not there or cannot be read.
    WouldFail(String),
    /// It has a result that is not what its task asks for.
    Refused(Arc<Kept>, String),
    /// Something that it reads is not known without reading it, which takes too long here.
    Unknown,
}

impl Prediction {
    pub fn result(&self) -> Option<&Arc<Kept>> {
        match self {
            Prediction::Cached(kept) => Some(kept),
            _ => None,
        }
    }

    /// Why there is no result that could be used as it is.
    pub fn reason(&self, graph: &Graph) -> Option<String> {
        match self {
            Prediction::Cached(_) => None,
            Prediction::WouldRun(reason) => Some(reason.to_string()),
            Prediction::MayRun(needed) => Some(format!("reads {}", graph.name(*needed))),
            Prediction::WouldFail(message) | Prediction::Refused(_, message) => Some(message.clone()),
            Prediction::Unknown => Some("not known without reading what it reads".to_string()),
        }
    }
}

/// Walks the graph without running anything; the predictions are in the order of its nodes.
pub fn predict(
    resolver: &Resolver,
    sight: &dyn Sight,
    check: Check,
    forced: &dyn Fn(NodeId) -> bool,
) -> Vec<Prediction> {
    let acceptance = Acceptance::new(resolver.spec, resolver.store);
    let mut predictions: Vec<Prediction> = Vec::with_capacity(resolver.graph.len());
    for id in resolver.graph.ids() {
        let result = |needed: NodeId| predictions[needed.index()].result().cloned();
        let open = resolver.graph.needs(id).filter(|needed| result(*needed).is_none()).min();
        let prediction = match open {
            Some(needed) => Prediction::MayRun(needed),
            None => match resolver.resolve(id, &result, sight) {
                Err(error) => Prediction::WouldFail(format!("{error:#}")),
                Ok(None) => Prediction::Unknown,
                Ok(Some(resolved)) => match resolver.store.lookup(resolved.manifest, check, forced(id)) {
                    Lookup::Hit(kept) => match acceptance.judge(resolver.graph.node(id), &kept) {
                        Verdict::Accepted => Prediction::Cached(kept),
                        Verdict::Refused(shortfall) => Prediction::Refused(kept, shortfall),
                        Verdict::Lost => Prediction::WouldRun(Reason::Damaged { file: ENTRY_FILE.to_string() }),
                    },
                    Lookup::Miss(ticket) => Prediction::WouldRun(ticket.reason().clone()),
                },
            },
        };
        predictions.push(prediction);
    }
    predictions
}
