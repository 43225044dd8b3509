//! A result in the making: the right to make it, a private folder, and its way into the cache.
//!
//! It knows which files a task has to write and nothing of what is in them.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::claim::{self, Asked, Claim};
use super::entry::{self, Entry, Kept, OutputFile};
use super::key::{Key, Manifest};
use super::reason::Reason;
use super::run_folders::RunFolders;
use super::{ENTRY_FILE, Queue, lock, own_folder, parquet, sealed, stamp, swap};
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
/// The name of a file that is about to take the place of one that has the same content.
const LINK: &str = ".link";

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
    /// What its program wrote beside its outputs, by name; it was not kept.
    pub undeclared: Vec<String>,
}

impl Ticket {
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The same, for another reason than the one that was found.
    pub fn because(self, reason: Reason) -> Self {
        Ticket { reason, ..self }
    }

    /// Makes the private folder in which a node can write, unless another run is making the same result.
    pub fn begin(self, run: &RunFolders, name: &str) -> Result<Begun> {
        let claim = claim::name(name, &self.manifest.key());
        let holder = format!("run {}, process {} on {}", run.id, std::process::id(), host());
        let asked = Claim::ask(&run.claims(), &claim, &holder);
        let claim = match asked.map_err(|error| lock::refused(&run.claims().join(&claim), error))? {
            Asked::Granted(claim) => claim,
            Asked::Taken { holder, lock } => return Ok(Begun::Theirs { holder, queue: lock }),
        };
        // Looked up before the claim was granted, a result that was not there may have come since.
        let was_there = self.previous == Some(self.manifest.key());
        if !was_there && Entry::read(&self.home).is_some() {
            return Ok(Begun::There);
        }
        let folder = run.work().join(name);
        own_folder::remove(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
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
        let plain = fs::symlink_metadata(self.report()).is_ok_and(|report| report.is_file());
        let report = plain.then(|| fs::read(self.report()).ok()).flatten();
        report.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Checks that every declared output is there, removes everything else that the program left, and makes the folder
    /// the node's result, all at once.
    pub fn keep(&self, outputs: &[Output], finished: Finished) -> Result<Fresh> {
        let Ticket { manifest, reason, previous, home } = &self.ticket;
        if !is_folder(&self.folder) {
            bail!("its folder is gone, or something else is in its place: {}", self.folder.display());
        }
        let mut files = Vec::new();
        for output in outputs {
            describe(&self.folder, output, &mut files)?;
        }
        let undeclared = self.remove_undeclared(outputs)?;
        self.share_parts(&mut files)?;
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
        let record = self.folder.join(ENTRY_FILE);
        sealed::write(&record, &entry).with_context(|| format!("cannot write {}", record.display()))?;
        let earlier = kept.entry();
        let node = home.parent().context("a result has a folder above it")?;
        fs::create_dir_all(node).with_context(|| format!("cannot create {}", node.display()))?;
        swap::put(&self.folder, home).with_context(|| format!("cannot move the result to {}", home.display()))?;
        let unstable = earlier.is_some_and(|earlier| contents(&earlier.files) != contents(&kept.files));
        Ok(Fresh { kept, unstable, undeclared })
    }

    /// Makes the files of a split output that are as in the result before second names of that one's, so that a table
    /// that grows by a part a day does not take the room of all its parts each day.
    fn share_parts(&self, files: &mut [OutputFile]) -> Result<()> {
        let before = self.ticket.previous.map(|key| self.ticket.home.with_file_name(key.to_string()));
        let Some((folder, before)) = before.and_then(|folder| Some((folder.clone(), Entry::read(&folder)?))) else {
            return Ok(());
        };
        let before: HashMap<&str, &OutputFile> = before.files.iter().map(|file| (file.path.as_str(), file)).collect();
        let link = self.folder.join(LINK);
        for file in files.iter_mut().filter(|file| file.part.is_some()) {
            let equal = before.get(file.path.as_str()).is_some_and(|before| before.digest == file.digest);
            let (theirs, ours) = (folder.join(&file.path), self.folder.join(&file.path));
            // A file that is damaged by now must not take the place of one that is right.
            if !equal || !stamp::hash(&theirs).is_ok_and(|digest| digest == file.digest) {
                continue;
            }
            // Where it cannot be shared it stays a file of its own.
            if fs::hard_link(&theirs, &link).is_ok() {
                fs::rename(&link, &ours).with_context(|| format!("cannot keep {}", ours.display()))?;
                file.modified = entry::modified(&fs::metadata(&ours)?);
            }
        }
        Ok(())
    }

    /// Removes what is neither an output nor the runner's own, and names it.
    fn remove_undeclared(&self, outputs: &[Output]) -> Result<Vec<String>> {
        let mut undeclared = Vec::new();
        let failed = || format!("cannot clear {}", self.folder.display());
        for entry in fs::read_dir(&self.folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if outputs.iter().any(|output| *output.file == *entry.file_name()) {
                continue;
            }
            own_folder::remove(&entry.path()).with_context(failed)?;
            if name != REPORT_FILE {
                undeclared.push(name);
            }
        }
        undeclared.sort();
        Ok(undeclared)
    }
}

/// Whether a folder is there, and not only a link to one.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn contents(files: &[OutputFile]) -> Vec<(&str, super::key::Digest)> {
    files.iter().map(|file| (file.path.as_str(), file.digest)).collect()
}

/// Lists the files of an output and makes them read-only. Only what lies in the work folder itself is taken: what a link
/// leads to could change later, and is not the runner's to make read-only.
fn describe(folder: &Path, output: &Output, files: &mut Vec<OutputFile>) -> Result<()> {
    let path = folder.join(&output.file);
    let mut found = Vec::new();
    match &output.parts {
        _ if fs::symlink_metadata(&path).is_err() => {
            bail!("it ended well without writing its output `{}`", output.name);
        }
        None => found.push((None, output.file.clone())),
        Some(_) if !is_folder(&path) => {
            bail!("its output `{}` is not a plain folder: {}", output.name, output.file);
        }
        Some(pattern) => {
            let failed = || format!("cannot read {}", path.display());
            for part in fs::read_dir(&path).with_context(failed)? {
                let name = part.with_context(failed)?.file_name().to_string_lossy().into_owned();
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
        let failed = || format!("cannot keep {}", full.display());
        let metadata = fs::symlink_metadata(&full).with_context(failed)?;
        if !metadata.is_file() {
            bail!("its output `{}` is not a plain file: {name}", output.name);
        }
        if metadata.nlink() > 1 {
            bail!(
                "its output `{}` is a second name of another file: {name}; it has to be a file of its own, a copy, say",
                output.name
            );
        }
        if name.ends_with(".parquet") && !parquet::is_whole(&full).with_context(failed)? {
            bail!("its output `{}` is not a whole Parquet file: {name}, {} bytes", output.name, metadata.len());
        }
        fs::set_permissions(&full, fs::Permissions::from_mode(0o444)).with_context(failed)?;
        files.push(OutputFile::describe(folder, name, &output.name, part).with_context(failed)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::{Before, Check, Digest, Lookup, Store};

    fn ticket(store: &Store) -> Ticket {
        let manifest = Manifest {
            format: Manifest::FORMAT,
            task: "take".into(),
            day: None,
            program: Digest(blake3::hash(b"program")),
            with: BTreeMap::new(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            inputs: Vec::new(),
            outputs: BTreeMap::from([("text".into(), "text.txt".into())]),
        };
        match store.lookup(manifest, Check::Stamps, false) {
            Lookup::Miss(ticket) => *ticket,
            Lookup::Hit(kept) => panic!("{kept:?}"),
        }
    }

    #[test]
    fn what_another_run_has_made_since_it_was_looked_for_is_not_made_again() {
        let cache = std::env::temp_dir().join(format!("runner-workspace-{}", std::process::id()));
        let store = Store::open(&cache);
        let (first, second) = (ticket(&store), ticket(&store));
        let run = store.begin_run("run", &[], &[], Before::default()).unwrap();
        let Begun::Mine(workspace) = first.begin(&run, "take").unwrap() else { panic!("it was not there") };
        let outputs = [Output { name: "text".into(), file: "text.txt".into(), parts: None }];
        fs::write(workspace.output(&outputs[0]), "words").unwrap();
        let usage = Usage { seconds: 0.0, cpu_seconds: 0.0, peak_memory: 0 };
        let finished = Finished { report: serde_json::Value::Null, said: Vec::new(), usage };
        let fresh = workspace.keep(&outputs, finished).unwrap();
        drop(workspace);
        assert!(matches!(second.begin(&run, "take").unwrap(), Begun::There));
        assert_eq!(fs::read(fresh.kept.path(&fresh.kept.files[0])).unwrap(), b"words");
        run.finish().unwrap();
        fs::remove_dir_all(cache).unwrap();
    }
}
