//! Gives out nodes, takes in what became of them, and decides what happens next: the one place that knows how a whole
//! run is going.
//!
//! A node that cannot go on at once is set aside and costs no slot meanwhile: one that another run is making until that
//! run is done with it, one that failed and is to be tried again until its back-off is over, one that took too much
//! memory until it can run alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::again::{self, Next, Tried};
use super::budget::Budget;
use super::share;
use super::{Assignment, Damage, Engine, Event, Outcome, Results, Success, Summary};
use crate::day::Day;
use crate::expectation;
use crate::failure::{Failure, FailureKind};
use crate::graph::NodeId;
use crate::journal::{self, Journal, now};
use crate::schedule::Schedule;
use crate::spec::TaskId;
use crate::store::{Kept, Publication, Reason};

/// How long a node waits before it asks again for what another run has, where it cannot wait for that itself.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A node that waits for something that is not its turn.
struct Aside {
    id: NodeId,
    /// Until then; without it, until it is told.
    until: Option<Instant>,
}

/// How a run is going.
pub struct Director<'a> {
    engine: &'a Engine<'a>,
    /// How many nodes can run side by side.
    slots: usize,
    schedule: Schedule<'a>,
    budget: Budget,
    journal: Journal,
    give: Sender<Assignment>,
    send: Sender<Event>,
    summary: Summary,
    /// The key of the result of each node that has one.
    results: BTreeMap<String, String>,
    tried: BTreeMap<NodeId, Tried>,
    aside: Vec<Aside>,
    /// Nodes that wait until they can run alone.
    alone: VecDeque<NodeId>,
    /// Whether a node runs that must have no other beside it.
    runs_alone: bool,
    /// Whether nothing more is to be started.
    stopped: bool,
    /// Nodes whose kept results were damaged.
    reopened: BTreeSet<NodeId>,
    /// The node whose files were fetched ahead last.
    ahead: Option<NodeId>,
}

impl<'a> Director<'a> {
    pub fn new(
        engine: &'a Engine<'a>,
        slots: usize,
        results: &Results,
        journal: Journal,
        give: Sender<Assignment>,
        send: Sender<Event>,
    ) -> Self {
        let mut director = Director {
            engine,
            slots,
            schedule: Schedule::new(engine.resolver.graph, |id| results.get(id).is_some(), in_order(engine)),
            budget: Budget::new(engine.memory),
            journal,
            give,
            send,
            summary: Summary::default(),
            results: BTreeMap::new(),
            tried: BTreeMap::new(),
            aside: Vec::new(),
            alone: VecDeque::new(),
            runs_alone: false,
            stopped: false,
            reopened: BTreeSet::new(),
            ahead: None,
        };
        for id in engine.resolver.graph.ids() {
            if let Some(kept) = results.get(id) {
                director.summary.counts.cached += 1;
                director.note_result(id, &kept);
            }
        }
        director
    }

    /// Gives out nodes and takes in what became of them until nothing is left.
    pub fn direct(mut self, receive: &Receiver<Event>) -> Summary {
        self.engine.progress.begin(self.engine.resolver.graph.len());
        loop {
            self.engine.progress.count(&self.summary.counts);
            self.give_out();
            if self.budget.running() == 0 && self.aside.is_empty() {
                break;
            }
            let Some(event) = self.hear(receive) else { continue };
            match event {
                Event::Started(assignment, reason) => self.started(assignment, &reason),
                Event::Finished(id, outcome) => {
                    self.budget.give_back(id);
                    self.runs_alone = false;
                    self.finished(id, outcome);
                }
                // It may have been skipped meanwhile.
                Event::Freed(id) => self.free(|aside| aside.id == id),
                Event::Said(text) => self.warn(text),
                Event::Interrupted => self.interrupted(),
            }
        }
        self.end();
        self.summary
    }

    /// Waits for the next event; nothing, if something else is due before one comes.
    fn hear(&mut self, receive: &Receiver<Event>) -> Option<Event> {
        let now = Instant::now();
        let shown = self.engine.progress.pace().map(|pace| now + pace);
        let due = self.aside.iter().filter_map(|aside| aside.until).chain(shown).min();
        let Some(due) = due else { return receive.recv().ok() };
        let heard = receive.recv_timeout(due.saturating_duration_since(now)).ok();
        if heard.is_none() {
            self.engine.progress.show();
        }
        let now = Instant::now();
        self.free(|aside| aside.until.is_some_and(|until| until <= now));
        heard
    }

    /// Nodes that were set aside need not be any more.
    fn free(&mut self, is_free: impl Fn(&Aside) -> bool) {
        let (free, aside) = std::mem::take(&mut self.aside).into_iter().partition(is_free);
        self.aside = aside;
        let free: Vec<Aside> = free;
        for Aside { id, .. } in free {
            self.begin_anew(id);
        }
    }

    /// Says what is not as it should be, and keeps it for who reads of the run later.
    fn warn(&mut self, text: String) {
        self.engine.progress.say(&text);
        self.summary.warnings.push(text);
    }

    /// The node gets another turn, unless something that it reads has failed meanwhile.
    fn begin_anew(&mut self, id: NodeId) {
        let skipped = self.schedule.put_back(id);
        self.skip(&skipped, "something that it reads failed");
    }

    fn interrupted(&mut self) {
        let running = self.budget.running();
        if !std::mem::replace(&mut self.summary.interrupted, true) && running > 0 {
            self.engine.progress.say(&format!(
                "interrupted: nothing more is started, and the {running} that run may come to their end for a few \
                 seconds; once more ends them at once"
            ));
        }
        self.stop("the run was interrupted");
    }

    /// Fills the slots, as far as there is memory.
    fn give_out(&mut self) {
        while self.budget.running() < self.slots && !self.runs_alone {
            if self.budget.running() == 0
                && let Some(id) = self.alone.pop_front()
            {
                self.runs_alone = true;
                self.assign(id, true);
                return;
            }
            // One that waits to be alone gets its turn before others that keep the machine busy.
            if !self.alone.is_empty() {
                return;
            }
            let Some(id) = self.schedule.next() else { return };
            if !self.budget.has_room(self.memory_of(id)) {
                self.begin_anew(id);
                return;
            }
            self.assign(id, false);
        }
    }

    fn assign(&mut self, id: NodeId, alone: bool) {
        self.budget.take(id, self.memory_of(id));
        let attempt = self.tried(id).times + 1;
        let busy = self.budget.running() + self.schedule.ready();
        let threads = share::threads(self.engine.cores, self.slots, if alone { 1 } else { busy });
        let ahead = self.schedule.peek().filter(|next| self.ahead != Some(*next));
        self.ahead = ahead.or(self.ahead);
        let _ = self.give.send(Assignment { id, attempt, alone, threads, ahead });
    }

    /// What a node is expected to take: what is declared, or else the most that its task ever took.
    fn memory_of(&self, id: NodeId) -> u64 {
        let task = self.engine.resolver.spec.task(self.engine.resolver.graph.node(id).task);
        let learnt = || self.engine.resolver.store.index.peak(&task.name);
        task.limits.memory.or_else(learnt).unwrap_or(0)
    }

    fn started(&mut self, assignment: Assignment, reason: &Reason) {
        let node = self.engine.name(assignment.id).to_string();
        self.engine.progress.started(&node, reason);
        self.record(&journal::Event::Started {
            at: now(),
            node,
            attempt: assignment.attempt,
            reason: reason.to_string(),
        });
    }

    fn finished(&mut self, id: NodeId, outcome: Outcome) {
        match outcome {
            Outcome::Cached(kept, publication) => {
                self.note_publication(id, publication);
                self.summary.republished += usize::from(publication == Publication::Published);
                self.summary.counts.cached += 1;
                self.done(id, &kept);
            }
            Outcome::Ran(success, publication) => {
                self.note_publication(id, publication);
                self.ran(id, *success);
            }
            Outcome::Misled(damage) => self.misled(id, &damage),
            Outcome::Taken { holder, queue } => {
                let name = self.engine.name(id);
                let holder = if holder.is_empty() { "another run".to_string() } else { holder };
                self.engine.progress.say(&format!("{name} waits for {holder}, which is making it"));
                let send = self.send.clone();
                let wait = move || {
                    queue.wait();
                    let _ = send.send(Event::Freed(id));
                };
                // It is not waited for when the run is over before.
                let waits = thread::Builder::new().spawn(wait).is_ok();
                self.aside.push(Aside { id, until: (!waits).then(|| Instant::now() + ASK_AGAIN) });
            }
            Outcome::Failed(failure) => self.failed(id, *failure),
        }
    }

    /// A kept result that the node read is not what was written: that is made again, and then the node.
    fn misled(&mut self, id: NodeId, damage: &Damage) {
        if self.stopped {
            self.warn(damage.describe(self.engine.name(damage.node), "is made again by the next run"));
            let mut skipped = vec![id];
            skipped.extend(self.schedule.failed(id));
            return self.skip(&skipped, "the run was over before it could be made again");
        }
        let damaged = self.engine.name(damage.node).to_string();
        // Several can have read it.
        if self.reopened.insert(damage.node) {
            self.warn(damage.describe(&damaged, "is made again"));
            self.summary.counts.cached -= 1;
            self.results.remove(&damaged);
            self.schedule.reopen(damage.node);
        }
        let attempt = self.tried(id);
        self.tried.insert(id, Tried { times: attempt.times + 1, ..attempt });
        self.record(&journal::Event::Failed {
            at: now(),
            node: self.engine.name(id).to_string(),
            attempt: attempt.times + 1,
            message: format!("the result of {damaged} was damaged"),
            usage: None,
            again: true,
        });
        self.begin_anew(id);
    }

    fn ran(&mut self, id: NodeId, success: Success) {
        let Success { kept, usage, rejected, said } = success;
        let name = self.engine.name(id).to_string();
        self.summary.counts.ran += 1;
        self.done(id, &kept);
        for line in said {
            self.warn(format!("{name}: {line}"));
        }
        if !rejected.is_empty() {
            self.summary.rejected.insert(name.clone(), rejected.clone());
        }
        self.record(&journal::Event::Ran { at: now(), node: name, usage, rejected });
    }

    fn done(&mut self, id: NodeId, kept: &Arc<Kept>) {
        self.schedule.done(id);
        self.note_result(id, kept);
        self.engine.progress.ended(self.engine.name(id), true);
    }

    fn note_publication(&mut self, id: NodeId, publication: Publication) {
        match publication {
            Publication::Unchanged => {}
            Publication::Published => drop(self.summary.published.insert(self.engine.name(id).to_string())),
            Publication::Overtaken => self.summary.overtaken.push(id),
        }
    }

    fn note_result(&mut self, id: NodeId, kept: &Kept) {
        self.results.insert(self.engine.name(id).to_string(), kept.key.to_string());
    }

    fn failed(&mut self, id: NodeId, failure: Failure) {
        if failure.kind == FailureKind::Stopped {
            let mut skipped = vec![id];
            skipped.extend(self.schedule.failed(id));
            return self.skip(&skipped, "the run was interrupted");
        }
        let next = self.next(id, &failure);
        let tried = self.tried(id).times + 1;
        self.tried.insert(id, Tried { times: tried, last: Some(failure.kind) });
        let name = self.engine.name(id).to_string();
        self.record(&journal::Event::Failed {
            at: now(),
            node: name.clone(),
            attempt: tried,
            message: failure.message.clone(),
            usage: failure.usage,
            again: !matches!(next, Next::Over),
        });
        let again = |when: &str| format!("{name} failed: {}; it is tried again {when}", failure.message);
        match next {
            Next::Again(pause) if pause.is_zero() => {
                self.engine.progress.say(&again("at once"));
                self.begin_anew(id);
            }
            Next::Again(pause) => {
                self.engine.progress.say(&again(&format!("in {}", humantime::format_duration(pause))));
                self.aside.push(Aside { id, until: Some(Instant::now() + pause) });
            }
            Next::Alone => {
                self.engine.progress.say(&again("alone"));
                self.alone.push_back(id);
            }
            Next::Over => self.give_up(id, failure),
        }
    }

    fn next(&self, id: NodeId, failure: &Failure) -> Next {
        if self.stopped {
            return Next::Over;
        }
        let limits = &self.engine.resolver.spec.task(self.engine.resolver.graph.node(id).task).limits;
        again::next(failure.kind, self.tried(id), limits)
    }

    fn tried(&self, id: NodeId) -> Tried {
        self.tried.get(&id).copied().unwrap_or_default()
    }

    /// The node has no result in this run.
    fn give_up(&mut self, id: NodeId, failure: Failure) {
        let name = self.engine.name(id).to_string();
        let skipped = self.schedule.failed(id);
        self.engine.progress.ended(&name, false);
        self.engine.progress.say(&failure.describe(&name, skipped.len(), &self.engine.hint));
        self.summary.counts.failed += 1;
        self.skip(&skipped, &format!("{name} failed"));
        self.summary.failed.insert(name, failure);
        if self.engine.fail_fast {
            self.stop("a node failed, and --fail-fast was given");
        }
    }

    /// Starts nothing more.
    fn stop(&mut self, because: &str) {
        self.stopped = true;
        let mut waiting: Vec<NodeId> = std::mem::take(&mut self.aside).iter().map(|aside| aside.id).collect();
        waiting.extend(self.alone.drain(..));
        let mut skipped = self.schedule.stop();
        for id in waiting {
            skipped.push(id);
            skipped.extend(self.schedule.failed(id));
        }
        self.skip(&skipped, because);
    }

    fn skip(&mut self, nodes: &[NodeId], because: &str) {
        if nodes.is_empty() {
            return;
        }
        for id in nodes {
            self.engine.progress.ended(self.engine.name(*id), false);
        }
        self.summary.counts.skipped += nodes.len();
        let nodes = nodes.iter().map(|id| self.engine.name(*id).to_string()).collect();
        self.record(&journal::Event::Skipped { at: now(), nodes, because: because.to_string() });
    }

    fn end(&mut self) {
        self.engine.progress.end();
        let results = std::mem::take(&mut self.results);
        self.record(&journal::Event::Ended {
            at: now(),
            counts: self.summary.counts,
            interrupted: self.summary.interrupted,
            seconds: self.engine.started.elapsed().as_secs_f64(),
            results,
        });
    }

    /// Writes into the journal. Where that is impossible the results are there all the same, so the run goes on.
    fn record(&mut self, event: &journal::Event) {
        if let Err(error) = self.journal.write(event) {
            self.engine.progress.say(&format!("warning: {}", journal::not_written(&self.engine.run.records, &error)));
        }
    }
}

/// Of tasks whose reports are compared with those of the days before: each node with the one that comes before it, so
/// that what is compared does not depend on which of them ends first.
fn in_order(engine: &Engine) -> Vec<(NodeId, NodeId)> {
    let graph = engine.resolver.graph;
    let mut nodes: BTreeMap<TaskId, BTreeMap<Day, NodeId>> = BTreeMap::new();
    for id in graph.ids() {
        let node = graph.node(id);
        if let Some(day) = node.day.filter(|_| expectation::compares(engine.resolver.spec.task(node.task))) {
            nodes.entry(node.task).or_default().insert(day, id);
        }
    }
    let pairs = |days: BTreeMap<Day, NodeId>| {
        let ids: Vec<NodeId> = days.into_values().collect();
        ids.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    };
    nodes.into_values().flat_map(pairs).collect()
}
