//! Where an input comes from: names that refer to sources, to outputs of tasks, and to other inputs.
//!
//! Which days of it there are to choose from is checked in [`super::days`].

use serde_yaml::Spanned;

use super::super::error::Problem;
use super::super::yaml::{self, Ordered};
use super::super::{Days, Input, Origin, Rhythm, SourceId, TaskId};
use super::{Names, plain_name};

/// An input of a task that runs in a certain rhythm; `beside` are all inputs of that task.
pub fn input(
    name: &Spanned<String>,
    input: &yaml::Input,
    rhythm: Rhythm,
    beside: &Ordered<yaml::Input>,
    names: &Names,
) -> Result<Input, Problem> {
    let from = match (&input.source, &input.from) {
        (Some(source), None) => {
            let place = names.sources.0.iter().position(|(name, _)| name.value == source.value);
            let known = names.sources.0.iter().map(|(name, _)| name.value.as_str());
            Origin::Source(SourceId(place.ok_or_else(|| {
                Problem::at(source, format!("unknown source `{}`", source.value))
                    .hint(format!("the sources are {}", known.clone().collect::<Vec<_>>().join(", ")))
                    .suggest(&source.value, known)
            })?))
        }
        (None, Some(from)) => origin(from, names.tasks)?,
        _ => {
            return Err(Problem::at(name, format!("the input `{}` needs one origin", name.value))
                .hint("write either `source: SOURCE` or `from: TASK.OUTPUT`"));
        }
    };
    let days = match &input.lookback_days {
        None => Days::Own,
        Some(days) if days.value == Some(0) => {
            return Err(Problem::at(days, "a look-back of 0 days takes nothing")
                .hint("1 is the day before; null is every earlier day; without lookback_days it is the day itself"));
        }
        Some(days) => Days::Before(days.value),
    };
    let many_days = days != Days::Own || (rhythm == Rhythm::Monthly && names.has_days(from));
    Ok(Input {
        name: plain_name(name)?,
        from,
        days,
        without: input.without.as_ref().map(|named| without(named, beside)).transpose()?,
        optional: input.optional || many_days,
    })
}

/// The place of the input that another names.
fn without(named: &Spanned<String>, beside: &Ordered<yaml::Input>) -> Result<usize, Problem> {
    let known = beside.0.iter().map(|(name, _)| name.value.as_str());
    known.clone().position(|name| name == named.value).ok_or_else(|| {
        Problem::at(named, format!("unknown input `{}`", named.value))
            .hint(format!("the inputs of this task are {}", known.clone().collect::<Vec<_>>().join(", ")))
            .suggest(&named.value, known)
    })
}

/// `TASK.OUTPUT` as a reference.
fn origin(from: &Spanned<String>, tasks: &Ordered<yaml::Task>) -> Result<Origin, Problem> {
    let (task, output) = from.value.split_once('.').unwrap_or((&from.value, ""));
    let known = tasks.0.iter().map(|(name, _)| name.value.as_str());
    let Some(place) = known.clone().position(|name| name == task) else {
        return Err(Problem::at(from, format!("unknown task `{task}`"))
            .hint(format!("the tasks are {}", known.clone().collect::<Vec<_>>().join(", ")))
            .suggest(task, known));
    };
    let outputs = &tasks.0[place].1.outputs.0;
    let known = outputs.iter().map(|(name, _)| name.value.as_str());
    match known.clone().position(|name| name == output) {
        Some(number) => Ok(Origin::Output(TaskId(place), number)),
        None => {
            let names: Vec<String> = known.clone().map(|name| format!("{task}.{name}")).collect();
            Err(Problem::at(from, format!("`{task}` has no output `{output}`"))
                .hint(format!("what it has: {}", names.join(", ")))
                .suggest(&from.value, names.iter().map(String::as_str)))
        }
    }
}
