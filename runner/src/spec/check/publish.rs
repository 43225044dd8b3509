//! Where tasks publish: a folder holds the days of one task and nothing else, so that it can be read as one table.
//!
//! Whether these folders get in the way of raw files is known when the command line has named its own.

use serde_yaml::Spanned;

use super::super::error::Problem;
use super::super::yaml::{self, Ordered};
use super::plain_name;
use crate::layout::{Layout, Publish};
use crate::pattern::{DAY, PathPattern};

/// `dt={day}` is published among the training rows, `NAME/dt={day}` in a folder NAME beside them.
pub fn publish(text: &Spanned<String>) -> Result<Publish, Problem> {
    let wrong = |message: &str| {
        let hint = format!("write `dt={DAY}` for the output folder itself, or `NAME/dt={DAY}` for a folder beside it");
        Problem::at(text, message).hint(hint)
    };
    let path = PathPattern::parse(&text.value).map_err(|message| wrong(&message))?;
    let (beside, day) =
        text.value.rsplit_once('/').map_or((None, text.value.as_str()), |(folder, day)| (Some(folder), day));
    if !path.has_day() || text.value.contains(['*', '?', '[']) {
        return Err(wrong(&format!("a folder of a day needs `{DAY}` in its name and no wildcards")));
    }
    if !day.contains(DAY) || beside.is_some_and(|folder| folder.contains('/')) {
        return Err(wrong(&format!("`{DAY}` is the last folder, below one other at most")));
    }
    let named = |folder: &str| plain_name(&Spanned { value: folder.to_string(), ..text.clone() });
    Ok(Publish { beside: beside.map(named).transpose()?, day: day.to_string() })
}

/// No two tasks publish into one folder.
pub fn check(tasks: &Ordered<yaml::Task>) -> Result<(), Problem> {
    let mut folders = Vec::new();
    for (name, task) in &tasks.0 {
        let Some(text) = &task.publish else { continue };
        let folder = publish(text)?.beside;
        let compact = folder.is_none() && task.layout == Some(Layout::Compact);
        if let Some((other, ..)) = folders.iter().find(|(_, taken)| *taken == (compact, folder.clone())) {
            return Err(Problem::at(text, format!("`{other}` publishes into this folder already")).hint(format!(
                "give each task a folder of its own: `{}/dt={DAY}` lies beside the output folder",
                name.value
            )));
        }
        folders.push((&name.value, (compact, folder)));
    }
    Ok(())
}
