//! What makes sense in a pipeline: every key of it on its own here, then names that refer to something ([`inputs`]),
//! windows over days that there are ([`days`]), no cycles ([`cycles`]), one table in a
//! folder ([`publish`]).

mod cycles;
mod days;
mod inputs;
mod publish;

use std::path::Path;

use serde_json::Value;
use serde_yaml::Spanned;

use super::error::Problem;
use super::yaml::{self, Ordered, Pipeline};
use super::{Gaps, Origin, Output, PipelineSpec, Source, Task, TaskId};
use super::{expectations, limits};
use crate::layout::{self, Outputs};
use crate::pattern::{DAY, PathPattern};

/// Variables that the runner sets for every program.
const OWN_VARIABLES: [&str; 2] = ["POLARS_MAX_THREADS", "TASK_REPORT"];

/// Turns the parsed file into a pipeline, or names the first thing in it that makes no sense.
pub fn check(parsed: Pipeline, folder: &Path) -> Result<PipelineSpec, Problem> {
    if parsed.tasks.0.is_empty() {
        return Err(Problem { line: 0, column: 0, message: "it names no tasks".to_string(), hint: None });
    }
    let sources =
        parsed.sources.0.iter().map(|(name, source)| self::source(name, source)).collect::<Result<Vec<_>, _>>()?;
    let names = Names { sources: &parsed.sources, tasks: &parsed.tasks };
    let tasks = parsed.tasks.0.iter().map(|(name, task)| self::task(name, task, &names)).collect::<Result<_, _>>()?;
    let output = folder.join(&parsed.output);
    let compact = match &parsed.compact {
        Some(compact) => folder.join(compact),
        None => Outputs::beside(&output, layout::COMPACT),
    };
    let spec = PipelineSpec {
        folder: folder.to_path_buf(),
        data: folder.join(&parsed.data),
        outputs: Outputs { output, compact, beside: Vec::new() },
        layouts: parsed.layout,
        cache: folder.join(&parsed.cache),
        sources,
        tasks,
    };
    for (place, (_, task)) in parsed.tasks.0.iter().enumerate() {
        days::check(&spec, &names, TaskId(place), task)?;
    }
    publish::check(&parsed.tasks)?;
    cycles::check(&spec, &parsed.tasks)?;
    Ok(spec)
}

/// What a task can refer to.
struct Names<'a> {
    sources: &'a Ordered<yaml::Source>,
    tasks: &'a Ordered<yaml::Task>,
}

impl Names<'_> {
    /// Whether there are days to choose from in what an input comes from.
    fn has_days(&self, origin: Origin) -> bool {
        let has_day = |path: &Spanned<String>| path.value.contains(DAY);
        match origin {
            Origin::Source(id) => self.sources.0[id.0].1.path.as_ref().is_some_and(has_day),
            Origin::Output(id, output) => {
                let task = &self.tasks.0[id.0].1;
                !task.once || has_day(&task.outputs.0[output].1)
            }
        }
    }
}

fn source(name: &Spanned<String>, source: &yaml::Source) -> Result<Source, Problem> {
    let path = source.path.as_ref().ok_or_else(|| lacking(name, "path"))?;
    let pattern = PathPattern::parse(&path.value).map_err(|wrong| Problem::at(path, wrong))?;
    Ok(Source {
        name: plain_name(name)?,
        ready: source.ready.as_ref().map(|named| ready(named, &pattern)).transpose()?,
        path: pattern,
        gaps: match source.gaps {
            yaml::Gaps::Allow => Gaps::Allow,
            yaml::Gaps::Warn => Gaps::Warn,
            yaml::Gaps::Refuse => Gaps::Refuse,
        },
        optional: source.optional,
    })
}

/// The name of the file that says that a day is complete: it lies in the folder of the day.
fn ready(named: &Spanned<String>, path: &PathPattern) -> Result<String, Problem> {
    let name = PathPattern::parse(&named.value).map_err(|wrong| Problem::at(named, wrong))?;
    if name.fixed_folder().1.len() != 1 || named.value.contains(['*', '?', '[', '{']) {
        return Err(Problem::at(named, "it is the name of one file, such as _SUCCESS, without wildcards"));
    }
    if !path.has_day_folder() {
        return Err(Problem::at(named, format!("there is no folder of a day in `{path}` in which it could lie"))
            .hint(format!("`ready` is for paths such as clicks/dt={DAY}/*")));
    }
    Ok(named.value.clone())
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
    let rhythm = days::rhythm(task)?;
    let inputs = task.inputs.0.iter().map(|(name, input)| inputs::input(name, input, rhythm, &task.inputs, names));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let outputs = task.outputs.0.iter().map(|(name, path)| output(name, path)).collect::<Result<Vec<_>, _>>()?;
    for (place, output) in outputs.iter().enumerate() {
        if let Some(other) = outputs[..place].iter().find(|other| other.file == output.file) {
            let (_, path) = &task.outputs.0[place];
            return Err(Problem::at(
                path,
                format!("the output `{}` is written to `{}` already", other.name, other.file),
            )
            .hint("give each output a name of its own in its folder"));
        }
    }
    let mut arguments = Vec::new();
    for (name, value) in &task.params.0 {
        argument(name, value, &mut arguments)?;
    }
    Ok(Task {
        name: plain_name(name)?,
        run: run.value.clone(),
        with: task.with.iter().map(belonging).collect::<Result<_, _>>()?,
        rhythm,
        inputs,
        arguments,
        environment: task.env.0.iter().map(variable).collect::<Result<_, _>>()?,
        outputs,
        layout: task.layout,
        publish: task.publish.as_ref().map(publish::publish).transpose()?,
        limits: limits::limits(task)?,
        point_in_time: task.point_in_time.as_ref().is_some_and(|declared| declared.value),
        expectations: expectations::expectations(task)?,
    })
}

/// A pattern of files that belong to a program.
fn belonging(pattern: &Spanned<String>) -> Result<String, Problem> {
    let wrong = |message: String| Err(Problem::at(pattern, message));
    if pattern.value.is_empty() || pattern.value.starts_with('/') {
        return wrong("a file that belongs to a program is named by its path from here".into());
    }
    match glob::Pattern::new(&pattern.value) {
        Ok(_) => Ok(pattern.value.clone()),
        Err(error) => wrong(format!("`{}` is no pattern of files: {error}", pattern.value)),
    }
}

/// A variable of the environment. What is no name of one would be something else to a shell.
fn variable((name, value): &(Spanned<String>, String)) -> Result<(String, String), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.value.is_empty()
        || !name.value.bytes().all(plain)
        || name.value.starts_with(|first: char| first.is_ascii_digit())
    {
        return Err(Problem::at(name, format!("`{}` cannot be the name of a variable", name.value))
            .hint("a name is made of letters, digits and `_`, and does not begin with a digit"));
    }
    if OWN_VARIABLES.contains(&name.value.as_str()) {
        return Err(Problem::at(name, format!("the runner itself sets `{}`", name.value)));
    }
    Ok((name.value.clone(), value.clone()))
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
