//! A graph while it grows: each node with all that it reads, and each of these with what it reads.
//!
//! A node exists on a day if every input that it cannot do without exists, and at least one input does. Where one does
//! not, what it wants is noted, and whether those that could do without it may: nobody passes over a file that cannot be
//! read, and nobody takes yesterday for a day on which nothing happened.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::SplitDays;
use super::reach::Reach;
use super::want::{self, Want, Wants, Why};
use crate::day::Day;
use crate::graph::{Graph, Node, NodeId, NodeInput, Parts, Read};
use crate::span::Span;
use crate::spec::{Days, Gaps, Input, Origin, PipelineSpec, Rhythm, SourceId, Task, TaskId};
use crate::survey::Survey;

pub struct Unfolding<'a> {
    pub spec: &'a PipelineSpec,
    pub survey: &'a Survey,
    /// The days of outputs that are split by day, as far as they are known.
    splits: &'a SplitDays,
    reach: Reach,
    /// The last day of the request.
    last_requested: Day,
    pub graph: Graph,
    /// What became of a task on a day.
    known: HashMap<(TaskId, Option<Day>), Known>,
    /// The first day of each task that was asked about.
    first_days: HashMap<TaskId, Option<Day>>,
    /// The last day of each source that a node reads, or looks back on.
    pub looked_at: BTreeMap<SourceId, Day>,
    /// The nodes that were asked for, or needed for what was, and cannot be.
    pub lacking: BTreeMap<(TaskId, Option<Day>), Wants>,
    /// Those of them that were asked for, each with the day of the request.
    pub not_made: Vec<(TaskId, Day)>,
}

/// What became of a task on a day.
#[derive(Clone)]
enum Known {
    Node(NodeId),
    Absent(Absence, Wants),
}

/// How much it matters to others that a node is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Absence {
    /// There is nothing for it: who can do without it does.
    Nothing,
    /// What it looks back on may still come: nobody does without it on their own day, or as the newest of a look-back.
    NotYet,
    /// What it reads is at fault: nobody does without it.
    Refused,
}

/// What a node takes through one of its inputs.
#[derive(Default)]
struct Taken {
    reads: Vec<Read>,
    /// Why it is not all that could be there.
    lacks: Option<(Absence, Wants)>,
}

impl Taken {
    fn lacks(&mut self, absence: Absence, wants: &Wants) {
        match &mut self.lacks {
            Some((known, all)) => {
                *known = absence.max(*known);
                Rc::make_mut(all).extend(wants.iter().cloned());
            }
            None => self.lacks = Some((absence, Rc::clone(wants))),
        }
    }
}

impl<'a> Unfolding<'a> {
    pub fn new(spec: &'a PipelineSpec, survey: &'a Survey, splits: &'a SplitDays, last_requested: Day) -> Self {
        Unfolding {
            spec,
            survey,
            splits,
            reach: Reach::new(spec),
            last_requested,
            graph: Graph::default(),
            known: HashMap::new(),
            first_days: HashMap::new(),
            looked_at: BTreeMap::new(),
            lacking: BTreeMap::new(),
            not_made: Vec::new(),
        }
    }

    /// Adds the node of a task that was asked for on a day, or notes what it lacks.
    pub fn request(&mut self, task: TaskId, day: Day) {
        let spec = self.spec;
        let own_day = spec.task(task).node_day(day);
        match self.node(task, own_day, day) {
            Known::Node(node) => self.graph.node_mut(node).requested = true,
            Known::Absent(..) => {
                self.note_lacking(task, own_day);
                self.not_made.push((task, day));
            }
        }
    }

    /// Notes a node that cannot be, and those of its own day that keep it from being.
    fn note_lacking(&mut self, id: TaskId, day: Option<Day>) {
        let Some(Known::Absent(_, wants)) = self.known.get(&(id, day)) else { return };
        if self.lacking.insert((id, day), Rc::clone(wants)).is_some() {
            return;
        }
        let task = self.spec.task(id);
        for input in task.inputs.iter().filter(|input| input.days == Days::Own) {
            if let Origin::Output(from, _) = input.from
                && self.spec.task(from).rhythm == task.rhythm
            {
                self.note_lacking(from, day);
            }
        }
    }

    /// The node of a task on a day, added with all that it reads if it is new.
    fn node(&mut self, id: TaskId, day: Option<Day>, needed_for: Day) -> Known {
        if let Some(known) = self.known.get(&(id, day)) {
            return known.clone();
        }
        let known = match self.inputs(id, day, needed_for) {
            Ok(inputs) => {
                self.note_looked_at(id, day);
                Known::Node(self.graph.add(self.spec, Node { task: id, day, inputs, requested: false, needed_for }))
            }
            Err((absence, wants)) => Known::Absent(absence, wants),
        };
        self.known.insert((id, day), known.clone());
        known
    }

    /// All that a node on a day reads, in the order of its inputs; or for want of what it cannot be.
    fn inputs(&mut self, id: TaskId, day: Option<Day>, needed_for: Day) -> Result<Vec<NodeInput>, (Absence, Wants)> {
        let spec = self.spec;
        let task = spec.task(id);
        let mut inputs: Vec<(usize, Read)> = Vec::new();
        // What is not there and could be done without, for where there is nothing else.
        let mut without = Taken::default();
        // The own day first: for want of it, nobody has to look at the days before.
        for own in [true, false] {
            let mut lacks = Taken::default();
            if let (false, Some(day)) = (own, day) {
                self.newest(task, day, needed_for, &mut lacks);
                if let Some(lacks) = lacks.lacks {
                    return Err(lacks);
                }
            }
            for (place, input) in task.inputs.iter().enumerate().filter(|(_, input)| (input.days == Days::Own) == own) {
                let taken = self.read(task, input, day, needed_for);
                let nothing = taken.reads.is_empty();
                if let Some((absence, wants)) = &taken.lacks {
                    let matters = *absence > Absence::Nothing || (nothing && !input.optional);
                    (if matters { &mut lacks } else { &mut without }).lacks(*absence, wants);
                }
                inputs.extend(taken.reads.into_iter().map(|what| (place, what)));
            }
            if let Some(lacks) = lacks.lacks {
                return Err(lacks);
            }
        }
        if inputs.is_empty() {
            if let (None, Some(day)) = (&without.lacks, day) {
                let newest = self.reach.newest(spec, task, day).into_iter();
                let wants = newest.map(|(source, day)| Want {
                    of: want::Origin::Source(source),
                    why: Why::NoFile,
                    day: Some(day),
                });
                without.lacks(Absence::Nothing, &Rc::new(wants.collect()));
            }
            return Err(without.lacks.unwrap_or((Absence::Nothing, Wants::default())));
        }
        inputs.sort_by_key(|(place, _)| *place);
        Ok(inputs.into_iter().map(|(input, what)| NodeInput { input, what }).collect())
    }

    /// Notes what a look-back lacks although all else could be there: the newest day of each source behind it, or of a
    /// task that looks back itself.
    fn newest(&mut self, task: &Task, day: Day, needed_for: Day, lacks: &mut Taken) {
        for (source, newest) in self.reach.newest(self.spec, task, day) {
            if let Some((absence, why)) = self.fault(source, Some(newest)) {
                let wanted = Some(newest).filter(|_| !matches!(why, Why::Empty | Why::Unreadable(_)));
                lacks.lacks(absence, &one(want::Origin::Source(source), why, wanted));
            }
        }
        for input in task.inputs.iter().filter(|input| input.days != Days::Own) {
            let Origin::Output(from, _) = input.from else { continue };
            // Not one before everything begins: it is absent for want of anything to look back on.
            if self.spec.task(from).rhythm == Rhythm::Daily
                && let Known::Absent(absence, wants) = self.node(from, Some(day.plus(-1)), needed_for)
                && absence > Absence::Nothing
            {
                lacks.lacks(absence, &wants);
            }
        }
    }

    /// What is at fault with a source on the newest day of a look-back.
    fn fault(&self, id: SourceId, day: Option<Day>) -> Option<(Absence, Why)> {
        let (source, files) = (self.spec.source(id), self.survey.source(id));
        if let Some(what) = files.unreadable(day) {
            return Some((Absence::Refused, Why::Unreadable(what.clone())));
        }
        if files.is_empty() {
            return (!source.optional).then_some((Absence::Refused, Why::Empty));
        }
        let day = day.filter(|day| !files.days.contains_key(day))?;
        if files.first_day().is_none_or(|first| day < first) {
            return None;
        }
        match source.gaps {
            Gaps::Allow => None,
            _ if files.not_ready.contains_key(&day) => Some((Absence::NotYet, Why::NotReady)),
            Gaps::Warn => Some((Absence::NotYet, Why::Newest)),
            Gaps::Refuse => Some((Absence::Refused, Why::Gap)),
        }
    }

    /// What a node on a day reads through one of its inputs.
    fn read(&mut self, task: &Task, input: &Input, day: Option<Day>, needed_for: Day) -> Taken {
        let spans = day.map(|day| self.spans(task, input, day, needed_for));
        match (input.from, spans) {
            (Origin::Source(source), Some(spans)) if self.spec.source(source).path.has_day() => {
                let spans = self.that_can_be(input, spans);
                self.files(source, &spans, input.days)
            }
            (Origin::Source(source), _) => self.all_files(source),
            (Origin::Output(from, output), spans) if self.spec.task(from).is_once() => {
                self.read_once(task, from, output, spans, needed_for)
            }
            (Origin::Output(from, output), Some(spans)) => {
                let spans = self.that_can_be(input, spans).into_iter();
                let days: Vec<Day> = match self.spec.task(from).rhythm {
                    Rhythm::Monthly => spans.flat_map(Span::months).map(|month| month.first).collect(),
                    _ => spans.flat_map(Span::days).collect(),
                };
                self.read_nodes(task, input, from, output, &days, needed_for)
            }
            // Refused when the pipeline is read: what runs once has no days to choose.
            (Origin::Output(..), None) => Taken::default(),
        }
    }

    /// The result of a task that runs once, or the parts of some days.
    fn read_once(
        &mut self,
        task: &Task,
        from: TaskId,
        output: usize,
        spans: Option<Vec<Span>>,
        needed_for: Day,
    ) -> Taken {
        let mut taken = Taken::default();
        let split = self.spec.task(from).outputs[output].parts.is_some();
        let of_day = spans.as_deref().filter(|_| split && task.rhythm == Rhythm::Daily).and_then(|spans| match spans {
            [span] if span.first == span.last => Some(span.first),
            _ => None,
        });
        let node = match self.node(from, None, needed_for) {
            Known::Node(node) => node,
            Known::Absent(absence, wants) => {
                taken.lacks(absence, &wants);
                return taken;
            }
        };
        if let Some(day) = of_day
            && self.splits.get(&(from, output)).is_some_and(|days| !days.contains(&day))
        {
            taken.lacks(Absence::Nothing, &one(want::Origin::Split(from), Why::NoFile, Some(day)));
            return taken;
        }
        let parts = spans.filter(|_| split).map_or(Parts::All, Parts::Of);
        taken.reads.push(Read::Output { nodes: vec![node], output, parts });
        taken
    }

    /// The results of a task on some days.
    fn read_nodes(
        &mut self,
        task: &Task,
        input: &Input,
        from: TaskId,
        output: usize,
        days: &[Day],
        needed_for: Day,
    ) -> Taken {
        let own = task.rhythm == Rhythm::Daily && input.days == Days::Own;
        let mut taken = Taken::default();
        let mut nodes = Vec::new();
        for day in days {
            match self.node(from, Some(*day), needed_for) {
                Known::Node(node) => nodes.push(node),
                // What a look-back can do without is no want, and there may be thousands of it.
                Known::Absent(absence, wants) => {
                    if absence == Absence::Refused || own {
                        taken.lacks(absence, &wants);
                    } else if input.days == Days::Own {
                        taken.lacks(Absence::Nothing, &wants);
                    }
                }
            }
        }
        if !nodes.is_empty() {
            taken.reads.push(Read::Output { nodes, output, parts: Parts::All });
        }
        taken
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
            months.filter(|month| matches!(self.node(from, Some(month.first), needed_for), Known::Node(_))).collect();
        window.without(&taken)
    }

    /// Leaves out the days of a look-back before the first on which there could be something.
    fn that_can_be(&mut self, input: &Input, spans: Vec<Span>) -> Vec<Span> {
        let first = match input.from {
            _ if input.days == Days::Own => return spans,
            Origin::Source(source) => self.survey.source(source).first_day(),
            Origin::Output(task, _) => {
                self.first_day(task).map(|day| self.spec.task(task).node_day(day).unwrap_or(day))
            }
        };
        let Some(first) = first else { return Vec::new() };
        spans.into_iter().map(|span| span.from(first)).collect()
    }

    /// The files of some days.
    fn files(&self, id: SourceId, spans: &[Span], days: Days) -> Taken {
        let (source, files) = (self.spec.source(id), self.survey.source(id));
        let mut taken = Taken::default();
        let mut found = Vec::new();
        for span in spans {
            // Of a look-back, only days with files are worth a look, unless one without them is at fault.
            let all = days == Days::Own || source.gaps == Gaps::Refuse || !files.unreadable.is_empty();
            let in_span = files.days.range(span.first..=span.last.max(span.first));
            let looked_at: Vec<Day> = if all { span.days().collect() } else { in_span.map(|(day, _)| *day).collect() };
            for day in looked_at {
                let want = |why: Why, day: Option<Day>| one(want::Origin::Source(id), why, day);
                if let Some(what) = files.unreadable(Some(day)) {
                    taken.lacks(Absence::Refused, &want(Why::Unreadable(what.clone()), None));
                } else if let Some(of_day) = files.days.get(&day) {
                    found.extend(of_day.iter().cloned());
                } else if files.is_empty() && !source.optional {
                    taken.lacks(Absence::Refused, &want(Why::Empty, None));
                } else if source.gaps == Gaps::Refuse && self.is_gap(id, day) {
                    taken.lacks(Absence::Refused, &want(Why::Gap, Some(day)));
                } else if files.not_ready.contains_key(&day) {
                    taken.lacks(Absence::Nothing, &want(Why::NotReady, Some(day)));
                } else {
                    taken.lacks(Absence::Nothing, &want(Why::NoFile, Some(day)));
                }
            }
        }
        if !found.is_empty() {
            taken.reads.push(Read::Files(found));
        }
        taken
    }

    /// The files of a source that has no days.
    fn all_files(&self, id: SourceId) -> Taken {
        let mut taken = Taken::default();
        let files = self.survey.source(id);
        let found: Vec<String> = files.whole.iter().chain(files.days.values().flatten()).cloned().collect();
        match self.fault(id, None) {
            Some((absence, why)) => taken.lacks(absence, &one(want::Origin::Source(id), why, None)),
            None if found.is_empty() => {
                taken.lacks(Absence::Nothing, &one(want::Origin::Source(id), Why::Empty, None));
            }
            None => taken.reads.push(Read::Files(found)),
        }
        taken
    }

    /// Whether a day without files has some before it, and some after it or a day that was asked for.
    fn is_gap(&self, id: SourceId, day: Day) -> bool {
        let days = &self.survey.source(id).days;
        let ends = days.keys().next().zip(days.keys().next_back());
        ends.is_some_and(|(first, last)| *first < day && day <= self.last_requested.max(*last))
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
                Origin::Output(task, output) if spec.task(task).is_once() => {
                    self.splits.get(&(task, output)).and_then(|days| days.first().copied())
                }
                Origin::Output(task, _) => self.first_day(task),
            };
            first = first.into_iter().chain(of_input).min();
        }
        self.first_days.insert(task, first);
        first
    }

    /// Notes the last day of each source that a node of a day reads or looks back on.
    fn note_looked_at(&mut self, id: TaskId, day: Option<Day>) {
        let task = self.spec.task(id);
        let Some(own) = day.and_then(|day| task.span(day)) else { return };
        for input in &task.inputs {
            let last = if input.days == Days::Own { own.last } else { own.first.plus(-1) };
            for source in self.reach.through(self.spec, input.from) {
                let known = self.looked_at.entry(source).or_insert(last);
                *known = last.max(*known);
            }
        }
    }
}

fn one(of: want::Origin, why: Why, day: Option<Day>) -> Wants {
    Rc::new(vec![Want { of, why, day }])
}
