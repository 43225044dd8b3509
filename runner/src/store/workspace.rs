//! A result in the making: a private folder, and its way into the cache.
//!
//! It knows which files a task has to write and nothing of what is in them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::entry::{Entry, OutputFile, StoredEntry};
use super::key::Manifest;
use super::run_folders::RunFolders;
use super::{ENTRY_FILE, read_entry};
use crate::spec::Output;

/// The right to make a result and keep it. Only a miss gives one.
#[derive(Debug)]
pub struct Ticket {
    pub(super) manifest: Manifest,
    /// Where the result will be.
    pub(super) home: PathBuf,
}

/// A node that is being made: a private folder for its outputs.
#[derive(Debug)]
pub struct Workspace {
    ticket: Ticket,
    folder: PathBuf,
}

/// Where a program may leave numbers about itself.
const REPORT_FILE: &str = ".report.json";

/// How a finished node ended, for its entry.
#[derive(Debug)]
pub struct Finished {
    pub report: serde_json::Value,
    pub said: Vec<String>,
    pub seconds: f64,
}

impl Ticket {
    /// Makes the private folder in which a node can write.
    pub fn begin(self, run: &RunFolders, name: &str) -> Result<Workspace> {
        let folder = run.work().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Workspace { ticket: self, folder })
    }
}

impl Workspace {
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
    ///
    /// Gives back also whether an earlier result of the same manifest had other content: then the program does not
    /// give the same bytes for the same input.
    pub fn keep(self, outputs: &[Output], finished: Finished) -> Result<(StoredEntry, bool)> {
        let Workspace { ticket, folder } = self;
        let mut files = Vec::new();
        for output in outputs {
            describe(&folder, output, &mut files)?;
        }
        let Finished { report, said, seconds } = finished;
        let entry = Entry { manifest: ticket.manifest, files, report, said, seconds };
        let report = folder.join(REPORT_FILE);
        if report.exists() {
            fs::remove_file(report)?;
        }
        fs::write(folder.join(ENTRY_FILE), serde_json::to_vec(&entry)?)?;
        let (entry, unstable) = install(&folder, &ticket.home, entry)?;
        Ok((StoredEntry { entry, folder: ticket.home }, unstable))
    }
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
        if !full.is_file() {
            bail!(missing());
        }
        fs::set_permissions(&full, fs::Permissions::from_mode(0o444))?;
        files.push(OutputFile::describe(folder, name, &output.name, part)?);
    }
    Ok(())
}

/// Renames a finished folder to its home; a result that was there before makes way. Says whether that had other
/// content.
///
/// If another run has published the same node in the meantime, its result may be in use and is kept instead.
fn install(folder: &Path, home: &Path, entry: Entry) -> Result<(Entry, bool)> {
    let node = home.parent().context("a result has a folder above it")?;
    fs::create_dir_all(node).with_context(|| format!("cannot create {}", node.display()))?;
    let earlier = read_entry(home);
    if home.exists() {
        let aside = folder.with_extension("replaced");
        fs::rename(home, &aside)?;
        fs::remove_dir_all(&aside)?;
    }
    if let Err(error) = fs::rename(folder, home) {
        let theirs = read_entry(home).filter(|theirs| theirs.manifest == entry.manifest);
        let theirs = theirs.ok_or(error).with_context(|| format!("cannot move the result to {}", home.display()))?;
        fs::remove_dir_all(folder)?;
        return Ok((theirs, false));
    }
    let digests = |entry: &Entry| entry.files.iter().map(|file| (file.path.clone(), file.digest)).collect::<Vec<_>>();
    let unstable = earlier.is_some_and(|earlier| digests(&earlier) != digests(&entry));
    Ok((entry, unstable))
}
