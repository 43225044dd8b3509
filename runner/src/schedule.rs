//! Which node is next: a state machine over the graph.
//!
//! ```text
//!              all that it reads is done          given out             result is there
//!   Waiting ────────────────────────────► Ready ────────────► Running ─────────────────► Done
//!      │                                    ▲                    │ │
//!      │ something that it reads failed     └─── put back ───────┘ └──► Failed
//!      └──► Skipped
//! ```
//!
//! Pure: no process, no file, no clock. Nodes that are needed for an earlier day come first, so that whole days come
//! out one after another instead of all at the end; among them, those that come first in the graph.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::day::Day;
use crate::graph::{Graph, NodeId};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// So many of the nodes that it reads are not done.
    Waiting(usize),
    Ready,
    Running,
    Done,
    Failed,
    Skipped,
}

/// The states of all nodes of a graph.
#[derive(Debug)]
pub struct Schedule<'a> {
    graph: &'a Graph,
    states: Vec<NodeState>,
    ready: BinaryHeap<Reverse<(Day, NodeId)>>,
}

impl<'a> Schedule<'a> {
    /// The states at the beginning of a run; `done` says which nodes have a result already.
    pub fn new(graph: &'a Graph, done: impl Fn(NodeId) -> bool) -> Self {
        let mut schedule = Schedule { graph, states: Vec::new(), ready: BinaryHeap::new() };
        for id in graph.ids() {
            let missing = graph.needs(id).filter(|needed| !done(*needed)).count();
            schedule.states.push(if done(id) { NodeState::Done } else { NodeState::Waiting(missing) });
            schedule.make_ready(id);
        }
        schedule
    }

    /// Gives out the node that should run next; it is running from now on. `None` if all that is left has to wait.
    pub fn next(&mut self) -> Option<NodeId> {
        let Reverse((_, id)) = self.ready.pop()?;
        self.states[id.index()] = NodeState::Running;
        Some(id)
    }

    /// The node that would be given out now.
    pub fn peek(&self) -> Option<NodeId> {
        self.ready.peek().map(|Reverse((_, id))| *id)
    }

    /// How many nodes could be given out now.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// The node is ready once more, after it was given out.
    pub fn put_back(&mut self, id: NodeId) {
        self.states[id.index()] = NodeState::Waiting(0);
        self.make_ready(id);
    }

    /// The node has a result.
    pub fn done(&mut self, id: NodeId) {
        self.states[id.index()] = NodeState::Done;
        for reader in self.graph.needed_by(id) {
            if let NodeState::Waiting(missing) = &mut self.states[reader.index()] {
                *missing -= 1;
                self.make_ready(reader);
            }
        }
    }

    /// The node has no result; what reads it, directly or not, is skipped and given back.
    pub fn failed(&mut self, id: NodeId) -> Vec<NodeId> {
        self.states[id.index()] = NodeState::Failed;
        let mut skipped = Vec::new();
        let mut stack: Vec<NodeId> = self.graph.needed_by(id).collect();
        while let Some(reader) = stack.pop() {
            if matches!(self.states[reader.index()], NodeState::Waiting(_)) {
                self.states[reader.index()] = NodeState::Skipped;
                skipped.push(reader);
                stack.extend(self.graph.needed_by(reader));
            }
        }
        skipped.sort();
        skipped
    }

    /// Starts nothing more: everything that has not begun is skipped and given back.
    pub fn stop(&mut self) -> Vec<NodeId> {
        self.ready.clear();
        let pending = |state: &NodeState| matches!(state, NodeState::Waiting(_) | NodeState::Ready);
        let skipped: Vec<NodeId> = self.graph.ids().filter(|id| pending(&self.states[id.index()])).collect();
        for id in &skipped {
            self.states[id.index()] = NodeState::Skipped;
        }
        skipped
    }

    fn make_ready(&mut self, id: NodeId) {
        if self.states[id.index()] == NodeState::Waiting(0) {
            self.states[id.index()] = NodeState::Ready;
            self.ready.push(Reverse((self.graph.node(id).needed_for, id)));
        }
    }
}
