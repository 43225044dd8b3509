//! Why a node has to run, found by comparing what it depends on now with what it depended on last time.
//!
//! A reason is kept with the result that it led to, so that it can be asked for later.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::{Digest, Manifest, ManifestInput};

/// Why a node has to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is no result of an earlier run.
    FirstRun,
    /// It was asked for.
    Forced,
    /// A result is there, but a file of it is missing or not what was written.
    Damaged { file: String },
    /// What it depends on is not what it was; what matters most comes first.
    Changed(Vec<Change>),
}

/// One thing that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The cache's own format.
    Format {
        old: u32,
        new: u32,
    },
    Program {
        old: Digest,
        new: Digest,
    },
    /// A file that belongs to the program; `None` where it was or is not there.
    With {
        name: String,
        old: Option<Digest>,
        new: Option<Digest>,
    },
    Arguments {
        old: Vec<String>,
        new: Vec<String>,
    },
    /// A variable of the environment; `None` where it was or is not declared.
    Variable {
        name: String,
        old: Option<String>,
        new: Option<String>,
    },
    /// The declared outputs.
    Outputs {
        old: BTreeMap<String, String>,
        new: BTreeMap<String, String>,
    },
    /// Something that it reads; `None` where it was or is not there.
    Input {
        name: String,
        item: String,
        old: Option<Digest>,
        new: Option<Digest>,
    },
    /// The inputs are the same, in another order.
    Order,
}

impl Reason {
    /// The differences between an earlier manifest and the one of now.
    pub fn between(old: &Manifest, new: &Manifest) -> Reason {
        let mut changes = Vec::new();
        if old.format != new.format {
            changes.push(Change::Format { old: old.format, new: new.format });
        }
        if old.program != new.program {
            changes.push(Change::Program { old: old.program, new: new.program });
        }
        for (name, old, new) in differing(&old.with, &new.with) {
            changes.push(Change::With { name, old, new });
        }
        if old.arguments != new.arguments {
            changes.push(Change::Arguments { old: old.arguments.clone(), new: new.arguments.clone() });
        }
        for (name, old, new) in differing(&old.environment, &new.environment) {
            changes.push(Change::Variable { name, old, new });
        }
        if old.outputs != new.outputs {
            changes.push(Change::Outputs { old: old.outputs.clone(), new: new.outputs.clone() });
        }
        for ((name, item), old, new) in differing(&by_item(&old.inputs), &by_item(&new.inputs)) {
            changes.push(Change::Input { name, item, old, new });
        }
        if changes.is_empty() {
            changes.push(Change::Order);
        }
        Reason::Changed(changes)
    }

    /// What changed; nothing, if that is not why.
    pub fn changes(&self) -> &[Change] {
        match self {
            Reason::Changed(changes) => changes,
            _ => &[],
        }
    }
}

fn by_item(inputs: &[ManifestInput]) -> BTreeMap<(String, String), Digest> {
    inputs.iter().map(|input| ((input.name.clone(), input.item.clone()), input.digest)).collect()
}

/// The keys whose values differ, with both values.
fn differing<K: Ord + Clone, V: PartialEq + Clone>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
) -> Vec<(K, Option<V>, Option<V>)> {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    let all = old.keys().chain(added);
    let differ = all.filter(|key| old.get(*key) != new.get(*key));
    differ.map(|key| (key.clone(), old.get(key).cloned(), new.get(key).cloned())).collect()
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Reason::FirstRun => formatter.write_str("never ran before"),
            Reason::Forced => formatter.write_str("forced"),
            Reason::Damaged { file } => write!(formatter, "{file} in the cache is missing or damaged"),
            Reason::Changed(changes) => match &changes[..] {
                [] | [Change::Input { .. }, ..] => formatter.write_str(&inputs(changes)),
                [first, ..] => first.fmt(formatter),
            },
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Change::Format { .. } => formatter.write_str("the cache was written by another version"),
            Change::Program { .. } => formatter.write_str("the program changed"),
            Change::With { name, old, new } => write!(formatter, "{} {name}", verb(old, new)),
            Change::Arguments { old, new } => {
                write!(formatter, "arguments changed from `{}` to `{}`", old.join(" "), new.join(" "))
            }
            Change::Variable { name, .. } => write!(formatter, "the variable {name} changed"),
            Change::Outputs { .. } => formatter.write_str("its outputs were declared anew"),
            Change::Input { item, old, new, .. } => write!(formatter, "{} {item}", verb(old, new)),
            Change::Order => formatter.write_str("its inputs come in another order"),
        }
    }
}

/// `changed unify@2025-08-08 and 3 more; removed ...`
fn inputs(changes: &[Change]) -> String {
    let mut items: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in changes {
        if let Change::Input { item, old, new, .. } = change {
            items.entry(verb(old, new)).or_default().push(item);
        }
    }
    let mut said = Vec::new();
    for what in ["changed", "added", "removed"] {
        match items.get(what).map(Vec::as_slice) {
            Some([only]) => said.push(format!("{what} {only}")),
            Some([first, rest @ ..]) => said.push(format!("{what} {first} and {} more", rest.len())),
            _ => {}
        }
    }
    said.join("; ")
}

fn verb(old: &Option<Digest>, new: &Option<Digest>) -> &'static str {
    match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    }
}
