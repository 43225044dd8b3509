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
//! A node can also wait for one that it does not read, until that is done or failed: where a day is compared with the
//! days before, those come first. And a node that was done can turn out not to be: it is opened again, with what reads
//! it.
//!
//! Pure: no process, no file, no clock. Nodes that are needed for an earlier day come first, so that whole days come
//! out one after another instead of all at the end; among them, those that come first in the graph.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::day::Day;
use crate::graph::{Graph, NodeId};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// So many of the nodes that it waits for are not done.
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
    /// May hold nodes that are not ready any more.
    ready: BinaryHeap<Reverse<(Day, NodeId)>>,
    /// How many nodes are ready.
    count: usize,
    /// The node that each waits for without reading it, and the other way round.
    before: HashMap<NodeId, NodeId>,
    after: HashMap<NodeId, NodeId>,
}

impl<'a> Schedule<'a> {
    /// The states at the beginning of a run; `done` says which nodes have a result already, and `after` lists pairs of
    /// nodes of which the second waits for the first without reading it.
    pub fn new(graph: &'a Graph, done: impl Fn(NodeId) -> bool, after: Vec<(NodeId, NodeId)>) -> Self {
        let states = graph.ids().map(|id| if done(id) { NodeState::Done } else { NodeState::Waiting(0) }).collect();
        let before = after.iter().map(|(first, second)| (*second, *first)).collect();
        let after = after.into_iter().collect();
        let mut schedule = Schedule { graph, states, ready: BinaryHeap::new(), count: 0, before, after };
        for id in graph.ids().filter(|id| !done(*id)) {
            schedule.wait(id);
        }
        schedule
    }

    /// Gives out the node that should run next; it is running from now on. `None` if all that is left has to wait.
    pub fn next(&mut self) -> Option<NodeId> {
        let id = self.peek()?;
        self.ready.pop();
        self.count -= 1;
        self.states[id.index()] = NodeState::Running;
        Some(id)
    }

    /// The node that would be given out now.
    pub fn peek(&mut self) -> Option<NodeId> {
        while let Some(Reverse((_, id))) = self.ready.peek() {
            if self.states[id.index()] == NodeState::Ready {
                return Some(*id);
            }
            self.ready.pop();
        }
        None
    }

    /// How many nodes could be given out now.
    pub fn ready(&self) -> usize {
        self.count
    }

    /// The node begins anew, after it was given out, as soon as what it waits for is done. If something that it reads has
    /// failed meanwhile, it is skipped with all that reads it, and these are given back.
    pub fn put_back(&mut self, id: NodeId) -> Vec<NodeId> {
        let lost = |needed: NodeId| matches!(self.states[needed.index()], NodeState::Failed | NodeState::Skipped);
        if self.graph.needs(id).any(lost) {
            let mut skipped = vec![id];
            skipped.extend(self.failed(id));
            self.states[id.index()] = NodeState::Skipped;
            return skipped;
        }
        self.wait(id);
        Vec::new()
    }

    /// The node has a result.
    pub fn done(&mut self, id: NodeId) {
        self.states[id.index()] = NodeState::Done;
        for reader in self.graph.needed_by(id) {
            self.has_one_less(reader);
        }
        self.settled(id);
    }

    /// The node was done, and is not: its result is no good. What reads it and has not begun waits for it again.
    pub fn reopen(&mut self, id: NodeId) {
        self.wait(id);
        let waiting: Vec<NodeId> = self.graph.needed_by(id).chain(self.after.get(&id).copied()).collect();
        for other in waiting {
            match self.states[other.index()] {
                NodeState::Waiting(missing) => self.states[other.index()] = NodeState::Waiting(missing + 1),
                NodeState::Ready => {
                    self.states[other.index()] = NodeState::Waiting(1);
                    self.count -= 1;
                }
                _ => {}
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
        self.settled(id);
        for skipped in &skipped {
            self.settled(*skipped);
        }
        skipped
    }

    /// Starts nothing more: everything that has not begun is skipped and given back.
    pub fn stop(&mut self) -> Vec<NodeId> {
        self.ready.clear();
        self.count = 0;
        let pending = |state: &NodeState| matches!(state, NodeState::Waiting(_) | NodeState::Ready);
        let skipped: Vec<NodeId> = self.graph.ids().filter(|id| pending(&self.states[id.index()])).collect();
        for id in &skipped {
            self.states[id.index()] = NodeState::Skipped;
        }
        skipped
    }

    /// Counts what the node waits for; if that is nothing, it is ready.
    fn wait(&mut self, id: NodeId) {
        let is_done = |needed: &NodeId| self.states[needed.index()] == NodeState::Done;
        let open = |other: &&NodeId| {
            !matches!(self.states[other.index()], NodeState::Done | NodeState::Failed | NodeState::Skipped)
        };
        let missing = self.graph.needs(id).filter(|needed| !is_done(needed)).count();
        let before = self.before.get(&id).filter(open).is_some();
        self.states[id.index()] = NodeState::Waiting(missing + usize::from(before));
        self.make_ready(id);
    }

    /// No result of the node is to be waited for any more, be there one or not.
    fn settled(&mut self, id: NodeId) {
        if let Some(other) = self.after.get(&id).copied() {
            self.has_one_less(other);
        }
    }

    fn has_one_less(&mut self, id: NodeId) {
        if let NodeState::Waiting(missing) = &mut self.states[id.index()] {
            *missing -= 1;
            self.make_ready(id);
        }
    }

    fn make_ready(&mut self, id: NodeId) {
        if self.states[id.index()] == NodeState::Waiting(0) {
            self.states[id.index()] = NodeState::Ready;
            self.count += 1;
            self.ready.push(Reverse((self.graph.node(id).needed_for, id)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::graph::{Node, NodeInput, Parts, Read};
    use crate::spec::{PipelineSpec, TaskId};

    /// A graph of nodes that each read some of those before them.
    fn graph(reads: &[&[usize]]) -> Graph {
        let mut graph = Graph::default();
        // Any pipeline will do: here a node is only what it reads.
        let spec = PipelineSpec::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline.yaml")).unwrap();
        for needed in reads {
            let read = |node: &usize| Read::Output { nodes: vec![NodeId::new(*node)], output: 0, parts: Parts::All };
            let inputs = needed.iter().map(|node| NodeInput { input: 0, what: read(node) }).collect();
            let needed_for = "2025-01-01".parse().unwrap();
            graph.add(&spec, Node { task: TaskId(0), day: None, inputs, requested: false, needed_for });
        }
        graph
    }

    fn nodes(schedule: &mut Schedule) -> Vec<usize> {
        std::iter::from_fn(|| schedule.next()).map(NodeId::index).collect()
    }

    #[test]
    fn what_is_opened_again_holds_back_what_reads_it_and_has_not_begun() {
        let graph = graph(&[&[], &[0], &[0], &[1, 2]]);
        let mut schedule = Schedule::new(&graph, |id| id.index() == 0, Vec::new());
        let [damaged, running, other, _] = [0, 1, 2, 3].map(NodeId::new);
        assert_eq!(schedule.next(), Some(running));
        schedule.reopen(damaged);
        assert!(schedule.put_back(running).is_empty());
        assert_eq!((schedule.ready(), nodes(&mut schedule)), (1, vec![0]));
        schedule.done(damaged);
        assert_eq!((schedule.ready(), nodes(&mut schedule)), (2, vec![1, 2]));
        schedule.done(running);
        schedule.done(other);
        assert_eq!(nodes(&mut schedule), [3]);
    }

    #[test]
    fn what_comes_back_after_something_that_it_reads_has_failed_is_skipped_with_what_reads_it() {
        let graph = graph(&[&[], &[0], &[1]]);
        let mut schedule = Schedule::new(&graph, |id| id.index() == 0, Vec::new());
        let [damaged, running, last] = [0, 1, 2].map(NodeId::new);
        assert_eq!(schedule.next(), Some(running));
        schedule.reopen(damaged);
        assert_eq!(schedule.next(), Some(damaged));
        assert!(schedule.failed(damaged).is_empty(), "what reads it is still at work");
        assert_eq!(schedule.put_back(running), [running, last]);
        assert_eq!(schedule.next(), None);
    }

    fn end(schedule: &mut Schedule, id: NodeId, fails: bool) {
        if fails {
            assert!(schedule.failed(id).is_empty());
        } else {
            schedule.done(id);
        }
    }

    #[test]
    fn what_only_comes_after_another_begins_when_that_is_done_or_failed() {
        let graph = graph(&[&[], &[], &[]]);
        for fails in [false, true] {
            let ids = [0, 1, 2].map(NodeId::new);
            let mut schedule = Schedule::new(&graph, |_| false, vec![(ids[0], ids[1]), (ids[1], ids[2])]);
            assert_eq!(nodes(&mut schedule), [0]);
            end(&mut schedule, ids[0], fails);
            assert_eq!(nodes(&mut schedule), [1]);
            end(&mut schedule, ids[1], fails);
            assert_eq!(nodes(&mut schedule), [2]);
        }
    }
}
