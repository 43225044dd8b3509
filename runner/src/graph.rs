//! Nodes and what they read from each other. Data only: how a graph comes about is in [`crate::plan`].

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::address;
use crate::day::Day;
use crate::span::Span;
use crate::spec::{PipelineSpec, TaskId};

/// A place in a [`Graph`].
pub type NodeId = NodeIndex<u32>;

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
    /// An output of another node, by its place in [`crate::spec::Task::outputs`].
    Output { node: NodeId, output: usize, parts: Parts },
}

/// Which parts of an output are read. Which of them exist is known when the other node has run.
#[derive(Debug)]
pub enum Parts {
    /// The output as it is, with every part that it has.
    All,
    /// The parts of these days.
    Of(Vec<Span>),
}

/// Nodes, with an edge from each to those that read it.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: DiGraph<Node, ()>,
    names: Vec<String>,
}

impl Graph {
    /// Adds a node; what it reads from must be there already, which keeps the graph free of cycles.
    pub fn add(&mut self, spec: &PipelineSpec, node: Node) -> NodeId {
        self.names.push(address::name(&spec.task(node.task).name, node.day));
        let needs: Vec<NodeId> = node.inputs.iter().filter_map(NodeInput::node).collect();
        let id = self.nodes.add_node(node);
        for needed in needs {
            self.nodes.update_edge(needed, id, ());
        }
        id
    }

    pub fn len(&self) -> usize {
        self.nodes.node_count()
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    /// `history@2025-08-16`, or the task's name alone if it runs once.
    pub fn name(&self, id: NodeId) -> &str {
        &self.names[id.index()]
    }

    /// All nodes, each after those that it reads.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.node_count()).map(NodeIndex::new)
    }

    /// The nodes that a node reads, each once.
    pub fn needs(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.nodes.neighbors_directed(id, Direction::Incoming)
    }

    /// The nodes that read a node, each once.
    pub fn needed_by(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.nodes.neighbors_directed(id, Direction::Outgoing)
    }
}

impl NodeInput {
    /// The node that is read, if it is one.
    pub fn node(&self) -> Option<NodeId> {
        match &self.what {
            Read::Files(_) => None,
            Read::Output { node, .. } => Some(*node),
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
