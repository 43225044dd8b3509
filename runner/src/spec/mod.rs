//! `pipeline.yaml` as the rest of the runner sees it: checked, with names turned into references.
//!
//! [`yaml`] knows how the file is written, [`check`], [`limits`] and [`expectations`] what makes sense, [`error`] how a mistake is shown.
//! Nothing here knows which days exist or what ran before.

mod check;
mod error;
mod expectations;
#[cfg(test)]
mod fuzz;
mod limits;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::SpecError;
use error::closest;

use crate::day::Day;
use crate::layout::{Layout, Layouts, Outputs, Publish};
use crate::pattern::PathPattern;
use crate::span::Span;

/// The file that is looked for when none is named.
pub const FILE: &str = "pipeline.yaml";

/// A whole pipeline.
#[derive(Debug)]
pub struct PipelineSpec {
    /// The folder of the file; relative paths in it start here.
    pub folder: PathBuf,
    pub data: PathBuf,
    pub outputs: Outputs,
    pub cache: PathBuf,
    /// The layouts that are made if the command line does not say.
    pub layouts: Layouts,
    /// In the order of the file.
    pub sources: Vec<Source>,
    /// In the order of the file.
    pub tasks: Vec<Task>,
}

/// A place in [`PipelineSpec::sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub usize);

/// A place in [`PipelineSpec::tasks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub usize);

/// Raw files that the pipeline starts from.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    /// Below the data folder.
    pub path: PathPattern,
    pub gaps: Gaps,
    /// Whether the pipeline runs without a single file of it.
    pub optional: bool,
    /// The file in the folder of a day that says that all others are there.
    pub ready: Option<String>,
}

/// What a day without files, after the first that has any, means to those that look back on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// They do without it.
    Allow,
    /// They do without it, unless it is the newest day that they look back on: that may still come.
    Warn,
    /// They cannot be.
    Refuse,
}

/// A step of the pipeline.
#[derive(Debug)]
pub struct Task {
    pub name: String,
    /// A bare name is a program beside the runner's own; one with a slash is a path from the folder of the file.
    pub run: String,
    /// Patterns of files that belong to the program, as paths from the folder of the file.
    pub with: Vec<String>,
    pub rhythm: Rhythm,
    pub inputs: Vec<Input>,
    /// The parameters, as command-line arguments.
    pub arguments: Vec<String>,
    /// Variables that the program sees beside the usual few.
    pub environment: BTreeMap<String, String>,
    pub outputs: Vec<Output>,
    /// The layout that it makes, if there is more than one way to have a day.
    pub layout: Option<Layout>,
    /// Where it shows its outputs of a day, if it does.
    pub publish: Option<Publish>,
    pub limits: Limits,
    /// Whether it may use only events stamped before its day: it has to report the newest that it used.
    pub point_in_time: bool,
    /// What is asked of the numbers that it reports.
    pub expectations: Vec<Expectation>,
}

/// What is asked of a number that a task reports. None of it is part of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The name of the number in the report.
    pub number: String,
    pub min: Option<f64>,
    /// The share that it must be of the median of the days before.
    pub min_share: Option<f64>,
}

/// How often a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    Daily,
    /// Over the days of a month, on the first of them.
    Monthly,
    /// Once for all days.
    Once,
}

/// What a node of a task may take, and how often it is tried. None of it is part of a result.
#[derive(Clone, Debug)]
pub struct Limits {
    pub timeout: Option<Duration>,
    /// How often it is tried again after a failure.
    pub retries: u8,
    /// How long it waits before it is tried again; twice as long each time.
    pub backoff: Duration,
    /// In bytes: how much it needs, and beyond which it is ended.
    pub memory: Option<u64>,
}

/// What a task reads, under the task's own name for it.
#[derive(Debug)]
pub struct Input {
    pub name: String,
    pub from: Origin,
    pub days: Days,
    /// The input of the same task whose months are left out here, by its place in [`Task::inputs`].
    pub without: Option<usize>,
    /// Whether a node can be without it: because the pipeline says so, or because it is of many days, any of which may
    /// have nothing.
    pub optional: bool,
}

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Source(SourceId),
    /// An output of a task, by its place in [`Task::outputs`].
    Output(TaskId, usize),
}

/// Which days of its origin an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// The node's own day, or the days of its month, or all there is if the origin has no days.
    Own,
    /// So many days before the node's own, which is not among them; without a number, every earlier day. Of a task that
    /// runs once a month, the months that lie wholly among them.
    Before(Option<u32>),
}

/// What a task writes.
#[derive(Debug)]
pub struct Output {
    pub name: String,
    /// Its file name; of an output split by day, the folder's name.
    pub file: String,
    /// The names of the files in the folder, if the output is split by day.
    pub parts: Option<PathPattern>,
}

impl PipelineSpec {
    /// Reads and checks a file; an error shows the line that is wrong.
    pub fn load(file: &Path) -> Result<Self, SpecError> {
        let text = std::fs::read_to_string(file).map_err(|error| SpecError::unreadable(file, &error))?;
        let parsed = yaml::parse(&text).map_err(|problem| problem.in_file(file, &text))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        check::check(parsed, folder).map_err(|problem| problem.in_file(file, &text))
    }

    /// The task of a name as a person typed it; the error names what was probably meant.
    pub fn find_task(&self, name: &str) -> Result<TaskId, String> {
        let names = self.tasks.iter().map(|task| task.name.as_str());
        if let Some(place) = names.clone().position(|known| known == name) {
            return Ok(TaskId(place));
        }
        let hint = match closest(name, names.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the tasks are {}", names.collect::<Vec<_>>().join(", ")),
        };
        Err(format!("unknown task `{name}`\n{hint}"))
    }

    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0]
    }

    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.0]
    }

    pub fn task_ids(&self) -> impl Iterator<Item = TaskId> {
        (0..self.tasks.len()).map(TaskId)
    }

    /// The tasks that a task reads from, each as often as it is read.
    pub fn needs(&self, id: TaskId) -> impl Iterator<Item = TaskId> {
        self.task(id).inputs.iter().filter_map(|input| match input.from {
            Origin::Output(task, _) => Some(task),
            Origin::Source(_) => None,
        })
    }
}

impl Task {
    pub fn is_once(&self) -> bool {
        self.rhythm == Rhythm::Once
    }

    /// The days that its node of a day is about; of all days there is one node, and no first or last of them.
    pub fn span(&self, day: Day) -> Option<Span> {
        match self.rhythm {
            Rhythm::Daily => Some(Span::day(day)),
            Rhythm::Monthly => Some(Span::month(day)),
            Rhythm::Once => None,
        }
    }

    /// The day after which its node of a day is named.
    pub fn node_day(&self, day: Day) -> Option<Day> {
        self.span(day).map(|span| span.first)
    }
}
