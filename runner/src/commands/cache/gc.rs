//! `runner cache gc`: what is no longer needed, and removing it.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use anyhow::anyhow;
use chrono::Utc;

use super::{Past, listing, open};
use crate::cli::CacheGcArguments;
use crate::commands::project::{Project, absolute};
use crate::commands::{CommandError, print, tell};
use crate::exit::Exit;
use crate::journal;
use crate::store::{
    Goes, Held, Inventory, Key, Limits, Needs, Place, Removal, Shown, Stays, Store, Subject, choose, stays,
};
use crate::ui;

/// All that goes, and what stays.
pub struct Choice {
    pub inventory: Inventory,
    pub shown: Shown,
    subjects: Vec<Subject>,
    stays: Vec<Option<Stays>>,
    /// Places among the results, and why they go.
    results: Vec<(usize, Goes)>,
    /// Places among the runs.
    runs: Vec<usize>,
}

pub fn gc(arguments: &CacheGcArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let store = open(&project);
    let waiting = |holder: &str| {
        tell(&format!("waiting for {holder}, which uses the cache: a run that looks for its results, say"));
    };
    // What is only said need not hold any longer than it takes to say it, so nobody is waited for.
    let removal = if arguments.delete && store.is_there() { Some(store.removal(waiting)?) } else { None };
    let past = Past::read(&store);
    let choice = choose_all(&project, &store, &past, arguments)?;
    if !store.is_there() && !arguments.json {
        return Ok(Exit::Done);
    }
    if !arguments.json {
        listing::lines(&choice).iter().for_each(|line| print(line));
    }
    let deleted = removal.is_some();
    if let Some(removal) = removal {
        remove(removal, &choice, &past)?;
    }
    if arguments.json {
        print(&listing::in_json(&choice, deleted));
    }
    listing::summary(&choice, arguments, deleted).iter().for_each(|line| tell(line));
    Ok(Exit::Done)
}

fn choose_all(
    project: &Project,
    store: &Store,
    past: &Past,
    arguments: &CacheGcArguments,
) -> Result<Choice, CommandError> {
    let forgotten = forgotten(arguments)?;
    let shown = store.shown(past.outputs(project)?, &forgotten)?;
    // After the journals: whatever a run has made since they were read, it goes on or is one of the last.
    let inventory = store.inventory()?;
    let subjects = Subject::all(&inventory.results, &shown);
    let recent: HashSet<String> = journal::runs(&store.runs()).into_iter().take(arguments.keep_runs).collect();
    let forgotten = |run: &str| !recent.contains(run) && !past.living.iter().any(|living| living == run);
    let runs: Vec<usize> = (0..inventory.runs.len()).filter(|run| forgotten(&inventory.runs[*run].name())).collect();
    let stays = stays(&subjects, &needs(past, recent));
    let limits = Limits { older_than: arguments.older_than, max_size: arguments.max_size };
    let mut choice = Choice { inventory, shown, subjects, stays, results: Vec::new(), runs };
    let results: u64 = choice.subjects.iter().map(|subject| subject.bytes).sum();
    let rest = choice.inventory.bytes() - results - choice.rest();
    choice.results = choose(&choice.subjects, &choice.stays, limits, rest, Utc::now());
    Ok(choice)
}

/// The output folders that are to be forgotten. One that is there is not: its days show what they show.
fn forgotten(arguments: &CacheGcArguments) -> Result<Vec<PathBuf>, CommandError> {
    let folders = arguments.forget.iter().map(|folder| absolute(Some(folder), folder));
    let folders: Vec<PathBuf> = folders.collect::<Result<_, _>>()?;
    match folders.iter().find(|folder| folder.exists()) {
        None => Ok(folders),
        Some(there) => {
            let message =
                format!("{} is there; only a folder that is gone can be forgotten", ui::short(there).display());
            Err(CommandError::new(Exit::Usage, anyhow!(message)))
        }
    }
}

/// What the runs that go on and the last ones need.
fn needs(past: &Past, recent: HashSet<String>) -> Needs {
    let ended = past.records.iter().filter(|record| recent.contains(&record.id));
    let results = ended.filter_map(|record| record.ended.as_ref()).flat_map(|ended| ended.results.values());
    let used = results.filter_map(|key| Key::of_folder(key)).collect();
    Needs { living: planned(past), used, recent }
}

/// The nodes of the runs that go on, if each of them has a journal.
fn planned(past: &Past) -> Option<BTreeSet<String>> {
    let mut nodes = BTreeSet::new();
    for run in &past.living {
        let Some(record) = past.record(run) else {
            tell(&format!("note: no result goes while run {run} goes on, as no journal says what it needs"));
            return None;
        };
        nodes.extend(record.planned.iter().cloned());
    }
    Some(nodes)
}

fn remove(removal: Removal, choice: &Choice, past: &Past) -> Result<(), CommandError> {
    removal.clear_abandoned()?;
    for place in &choice.inventory.damaged {
        removal.damaged(place)?;
    }
    for run in choice.runs() {
        removal.run(run, past.record(&run.name()).into_iter().flat_map(|record| record.command.outputs.all()))?;
    }
    for (held, ..) in choice.results() {
        removal.result(held)?;
    }
    // What is said of results and days that are not there is never used.
    if let Err(error) = removal.finish(&choice.shown) {
        tell(&format!("warning: {error:#}"));
    }
    Ok(())
}

impl Choice {
    pub fn results(&self) -> impl Iterator<Item = (&Held, &Subject, Goes)> {
        self.results.iter().map(|(place, why)| (&self.inventory.results[*place], &self.subjects[*place], *why))
    }

    pub fn runs(&self) -> impl Iterator<Item = &Place> {
        self.runs.iter().map(|place| &self.inventory.runs[*place])
    }

    /// The bytes that go with what is no result.
    fn rest(&self) -> u64 {
        let places = self.runs().chain(&self.inventory.damaged);
        places.map(|place| place.bytes).sum::<u64>() + self.inventory.abandoned
    }

    /// The bytes that go.
    pub fn bytes(&self) -> u64 {
        self.results().map(|(held, ..)| held.bytes).sum::<u64>() + self.rest()
    }

    /// How many results stay for a reason, or for none, and their bytes.
    pub fn staying(&self, why: Option<Stays>) -> (usize, u64) {
        let goes: HashSet<usize> = self.results.iter().map(|(place, _)| *place).collect();
        let staying = (0..self.subjects.len()).filter(|place| self.stays[*place] == why && !goes.contains(place));
        staying.fold((0, 0), |(number, bytes), place| (number + 1, bytes + self.subjects[place].bytes))
    }
}
