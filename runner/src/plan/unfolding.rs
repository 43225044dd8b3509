//! A graph while it grows: each node with all that it reads, and each of these with what it reads.
//!
//! It notes on the way which days of a source were asked about. What it means that a node cannot be is told in
//! [`super::lacking`].

use std::collections::{BTreeMap, HashMap};

use super::Gap;
use crate::day::Day;
use crate::graph::{Graph, Node, NodeId, NodeInput, Parts, Read};
use crate::span::Span;
use crate::spec::{Days, Input, Origin, PipelineSpec, Rhythm, SourceId, Task, TaskId};
use crate::survey::Survey;

pub struct Unfolding<'a> {
    pub spec: &'a PipelineSpec,
    pub survey: &'a Survey,
    pub graph: Graph,
    /// What became of a task on a day: a node, or nothing for want of an input.
    pub known: HashMap<(TaskId, Option<Day>), Option<NodeId>>,
    /// The first day of each task that was asked about.
    first_days: HashMap<TaskId, Option<Day>>,
    /// The last day of each source that was asked about.
    looked_at: BTreeMap<SourceId, Day>,
    pub lacking: BTreeMap<(TaskId, Option<Day>), String>,
    pub missing: Vec<String>,
}

impl<'a> Unfolding<'a> {
    pub fn new(spec: &'a PipelineSpec, survey: &'a Survey) -> Self {
        Unfolding {
            spec,
            survey,
            graph: Graph::default(),
            known: HashMap::new(),
            first_days: HashMap::new(),
            looked_at: BTreeMap::new(),
            lacking: BTreeMap::new(),
            missing: Vec::new(),
        }
    }

    /// Adds the node of a task that was asked for on a day, or tells for want of what there is none.
    pub fn request(&mut self, task: TaskId, day: Day) {
        let spec = self.spec;
        match self.node(task, spec.task(task).node_day(day), day) {
            Some(node) => self.graph.node_mut(node).requested = true,
            None => self.tell_lacking(task, day),
        }
    }

    /// The node of a task on a day, added with all that it reads if it is new; `None` if it lacks an input.
    fn node(&mut self, id: TaskId, day: Option<Day>, needed_for: Day) -> Option<NodeId> {
        if let Some(known) = self.known.get(&(id, day)) {
            return *known;
        }
        let spec = self.spec;
        let task = spec.task(id);
        let mut inputs = Some(Vec::new());
        for (place, input) in task.inputs.iter().enumerate() {
            let found = self.read(task, input, day, needed_for);
            if found.is_empty() && !input.optional {
                inputs = None;
            }
            if let Some(inputs) = &mut inputs {
                inputs.extend(found.into_iter().map(|what| NodeInput { input: place, what }));
            }
        }
        let inputs = inputs.filter(|inputs| !inputs.is_empty());
        let node =
            inputs.map(|inputs| self.graph.add(spec, Node { task: id, day, inputs, requested: false, needed_for }));
        self.known.insert((id, day), node);
        node
    }

    /// What a node on a day reads through one of its inputs; nothing if it is not there.
    fn read(&mut self, task: &Task, input: &Input, day: Option<Day>, needed_for: Day) -> Vec<Read> {
        let spans = day.map(|day| self.spans(task, input, day, needed_for));
        match (input.from, spans) {
            (Origin::Source(source), Some(spans)) if self.spec.source(source).path.has_day() => {
                let spans = self.that_can_be(input, spans);
                self.files(source, spans.into_iter().flat_map(Span::days))
            }
            (Origin::Source(source), _) => self.all_files(source),
            (Origin::Output(from, output), spans) if self.spec.task(from).is_once() => {
                let split = self.spec.task(from).outputs[output].parts.is_some();
                let node = self.node(from, None, needed_for);
                let parts = spans.filter(|_| split).map_or(Parts::All, Parts::Of);
                node.map(|node| Read::Output { node, output, parts }).into_iter().collect()
            }
            (Origin::Output(from, output), Some(spans)) => {
                let spans = self.that_can_be(input, spans).into_iter();
                let days: Vec<Day> = match self.spec.task(from).rhythm {
                    Rhythm::Monthly => spans.flat_map(Span::months).map(|month| month.first).collect(),
                    _ => spans.flat_map(Span::days).collect(),
                };
                let nodes = days.into_iter().filter_map(|day| self.node(from, Some(day), needed_for));
                nodes.map(|node| Read::Output { node, output, parts: Parts::All }).collect()
            }
            // Refused when the pipeline is read: what runs once has no days to choose.
            (Origin::Output(..), None) => Vec::new(),
        }
    }

    /// The days that a node takes through one of its inputs, whether or not there is anything on them.
    fn spans(&mut self, task: &Task, input: &Input, day: Day, needed_for: Day) -> Vec<Span> {
        let Days::Before(lookback) = input.days else { return task.span(day).into_iter().collect() };
        let window = Span::before(day, lookback);
        let months = input.without.map(|other| &task.inputs[other]);
        let Some((months, Origin::Output(from, _))) = months.map(|months| (months, months.from)) else {
            return vec![window];
        };
        // Only a month that is there is left out: of another one, some days may still have something.
        let months = self.that_can_be(months, vec![window]).into_iter().flat_map(Span::months);
        let taken: Vec<Span> =
            months.filter(|month| self.node(from, Some(month.first), needed_for).is_some()).collect();
        window.without(&taken)
    }

    /// Leaves out the days of a look-back before the first on which there could be something.
    fn that_can_be(&mut self, input: &Input, mut spans: Vec<Span>) -> Vec<Span> {
        if input.days == Days::Own {
            return spans;
        }
        let first = match input.from {
            Origin::Source(source) => self.survey.source(source).first_day(),
            Origin::Output(task, _) => {
                self.first_day(task).map(|day| self.spec.task(task).node_day(day).unwrap_or(day))
            }
        };
        let Some(first) = first else { return Vec::new() };
        spans.iter_mut().for_each(|span| *span = span.from(first));
        spans
    }

    fn files(&mut self, source: SourceId, days: impl IntoIterator<Item = Day>) -> Vec<Read> {
        let mut found = Vec::new();
        for day in days {
            let last = self.looked_at.entry(source).or_insert(day);
            *last = day.max(*last);
            found.extend(self.survey.source(source).days.get(&day).cloned().unwrap_or_default());
        }
        if found.is_empty() { Vec::new() } else { vec![Read::Files(found)] }
    }

    fn all_files(&self, source: SourceId) -> Vec<Read> {
        let files = self.survey.source(source);
        let found: Vec<String> = files.whole.iter().chain(files.days.values().flatten()).cloned().collect();
        if found.is_empty() { Vec::new() } else { vec![Read::Files(found)] }
    }

    /// The first day on which a task could have a node: the first of any source behind it.
    fn first_day(&mut self, task: TaskId) -> Option<Day> {
        if let Some(known) = self.first_days.get(&task) {
            return *known;
        }
        let spec = self.spec;
        let mut first: Option<Day> = None;
        for input in &spec.task(task).inputs {
            let of_input = match input.from {
                Origin::Source(source) => self.survey.source(source).first_day(),
                Origin::Output(task, _) => self.first_day(task),
            };
            first = first.into_iter().chain(of_input).min();
        }
        self.first_days.insert(task, first);
        first
    }

    /// The days without files from each source's first day to the last day that was asked about. What is after the last
    /// day of the request is in no middle, though it may be of a month that was asked about, unless files follow.
    pub fn gaps(&self, last_requested: Option<Day>) -> Vec<Gap> {
        let gaps = self.looked_at.iter().filter_map(|(id, last)| {
            let found = &self.survey.source(*id).days;
            let last = (*last).min(found.keys().next_back().copied().max(last_requested)?);
            let days: Vec<Day> = found.keys().next()?.through(last).filter(|day| !found.contains_key(day)).collect();
            (!days.is_empty()).then_some(Gap { source: *id, days })
        });
        gaps.collect()
    }
}
