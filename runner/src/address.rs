//! A node as a person writes it: `history@2025-08-10`, or the task's name alone if it runs once for all days.

use crate::day::Day;
use crate::spec::{PipelineSpec, TaskId, closest};

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
        let names = spec.tasks.iter().map(|task| task.name.as_str());
        let Some(place) = names.clone().position(|known| known == name) else {
            let hint = closest(name, names.clone()).map_or_else(
                || format!("the tasks are {}", names.collect::<Vec<_>>().join(", ")),
                |name| format!("did you mean `{}`?", day.map_or(name.to_string(), |day| format!("{name}@{day}"))),
            );
            return Err(format!("unknown task `{name}`\n{hint}"));
        };
        let day = day.map(str::parse).transpose()?;
        if day.is_none() && !spec.tasks[place].once {
            return Err(format!("`{name}` runs once a day: name one, such as {name}@2025-08-16"));
        }
        Ok(Address { task: TaskId(place), day })
    }
}
