//! `runner why`: why a node has the result that it has, or would run, told back to the first cause; and for each table
//! on the way what changed in its data, which the program `diff` knows.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};

use super::history::makers;
use super::project::{Project, beside};
use super::{CommandError, failed_attempt, print, raw_files, tell};
use crate::address::Address;
use crate::cli::WhyArguments;
use crate::day::Day;
use crate::exec;
use crate::exit::Exit;
use crate::explain::{Cause, Explainer, Link, Standing, Table};
use crate::graph::{Graph, NodeId};
use crate::plan::Request;
use crate::predict::{Prediction, predict};
use crate::resolve::Glancing;
use crate::store::{Change, Check, Reason, Store};

/// How many first causes are shown with all that lies between.
const MOST_SHOWN: usize = 3;

pub fn why(arguments: &WhyArguments) -> Result<Exit, CommandError> {
    let usage = CommandError::usage;
    let project = Project::open(&arguments.places)?;
    let address = Address::parse(&arguments.node, &project.spec).map_err(usage)?;
    // A task that runs once is planned alike for any day.
    let plan = project.plan(&Request { nodes: vec![(address.task, address.day.unwrap_or_else(Day::today))] })?;
    raw_files::check(&project, &plan, false)?;
    let programs = project.programs(&plan)?;
    let store = Store::open(&project.cache);
    let resolver = project.resolver(&plan, &store, &programs);
    let predictions = predict(&resolver, &Glancing::at_all(&store), Check::Stamps, &|_| false);
    let Some(id) = plan.graph.ids().find(|id| plan.graph.node(*id).requested) else {
        return Err(usage(format!("{} has nothing to read", arguments.node)));
    };
    let explainer = Explainer { spec: &project.spec, store: &store, graph: &plan.graph, predictions: &predictions };
    let mut chains = explainer.explain(id);
    tell_removed_from_new(&store, &mut chains);
    let prediction = &predictions[id.index()];
    if arguments.json {
        print(&as_json(&plan.graph, id, prediction, &chains).to_string());
        return Ok(Exit::Done);
    }
    print(&sentence(plan.graph.name(id), prediction, &chains));
    if let Some(last) = chains.first().and_then(|chain| chain.last())
        && matches!(prediction, Prediction::WouldRun(_) | Prediction::MayRun(_))
        && let Some((record, message)) = failed_attempt::last(&store, &last.node)
    {
        let (node, log) = (&last.node, project.hint(&format!("log {}", last.node)));
        tell(&format!("note: {node} failed in run {}: {message}; `{log}` shows what it said", record.id));
    }
    for chain in chains.iter().take(MOST_SHOWN) {
        print("");
        chain.iter().for_each(show_link);
    }
    if chains.len() > MOST_SHOWN {
        print(&format!("\nother first causes: {}", chains.len() - MOST_SHOWN));
        for link in chains.iter().skip(MOST_SHOWN).filter_map(|chain| chain.last()).take(10) {
            print(&format!("    {}: {}", link.node, link.cause.first_cause()));
        }
    }
    Ok(Exit::Done)
}

/// Where a node seems to have run for the first time although a run before has made it: that its result was removed.
fn tell_removed_from_new(store: &Store, chains: &mut [Vec<Link>]) {
    let is_first = |link: &Link| matches!(link.cause, Cause::Reason(Reason::FirstRun));
    let links: Vec<&mut Link> = chains.iter_mut().flatten().filter(|link| is_first(link)).collect();
    if links.is_empty() {
        return;
    }
    let makers = makers(store);
    for link in links {
        let runs = makers.get(&link.node).map_or(&[][..], Vec::as_slice);
        // The newest run comes first, and what came before it behind it.
        let before = match &link.standing {
            Standing::Ran(run) => runs.iter().skip_while(|maker| *maker != run).nth(1),
            _ => runs.first(),
        };
        if let Some(run) = before {
            link.cause = Cause::Gone(run.clone());
        }
    }
}

/// The whole answer in one sentence.
fn sentence(node: &str, prediction: &Prediction, chains: &[Vec<Link>]) -> String {
    let standing = match (prediction, chains.first().and_then(|chain| chain.first())) {
        (Prediction::Cached(_), Some(Link { standing: Standing::Ran(run), .. })) => {
            format!("{node} is up to date; run {run} made it")
        }
        (Prediction::Cached(_), _) => return format!("{node} is up to date; why it ran is not known any more"),
        (Prediction::WouldRun(_), _) => format!("{node} would run"),
        (Prediction::MayRun(_), _) => format!("{node} may run"),
        (Prediction::WouldFail(_) | Prediction::Refused(..) | Prediction::Unknown, _) => format!("{node} would fail"),
    };
    let Some(last) = chains.first().and_then(|chain| chain.last()) else { return standing };
    let whose = if last.node == node { String::new() } else { format!(" of {}", last.node) };
    let it = if last.node == node { "it" } else { &last.node };
    let cause = match &last.cause {
        Cause::Change(Change::Input { item, old, new, .. } | Change::With { name: item, old, new }) => match (old, new)
        {
            (None, _) => format!("{item} was added"),
            (_, None) => format!("{item} was removed"),
            _ => format!("{item} changed"),
        },
        Cause::Change(Change::Program { .. }) => format!("the program{whose} changed"),
        Cause::Reason(Reason::FirstRun) => format!("{it} never ran before"),
        Cause::Gone(run) => format!("the result{whose}, which run {run} made, was removed"),
        Cause::Reason(Reason::Forced) => format!("{it} was forced"),
        cause => format!("{}{whose}", cause.first_cause()),
    };
    let others = if chains.len() > 1 {
        format!(" (and {} other {})", chains.len() - 1, if chains.len() == 2 { "cause" } else { "causes" })
    } else {
        String::new()
    };
    format!("{standing} because {cause}{others}")
}

fn show_link(link: &Link) {
    let standing = match &link.standing {
        Standing::Ran(run) => format!("ran in {run}"),
        Standing::WouldRun => "would run".to_string(),
        Standing::MayRun => "may run".to_string(),
        Standing::WouldFail => "would fail".to_string(),
    };
    print(&format!("{} {standing}", link.node));
    let more = contents(&link.cause).map_or(String::new(), |contents| format!(": {contents}"));
    print(&format!("    {}{more}", link.cause.first_cause()));
    match difference(&link.cause, false) {
        Some(Ok(text)) => text.lines().for_each(|line| print(&format!("        {line}"))),
        Some(Err(problem)) => print(&format!("        {problem}")),
        None => {}
    }
}

/// What something was before and is now.
fn contents(cause: &Cause) -> Option<String> {
    let (Cause::Change(change) | Cause::Output { change, .. }) = cause else { return None };
    match change {
        Change::Input { old: Some(old), new: Some(new), .. }
        | Change::With { old: Some(old), new: Some(new), .. }
        | Change::Program { old, new } => Some(format!("content {} -> {}", old.short(), new.short())),
        Change::Variable { old, new, .. } => {
            let spelled =
                |value: &Option<String>| value.as_ref().map_or("not set".into(), |value| format!("`{value}`"));
            Some(format!("{} -> {}", spelled(old), spelled(new)))
        }
        Change::Outputs { old, new } => Some(format!("{old:?} -> {new:?}")),
        _ => None,
    }
}

/// What changed in the data, if a table changed: in words, or as JSON. The error says why that cannot be told.
fn difference(cause: &Cause, json: bool) -> Option<Result<String, String>> {
    let Cause::Output { old, new, change: Change::Input { old: Some(_), new: Some(_), .. } } = cause else {
        return None;
    };
    let path = |table: &Option<Box<Table>>| table.as_ref().and_then(|table| table.path());
    let (Some(old), Some(new)) = (path(old), path(new)) else {
        return Some(Err("the earlier content is no longer kept".to_string()));
    };
    if new.extension().is_none_or(|extension| extension != "parquet") {
        return None;
    }
    let mut words: Vec<OsString> = vec![old.into(), new.into()];
    if json {
        words.push("--json".into());
    }
    let program = beside().ok()?.join("diff");
    Some(exec::ask(Path::new(&program), &words).map_err(|error| format!("what changed in it cannot be told: {error}")))
}

fn as_json(graph: &Graph, id: NodeId, prediction: &Prediction, chains: &[Vec<Link>]) -> Value {
    let state = match prediction {
        Prediction::Cached(_) => "cached",
        Prediction::WouldRun(_) => "would_run",
        Prediction::MayRun(_) => "may_run",
        Prediction::WouldFail(_) | Prediction::Refused(..) | Prediction::Unknown => "would_fail",
    };
    let listed: Vec<Value> = chains.iter().map(|chain| chain.iter().map(link_as_json).collect()).collect();
    let node = graph.name(id);
    json!({"node": node, "state": state, "why": sentence(node, prediction, chains), "chains": listed})
}

fn link_as_json(link: &Link) -> Value {
    let (standing, run) = match &link.standing {
        Standing::Ran(run) => ("ran", Some(run)),
        Standing::WouldRun => ("would_run", None),
        Standing::MayRun => ("may_run", None),
        Standing::WouldFail => ("would_fail", None),
    };
    let change = match &link.cause {
        Cause::Change(change) | Cause::Output { change, .. } => Some(change),
        _ => None,
    };
    let data = difference(&link.cause, true).and_then(Result::ok);
    let data: Option<Value> = data.and_then(|data| serde_json::from_str(&data).ok());
    json!({
        "node": link.node, "standing": standing, "run": run, "reason": link.cause.first_cause(), "change": change,
        "data": data,
    })
}
