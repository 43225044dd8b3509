//! A pipeline, or the nodes of some days, as boxes and arrows between them.
//!
//! ```text
//! Picture ─┬─► text       to read in a terminal
//!          ├─► dot        for Graphviz
//!          └─► mermaid    for Markdown
//! ```
//!
//! Pure: a picture is made from what is given and ends as a text. It does not know which raw files there are, what has
//! run, or where the text goes. Names are safe to show, since a pipeline is refused otherwise; paths can hold anything,
//! and each format escapes what means something to it.

pub mod dot;
pub mod mermaid;
pub mod text;

use crate::address;
use crate::day::Day;
use crate::graph::{Graph, NodeId, NodeInput};
use crate::layout::Layout;
use crate::spec::{Days, Input, Origin, PipelineSpec, Rhythm, TaskId};

/// Boxes and arrows. Boxes are in order of layer, then of the file, then of days.
#[derive(Debug)]
pub struct Picture {
    pub blocks: Vec<Block>,
    pub arrows: Vec<Arrow>,
}

/// A box.
#[derive(Debug)]
pub struct Block {
    /// Of the source or the task.
    pub name: String,
    /// The day of a node.
    pub day: Option<Day>,
    pub kind: Kind,
    /// What it reads of sources, where these have no boxes: `clicks` or `clicks, 7 days before`.
    pub raw: Vec<String>,
}

/// What a box stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Source { path: String },
    Task { rhythm: Rhythm, publish: Option<String> },
}

/// From a box to one that reads it, each by its place in [`Picture::blocks`].
#[derive(Debug, PartialEq, Eq)]
pub struct Arrow {
    pub from: usize,
    pub to: usize,
    /// `365 days before` or `the days of the month`, if it is read for more than the reader's own day.
    pub look_back: Option<String>,
}

impl Picture {
    /// The sources and tasks.
    pub fn of_pipeline(spec: &PipelineSpec) -> Picture {
        let mut picture = Picture { blocks: Vec::new(), arrows: Vec::new() };
        for source in &spec.sources {
            let kind = Kind::Source { path: printable(&source.path.to_string()) };
            let name = source.name.clone();
            picture.blocks.push(Block { name, day: None, kind, raw: Vec::new() });
        }
        let layers = layers(spec);
        let mut tasks: Vec<TaskId> = spec.task_ids().collect();
        tasks.sort_by_key(|id| layers[id.0]);
        let mut places = vec![0; tasks.len()];
        for id in tasks {
            places[id.0] = picture.blocks.len();
            picture.blocks.push(Block::of_task(spec, id));
            picture.point_at_last(spec.task(id).inputs.iter().map(|input| match input.from {
                Origin::Source(source) => (source.0, look_back(spec, id, input)),
                Origin::Output(task, _) => (places[task.0], look_back(spec, id, input)),
            }));
        }
        picture
    }

    /// The nodes of a graph. Raw files have no boxes: they would double the picture and say little.
    pub fn of_days(spec: &PipelineSpec, graph: &Graph) -> Picture {
        let mut picture = Picture { blocks: Vec::new(), arrows: Vec::new() };
        let layers = layers(spec);
        let mut nodes: Vec<NodeId> = graph.ids().collect();
        nodes.sort_by_key(|id| (layers[graph.node(*id).task.0], graph.node(*id).task, graph.node(*id).day));
        let mut places = vec![0; nodes.len()];
        for id in nodes {
            let node = graph.node(id);
            places[id.index()] = picture.blocks.len();
            let input = |node_input: &NodeInput| &spec.task(node.task).inputs[node_input.input];
            let raw = node.inputs.iter().filter_map(|node_input| raw(spec, node.task, input(node_input)));
            let block = Block::of_task(spec, node.task);
            picture.blocks.push(Block { day: node.day, raw: raw.collect(), ..block });
            let read = node.inputs.iter().flat_map(|node_input| {
                let look_back = look_back(spec, node.task, input(node_input));
                node_input.nodes().iter().map(|needed| (places[needed.index()], look_back.clone())).collect::<Vec<_>>()
            });
            picture.point_at_last(read);
        }
        picture
    }

    /// Adds an arrow to the newest box from each that it reads; two outputs of one task are one arrow.
    fn point_at_last(&mut self, read: impl Iterator<Item = (usize, Option<String>)>) {
        let (to, start) = (self.blocks.len() - 1, self.arrows.len());
        for (from, look_back) in read {
            let arrow = Arrow { from, to, look_back };
            if !self.arrows[start..].contains(&arrow) {
                self.arrows.push(arrow);
            }
        }
    }

    /// What to write at an arrow. One from a node on a day needs no words: the days of its ends say all.
    pub fn label<'a>(&self, arrow: &'a Arrow) -> Option<&'a str> {
        arrow.look_back.as_deref().filter(|_| self.blocks[arrow.from].day.is_none())
    }
}

impl Block {
    fn of_task(spec: &PipelineSpec, id: TaskId) -> Block {
        let task = spec.task(id);
        let compact = if task.layout == Some(Layout::Compact) { ", compact" } else { "" };
        let publish = task.publish.as_ref().map(|publish| printable(&format!("{publish}{compact}")));
        let kind = Kind::Task { rhythm: task.rhythm, publish };
        Block { name: task.name.clone(), day: None, kind, raw: Vec::new() }
    }

    /// `history@2025-08-16`, or the name alone.
    pub fn title(&self) -> String {
        address::name(&self.name, self.day)
    }

    /// What there is to say about it below its name.
    pub fn note(&self) -> Option<String> {
        match &self.kind {
            Kind::Source { path } => Some(path.clone()),
            Kind::Task { publish: Some(publish), .. } => Some(format!("published as {publish}")),
            Kind::Task { rhythm, .. } => rhythm_note(*rhythm).map(str::to_string),
        }
    }

    pub fn is_source(&self) -> bool {
        matches!(self.kind, Kind::Source { .. })
    }
}

/// The longest way to each task from a source, in arrows.
fn layers(spec: &PipelineSpec) -> Vec<usize> {
    let mut layers = vec![1; spec.tasks.len()];
    // It ends because a pipeline has no cycles.
    loop {
        let mut moved = false;
        for id in spec.task_ids() {
            let layer = spec.needs(id).map(|needed| layers[needed.0] + 1).max().unwrap_or(1);
            moved |= std::mem::replace(&mut layers[id.0], layer) != layer;
        }
        if !moved {
            return layers;
        }
    }
}

/// What there is to say about a task that does not run every day.
fn rhythm_note(rhythm: Rhythm) -> Option<&'static str> {
    match rhythm {
        Rhythm::Daily => None,
        Rhythm::Monthly => Some("once a month"),
        Rhythm::Once => Some("once for all days"),
    }
}

/// Which days a task takes through an input, if not just its own.
fn look_back(spec: &PipelineSpec, reader: TaskId, input: &Input) -> Option<String> {
    let window = match input.days {
        Days::Own if spec.task(reader).rhythm == Rhythm::Monthly => return of_month(spec, input).map(str::to_string),
        Days::Own => return None,
        Days::Before(Some(1)) => "the day before".to_string(),
        Days::Before(Some(days)) => format!("{days} days before"),
        Days::Before(None) => "every earlier day".to_string(),
    };
    Some(match input.without {
        Some(other) => format!("{window} without {}", spec.task(reader).inputs[other].name),
        None if rhythm_of(spec, input) == Some(Rhythm::Monthly) => format!("months in {window}"),
        None => window,
    })
}

/// Which days a task that runs once a month takes through an input of its own month.
fn of_month(spec: &PipelineSpec, input: &Input) -> Option<&'static str> {
    let has_days = match input.from {
        Origin::Source(source) => spec.source(source).path.has_day(),
        Origin::Output(task, output) => match spec.task(task).rhythm {
            Rhythm::Daily => true,
            Rhythm::Monthly => false,
            Rhythm::Once => spec.task(task).outputs[output].parts.is_some(),
        },
    };
    has_days.then_some("the days of the month")
}

fn rhythm_of(spec: &PipelineSpec, input: &Input) -> Option<Rhythm> {
    match input.from {
        Origin::Source(_) => None,
        Origin::Output(task, _) => Some(spec.task(task).rhythm),
    }
}

fn raw(spec: &PipelineSpec, reader: TaskId, input: &Input) -> Option<String> {
    let Origin::Source(source) = input.from else { return None };
    Some(described(&spec.source(source).name, look_back(spec, reader, input).as_deref()))
}

/// `clicks`, or `clicks, 7 days before`.
fn described(name: &str, look_back: Option<&str>) -> String {
    look_back.map_or(name.to_string(), |look_back| format!("{name}, {look_back}"))
}

/// A text in which nothing can move a cursor or make a file malformed.
fn printable(text: &str) -> String {
    let unsafe_letter = |letter: char| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}');
    let shown = |letter: char| if unsafe_letter(letter) { letter.escape_default().to_string() } else { letter.into() };
    text.chars().map(shown).collect()
}
