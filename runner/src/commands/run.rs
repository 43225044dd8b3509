//! `runner run`: make what is asked for.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow};
use chrono::Utc;
use serde_json::json;

use super::project::{Project, absolute};
use super::{CommandError, print, tell};
use crate::cli::RunArguments;
use crate::engine::{Channel, Engine, Summary};
use crate::exec::{Executor, LocalProcesses};
use crate::exit::Exit;
use crate::graph::NodeId;
use crate::plan::{Plan, Request};
use crate::predict::{self, Prediction};
use crate::resolve::Resolver;
use crate::spec::{PipelineSpec, TaskId};
use crate::store::Store;
use crate::ui;

pub fn run(arguments: &RunArguments) -> Result<Exit, CommandError> {
    let started = Instant::now();
    let project = Project::open(&arguments.places)?;
    let output = absolute(arguments.output.as_deref(), &project.spec.output)?;
    let selection = select(&project.spec, arguments)?;
    let plan = project.plan(&selection.request)?;
    for gap in &plan.gaps {
        tell(&format!("warning: {}", gap.describe(&project.spec)));
    }
    let programs = project.programs(&plan)?;
    let store = Store::open(&project.cache);
    let resolver = project.resolver(&plan, &store, &programs);
    let forced = |id: NodeId| {
        let node = plan.graph.node(id);
        arguments.force && (arguments.tasks.is_empty() || (node.requested && selection.named.contains(&node.task)))
    };
    if arguments.dry_run {
        return predict(&resolver, &forced, arguments.json);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = arguments.jobs.map_or(cores, usize::from);
    let id = format!("{}-{}", Utc::now().format("%Y%m%dT%H%M%SZ"), std::process::id());
    let run = store.begin_run(&id, &output)?;
    let executor = Arc::new(LocalProcesses::default());
    let channel = Channel::new();
    stop_on_signal(&executor, &channel)?;
    let progress = ui::progress();
    let engine = Engine {
        resolver,
        run: &run,
        executor: executor.as_ref(),
        progress: progress.as_ref(),
        output: &output,
        forced: &forced,
        jobs,
        threads: (cores / jobs).max(1),
        fail_fast: arguments.fail_fast,
    };
    let summary = engine.walk(channel);
    // Neither costs a result: files are hashed again, and the next run clears what is left of this one.
    for (what, done) in
        [("keep the digests of raw files", store.digests.save()), ("clear the run's work", run.finish())]
    {
        if let Err(error) = done {
            tell(&format!("warning: cannot {what}: {error}"));
        }
    }
    report(&id, &plan, &summary, started, arguments.json);
    Ok(if summary.interrupted {
        Exit::Interrupted
    } else if !summary.failed.is_empty() {
        Exit::TaskFailed
    } else {
        Exit::Done
    })
}

/// What is asked for, and the tasks that were named.
struct Selection {
    request: Request,
    named: Vec<TaskId>,
}

/// The tasks that were named, with their followers where that was asked for; else those that nothing reads from.
fn select(spec: &PipelineSpec, arguments: &RunArguments) -> Result<Selection, CommandError> {
    let usage = |message: String| CommandError::new(Exit::Usage, anyhow!(message));
    let (first, last) = (arguments.from, arguments.to);
    if first > last {
        return Err(usage(format!("--from {first} is after --to {last}")));
    }
    let mut named = Vec::new();
    for text in &arguments.tasks {
        let (name, followers) = text.strip_suffix('+').map_or((text.as_str(), false), |name| (name, true));
        let task = spec.find_task(name).map_err(usage)?;
        named.push(task);
        if followers {
            named.extend(followers_of(spec, task));
        }
    }
    let read_by_none = |id: &TaskId| !spec.task_ids().any(|other| spec.needs(other).any(|needed| needed == *id));
    let mut tasks = if named.is_empty() { spec.task_ids().filter(read_by_none).collect() } else { named.clone() };
    tasks.sort();
    tasks.dedup();
    Ok(Selection { request: Request { first, last, tasks }, named })
}

/// All tasks that read from a task, directly or not.
fn followers_of(spec: &PipelineSpec, task: TaskId) -> Vec<TaskId> {
    let mut followers = vec![task];
    let mut place = 0;
    while let Some(task) = followers.get(place).copied() {
        place += 1;
        for id in spec.task_ids() {
            if !followers.contains(&id) && spec.needs(id).any(|needed| needed == task) {
                followers.push(id);
            }
        }
    }
    followers.split_off(1)
}

/// The first request to end stops the walk and the programs.
fn stop_on_signal(executor: &Arc<LocalProcesses>, channel: &Channel) -> Result<(), CommandError> {
    let (executor, interrupter) = (Arc::clone(executor), channel.interrupter());
    ctrlc::set_handler(move || {
        interrupter.interrupt();
        executor.stop();
    })
    .context("cannot watch for Ctrl-C")?;
    Ok(())
}

/// Says what would run.
fn predict(resolver: &Resolver, forced: &dyn Fn(NodeId) -> bool, json: bool) -> Result<Exit, CommandError> {
    let predictions = predict::predict(resolver, forced)?;
    let name = |id: NodeId| resolver.graph.name(id);
    let (mut cached, mut would, mut may) = (0, Vec::new(), Vec::new());
    for (id, prediction) in &predictions {
        match prediction {
            Prediction::Cached(_) => cached += 1,
            Prediction::WouldRun(reason) => would.push((name(*id), reason.to_string())),
            Prediction::MayRun(needed) => may.push((name(*id), format!("reads {}", name(*needed)))),
        }
    }
    if json {
        let listed = |nodes: &[(&str, String)]| -> Vec<_> {
            nodes.iter().map(|(name, reason)| json!({"node": name, "reason": reason})).collect()
        };
        let nodes = predictions.len();
        print(
            &json!({"nodes": nodes, "cached": cached, "would_run": listed(&would), "may_run": listed(&may)})
                .to_string(),
        );
    } else {
        for (verb, nodes) in [("would run", &would), ("may run", &may)] {
            for (name, reason) in nodes {
                print(&format!("{verb:<10} {name:<36} {reason}"));
            }
        }
    }
    tell(&format!(
        "{} nodes: {} would run, {} may run, {cached} cached; nothing ran",
        predictions.len(),
        would.len(),
        may.len()
    ));
    Ok(Exit::Done)
}

/// How many failed nodes are named again when a run is over.
const MOST_FAILURES: usize = 20;

/// Says what became of a run.
fn report(id: &str, plan: &Plan, summary: &Summary, started: Instant, json: bool) {
    let Summary { ran, cached, failed, skipped, interrupted } = summary;
    let nodes = plan.graph.len();
    let seconds = started.elapsed().as_secs_f64();
    for name in failed.keys().take(MOST_FAILURES) {
        tell(&format!("failed: {name}"));
    }
    if failed.len() > MOST_FAILURES {
        tell(&format!("failed: {} more", failed.len() - MOST_FAILURES));
    }
    let end = if *interrupted { ", interrupted" } else { "" };
    tell(&format!(
        "{nodes} nodes: {ran} ran, {cached} cached, {} failed, {} skipped in {seconds:.2} s{end}",
        failed.len(),
        skipped.len()
    ));
    if json {
        let failures: Vec<_> = failed
            .iter()
            .map(|(name, failure)| json!({"node": name, "message": failure.message, "log": failure.log}))
            .collect();
        print(
            &json!({
                "run": id, "nodes": nodes, "ran": ran, "cached": cached, "failed": failed.len(),
                "skipped": skipped.len(), "seconds": seconds, "interrupted": interrupted, "failures": failures,
            })
            .to_string(),
        );
    }
}
