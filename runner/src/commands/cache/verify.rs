//! `runner cache verify`: whether every result is what was written.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use super::{Past, count, open};
use crate::cli::CacheVerifyArguments;
use crate::commands::project::Project;
use crate::commands::{CommandError, print, tell};
use crate::exit::Exit;
use crate::store::{Aside, Shown, Verdict};
use crate::text::size;
use crate::ui;

pub fn verify(arguments: &CacheVerifyArguments) -> Result<Exit, CommandError> {
    let started = Instant::now();
    let project = Project::open(&arguments.places)?;
    let store = open(&project);
    // What is looked at must not be removed meanwhile.
    let _hold = store.hold(|holder| tell(&format!("waiting for {holder}, which removes results from the cache")));
    let inventory = store.inventory()?;
    let bytes = inventory.results.iter().map(|held| held.bytes).sum();
    let meter = ui::Meter::new(bytes);
    let verdicts = store.verify(&inventory, |bytes| meter.advance(bytes));
    meter.end();
    // Only what is damaged is worth a look through all that was ever published.
    let shown = match verdicts.is_empty() {
        true => Shown::default(),
        false => store.shown(Past::read(&store).outputs(&project)?, &[])?,
    };
    let mut damaged = Vec::new();
    for verdict in &verdicts {
        let aside = store.set_aside(&verdict.path)?;
        if matches!(aside, Aside::Mended) {
            continue;
        }
        let published = published(verdict, &shown);
        if !arguments.json {
            show(verdict, &aside, &published);
        }
        let moved = if let Aside::Moved(place) = &aside { Some(place) } else { None };
        let wrong: Vec<&str> = verdict.faults.iter().map(|fault| fault.what.as_str()).collect();
        damaged.push(json!({"name": verdict.name, "wrong": wrong, "moved_to": moved, "published": published}));
    }
    let results = inventory.results.len();
    tell(&format!(
        "{}, {} read again in {:.2} s: {}",
        count(results, "result"),
        size(bytes),
        started.elapsed().as_secs_f64(),
        match damaged.len() {
            0 => "all intact".to_string(),
            number => format!("{number} damaged; the next run that needs it makes it again"),
        }
    ));
    let exit = if damaged.is_empty() { Exit::Done } else { Exit::TaskFailed };
    if arguments.json {
        print(&json!({"results": results, "bytes": bytes, "damaged": damaged}).to_string());
    }
    Ok(exit)
}

/// The published files that are the very files that are damaged.
fn published(verdict: &Verdict, shown: &Shown) -> Vec<PathBuf> {
    let damaged = verdict.faults.iter().filter_map(|fault| fault.file.as_ref());
    damaged.filter_map(|file| shown.link(file)).map(PathBuf::from).collect()
}

fn show(verdict: &Verdict, aside: &Aside, published: &[PathBuf]) {
    print(&verdict.name);
    for fault in &verdict.faults {
        print(&format!("  {}", fault.what));
    }
    for file in published {
        print(&format!("  published as {}; the next run over that day repairs it", ui::short(file).display()));
    }
    match aside {
        Aside::Moved(place) => print(&format!("  moved to {}", ui::short(place).display())),
        Aside::Taken(holder) => print(&format!("  left in place, as {holder} is making it again")),
        Aside::Mended => {}
    }
}
