//! From a pipeline and a range of days to a graph: which nodes there are, and what each reads.
//!
//! Pure: it is told which raw files exist and what was asked for, and touches nothing. Whether a node has to run is
//! not known here; that is found node by node while the graph is walked ([`crate::engine`]).
//!
//! A node exists on a day if every input that it cannot do without exists, and at least one input does. A window takes
//! the days that exist; days before a source begins are no fault. Days that lack files between others are gaps.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::day::{self, Day};
use crate::graph::{Graph, Node, NodeId, NodeInput, Parts, Read};
use crate::spec::{Days, Gaps, Input, Origin, PipelineSpec, SourceId, TaskId};
use crate::survey::Survey;

/// What is asked for: some tasks on some days, in order of the days.
#[derive(Debug)]
pub struct Request {
    /// A task that runs once for all days is needed for the day beside it.
    pub nodes: Vec<(TaskId, Day)>,
}

impl Request {
    /// Some tasks, on every day of a range.
    pub fn range(first: Day, last: Day, tasks: &[TaskId]) -> Self {
        Request { nodes: first.through(last).flat_map(|day| tasks.iter().map(move |task| (*task, day))).collect() }
    }

    fn tasks(&self) -> Vec<TaskId> {
        let mut tasks: Vec<TaskId> = self.nodes.iter().map(|(task, _)| *task).collect();
        tasks.sort();
        tasks.dedup();
        tasks
    }
}

/// A graph, and what there is to say about the files that it starts from.
#[derive(Debug)]
pub struct Plan {
    pub graph: Graph,
    pub gaps: Vec<Gap>,
    /// The nodes that were asked for, or needed for what was, and cannot be; with the raw files that each lacks.
    pub lacking: BTreeMap<(TaskId, Option<Day>), String>,
    /// All raw files that are needed and not there.
    pub missing: Vec<String>,
}

/// Days without files in the middle of a source.
#[derive(Debug)]
pub struct Gap {
    pub source: SourceId,
    pub days: Vec<Day>,
}

/// Raw files that are needed and not there.
#[derive(Debug)]
pub struct MissingInputs(Vec<String>);

/// Unfolds the pipeline over the days asked for, all of which must be there.
pub fn plan(spec: &PipelineSpec, survey: &Survey, request: &Request) -> Result<Plan, MissingInputs> {
    let plan = unfold(spec, survey, request);
    if plan.missing.is_empty() { Ok(plan) } else { Err(MissingInputs(plan.missing)) }
}

/// Unfolds the pipeline over the days asked for, as far as there are raw files.
pub fn unfold(spec: &PipelineSpec, survey: &Survey, request: &Request) -> Plan {
    let mut unfolding = Unfolding {
        spec,
        survey,
        graph: Graph::default(),
        known: HashMap::new(),
        first_days: HashMap::new(),
        looked_at: BTreeMap::new(),
        lacking: BTreeMap::new(),
        missing: Vec::new(),
    };
    for (task, day) in &request.nodes {
        let on = if spec.task(*task).once { None } else { Some(*day) };
        match unfolding.node(*task, on, *day) {
            Some(node) => unfolding.graph.node_mut(node).requested = true,
            None => {
                unfolding.lacking(*task, on);
            }
        }
    }
    let gaps = unfolding.gaps();
    let Unfolding { graph, lacking, mut missing, .. } = unfolding;
    for gap in gaps.iter().filter(|gap| spec.source(gap.source).gaps == Gaps::Refuse) {
        missing.push(format!("{} and its gaps are refused", gap.describe(spec)));
    }
    // Where a source is not there at all, its single days are not worth a word.
    let empty = empty_sources(spec, survey, request);
    let missing = if empty.is_empty() { missing } else { empty };
    Plan { graph, gaps, lacking, missing }
}

/// A graph while it grows.
struct Unfolding<'a> {
    spec: &'a PipelineSpec,
    survey: &'a Survey,
    graph: Graph,
    /// What became of a task on a day: a node, or nothing for want of an input.
    known: HashMap<(TaskId, Option<Day>), Option<NodeId>>,
    /// The first day of each task that was asked about.
    first_days: HashMap<TaskId, Option<Day>>,
    /// The last day of each source that was asked about.
    looked_at: BTreeMap<SourceId, Day>,
    lacking: BTreeMap<(TaskId, Option<Day>), String>,
    missing: Vec<String>,
}

impl Unfolding<'_> {
    /// The node of a task on a day, added with all that it reads if it is new; `None` if it lacks an input.
    fn node(&mut self, task: TaskId, day: Option<Day>, needed_for: Day) -> Option<NodeId> {
        if let Some(known) = self.known.get(&(task, day)) {
            return *known;
        }
        let spec = self.spec;
        let mut inputs = Some(Vec::new());
        for (place, input) in spec.task(task).inputs.iter().enumerate() {
            let found = self.read(input, day, needed_for);
            let lacking = found.is_empty() && input.days == Days::Own && !input.optional;
            if lacking {
                inputs = None;
            }
            if let Some(inputs) = &mut inputs {
                inputs.extend(found.into_iter().map(|what| NodeInput { input: place, what }));
            }
        }
        let inputs = inputs.filter(|inputs| !inputs.is_empty());
        let node = inputs.map(|inputs| self.graph.add(spec, Node { task, day, inputs, requested: false, needed_for }));
        self.known.insert((task, day), node);
        node
    }

    /// What a node on a day reads through one of its inputs; nothing if it is not there.
    fn read(&mut self, input: &Input, day: Option<Day>, needed_for: Day) -> Vec<Read> {
        match (input.from, input.days, day) {
            (Origin::Source(source), Days::Own, Some(day)) if self.spec.source(source).path.has_day() => {
                self.files(source, [day])
            }
            (Origin::Source(source), Days::Own, _) => self.all_files(source),
            (Origin::Source(source), Days::Before(lookback), Some(day)) => {
                let first = self.survey.source(source).first_day();
                self.files(source, window(first, lookback, day))
            }
            (Origin::Output(task, output), days, day) if self.spec.task(task).once => {
                let Some(node) = self.node(task, None, needed_for) else { return Vec::new() };
                let split = self.spec.task(task).outputs[output].parts.is_some();
                let parts = match (days, day) {
                    (Days::Own, Some(day)) if split => Parts::Of(day),
                    (Days::Before(lookback), Some(day)) => {
                        Parts::Window { first: first_of(lookback, day), before: day }
                    }
                    _ => Parts::All,
                };
                vec![Read::Output { node, output, parts }]
            }
            (Origin::Output(task, output), Days::Own, day) => {
                let node = self.node(task, day, needed_for);
                node.map(|node| Read::Output { node, output, parts: Parts::All }).into_iter().collect()
            }
            (Origin::Output(task, output), Days::Before(lookback), Some(day)) => {
                let days: Vec<Day> = window(self.first_day(task), lookback, day).collect();
                let nodes = days.into_iter().filter_map(|day| self.node(task, Some(day), needed_for));
                nodes.map(|node| Read::Output { node, output, parts: Parts::All }).collect()
            }
            // Refused when the pipeline is read: what runs once has no day to look back from.
            (_, Days::Before(_), None) => Vec::new(),
        }
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

    /// Names the raw files for want of which a task has no node on a day: all of them, and gives back the first.
    fn lacking(&mut self, task: TaskId, day: Option<Day>) -> Option<String> {
        if let Some(line) = self.lacking.get(&(task, day)) {
            return Some(line.clone());
        }
        let spec = self.spec;
        let mut first = None;
        for input in spec.task(task).inputs.iter().filter(|input| input.days == Days::Own) {
            let line = match (input.from, day) {
                (Origin::Source(id), Some(day)) => self.lacking_files(id, day),
                (Origin::Output(from, _), _) if self.known.get(&(from, day)).is_some_and(Option::is_none) => {
                    self.lacking(from, day)
                }
                _ => None,
            };
            first = first.or(line);
        }
        if let Some(line) = &first {
            self.lacking.insert((task, day), line.clone());
        }
        first
    }

    fn lacking_files(&mut self, id: SourceId, day: Day) -> Option<String> {
        let source = self.spec.source(id);
        if !source.path.has_day() || self.survey.source(id).days.contains_key(&day) {
            return None;
        }
        let line = format!("{}: no file for {day}; looked for {}", source.name, source.path.on(day));
        if !self.missing.contains(&line) {
            self.missing.push(line.clone());
        }
        Some(line)
    }

    /// The days without files from each source's first day to the last day that was asked about.
    fn gaps(&self) -> Vec<Gap> {
        let gaps = self.looked_at.iter().filter_map(|(id, last)| {
            let found = &self.survey.source(*id).days;
            let days: Vec<Day> = found.keys().next()?.through(*last).filter(|day| !found.contains_key(day)).collect();
            (!days.is_empty()).then_some(Gap { source: *id, days })
        });
        gaps.collect()
    }
}

/// The days of a look-back, from the first day that there is.
fn window(first: Option<Day>, lookback: Option<u32>, day: Day) -> impl Iterator<Item = Day> {
    let first = first.map(|first| first_of(lookback, day).map_or(first, |start| start.max(first)));
    first.into_iter().flat_map(move |first| first.through(day.plus(-1)))
}

fn first_of(lookback: Option<u32>, day: Day) -> Option<Day> {
    lookback.map(|days| day.plus(-i64::from(days)))
}

/// The sources that are needed and have not a single file.
fn empty_sources(spec: &PipelineSpec, survey: &Survey, request: &Request) -> Vec<String> {
    let needed = reachable_sources(spec, &request.tasks());
    let empty = needed.into_iter().filter(|id| survey.source(*id).is_empty() && !spec.source(*id).optional);
    empty
        .map(|id| spec.source(id))
        .map(|source| format!("{}: not a single file; looked for {}", source.name, source.path))
        .collect()
}

/// The sources that some tasks read, directly or through other tasks, in the order of the file.
fn reachable_sources(spec: &PipelineSpec, tasks: &[TaskId]) -> Vec<SourceId> {
    let mut wanted = vec![false; spec.tasks.len()];
    let mut stack = tasks.to_vec();
    let mut sources = Vec::new();
    while let Some(task) = stack.pop() {
        if std::mem::replace(&mut wanted[task.0], true) {
            continue;
        }
        stack.extend(spec.needs(task));
        sources.extend(spec.task(task).inputs.iter().filter_map(|input| match input.from {
            Origin::Source(source) => Some(source),
            Origin::Output(..) => None,
        }));
    }
    sources.sort();
    sources.dedup();
    sources
}

impl Gap {
    /// `clicks: no files for 2025-06-02..2025-06-04 (clicks/dt={day}/*)`
    pub fn describe(&self, spec: &PipelineSpec) -> String {
        let source = spec.source(self.source);
        format!("{}: no files for {} ({})", source.name, day::ranges(&self.days), source.path)
    }
}

impl fmt::Display for MissingInputs {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for MissingInputs {}
