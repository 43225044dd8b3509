//! `runner run`: make what is asked for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use chrono::Utc;
use serde_json::json;

use super::interruption::Interruption;
use super::overtaken::Ended;
use super::project::Project;
use super::selection::Selection;
use super::{CommandError, plan, print, raw_files, tell};
use crate::address::Address;
use crate::cli::RunArguments;
use crate::day::Day;
use crate::engine::{Channel, Engine, Inputs, REJECTED, Results, Summary};
use crate::exec::LocalProcesses;
use crate::exit::Exit;
use crate::expectation;
use crate::failure::Failure;
use crate::graph::NodeId;
use crate::journal::{self, Command, Counts, Event, Journal, now};
use crate::layout::Outputs;
use crate::machine;
use crate::plan::Plan;
use crate::predict::{Prediction, predict};
use crate::resolve::{self, Glancing, Resolver, SMALL};
use crate::span::Span;
use crate::spec::TaskId;
use crate::store::{Before, Check, Kept, RunFolders, Store};
use crate::text;
use crate::ui;

pub fn run(arguments: &RunArguments) -> Result<Exit, CommandError> {
    let interruption = Interruption::watch()?;
    let project = Project::open(&arguments.places)?;
    let command = Command {
        jobs: arguments.jobs,
        memory: arguments.memory,
        force: arguments.force,
        fail_fast: arguments.fail_fast,
        strict: arguments.strict,
        verify: arguments.verify,
        ..project.command(&arguments.range)?
    };
    if arguments.dry_run {
        plan::show(&project, &command, arguments.json)
    } else {
        make(&project, command, &interruption, arguments.json)
    }
}

/// Makes what a command asks for.
pub fn make(
    project: &Project,
    command: Command,
    interruption: &Interruption,
    json: bool,
) -> Result<Exit, CommandError> {
    let course = Course { json, started: Instant::now(), interruption };
    let outlook = Outlook::of(project, &command)?;
    if outlook.plan.unknown_splits.is_empty() {
        return follow(project, outlook, command, course);
    }
    // Which days there are is known only when that has run, so it is a run of its own.
    let names = outlook.plan.unknown_splits.iter().map(|task| project.spec.task(*task).name.clone());
    let first = Command { only: Some(names.collect()), ..command.clone() };
    match follow(project, Outlook::of(project, &first)?, first, Course { json: false, ..course })? {
        // What does not depend on it goes on, and `retry` then knows of all that is left.
        Exit::TaskFailed if command.fail_fast => Ok(Exit::TaskFailed),
        Exit::Done | Exit::TaskFailed => follow(project, Outlook::of(project, &command)?, command, course),
        other => Ok(other),
    }
}

/// What all walks of a command have in common.
#[derive(Clone, Copy)]
struct Course<'a> {
    json: bool,
    started: Instant,
    interruption: &'a Interruption,
}

/// What was found before anything is made.
struct Outlook {
    selection: Selection,
    before: Before,
    plan: Plan,
}

impl Outlook {
    fn of(project: &Project, command: &Command) -> Result<Self, CommandError> {
        let selection = Selection::of(command, &project.spec)?;
        // Before anything else: what others publish from now on may come from newer files than this run reads.
        let before = Before::look(targets(project, command));
        let plan = project.plan(&selection.request)?;
        Ok(Outlook { selection, before, plan })
    }
}

/// Makes what is in a plan.
fn follow(project: &Project, outlook: Outlook, command: Command, course: Course) -> Result<Exit, CommandError> {
    let Course { json, started, interruption } = course;
    let Outlook { selection, before, plan } = outlook;
    let store = Store::open(&project.cache);
    raw_files::check(project, &plan, command.strict)?;
    let programs = project.programs(&plan)?;
    // What is found now must be there until others can see that this run needs it.
    let hold = store.hold(|holder| tell(&format!("waiting for {holder}, which removes results from the cache")));
    let patience = ui::Patience::begin(|| tell("reading raw files that were not read before"));
    let resolver = project.resolver(&plan, &store, &programs);
    let forced = |id: NodeId| selection.forces(&plan.graph, id);
    let check = if command.verify { Check::Contents } else { Check::Stamps };
    let known = look_up(&resolver, &command, check, &forced);
    drop(patience);
    store.note_use(&known.iter().flatten().map(Arc::as_ref).collect::<Vec<_>>());
    let (id, mut summary) = if known.iter().all(Option::is_some) {
        // Nothing is written, so that a run with nothing to do leaves nothing behind and costs next to nothing.
        store.tidy(&command.outputs.all())?;
        let counts = Counts { cached: known.len(), ..Counts::default() };
        (None, Summary { counts, ..Summary::default() })
    } else {
        warn_of_full_disk(project, &resolver, &known);
        let executor = Arc::new(LocalProcesses::default());
        let id = format!("{}-{}", Utc::now().format("%Y%m%dT%H%M%SZ"), std::process::id());
        let publishes = publishes(&resolver, &known, &command.outputs);
        let run = store.begin_run(
            &id,
            &command.outputs.all(),
            &publishes.iter().map(PathBuf::as_path).collect::<Vec<_>>(),
            before,
        )?;
        let id = run.id.clone();
        let journal = begin_journal(&run, &resolver, &plan, &command);
        drop(hold);
        let channel = Channel::new();
        // One more than there are cores: now and then a node waits for the disk.
        let jobs = command.jobs.map_or(machine::cores() + 1, usize::from);
        let progress = ui::progress();
        let engine = Engine {
            resolver,
            run: &run,
            executor: executor.as_ref(),
            progress: progress.as_ref(),
            outputs: &command.outputs,
            forced: &forced,
            check,
            inputs: Inputs::default(),
            jobs,
            cores: machine::cores(),
            memory: command.memory.unwrap_or_else(machine::free_memory),
            fail_fast: command.fail_fast,
            started,
            hint: &|words| project.hint(words),
        };
        let interrupter = channel.interrupter();
        let walk = || engine.walk(channel, Results::new(known), journal);
        let mut summary = match interruption.during(&executor, interrupter, walk) {
            Ok(summary) => summary,
            Err(error) => {
                run.finish()?;
                return Err(anyhow!("cannot start a thread: {error}\n`ulimit -u` says how many there may be").into());
            }
        };
        let ended = Ended { project, command: &command, request: &selection.request, store: &store, run: &run };
        let settled = ended.settle(&plan, &mut summary);
        // That costs no result: the next run clears what is left of this one.
        if let Err(error) = run.finish() {
            tell(&format!("warning: what run {id} left cannot be removed, which the next run tries again: {error:#}"));
        }
        settled?;
        (Some(id), summary)
    };
    // That costs no result: files are hashed again, entries read again.
    if let Err(error) = store.save_index() {
        tell(&format!("warning: {error:#}"));
    }
    let said = std::mem::replace(&mut summary.warnings, plan.warnings.clone());
    summary.warnings.extend(said);
    report(project, id.as_deref(), &plan, &summary, started, json);
    if summary.counts.failed > 0 || summary.interrupted {
        tell(&format!("`{}` does what is left", project.hint("retry")));
    }
    Ok(if summary.interrupted {
        Exit::Interrupted
    } else if summary.counts.failed > 0 {
        Exit::TaskFailed
    } else if !plan.not_made.is_empty() {
        Exit::InputMissing
    } else {
        Exit::Done
    })
}

/// What is known to have a result that needs nothing done to it, by node.
fn look_up(
    resolver: &Resolver,
    command: &Command,
    check: Check,
    forced: &dyn Fn(NodeId) -> bool,
) -> Vec<Option<Arc<Kept>>> {
    // To look at the content of everything is work for all slots, so it is left to the walk.
    if check == Check::Contents {
        return vec![None; resolver.graph.len()];
    }
    let predictions = predict(resolver, &Glancing::at_small(resolver.store), check, forced);
    let settled = |(id, prediction): (NodeId, Prediction)| {
        let Prediction::Cached(kept) = prediction else { return None };
        let target = resolver.published(id, &command.outputs);
        let is_published = |target: PathBuf| {
            resolver.store.is_noted(&kept, &target) && resolver.store.is_published(&kept, &target, check, SMALL)
        };
        target.is_none_or(is_published).then_some(kept)
    };
    let known = resolver.graph.ids().zip(predictions).map(settled).collect();
    without_unsure(resolver, known)
}

/// Leaves out what is compared with a day before that is not known yet, and what reads that: whether it falls short shows
/// when that day is made.
fn without_unsure(resolver: &Resolver, mut known: Vec<Option<Arc<Kept>>>) -> Vec<Option<Arc<Kept>>> {
    let (graph, mut unsure) = (resolver.graph, true);
    let compares = |id: NodeId| expectation::compares(resolver.spec.task(graph.node(id).task));
    while std::mem::take(&mut unsure) {
        let mut first_open: HashMap<TaskId, Option<Day>> = HashMap::new();
        for id in graph.ids().filter(|id| known[id.index()].is_none() && compares(*id)) {
            let (task, day) = (graph.node(id).task, graph.node(id).day);
            let first = first_open.entry(task).or_insert(day);
            *first = day.min(*first);
        }
        for id in graph.ids() {
            let node = graph.node(id);
            let compared = first_open.get(&node.task).is_some_and(|first| *first < node.day);
            let reads = graph.needs(id).any(|needed| known[needed.index()].is_none());
            unsure |= (compared || reads) && known[id.index()].take().is_some();
        }
    }
    known
}

/// The days that are published in the range of a command.
fn targets(project: &Project, command: &Command) -> Vec<PathBuf> {
    let days = || Span { first: command.from, last: command.to }.days();
    let tasks = project.spec.tasks.iter();
    tasks.flat_map(|task| days().filter_map(|day| resolve::published(task, day, &command.outputs))).collect()
}

/// The output folders into which what is not known yet will be published.
fn publishes(resolver: &Resolver, known: &[Option<Arc<Kept>>], outputs: &Outputs) -> BTreeSet<PathBuf> {
    let made = resolver.graph.ids().filter(|id| known[id.index()].is_none());
    let tasks = made.map(|id| resolver.spec.task(resolver.graph.node(id).task));
    tasks.filter_map(|task| Some(outputs.of(task.layout, task.publish.as_ref()?))).collect()
}

/// Says so if earlier results foretell that the disk will not do.
fn warn_of_full_disk(project: &Project, resolver: &Resolver, known: &[Option<Arc<Kept>>]) {
    let sizes = resolver.store.index.mean_sizes();
    let task = |id: NodeId| &resolver.spec.task(resolver.graph.node(id).task).name;
    let missing = resolver.graph.ids().filter(|id| known[id.index()].is_none());
    let expected: u64 = missing.filter_map(|id| sizes.get(task(id))).sum();
    if let Some(free) = machine::free_space(&project.cache).filter(|free| *free < expected) {
        tell(&format!(
            "warning: going by earlier results this takes about {}, but there is room for {} in {}\n\
             `{}` says what could go",
            text::size(expected),
            text::size(free),
            ui::short(&project.cache).display(),
            project.hint("cache gc")
        ));
    }
}

/// Begins the journal; without one the results are still kept, so the run goes on.
fn begin_journal(run: &RunFolders, resolver: &Resolver, plan: &Plan, command: &Command) -> Journal {
    let made = plan.graph.ids().map(|id| plan.graph.name(id).to_string());
    // What cannot be made now is left undone, for `retry`.
    let nodes = made.chain(plan.names_not_made(resolver.spec)).collect();
    let began = Event::Began { at: now(), process: std::process::id(), command: command.clone(), nodes };
    let journal = Journal::begin(&run.records).and_then(|mut journal| journal.write(&began).map(|()| journal));
    journal.unwrap_or_else(|error| {
        tell(&format!("warning: {}", journal::not_written(&run.records, &error)));
        Journal::none()
    })
}

/// How many failed nodes are named again when a run is over.
const MOST_FAILURES: usize = 20;

/// Says what became of a run.
fn report(project: &Project, id: Option<&str>, plan: &Plan, summary: &Summary, started: Instant, json: bool) {
    let Summary { counts: Counts { ran, cached, failed, skipped }, failed: failures, interrupted, .. } = summary;
    let nodes = plan.graph.len();
    let seconds = started.elapsed().as_secs_f64();
    for name in failures.keys().take(MOST_FAILURES) {
        tell(&format!("failed: {name}"));
    }
    if failures.len() > MOST_FAILURES {
        tell(&format!("failed: {} more", failures.len() - MOST_FAILURES));
    }
    if let Some(line) = rejects(project, &summary.rejected) {
        tell(&line);
    }
    let end = if *interrupted { ", interrupted" } else { "" };
    tell(&format!(
        "{nodes} nodes: {ran} ran, {cached} cached, {failed} failed, {skipped} skipped in {seconds:.2} s{end}"
    ));
    if summary.republished > 0 {
        let days = if summary.republished == 1 { "1 day was" } else { &format!("{} days were", summary.republished) };
        tell(&format!("{days} published from the cache: the output folder showed something else, or nothing"));
    }
    if let Some(not_made) = raw_files::summary(plan) {
        tell(&not_made);
    }
    if json {
        let failures: Vec<_> = failures
            .iter()
            .map(|(name, failure)| {
                let Failure { message, said, log, script, .. } = failure;
                json!({"node": name, "message": message, "said": said, "log": log, "script": script})
            })
            .collect();
        print(
            &json!({
                "run": id, "nodes": nodes, "ran": ran, "cached": cached, "failed": failed, "skipped": skipped,
                "seconds": seconds, "interrupted": interrupted, "failures": failures,
                "warnings": summary.warnings, "rejected": summary.rejected,
                "published": summary.published, "published_from_cache": summary.republished,
                "not_made": raw_files::in_json(project, plan),
            })
            .to_string(),
        );
    }
}

/// One line about the rows that were rejected: how many, where most are, why, how to look at these.
fn rejects(project: &Project, rejected: &BTreeMap<String, BTreeMap<String, u64>>) -> Option<String> {
    let sums = rejected.iter().map(|(node, reasons)| (reasons.values().sum::<u64>(), node));
    let (most, node) = sums.clone().max_by_key(|(rows, node)| (*rows, Reverse(*node)))?;
    let total: u64 = sums.map(|(rows, _)| rows).sum();
    let rows = if total == 1 { "1 row was".to_string() } else { format!("{total} rows were") };
    let share = if rejected.len() == 1 { format!("by {node}") } else { format!("most by {node} ({most})") };
    let task = Address::parse(node, &project.spec).ok().map(|address| project.spec.task(address.task));
    let shown = task.is_some_and(|task| task.outputs.iter().any(|output| output.name == REJECTED));
    let look = if shown { format!("show {node} --output {REJECTED}") } else { "runs last".to_string() };
    Some(format!("{rows} rejected, {share}: {}; look with `{}`", top_reasons(rejected), project.hint(&look)))
}

/// How many reasons are named when a run is over.
const MOST_REASONS: usize = 3;

/// Why rows were rejected, the most frequent reason first.
fn top_reasons(rejected: &BTreeMap<String, BTreeMap<String, u64>>) -> String {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, rows) in rejected.values().flatten() {
        *sums.entry(reason).or_default() += rows;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, rows)| Reverse(*rows));
    let others: u64 = sums.iter().skip(MOST_REASONS).map(|(_, rows)| rows).sum();
    sums.truncate(MOST_REASONS);
    sums.extend((others > 0).then_some(("something else", others)));
    sums.iter().map(|(reason, rows)| format!("{rows} x {reason}")).collect::<Vec<_>>().join(", ")
}
