//! A node as a person writes it: `history@2025-08-10`, or the task's name alone if it runs once for all days.

use crate::day::Day;
use crate::spec::{PipelineSpec, TaskId};

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
        let task = spec.find_task(name)?;
        let day = day.map(str::parse).transpose()?;
        if day.is_none() && !spec.task(task).once {
            return Err(format!("`{name}` runs once a day: name one, such as {name}@2025-08-16"));
        }
        Ok(Address { task, day })
    }
}
