//! `runner cache size`: how much room the cache takes, by task and age.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::open;
use crate::cli::CacheSizeArguments;
use crate::commands::project::Project;
use crate::commands::{CommandError, print};
use crate::exit::Exit;
use crate::store::{Inventory, Place};
use crate::text::size as spell;

/// The days since the last use that the columns go up to; the last column has no end.
const AGES: [i64; 3] = [1, 7, 30];

/// The results of a task.
#[derive(Clone, Copy, Default)]
struct Line {
    results: usize,
    bytes: u64,
    by_age: [u64; AGES.len() + 1],
}

pub fn size(arguments: &CacheSizeArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let store = open(&project);
    let inventory = store.inventory()?;
    let now = Utc::now();
    let mut tasks: BTreeMap<&str, Line> = BTreeMap::new();
    for held in &inventory.results {
        let line = tasks.entry(&held.task).or_default();
        line.results += 1;
        line.bytes += held.bytes;
        line.by_age[column(now, held.used)] += held.bytes;
    }
    if arguments.json {
        print(&in_json(&inventory, &tasks));
    } else if store.is_there() {
        for line in table(&inventory, &tasks) {
            print(&line);
        }
    }
    Ok(Exit::Done)
}

/// The column of a result by its last use.
fn column(now: DateTime<Utc>, used: DateTime<Utc>) -> usize {
    AGES.iter().take_while(|days| now - used >= Duration::days(**days)).count()
}

fn total(tasks: &BTreeMap<&str, Line>) -> Line {
    tasks.values().fold(Line::default(), |mut sum, line| {
        sum.results += line.results;
        sum.bytes += line.bytes;
        for (sum, bytes) in sum.by_age.iter_mut().zip(line.by_age) {
            *sum += bytes;
        }
        sum
    })
}

fn bytes(places: &[Place]) -> u64 {
    places.iter().map(|place| place.bytes).sum()
}

/// How many bytes have another name elsewhere.
fn linked(inventory: &Inventory) -> u64 {
    inventory.results.iter().map(|held| held.linked).sum()
}

/// Lines for people: the tasks, then everything else that there is.
fn table(inventory: &Inventory, tasks: &BTreeMap<&str, Line>) -> Vec<String> {
    let others = [
        ("journals and logs", inventory.runs.len(), bytes(&inventory.runs)),
        ("damaged, set aside", inventory.damaged.len(), bytes(&inventory.damaged)),
        ("no results: verify", inventory.strays.len(), bytes(&inventory.strays)),
    ];
    let rest =
        [("being made", inventory.work), ("left by killed runs", inventory.abandoned), ("index", inventory.index)];
    let labels = tasks.keys().copied().chain(["left by killed runs"]);
    let width = labels.map(str::len).max().unwrap_or(0);
    let room = |bytes: u64| if bytes == 0 { "-".to_string() } else { spell(bytes) };
    let short = |label: &str, count: &str, bytes: u64| format!("{label:<width$} {count:>7} {:>9}", room(bytes));
    let row = |label: &str, line: &Line| {
        let ages = line.by_age.map(|bytes| format!(" {:>9}", room(bytes))).concat();
        format!("{}{ages}", short(label, &line.results.to_string(), line.bytes))
    };
    let ages = AGES.map(|days| format!(" {:>9}", format!("< {days} d"))).concat();
    let mut lines = vec![format!("{:<width$} {:>7} {:>9}{ages} {:>9}", "last used", "results", "size", "older")];
    lines.extend(tasks.iter().map(|(task, line)| row(task, line)));
    lines.push(row("all results", &total(tasks)));
    lines.extend(others.iter().filter(|other| other.1 > 0).map(|other| short(other.0, &other.1.to_string(), other.2)));
    lines.extend(rest.iter().filter(|rest| rest.1 > 0).map(|rest| short(rest.0, "", rest.1)));
    let linked = linked(inventory);
    let published = if linked > 0 { format!("  of it published: {}", spell(linked)) } else { String::new() };
    lines.push(format!("{}{published}", short("total", "", inventory.bytes())));
    lines
}

fn in_json(inventory: &Inventory, tasks: &BTreeMap<&str, Line>) -> String {
    let line = |line: &Line| {
        let [day, week, month, older] = line.by_age;
        let by_age = json!({"under_1_day": day, "under_7_days": week, "under_30_days": month, "older": older});
        json!({"results": line.results, "bytes": line.bytes, "by_age": by_age})
    };
    let tasks_in_json = tasks.iter().map(|(task, sums)| {
        let mut object = line(sums);
        object["task"] = json!(task);
        object
    });
    let places = |places: &[Place]| json!({"count": places.len(), "bytes": bytes(places)});
    json!({
        "tasks": tasks_in_json.collect::<Vec<_>>(), "all_results": line(&total(tasks)),
        "runs": places(&inventory.runs), "damaged": places(&inventory.damaged), "strays": places(&inventory.strays),
        "being_made": inventory.work, "abandoned": inventory.abandoned, "index": inventory.index,
        "bytes": inventory.bytes(), "published": linked(inventory),
    })
    .to_string()
}
