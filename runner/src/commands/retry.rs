//! `runner retry`: what an earlier run left undone.

use anyhow::anyhow;

use super::history::{End, find_run};
use super::project::Project;
use super::{CommandError, run, tell};
use crate::cli::{Places, RetryArguments};
use crate::exit::Exit;
use crate::journal::Command;
use crate::store::Store;

pub fn retry(arguments: &RetryArguments) -> Result<Exit, CommandError> {
    let store = Store::open(&Project::open(&arguments.places)?.cache);
    let (record, end) = find_run(&store, arguments.run.as_deref())?;
    if end == End::Running {
        let message = format!("run {} (process {}) is still going on", record.id, record.process);
        return Err(CommandError::new(Exit::Usage, anyhow!(message)));
    }
    let left = record.left();
    if left.is_empty() {
        tell(&format!("run {} left nothing undone", record.id));
        return Ok(Exit::Done);
    }
    tell(&format!("retrying the {} nodes that run {} left", left.len(), record.id));
    let command = Command { only: Some(left), ..record.command };
    let places = Places {
        pipeline: Some(command.pipeline.clone()),
        data: Some(command.data.clone()),
        cache: Some(command.cache.clone()),
    };
    run::make(&Project::open(&places)?, command, arguments.json)
}
