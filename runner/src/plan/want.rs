//! What a node cannot be for want of, day by day, and how people are told: what lacks for the same reason in one line,
//! its days as ranges.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::day::{self, Day};
use crate::spec::{PipelineSpec, SourceId, TaskId};
use crate::survey::Survey;

/// Something that a node needs and that is not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    pub of: Origin,
    pub why: Why,
    /// The day that it is needed of, if it has days.
    pub day: Option<Day>,
}

/// Where it would come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Source(SourceId),
    /// A task that runs once and writes a file a day.
    Split(TaskId),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// There is not a single file of the source.
    Empty,
    NoFile,
    /// There are files, but not the one that says that all of them are there.
    NotReady,
    /// It is the newest day that a node looks back on: it may still come.
    Newest,
    /// It lies in a gap of a source whose gaps are refused.
    Gap,
    /// It is there and cannot be read, as the text says.
    Unreadable(String),
}

/// All that a node wants.
pub type Wants = Rc<Vec<Want>>;

/// Nodes that cannot be for one reason.
#[derive(Debug)]
pub struct Missing {
    pub tasks: BTreeSet<TaskId>,
    /// The days of the nodes.
    pub days: BTreeSet<Day>,
    /// What is wanted, in a line, and what to do about it in further ones.
    pub text: String,
}

/// What lacks for one reason: its days, and the nodes that want it.
#[derive(Default)]
struct Reason {
    wanted: BTreeSet<Day>,
    tasks: BTreeSet<TaskId>,
    days: BTreeSet<Day>,
}

/// Tells what nodes lack: a reason a line, with the nodes that it keeps from being.
pub fn tell<'a>(
    spec: &PipelineSpec,
    survey: &Survey,
    nodes: impl IntoIterator<Item = (TaskId, Option<Day>, &'a Wants)>,
) -> Vec<Missing> {
    let mut reasons: BTreeMap<(Origin, &Why), Reason> = BTreeMap::new();
    for (task, day, wants) in nodes {
        for want in wants.iter() {
            let reason = reasons.entry((want.of, &want.why)).or_default();
            reason.wanted.extend(want.day);
            reason.tasks.insert(task);
            reason.days.extend(day);
        }
    }
    let told = reasons.into_iter().map(|((of, why), Reason { wanted, tasks, days })| {
        let wanted: Vec<Day> = wanted.into_iter().collect();
        Missing { tasks, days, text: text(spec, survey, of, why, &wanted) }
    });
    told.collect()
}

/// `clicks: no file for 2025-08-09..2025-08-10; looked for clicks/dt={day}/*`
fn text(spec: &PipelineSpec, survey: &Survey, of: Origin, why: &Why, days: &[Day]) -> String {
    let ranges = day::ranges(days);
    let id = match of {
        Origin::Source(id) => id,
        Origin::Split(task) => return format!("{}: it has no file for {ranges}", spec.task(task).name),
    };
    let (source, files) = (spec.source(id), survey.source(id));
    let name = &source.name;
    let looked_for = match days {
        [day] => source.path.on(*day),
        _ => source.path.to_string(),
    };
    let allow = || format!("  `gaps: allow` for the source `{name}` in pipeline.yaml makes such days without it");
    match why {
        Why::Empty => {
            let strays = files.strays.described().map_or(String::new(), |strays| format!(", but found {strays}"));
            format!("{name}: not a single file; looked for {}{strays}", source.path)
        }
        Why::NoFile => format!("{name}: no file for {ranges}; looked for {looked_for}"),
        Why::NotReady => {
            let marker = days.first().and_then(|day| files.not_ready.get(day)).map_or("", String::as_str);
            let such_as = if days.len() > 1 { "such as " } else { "" };
            format!("{name}: not ready on {ranges}: {such_as}{marker} is not there yet")
        }
        Why::Newest => format!(
            "{name}: no file for {ranges}, the newest day that is looked back on; looked for {looked_for}\n{}",
            allow()
        ),
        Why::Gap => format!("{name}: no files for {ranges} ({}) and its gaps are refused", source.path),
        Why::Unreadable(what) => format!("{name}: {what}"),
    }
}
