//! Finding a run of the past by what a person calls it.

use anyhow::anyhow;

use super::CommandError;
use crate::exit::Exit;
use crate::journal::{self, Record};
use crate::store::Store;

/// The run that is meant: the last, or the one whose name begins like that.
pub fn find_run(store: &Store, name: Option<&str>) -> Result<Record, CommandError> {
    let usage = |message: String| CommandError::new(Exit::Usage, anyhow!(message));
    let runs = journal::runs(&store.runs());
    let wanted: Vec<&String> = runs.iter().filter(|run| name.is_none_or(|name| run.starts_with(name))).collect();
    let mut records = wanted.iter().filter_map(|run| Record::read(&store.runs(), run));
    match (name, &wanted[..]) {
        (None, _) => records.next().ok_or_else(|| usage("nothing ran yet that left a journal".to_string())),
        (Some(name), []) => Err(usage(format!("no run `{name}`; `runner runs` lists them"))),
        (Some(name), [only]) => {
            records.next().ok_or_else(|| usage(format!("the journal of {only} (`{name}`) is lost")))
        }
        (Some(name), [first, second, ..]) => {
            Err(usage(format!("`{name}` could be {second} or {first}: write more of it")))
        }
    }
}
