//! A node as a person writes it: `history@2025-08-10`, or the task's name alone if it runs once for all days. Any day of
//! a month means the node of that month.

use crate::day::Day;
use crate::spec::{PipelineSpec, Rhythm, TaskId};

/// The name of the node of a task on a day, or once for all days.
pub fn name(task: &str, day: Option<Day>) -> String {
    day.map_or(task.to_string(), |day| format!("{task}@{day}"))
}

/// A task, and a day if the task has days or its output is split by day.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    pub task: TaskId,
    pub day: Option<Day>,
}

impl Address {
    /// Reads an address; the error says what to write instead.
    pub fn parse(text: &str, spec: &PipelineSpec) -> Result<Self, String> {
        let (name, day) = text.split_once('@').map_or((text, None), |(name, day)| (name, Some(day)));
        let id = spec.find_task(name)?;
        let task = spec.task(id);
        let day = match day.map(Day::typed) {
            Some(Ok(day)) => Some(day),
            Some(Err(error)) => return Err(format!("{error}, as in {name}@2025-08-16")),
            None => None,
        };
        match (day, task.rhythm) {
            (None, Rhythm::Daily) => Err(format!("`{name}` runs once a day: name one, such as {name}@2025-08-16")),
            (None, Rhythm::Monthly) => {
                Err(format!("`{name}` runs once a month: name a day of it, such as {name}@2025-08-16"))
            }
            (Some(_), Rhythm::Once) if task.outputs.iter().all(|output| output.parts.is_none()) => {
                Err(format!("`{name}` runs once for all days: write {name} without a day"))
            }
            _ => Ok(Address { task: id, day }),
        }
    }

    /// The day of the node, whatever part of its output is meant: of a month its first, of a task that runs once none.
    pub fn own_day(&self, spec: &PipelineSpec) -> Option<Day> {
        self.day.and_then(|day| spec.task(self.task).node_day(day))
    }

    /// The name of the node.
    pub fn node(&self, spec: &PipelineSpec) -> String {
        name(&spec.task(self.task).name, self.own_day(spec))
    }
}
