//! `runner show`, `runner path` and `runner diff`: the result of a node, to look at, to hand to another tool, to compare.
//!
//! What is in a table is for the programs `show` and `diff` to know.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, anyhow};

use super::project::{Project, beside};
use super::result::{Found, files, find};
use super::{CommandError, print_path};
use crate::cli::{DiffArguments, NodeArguments, ShowArguments};
use crate::exec;
use crate::exit::Exit;
use crate::store::Store;

/// Prints the path of each file of an output.
pub fn path(arguments: &NodeArguments) -> Result<Exit, CommandError> {
    for path in find(&arguments.places, &arguments.node, arguments.output.as_deref())?.paths {
        print_path(&path);
    }
    Ok(Exit::Done)
}

/// Hands a file of an output to the program `show`.
pub fn show(arguments: &ShowArguments) -> Result<Exit, CommandError> {
    let NodeArguments { node, output, places } = &arguments.node;
    let found = find(places, node, output.as_deref())?;
    let mut words: Vec<OsString> = vec![found.path(node)?.into(), "--rows".into(), arguments.rows.to_string().into()];
    if !arguments.columns.is_empty() {
        words.extend(["--columns".into(), arguments.columns.join(",").into()]);
    }
    if let Some(customer) = arguments.customer {
        words.extend(["--customer".into(), customer.to_string().into()]);
    }
    for (given, flag) in [(arguments.schema, "--schema"), (arguments.stats, "--stats"), (arguments.json, "--json")] {
        if given {
            words.push(flag.into());
        }
    }
    present("show", &words)
}

/// Hands a file each of two results to the program `diff`.
pub fn diff(arguments: &DiffArguments) -> Result<Exit, CommandError> {
    let output = arguments.output.as_deref();
    let first = find(&arguments.places, &arguments.first, output)?;
    let second = match &arguments.second {
        Some(second) => Some(find(&arguments.places, second, output)?),
        None => None,
    };
    let mut words: Vec<OsString> = match &second {
        Some(second) => {
            let node = arguments.second.as_deref().unwrap_or_default();
            vec![first.path(&arguments.first)?.into(), second.path(node)?.into()]
        }
        None => vec![before(&first, arguments)?.into(), first.path(&arguments.first)?.into()],
    };
    words.extend(["--rows".into(), arguments.rows.to_string().into()]);
    if arguments.json {
        words.push("--json".into());
    }
    present("diff", &words)
}

/// The file of the result that a node had before the one that was found.
fn before(found: &Found, arguments: &DiffArguments) -> Result<std::path::PathBuf, CommandError> {
    let node = &arguments.first;
    let project = Project::open(&arguments.places.clone().into())?;
    let task = project.spec.task(found.address.task);
    let own_day = found.address.own_day(&project.spec);
    let part = found.address.day.filter(|_| task.is_once());
    let previous = found.kept.as_ref().and_then(|kept| kept.entry()?.previous.filter(|key| *key != kept.key));
    let earlier = previous.and_then(|key| Store::open(&project.cache).result(&task.name, own_day, &key));
    let paths = earlier.map(|kept| files(&kept, &found.output, part));
    match paths.as_deref() {
        Some([path]) => Ok(path.clone()),
        _ => {
            let message = format!("there is no earlier result of {node} to compare it with; name another node");
            Err(CommandError::new(Exit::Usage, anyhow!(message)))
        }
    }
}

fn present(program: &str, words: &[OsString]) -> Result<Exit, CommandError> {
    let shown = exec::present(Path::new(&beside()?.join(program)), words);
    let shown = shown.with_context(|| format!("cannot start the program `{program}`"))?;
    Ok(if shown.success() { Exit::Done } else { Exit::TaskFailed })
}
