//! Why a node has to run, found by comparing what it depends on now with what it depended on last time.

use std::collections::BTreeMap;
use std::fmt;

use super::key::{Digest, Manifest, ManifestInput};

/// Why a node has to run.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// There is no result of an earlier run.
    FirstRun,
    /// It was asked for.
    Forced,
    /// A result is there, but a file of it is missing or not what was written.
    Damaged {
        file: String,
    },
    /// The program is not the one that ran last time.
    ProgramChanged,
    ArgumentsChanged {
        old: Vec<String>,
        new: Vec<String>,
    },
    EnvironmentChanged {
        variable: String,
    },
    /// Something that it reads has other content.
    InputsChanged {
        changed: Vec<String>,
        added: Vec<String>,
        removed: Vec<String>,
    },
    OutputsChanged,
    /// The cache's own format is another one.
    FormatChanged,
}

impl Reason {
    /// The difference that matters most between an earlier manifest and the one of now.
    pub fn between(old: &Manifest, new: &Manifest) -> Reason {
        if old.format != new.format {
            Reason::FormatChanged
        } else if old.program != new.program {
            Reason::ProgramChanged
        } else if old.arguments != new.arguments {
            Reason::ArgumentsChanged { old: old.arguments.clone(), new: new.arguments.clone() }
        } else if let Some(variable) = differing(&old.environment, &new.environment) {
            Reason::EnvironmentChanged { variable }
        } else if old.outputs != new.outputs {
            Reason::OutputsChanged
        } else {
            inputs(&old.inputs, &new.inputs)
        }
    }
}

fn differing(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Option<String> {
    old.keys().chain(new.keys()).find(|name| old.get(*name) != new.get(*name)).cloned()
}

fn inputs(old: &[ManifestInput], new: &[ManifestInput]) -> Reason {
    let by_item = |inputs: &[ManifestInput]| -> BTreeMap<(String, String), Digest> {
        inputs.iter().map(|input| ((input.name.clone(), input.item.clone()), input.digest)).collect()
    };
    let (old, new) = (by_item(old), by_item(new));
    let item = |(_, item): &(String, String)| item.clone();
    let changed = new.iter().filter(|(key, digest)| old.get(*key).is_some_and(|old| old != *digest));
    Reason::InputsChanged {
        changed: changed.map(|(key, _)| item(key)).collect(),
        added: new.keys().filter(|key| !old.contains_key(*key)).map(item).collect(),
        removed: old.keys().filter(|key| !new.contains_key(*key)).map(item).collect(),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Reason::FirstRun => formatter.write_str("never ran before"),
            Reason::Forced => formatter.write_str("forced"),
            Reason::Damaged { file } => write!(formatter, "{file} in the cache is missing or damaged"),
            Reason::ProgramChanged => formatter.write_str("the program changed"),
            Reason::ArgumentsChanged { old, new } => {
                write!(formatter, "arguments changed from `{}` to `{}`", old.join(" "), new.join(" "))
            }
            Reason::EnvironmentChanged { variable } => write!(formatter, "the variable {variable} changed"),
            Reason::InputsChanged { changed, added, removed } => {
                let parts = [("changed", changed), ("added", added), ("removed", removed)];
                let said = parts.into_iter().filter(|(_, items)| !items.is_empty());
                let said = said.map(|(what, items)| format!("{what} {}", few(items)));
                formatter.write_str(&said.collect::<Vec<_>>().join("; "))
            }
            Reason::OutputsChanged => formatter.write_str("its outputs were declared anew"),
            Reason::FormatChanged => formatter.write_str("the cache was written by another version"),
        }
    }
}

/// The first of a list and how many follow.
fn few(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
