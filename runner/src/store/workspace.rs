//! A result in the making: the right to make it, a private folder, and its way into the cache.
//!
//! It knows which files a task has to write and nothing of what is in them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::claim::{self, Asked, Claim};
use super::entry::{Entry, Kept, OutputFile};
use super::key::{Key, Manifest};
use super::parquet;
use super::reason::Reason;
use super::run_folders::RunFolders;
use super::sealed;
use super::swap;
use super::{ENTRY_FILE, Queue};
use crate::spec::Output;
use crate::usage::Usage;

/// What it takes to make a result and keep it. Only a miss gives one.
#[derive(Debug)]
pub struct Ticket {
    pub(super) manifest: Manifest,
    pub(super) reason: Reason,
    /// The result that the node had before.
    pub(super) previous: Option<Key>,
    /// Where the result will be.
    pub(super) home: PathBuf,
}

/// A node that is being made: a private folder for its outputs.
#[derive(Debug)]
pub struct Workspace {
    ticket: Ticket,
    run: String,
    folder: PathBuf,
    _claim: Claim,
}

/// What came of asking to make a result.
#[derive(Debug)]
pub enum Begun {
    Mine(Box<Workspace>),
    /// Another run has made it meanwhile.
    There,
    /// Another run makes it, which says this of itself.
    Theirs {
        holder: String,
        queue: Queue,
    },
}

/// Where a program may leave numbers about itself.
const REPORT_FILE: &str = ".report.json";

/// How a finished node ended, for its entry.
#[derive(Debug)]
pub struct Finished {
    pub report: serde_json::Value,
    pub said: Vec<String>,
    pub usage: Usage,
}

/// A result that was kept just now.
#[derive(Debug)]
pub struct Fresh {
    pub kept: Kept,
    /// Whether an earlier result of the same manifest had other content: then the program does not give the same bytes
    /// for the same input.
    pub unstable: bool,
}

impl Ticket {
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Makes the private folder in which a node can write, unless another run is making the same result.
    pub fn begin(self, run: &RunFolders, name: &str) -> Result<Begun> {
        let claim = claim::name(name, &self.manifest.key());
        let holder = format!("run {}, process {} on {}", run.id, std::process::id(), host());
        let asked = Claim::ask(&run.claims(), &claim, &holder);
        let claim = match asked.with_context(|| format!("cannot lock {}", run.claims().join(claim).display()))? {
            Asked::Granted(claim) => claim,
            Asked::Taken { holder, lock } => return Ok(Begun::Theirs { holder, queue: lock }),
        };
        // Looked up before the claim was granted, a result that was not there may have come since.
        let was_there = self.previous == Some(self.manifest.key());
        if !was_there && Entry::read(&self.home).is_some() {
            return Ok(Begun::There);
        }
        let folder = run.work().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Begun::Mine(Box::new(Workspace { ticket: self, run: run.id.clone(), folder, _claim: claim })))
    }
}

/// The name of this machine.
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

impl Workspace {
    pub fn reason(&self) -> &Reason {
        &self.ticket.reason
    }

    /// Where an output goes: a file, or a folder for an output that is split by day.
    pub fn output(&self, output: &Output) -> PathBuf {
        self.folder.join(&output.file)
    }

    /// Where the program may write its numbers.
    pub fn report(&self) -> PathBuf {
        self.folder.join(REPORT_FILE)
    }

    /// The numbers that the program wrote; null if it wrote none, or none that can be read.
    pub fn read_report(&self) -> serde_json::Value {
        fs::read(self.report()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Checks that every declared output is there and makes the folder the node's result, all at once.
    pub fn keep(&self, outputs: &[Output], finished: Finished) -> Result<Fresh> {
        let Ticket { manifest, reason, previous, home } = &self.ticket;
        let mut files = Vec::new();
        for output in outputs {
            describe(&self.folder, output, &mut files)?;
        }
        if self.report().exists() {
            fs::remove_file(self.report())?;
        }
        let Finished { report, said, usage } = finished;
        let kept = Kept { key: manifest.key(), folder: home.clone(), files: files.clone() };
        let entry = Entry {
            manifest: manifest.clone(),
            files,
            report,
            said,
            reason: reason.clone(),
            previous: *previous,
            run: self.run.clone(),
            usage,
        };
        sealed::write(&self.folder.join(ENTRY_FILE), &entry)?;
        let earlier = kept.entry();
        let node = home.parent().context("a result has a folder above it")?;
        fs::create_dir_all(node).with_context(|| format!("cannot create {}", node.display()))?;
        swap::put(&self.folder, home).with_context(|| format!("cannot move the result to {}", home.display()))?;
        Ok(Fresh { unstable: earlier.is_some_and(|earlier| contents(&earlier.files) != contents(&kept.files)), kept })
    }
}

fn contents(files: &[OutputFile]) -> Vec<(&str, super::key::Digest)> {
    files.iter().map(|file| (file.path.as_str(), file.digest)).collect()
}

/// Lists the files of an output and makes them read-only.
fn describe(folder: &Path, output: &Output, files: &mut Vec<OutputFile>) -> Result<()> {
    let path = folder.join(&output.file);
    let missing = || format!("it ended well without writing its output `{}`", output.name);
    let mut found = Vec::new();
    match &output.parts {
        None => found.push((None, output.file.clone())),
        Some(pattern) => {
            for part in fs::read_dir(&path).with_context(missing)? {
                let name = part?.file_name().to_string_lossy().into_owned();
                let Some(day) = pattern.parts()[0].day_in(&name) else {
                    bail!("its output `{}` holds {name:?}, which is not named {pattern}", output.name);
                };
                found.push((Some(day), format!("{}/{name}", output.file)));
            }
            found.sort();
        }
    }
    for (part, name) in found {
        let full = folder.join(&name);
        let Ok(metadata) = fs::symlink_metadata(&full) else { bail!(missing()) };
        // A link could lead out of the folder, and what it leads to could change later.
        if !metadata.is_file() {
            bail!("its output `{}` is not a plain file: {name}", output.name);
        }
        if name.ends_with(".parquet") && !parquet::is_whole(&full)? {
            bail!("its output `{}` is not a whole Parquet file: {name}, {} bytes", output.name, metadata.len());
        }
        fs::set_permissions(&full, fs::Permissions::from_mode(0o444))?;
        files.push(OutputFile::describe(folder, name, &output.name, part)?);
    }
    Ok(())
}
