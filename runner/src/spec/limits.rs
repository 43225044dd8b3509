//! What a node may take, as `pipeline.yaml` writes it: lengths of time and amounts of memory with their units.
//!
//! What happens to a node that takes more is decided in [`crate::exec`] and [`crate::engine`].

use std::time::Duration;

use serde_yaml::Spanned;

use super::Limits;
use super::error::Problem;
use super::yaml;
use crate::text::parse_size;

/// How long a node waits before it is tried again, if the pipeline does not say.
const BACKOFF: Duration = Duration::from_secs(1);

/// The limits of a task.
pub fn limits(task: &yaml::Task) -> Result<Limits, Problem> {
    Ok(Limits {
        timeout: task.timeout.as_ref().map(duration).transpose()?,
        retries: task.retries,
        backoff: task.backoff.as_ref().map_or(Ok(BACKOFF), duration)?,
        memory: task.memory.as_ref().map(memory).transpose()?,
    })
}

fn duration(text: &Spanned<String>) -> Result<Duration, Problem> {
    let parsed = humantime::parse_duration(&text.value).ok().filter(|duration| !duration.is_zero());
    parsed.ok_or_else(|| {
        Problem::at(text, format!("`{}` is not a length of time", text.value))
            .hint("write a number with a unit, such as 30s, 10m or 2h")
    })
}

fn memory(text: &Spanned<String>) -> Result<u64, Problem> {
    let wrong = |hint| Problem::at(text, format!("`{}` is not an amount of memory", text.value)).hint(hint);
    let size = parse_size(&text.value).map_err(wrong)?;
    if size > 0 { Ok(size) } else { Err(wrong("a program needs some".to_string())) }
}
