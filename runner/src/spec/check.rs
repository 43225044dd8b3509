//! What makes sense in a pipeline: names that refer to something, windows over days that exist, no cycles.

use std::collections::VecDeque;
use std::path::Path;

use serde_json::Value;
use serde_yaml::Spanned;

use super::error::Problem;
use super::limits;
use super::yaml::{self, Ordered, Pipeline};
use super::{Days, Gaps, Input, Origin, Output, PipelineSpec, Source, SourceId, Task, TaskId};
use crate::pattern::{DAY, PathPattern};

/// Turns the parsed file into a pipeline, or names the first thing in it that makes no sense.
pub fn check(parsed: Pipeline, folder: &Path) -> Result<PipelineSpec, Problem> {
    if parsed.tasks.0.is_empty() {
        return Err(Problem { line: 0, column: 0, message: "it names no tasks".to_string(), hint: None });
    }
    let sources =
        parsed.sources.0.iter().map(|(name, source)| self::source(name, source)).collect::<Result<Vec<_>, _>>()?;
    let mut tasks = Vec::new();
    for (name, task) in &parsed.tasks.0 {
        let names = Names { sources: &parsed.sources, tasks: &parsed.tasks };
        tasks.push(self::task(name, task, &names)?);
    }
    let spec = PipelineSpec {
        folder: folder.to_path_buf(),
        data: folder.join(&parsed.data),
        output: folder.join(&parsed.output),
        cache: folder.join(&parsed.cache),
        sources,
        tasks,
    };
    for (place, (_, task)) in parsed.tasks.0.iter().enumerate() {
        check_days(&spec, TaskId(place), task)?;
    }
    check_published(&parsed.tasks)?;
    check_cycles(&spec, &parsed.tasks)?;
    Ok(spec)
}

/// What a task can refer to.
struct Names<'a> {
    sources: &'a Ordered<yaml::Source>,
    tasks: &'a Ordered<yaml::Task>,
}

fn source(name: &Spanned<String>, source: &yaml::Source) -> Result<Source, Problem> {
    let path = source.path.as_ref().ok_or_else(|| lacking(name, "path"))?;
    Ok(Source {
        name: plain_name(name)?,
        path: PathPattern::parse(&path.value).map_err(|wrong| Problem::at(path, wrong))?,
        gaps: match source.gaps {
            yaml::Gaps::Warn => Gaps::Warn,
            yaml::Gaps::Refuse => Gaps::Refuse,
        },
        optional: source.optional,
    })
}

/// A key that is needed and not there, shown at the name of what needs it.
fn lacking(name: &Spanned<String>, key: &str) -> Problem {
    Problem::at(name, format!("`{}` has no `{key}`", name.value))
}

fn task(name: &Spanned<String>, task: &yaml::Task, names: &Names) -> Result<Task, Problem> {
    let run = task.run.as_ref().ok_or_else(|| lacking(name, "run"))?;
    for (key, count) in [("inputs", task.inputs.0.len()), ("outputs", task.outputs.0.len())] {
        if count == 0 {
            return Err(lacking(name, key));
        }
    }
    let mut inputs = Vec::new();
    for (name, input) in &task.inputs.0 {
        inputs.push(self::input(name, input, names)?);
    }
    let outputs = task.outputs.0.iter().map(|(name, path)| output(name, path)).collect::<Result<Vec<_>, _>>()?;
    let mut arguments = Vec::new();
    for (name, value) in &task.params.0 {
        argument(name, value, &mut arguments)?;
    }
    if let Some(publish) = &task.publish {
        let path = PathPattern::parse(&publish.value).map_err(|wrong| Problem::at(publish, wrong))?;
        if !path.has_day() || path.to_string().contains(['*', '?', '[']) {
            return Err(Problem::at(publish, format!("a folder of a day needs `{DAY}` in its name and no wildcards")));
        }
        if task.once {
            return Err(Problem::at(publish, "a task that runs once for all days has no day to publish"));
        }
    }
    Ok(Task {
        name: plain_name(name)?,
        run: run.value.clone(),
        once: task.once,
        inputs,
        arguments,
        environment: task.env.clone(),
        outputs,
        publish: task.publish.as_ref().map(|publish| publish.value.clone()),
        limits: limits::limits(task)?,
        point_in_time: point_in_time(task)?,
    })
}

fn point_in_time(task: &yaml::Task) -> Result<bool, Problem> {
    match &task.point_in_time {
        Some(place) if place.value && task.once => {
            Err(Problem::at(place, "a task that runs once for all days has no day to hold its events against"))
        }
        found => Ok(found.as_ref().is_some_and(|found| found.value)),
    }
}

/// Names become file names and parts of command lines.
fn plain_name(name: &Spanned<String>) -> Result<String, Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if name.value.bytes().all(plain) && name.value.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) {
        return Ok(name.value.clone());
    }
    Err(Problem::at(name, format!("`{}` cannot be a name", name.value))
        .hint("a name is made of letters, digits, `_` and `-`, and begins with a letter or digit"))
}

fn input(name: &Spanned<String>, input: &yaml::Input, names: &Names) -> Result<Input, Problem> {
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
    Ok(Input { name: plain_name(name)?, from, days, optional: input.optional })
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

/// `rows.parquet` is a file, `actions/dt={day}.parquet` a folder with a file a day.
fn output(name: &Spanned<String>, path: &Spanned<String>) -> Result<Output, Problem> {
    let wrong = |message: String| {
        Problem::at(path, message).hint(format!("write a file name, or `FOLDER/NAME-{DAY}.parquet` for a file a day"))
    };
    let pattern = PathPattern::parse(&path.value).map_err(wrong)?;
    if path.value.contains(['*', '?', '[']) {
        return Err(wrong("an output has a name, not a wildcard".into()));
    }
    let (file, parts) = match path.value.split_once('/') {
        None if pattern.has_day() => return Err(wrong("files a day need a folder of their own".into())),
        None => (path.value.clone(), None),
        Some((folder, parts)) if parts.contains(DAY) && !parts.contains('/') && !folder.contains(DAY) => {
            (folder.to_string(), Some(PathPattern::parse(parts).map_err(wrong)?))
        }
        Some(_) => return Err(wrong("an output is one file, or one folder with a file a day".into())),
    };
    if file.starts_with('.') || file == crate::store::ENTRY_FILE {
        return Err(wrong(format!("`{file}` is a name that the cache keeps for itself")));
    }
    Ok(Output { name: plain_name(name)?, file, parts })
}

/// `key: value` as `--key value`: a list repeats it, a mapping gives `--key name=value`, true is `--key` alone, and
/// false and null leave it out.
fn argument(name: &Spanned<String>, value: &Spanned<Value>, arguments: &mut Vec<String>) -> Result<(), Problem> {
    let flag = format!("--{}", plain_name(name)?.replace('_', "-"));
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let nested = || Problem::at(value, format!("`{}` is nested too deeply for a command line", name.value));
    match &value.value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => arguments.push(flag),
        Value::Array(values) => {
            for value in values {
                arguments.extend([flag.clone(), scalar(value).ok_or_else(nested)?]);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                arguments.extend([flag.clone(), format!("{key}={}", scalar(value).ok_or_else(nested)?)]);
            }
        }
        value => arguments.extend([flag, scalar(value).ok_or_else(nested)?]),
    }
    Ok(())
}

/// A look-back needs days to look back over, and a task that runs once has no day of its own.
fn check_days(spec: &PipelineSpec, id: TaskId, parsed: &yaml::Task) -> Result<(), Problem> {
    let task = spec.task(id);
    for (input, (name, parsed)) in task.inputs.iter().zip(&parsed.inputs.0) {
        let (has_days, origin) = match input.from {
            Origin::Source(source) => {
                let source = spec.source(source);
                (source.path.has_day(), format!("the source `{}`, whose path has no `{DAY}`", source.name))
            }
            Origin::Output(from, output) => {
                let from = spec.task(from);
                let output = &from.outputs[output];
                (
                    !from.once || output.parts.is_some(),
                    format!("`{}.{}`, made once for all days", from.name, output.name),
                )
            }
        };
        let place = parsed.lookback_days.as_ref();
        if let (Some(place), Days::Before(_)) = (place, input.days) {
            if !has_days {
                return Err(Problem::at(place, format!("no days to look back over in {origin}"))
                    .hint("leave lookback_days out to take it whole"));
            }
            if task.once {
                return Err(Problem::at(place, "a task that runs once for all days has no day to look back from"));
            }
        }
        if let Origin::Output(from, _) = input.from
            && task.once
            && !spec.task(from).once
        {
            let message =
                format!("`{}` runs once for all days, but `{}` runs once a day", task.name, spec.task(from).name);
            return Err(Problem::at(name, message).hint("only sources and tasks with `once: true` can be its inputs"));
        }
    }
    Ok(())
}

/// A published folder holds the outputs of one task and nothing else.
fn check_published(tasks: &Ordered<yaml::Task>) -> Result<(), Problem> {
    let published: Vec<_> = tasks.0.iter().filter_map(|(name, task)| Some((name, task.publish.as_ref()?))).collect();
    for (place, (_, folder)) in published.iter().enumerate() {
        if let Some((other, _)) = published[..place].iter().find(|(_, other)| other.value == folder.value) {
            return Err(Problem::at(folder, format!("`{}` publishes into this folder already", other.value))
                .hint("give each task a folder of its own, such as `NAME/dt={day}`"));
        }
    }
    Ok(())
}

/// Fails with the path of a cycle, if there is one.
fn check_cycles(spec: &PipelineSpec, parsed: &Ordered<yaml::Task>) -> Result<(), Problem> {
    let mut graph = petgraph::graph::DiGraph::<TaskId, ()>::new();
    let nodes: Vec<_> = spec.task_ids().map(|id| graph.add_node(id)).collect();
    for id in spec.task_ids() {
        for needed in spec.needs(id) {
            graph.update_edge(nodes[needed.0], nodes[id.0], ());
        }
    }
    let Err(cycle) = petgraph::algo::toposort(&graph, None) else { return Ok(()) };
    let start = graph[cycle.node_id()];
    let mut path = path_back(spec, start);
    // Any of its tasks could be shown first; the one that the file has first makes the message the same every time.
    let first = (0..path.len()).min_by_key(|place| path[*place]).unwrap_or(0);
    path.rotate_left(first);
    path.extend(path.first().copied());
    let names: Vec<&str> = path.iter().map(|id| spec.task(*id).name.as_str()).collect();
    let place = path.first().map_or(start, |first| *first);
    Err(Problem::at(&parsed.0[place.0].0, format!("a cycle: {}", names.join(" -> ")))
        .hint("read `->` as `needs`; one of these inputs has to go"))
}

/// The tasks from `start` along what each needs until `start` is needed again: a shortest such path.
fn path_back(spec: &PipelineSpec, start: TaskId) -> Vec<TaskId> {
    let mut came_from: Vec<Option<TaskId>> = vec![None; spec.tasks.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(task) = queue.pop_front() {
        for needed in spec.needs(task) {
            if needed == start {
                let mut path: Vec<TaskId> =
                    std::iter::successors(Some(task), |task| came_from[task.0].filter(|_| *task != start)).collect();
                path.reverse();
                return path;
            }
            if came_from[needed.0].is_none() {
                came_from[needed.0] = Some(task);
                queue.push_back(needed);
            }
        }
    }
    Vec::new()
}
