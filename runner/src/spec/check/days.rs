//! Days, months and once: what a task that runs so often can read, look back on and be held against.

use serde_yaml::Spanned;

use super::super::error::Problem;
use super::super::yaml::{self, Every};
use super::super::{Days, Input, Origin, PipelineSpec, Rhythm, Task, TaskId};
use super::Names;
use crate::pattern::DAY;

/// How often a task runs; what needs a day of its own is refused to one that has none.
pub fn rhythm(task: &yaml::Task) -> Result<Rhythm, Problem> {
    if let (true, Some(every)) = (task.once, &task.every) {
        return Err(Problem::at(every, "a task runs once for all days or every so often, not both")
            .hint("leave out `once` or `every`"));
    }
    let month = task.every.as_ref().is_some_and(|every| every.value == Every::Month);
    let rhythm = match (task.once, month) {
        (true, _) => Rhythm::Once,
        (_, true) => Rhythm::Monthly,
        _ => Rhythm::Daily,
    };
    if rhythm == Rhythm::Daily {
        return Ok(rhythm);
    }
    let runs = runs(rhythm);
    if let Some(publish) = &task.publish {
        return Err(Problem::at(publish, format!("a task that {runs} has no day to publish")));
    }
    if let Some(declared) = task.point_in_time.as_ref().filter(|declared| declared.value) {
        return Err(Problem::at(declared, format!("a task that {runs} has no day to hold its events against")));
    }
    Ok(rhythm)
}

fn runs(rhythm: Rhythm) -> &'static str {
    match rhythm {
        Rhythm::Daily => "runs once a day",
        Rhythm::Monthly => "runs once a month",
        Rhythm::Once => "runs once for all days",
    }
}

/// Whether each input of a task has the days that are asked of it.
pub fn check(spec: &PipelineSpec, names: &Names, id: TaskId, parsed: &yaml::Task) -> Result<(), Problem> {
    let task = spec.task(id);
    for (input, (name, parsed)) in task.inputs.iter().zip(&parsed.inputs.0) {
        if let (Some(place), Days::Before(_)) = (&parsed.lookback_days, input.days) {
            look_back(spec, names, task, input)
                .map_err(|(wrong, hint)| Problem { hint, ..Problem::at(place, wrong) })?;
        }
        whole(spec, names, task, input, name, parsed.whole.as_ref())?;
        if let Origin::Output(from, _) = input.from {
            own_days(task, input, spec.task(from)).map_err(|(wrong, hint)| Problem::at(name, wrong).hint(hint))?;
        }
        if let (Some(place), Some(other)) = (&parsed.without, input.without) {
            without(spec, input, &task.inputs[other])
                .map_err(|wrong| Problem::at(place, wrong).hint("it leaves out the months that the other input has"))?;
            if let Origin::Output(months, _) = task.inputs[other].from
                && !reads(spec, months, input.from)
            {
                let (months, left_out) = (&spec.task(months).name, named(spec, input.from));
                let message = format!("what is left out here would be lost: `{months}` does not read {left_out}");
                let hint = format!("make {left_out} an input of `{months}`, or take `without` away");
                return Err(Problem::at(place, message).hint(hint));
            }
        }
    }
    Ok(())
}

/// Where an input has no days, each day of the task takes all of it. That is seldom what was meant, so it has to be said.
fn whole(
    spec: &PipelineSpec,
    names: &Names,
    task: &Task,
    input: &Input,
    name: &Spanned<String>,
    said: Option<&Spanned<bool>>,
) -> Result<(), Problem> {
    let said = said.filter(|said| said.value);
    let has_days = names.has_days(input.from);
    if let Some(place) = said.filter(|_| has_days || task.rhythm == Rhythm::Once) {
        let why = if has_days { "has days of its own" } else { "is whole anyway where a task runs once" };
        return Err(Problem::at(place, format!("{} {why}", named(spec, input.from))).hint("leave out `whole`"));
    }
    if said.is_some() || has_days || task.rhythm == Rhythm::Once || input.days != Days::Own {
        return Ok(());
    }
    let (runs, origin) = (runs(task.rhythm), named(spec, input.from));
    let message = format!("`{}` {runs}, but {origin} has no days: each day would take all of it", task.name);
    let hint = match input.from {
        Origin::Source(_) => format!(
            "give its path a `{DAY}`, such as clicks/dt={DAY}/*\nor let a task with `once: true` write a file a day \
             (`outputs: {{rows: rows/dt={DAY}.parquet}}`) and read that\nor, if each day is to take all of it, say \
             `whole: true`"
        ),
        Origin::Output(..) => format!(
            "let it write a file a day, `FOLDER/dt={DAY}.parquet`\nor, if each day is to take all of it, say `whole: true`"
        ),
    };
    Err(Problem::at(name, message).hint(hint))
}

/// What an input comes from, in words.
fn named(spec: &PipelineSpec, origin: Origin) -> String {
    match origin {
        Origin::Source(id) => format!("the source `{}`", spec.source(id).name),
        Origin::Output(id, output) => format!("`{}.{}`", spec.task(id).name, spec.task(id).outputs[output].name),
    }
}

/// Whether a task reads from an origin on its own days, directly or through others.
fn reads(spec: &PipelineSpec, id: TaskId, origin: Origin) -> bool {
    let mut waiting = vec![id];
    let mut seen = Vec::new();
    while let Some(id) = waiting.pop() {
        for input in spec.task(id).inputs.iter().filter(|input| input.days == Days::Own) {
            if input.from == origin {
                return true;
            }
            if let Origin::Output(task, _) = input.from
                && !seen.contains(&task)
            {
                seen.push(task);
                waiting.push(task);
            }
        }
    }
    false
}

/// A look-back needs days to look back over, and a day to look back from.
fn look_back(spec: &PipelineSpec, names: &Names, task: &Task, input: &Input) -> Result<(), (String, Option<String>)> {
    if !names.has_days(input.from) {
        let origin = match input.from {
            Origin::Source(id) => format!("the source `{}`, whose path has no `{DAY}`", spec.source(id).name),
            Origin::Output(id, output) => {
                let from = spec.task(id);
                format!("`{}.{}`, made once for all days", from.name, from.outputs[output].name)
            }
        };
        let hint = "leave lookback_days out, and say `whole: true` to take all of it every day".to_string();
        return Err((format!("no days to look back over in {origin}"), Some(hint)));
    }
    if task.rhythm != Rhythm::Daily {
        return Err((format!("a task that {} has no day to look back from", runs(task.rhythm)), None));
    }
    Ok(())
}

/// Who runs less often than what it reads, or more often, has to say which days of it.
fn own_days(task: &Task, input: &Input, from: &Task) -> Result<(), (String, &'static str)> {
    let hint = match (task.rhythm, from.rhythm) {
        (Rhythm::Once, Rhythm::Daily | Rhythm::Monthly) => "only sources and tasks with `once: true` can be its inputs",
        (Rhythm::Daily, Rhythm::Monthly) if input.days == Days::Own => {
            "a month is complete only when it is over: `lookback_days` takes the months before the day"
        }
        _ => return Ok(()),
    };
    let (ours, theirs) = (runs(task.rhythm), runs(from.rhythm));
    Err((format!("`{}` {ours}, but `{}` {theirs}", task.name, from.name), hint))
}

/// What one input leaves over, another takes: both look back on the same days, one in months, the other in days.
fn without(spec: &PipelineSpec, input: &Input, other: &Input) -> Result<(), String> {
    let monthly =
        |input: &Input| matches!(input.from, Origin::Output(id, _) if spec.task(id).rhythm == Rhythm::Monthly);
    if !monthly(other) {
        return Err(format!("`{}` has no months: it is from no task with `every: month`", other.name));
    }
    if monthly(input) {
        return Err(format!("`{}` has months itself, and no days that could be left out", input.name));
    }
    if input.days != other.days {
        return Err(format!("`{}` and `{}` look back on different days", input.name, other.name));
    }
    Ok(())
}
