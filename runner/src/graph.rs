//! Nodes and what they read from each other. Data only: how a graph comes about is in [`crate::plan`].

use crate::address;
use crate::day::Day;
use crate::span::Span;
use crate::spec::{PipelineSpec, TaskId};

/// A place in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub fn new(place: usize) -> Self {
        NodeId(place as u32)
    }

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A task on a day, or on the first day of the month that it is about; of a task that runs once for all days, the task
/// itself.
#[derive(Debug)]
pub struct Node {
    pub task: TaskId,
    pub day: Option<Day>,
    /// In the order of the task's inputs, and within one of them in order of days; inputs that a node does without are
    /// left out.
    pub inputs: Vec<NodeInput>,
    /// Whether the task and the day were asked for, rather than needed by what was.
    pub requested: bool,
    /// The first day asked for that needs this node; what is needed soonest runs first.
    pub needed_for: Day,
}

/// A thing that a node reads.
#[derive(Debug)]
pub struct NodeInput {
    /// Which of [`crate::spec::Task::inputs`] it belongs to.
    pub input: usize,
    pub what: Read,
}

/// What is read.
#[derive(Debug)]
pub enum Read {
    /// Raw files, as paths below the data folder.
    Files(Vec<String>),
    /// An output of other nodes, in order of their days; by its place in [`crate::spec::Task::outputs`].
    Output { nodes: Vec<NodeId>, output: usize, parts: Parts },
}

/// Which parts of an output are read. Which of them exist is known when the other node has run.
#[derive(Debug)]
pub enum Parts {
    /// The output as it is, with every part that it has.
    All,
    /// The parts of these days.
    Of(Vec<Span>),
}

/// Nodes, each with those that it reads and those that read it.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    names: Vec<String>,
    needs: Vec<Vec<NodeId>>,
    needed_by: Vec<Vec<NodeId>>,
}

impl Graph {
    /// Adds a node; what it reads from must be there already, which keeps the graph free of cycles.
    pub fn add(&mut self, spec: &PipelineSpec, node: Node) -> NodeId {
        let id = NodeId::new(self.nodes.len());
        let mut needs: Vec<NodeId> = node.inputs.iter().flat_map(NodeInput::nodes).copied().collect();
        needs.sort();
        needs.dedup();
        for needed in &needs {
            self.needed_by[needed.index()].push(id);
        }
        self.names.push(address::name(&spec.task(node.task).name, node.day));
        self.nodes.push(node);
        self.needs.push(needs);
        self.needed_by.push(Vec::new());
        id
    }

    /// The nodes that were asked for, and all that they need.
    pub fn of_requested(self, spec: &PipelineSpec) -> Graph {
        let mut wanted: Vec<bool> = self.nodes.iter().map(|node| node.requested).collect();
        // Those that read a node come after it, so backwards all is known when its turn comes.
        for id in self.ids().rev() {
            if wanted[id.index()] {
                self.needs(id).for_each(|needed| wanted[needed.index()] = true);
            }
        }
        let mut places = vec![None; self.nodes.len()];
        let mut kept = Graph::default();
        for (place, mut node) in self.nodes.into_iter().enumerate().filter(|(place, _)| wanted[*place]) {
            for input in &mut node.inputs {
                if let Read::Output { nodes, .. } = &mut input.what {
                    *nodes = nodes.iter().filter_map(|needed| places[needed.index()]).collect();
                }
            }
            places[place] = Some(kept.add(spec, node));
        }
        kept
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// `history@2025-08-16`, or the task's name alone if it runs once.
    pub fn name(&self, id: NodeId) -> &str {
        &self.names[id.index()]
    }

    /// All nodes, each after those that it reads.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::new)
    }

    /// The nodes that a node reads, each once, in order.
    pub fn needs(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.needs[id.index()].iter().copied()
    }

    /// The nodes that read a node, each once, in order.
    pub fn needed_by(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.needed_by[id.index()].iter().copied()
    }
}

impl NodeInput {
    /// The nodes that are read, if any are.
    pub fn nodes(&self) -> &[NodeId] {
        match &self.what {
            Read::Files(_) => &[],
            Read::Output { nodes, .. } => nodes,
        }
    }
}

impl Parts {
    /// Whether the part of a day is among them; a file that is no part is `None`.
    pub fn take(&self, part: Option<Day>) -> bool {
        match (self, part) {
            (Parts::All, _) | (_, None) => true,
            (Parts::Of(spans), Some(part)) => spans.iter().any(|span| span.contains(part)),
        }
    }
}
