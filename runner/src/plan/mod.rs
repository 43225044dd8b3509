//! From a pipeline and a range of days to a graph: which nodes there are, and what each reads.
//!
//! Pure: it is told which raw files exist and what was asked for, and touches nothing. Whether a node has to run is
//! not known here; that is found node by node while the graph is walked ([`crate::engine`]).
//!
//! What was asked for and cannot be is left out, with the reason. A window and a month take the days that exist; days
//! before a source begins are no fault. Days that lack files after that are gaps: in the midst of a look-back they are
//! told, as its newest day they keep a node from being, unless the pipeline says otherwise.

mod reach;
mod unfolding;
mod want;

use std::collections::{BTreeMap, BTreeSet};

use crate::address;
use crate::day::{self, Day};
use crate::graph::Graph;
use crate::spec::{Days, Origin, PipelineSpec, Rhythm, SourceId, TaskId};
use crate::survey::Survey;

use unfolding::Unfolding;
pub use want::Missing;
use want::{Why, tell};

/// What is asked for: some tasks on some days, in order of the days.
#[derive(Debug)]
pub struct Request {
    /// A task that runs once for all days is needed for the day beside it; of one that runs once a month, the month of
    /// that day is meant.
    pub nodes: Vec<(TaskId, Day)>,
}

/// The days of outputs that are split by day, where they are known: by task and place among its outputs.
pub type SplitDays = BTreeMap<(TaskId, usize), BTreeSet<Day>>;

impl Request {
    /// Some tasks, on every day of a range.
    pub fn range(first: Day, last: Day, tasks: &[TaskId]) -> Self {
        Request { nodes: first.through(last).flat_map(|day| tasks.iter().map(move |task| (*task, day))).collect() }
    }

    fn tasks(&self) -> BTreeSet<TaskId> {
        self.nodes.iter().map(|(task, _)| *task).collect()
    }

    /// The outputs split by day whose days decide which nodes there are.
    pub fn splits(&self, spec: &PipelineSpec) -> BTreeSet<(TaskId, usize)> {
        let of_days = behind(spec, self.tasks()).into_iter().filter(|id| spec.task(*id).rhythm == Rhythm::Daily);
        let own = of_days.flat_map(|id| spec.task(id).inputs.iter().filter(|input| input.days == Days::Own));
        let read = own.filter_map(|input| match input.from {
            Origin::Output(task, output) => Some((task, output)),
            Origin::Source(_) => None,
        });
        read.filter(|(task, output)| spec.task(*task).outputs[*output].parts.is_some()).collect()
    }
}

/// A graph, and what there is to say about the files that it starts from.
#[derive(Debug)]
pub struct Plan {
    pub graph: Graph,
    /// What people should know of the raw files although it keeps nothing from being made.
    pub warnings: Vec<String>,
    /// The nodes that were asked for, or needed for what was, and cannot be; with what each lacks.
    pub lacking: BTreeMap<(TaskId, Option<Day>), String>,
    /// What was asked for and cannot be made, by reason.
    pub missing: Vec<Missing>,
    /// The nodes of it.
    pub not_made: Vec<(TaskId, Day)>,
    /// How many days were asked for.
    pub days_asked: usize,
    /// Tasks that have to run before it is known which days there are.
    pub unknown_splits: BTreeSet<TaskId>,
}

/// Unfolds the pipeline over the days asked for, as far as there are raw files.
pub fn plan(spec: &PipelineSpec, survey: &Survey, splits: &SplitDays, request: &Request) -> Plan {
    let last = request.nodes.iter().map(|(_, day)| *day).max().unwrap_or(Day::EARLIEST);
    let mut unfolding = Unfolding::new(spec, survey, splits, last);
    for (task, day) in &request.nodes {
        unfolding.request(*task, *day);
    }
    let Unfolding { graph, lacking, not_made, looked_at, .. } = unfolding;
    let own_day = |task: TaskId, day: Day| spec.task(task).node_day(day);
    let wants = |task: TaskId, day: Day| lacking.get(&(task, own_day(task, day)));
    let wanting = not_made.iter().filter_map(|(task, day)| Some((*task, Some(*day), wants(*task, *day)?)));
    let missing = tell(spec, survey, wanting.clone());
    let mut told: BTreeMap<SourceId, BTreeSet<Day>> = BTreeMap::new();
    for want in wanting.flat_map(|(_, _, wants)| wants.iter()).filter(|want| want.why == Why::NoFile) {
        if let want::Origin::Source(source) = want.of {
            told.entry(source).or_default().extend(want.day);
        }
    }
    let mut warnings = gaps(spec, survey, &looked_at, last, &told);
    let empty = |id: &SourceId| survey.source(*id).is_empty() && !spec.source(*id).optional;
    let sources = sources_behind(spec, request.tasks()).into_iter().filter(|id| !empty(id));
    warnings.extend(sources.filter_map(|id| {
        let strays = survey.source(id).strays.described()?;
        Some(format!("{}: {} does not take {strays}", spec.source(id).name, spec.source(id).path))
    }));
    let graph = if not_made.is_empty() { graph } else { graph.of_requested(spec) };
    let lacking = lacking.into_iter().map(|((task, day), wants)| {
        let lines = tell(spec, survey, [(task, day, &wants)]);
        let lines = lines.iter().filter_map(|missing| missing.text.lines().next());
        ((task, day), lines.collect::<Vec<_>>().join("; "))
    });
    let days_asked = request.nodes.iter().map(|(_, day)| *day).collect::<BTreeSet<Day>>().len();
    let (lacking, unknown_splits) = (lacking.collect(), BTreeSet::new());
    Plan { graph, warnings, lacking, missing, not_made, days_asked, unknown_splits }
}

/// The days without files, or with files that are not ready, from each source's first day to the last day that was looked
/// at, but for those that were told already. What is after the last day of the request is in no middle, though it may be
/// of a month that was asked about, unless files follow.
fn gaps(
    spec: &PipelineSpec,
    survey: &Survey,
    looked_at: &BTreeMap<SourceId, Day>,
    last_requested: Day,
    told: &BTreeMap<SourceId, BTreeSet<Day>>,
) -> Vec<String> {
    let gaps = looked_at.iter().filter_map(|(id, last)| {
        let (source, found) = (spec.source(*id), &survey.source(*id).days);
        let last = (*last).min(last_requested.max(*found.keys().next_back()?));
        let is_told = |day: &Day| told.get(id).is_some_and(|told| told.contains(day));
        let not_ready = &survey.source(*id).not_ready;
        let first = found.keys().next().into_iter().chain(not_ready.keys().next()).min()?;
        let missing = first.through(last).filter(|day| !found.contains_key(day) && !is_told(day));
        let (unready, absent): (Vec<Day>, Vec<Day>) = missing.partition(|day| not_ready.contains_key(day));
        let absent = (!absent.is_empty())
            .then(|| format!("{}: no files for {} ({})", source.name, day::newest_ranges(&absent), source.path));
        let unready = unready.last().map(|newest| {
            let (ranges, marker) = (day::newest_ranges(&unready), &not_ready[newest]);
            format!("{}: not ready on {ranges}, and left out: such as {marker} is not there", source.name)
        });
        Some([absent, unready])
    });
    gaps.flatten().flatten().collect()
}

/// Tasks, and all that they need.
fn behind(spec: &PipelineSpec, tasks: BTreeSet<TaskId>) -> BTreeSet<TaskId> {
    let mut all = tasks.clone();
    let mut stack: Vec<TaskId> = tasks.into_iter().collect();
    while let Some(task) = stack.pop() {
        stack.extend(spec.needs(task).filter(|needed| all.insert(*needed)));
    }
    all
}

/// The sources that some tasks read, directly or through other tasks.
fn sources_behind(spec: &PipelineSpec, tasks: BTreeSet<TaskId>) -> BTreeSet<SourceId> {
    let inputs = behind(spec, tasks).into_iter().flat_map(|id| &spec.task(id).inputs);
    let sources = inputs.filter_map(|input| match input.from {
        Origin::Source(source) => Some(source),
        Origin::Output(..) => None,
    });
    sources.collect()
}

impl Missing {
    /// The days that it keeps from being made, and of which tasks if not of all that were asked for.
    pub fn nodes(&self, spec: &PipelineSpec, not_made: &[(TaskId, Day)]) -> String {
        let days: Vec<Day> = self.days.iter().copied().collect();
        let all: BTreeSet<TaskId> = not_made.iter().map(|(task, _)| *task).collect();
        if self.tasks == all {
            return day::ranges(&days);
        }
        let names: Vec<&str> = self.tasks.iter().map(|task| spec.task(*task).name.as_str()).collect();
        format!("{} on {}", names.join(", "), day::ranges(&days))
    }
}

impl Plan {
    /// The names of the nodes that were asked for and cannot be.
    pub fn names_not_made(&self, spec: &PipelineSpec) -> BTreeSet<String> {
        let name = |(task, day): &(TaskId, Day)| address::name(&spec.task(*task).name, spec.task(*task).node_day(*day));
        self.not_made.iter().map(name).collect()
    }
}
