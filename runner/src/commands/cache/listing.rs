//! What `runner cache gc` says: lines, a summary, an object. It decides nothing.

use chrono::SecondsFormat;
use serde_json::json;

use super::count;
use super::gc::Choice;
use crate::cli::CacheGcArguments;
use crate::store::{Goes, Place, Stays};
use crate::text::{quoted, size};
use crate::ui;

/// How many results are listed for people.
const MOST_LINES: usize = 40;

/// A line for each result that goes, up to some number.
pub fn lines(choice: &Choice) -> Vec<String> {
    let width = choice.results().take(MOST_LINES).map(|(_, subject, _)| subject.node.len()).max().unwrap_or(0);
    let listed = choice.results().take(MOST_LINES).map(|(_, subject, why)| {
        let used = subject.used.format("%Y-%m-%d %H:%M");
        format!("{:<width$} {:>9}  last used {used}  {}", subject.node, size(subject.bytes), reason(why))
    });
    let mut lines: Vec<String> = listed.collect();
    let more = choice.results().skip(MOST_LINES).count();
    if more > 0 {
        lines.push(format!("and {more} more; --json lists them all"));
    }
    lines
}

fn reason(why: Goes) -> String {
    match why {
        Goes::Unreadable => "its record is damaged".to_string(),
        Goes::Unneeded => "not needed".to_string(),
        Goes::Old(age) => format!("older than {}", humantime::format_duration(age)),
        Goes::Crowded => "longest unused".to_string(),
    }
}

/// What goes and what stays, in a few lines.
pub fn summary(choice: &Choice, arguments: &CacheGcArguments, deleted: bool) -> Vec<String> {
    let (damaged, killed) = (choice.inventory.damaged.len(), choice.inventory.abandoned > 0);
    let mut parts = vec![count(choice.results().count(), "result")];
    let runs = choice.runs().count();
    parts.extend((runs > 0).then(|| format!("the journals and logs of {}", count(runs, "run"))));
    parts.extend((damaged > 0).then(|| format!("{damaged} set aside as damaged")));
    parts.extend(killed.then(|| "what killed runs left".to_string()));
    let (goes, took) = (parts.join(", "), size(choice.bytes()));
    let mut lines = vec![match deleted {
        true => format!("removed {goes}: {took}"),
        false => format!("would remove {goes}: {took}; nothing was removed, as that takes --delete"),
    }];
    let staying = stays(choice, arguments);
    lines.push(match staying.is_empty() {
        true => "no result stays".to_string(),
        false => format!("what stays: {}", staying.join(", ")),
    });
    for (folder, days) in &choice.shown.gone {
        let folder = ui::short(folder).display().to_string();
        let forget = arguments.places.hint(&format!("cache gc --forget {}", quoted(&folder)));
        lines.push(format!(
            "note: of {} published in {folder} none is there; what they need stays, as the folder may have been moved\n\
             `{forget}` lets it go",
            count(*days, "day")
        ));
    }
    let left = choice.inventory.bytes() - choice.bytes();
    if let Some(most) = arguments.max_size.filter(|most| left > *most) {
        let (left, most) = (size(left), size(most));
        lines.push(format!("{left} cannot go, which is more than {most}: the cache cannot be that small"));
    }
    lines
}

/// What stays, by reason.
fn stays(choice: &Choice, arguments: &CacheGcArguments) -> Vec<String> {
    let reasons = [
        (Some(Stays::Published), "for published days".to_string()),
        (Some(Stays::Recent), format!("for the last {}", count(arguments.keep_runs, "run"))),
        (Some(Stays::Living), "for runs that go on".to_string()),
        (None, "within the limits".to_string()),
    ];
    let mut staying = Vec::new();
    for (why, spelled) in reasons {
        let (results, bytes) = choice.staying(why);
        if results > 0 {
            staying.push(format!("{} {spelled} ({})", count(results, "result"), size(bytes)));
        }
    }
    staying
}

/// All of it, for programs.
pub fn in_json(choice: &Choice, deleted: bool) -> String {
    let results = choice.results().map(|(_, subject, why)| {
        json!({
            "node": subject.node, "key": subject.key, "bytes": subject.bytes, "reason": reason(why),
            "last_used": subject.used.to_rfc3339_opts(SecondsFormat::Millis, true),
        })
    });
    let places = |places: &mut dyn Iterator<Item = &Place>| -> Vec<_> {
        places.map(|place| json!({"name": place.name(), "bytes": place.bytes})).collect()
    };
    let staying = |why| {
        let (results, bytes) = choice.staying(why);
        json!({"results": results, "bytes": bytes})
    };
    json!({
        "deleted": deleted,
        "bytes": choice.bytes(),
        "left": choice.inventory.bytes() - choice.bytes(),
        "results": results.collect::<Vec<_>>(),
        "runs": places(&mut choice.runs()),
        "damaged": places(&mut choice.inventory.damaged.iter()),
        "abandoned": choice.inventory.abandoned,
        "gone": choice.shown.gone.iter().map(|(folder, days)| json!({"folder": folder, "days": days})).collect::<Vec<_>>(),
        "stays": {
            "published": staying(Some(Stays::Published)), "recent": staying(Some(Stays::Recent)),
            "living": staying(Some(Stays::Living)), "within_limits": staying(None),
        },
    })
    .to_string()
}
