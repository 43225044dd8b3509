//! Gives out nodes, takes in what became of them, and decides what happens next: the one place that knows how a whole
//! run is going.
//!
//! A node that cannot go on at once is set aside and costs no slot meanwhile: one that another run is making until that
//! run is done with it, one that failed and is to be tried again until its back-off is over, one that took too much
//! memory until it can run alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use super::again::{self, Next, Tried};
use super::budget::Budget;
use super::share;
use super::{Assignment, Engine, Event, Outcome, Results, Success, Summary};
use crate::failure::{Failure, FailureKind};
use crate::graph::NodeId;
use crate::journal::{self, Journal, now};
use crate::schedule::Schedule;
use crate::store::{Kept, Publication, Reason};
use crate::ui;

/// How a run is going.
pub struct Director<'a> {
    engine: &'a Engine<'a>,
    schedule: Schedule<'a>,
    budget: Budget,
    journal: Journal,
    give: Sender<Assignment>,
    send: Sender<Event>,
    summary: Summary,
    /// The key of the result of each node that has one.
    results: BTreeMap<String, String>,
    tried: BTreeMap<NodeId, Tried>,
    /// Nodes that wait for something that is not theirs.
    aside: Vec<NodeId>,
    /// Nodes that wait until they can run alone.
    alone: VecDeque<NodeId>,
    /// Whether a node runs that must have no other beside it.
    crowded: bool,
    /// The node whose files were fetched ahead last.
    ahead: Option<NodeId>,
}

impl<'a> Director<'a> {
    pub fn new(
        engine: &'a Engine<'a>,
        results: &Results,
        journal: Journal,
        give: Sender<Assignment>,
        send: Sender<Event>,
    ) -> Self {
        let mut director = Director {
            engine,
            schedule: Schedule::new(engine.resolver.graph, |id| results.get(id).is_some()),
            budget: Budget::new(engine.memory),
            journal,
            give,
            send,
            summary: Summary::default(),
            results: BTreeMap::new(),
            tried: BTreeMap::new(),
            aside: Vec::new(),
            alone: VecDeque::new(),
            crowded: false,
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
        self.engine.progress.begin(self.engine.resolver.graph.len(), self.summary.counts.cached);
        loop {
            self.give_out();
            if self.budget.running() == 0 && self.aside.is_empty() {
                break;
            }
            let Ok(event) = receive.recv() else { break };
            match event {
                Event::Started(assignment, reason) => self.started(assignment, &reason),
                Event::Finished(id, outcome) => {
                    self.budget.give_back(id);
                    self.crowded = false;
                    self.finished(id, outcome);
                }
                Event::Freed(id) => {
                    // It may have been skipped meanwhile.
                    if let Some(place) = self.aside.iter().position(|other| *other == id) {
                        self.aside.swap_remove(place);
                        self.schedule.put_back(id);
                    }
                }
                Event::Interrupted => self.interrupted(),
            }
        }
        self.end();
        self.summary
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
        while self.budget.running() < self.engine.jobs && !self.crowded {
            if self.budget.running() == 0
                && let Some(id) = self.alone.pop_front()
            {
                self.crowded = true;
                self.assign(id, true);
                return;
            }
            // One that waits to be alone gets its turn before others that keep the machine busy.
            if !self.alone.is_empty() {
                return;
            }
            let Some(id) = self.schedule.next() else { return };
            if !self.budget.has_room(self.memory_of(id)) {
                self.schedule.put_back(id);
                return;
            }
            self.assign(id, false);
        }
    }

    fn assign(&mut self, id: NodeId, alone: bool) {
        self.budget.take(id, self.memory_of(id));
        let attempt = self.tried(id).times + 1;
        let busy = self.budget.running() + self.schedule.ready();
        let threads = share::threads(self.engine.cores, self.engine.jobs, if alone { 1 } else { busy });
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
                self.done(id, &kept, ui::Outcome::Cached);
            }
            Outcome::Ran(success, publication) => {
                self.note_publication(id, publication);
                self.ran(id, *success);
            }
            Outcome::Taken { holder, queue } => {
                let name = self.engine.name(id);
                let holder = if holder.is_empty() { "another run".to_string() } else { holder };
                self.engine.progress.say(&format!("{name} waits for {holder}, which is making it"));
                self.set_aside(id, move || queue.wait());
            }
            Outcome::Failed(failure) => self.failed(id, *failure),
        }
    }

    fn ran(&mut self, id: NodeId, success: Success) {
        let Success { kept, usage, rejected, said } = success;
        let name = self.engine.name(id).to_string();
        self.summary.counts.ran += 1;
        self.done(id, &kept, ui::Outcome::Ran);
        for line in said {
            self.engine.progress.say(&format!("{name}: {line}"));
        }
        self.record(&journal::Event::Ran { at: now(), node: name, usage, rejected });
    }

    fn done(&mut self, id: NodeId, kept: &Arc<Kept>, outcome: ui::Outcome) {
        self.schedule.done(id);
        self.note_result(id, kept);
        self.engine.progress.finished(self.engine.name(id), outcome);
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
                self.schedule.put_back(id);
            }
            Next::Again(pause) => {
                self.engine.progress.say(&again(&format!("in {}", humantime::format_duration(pause))));
                self.set_aside(id, move || thread::sleep(pause));
            }
            Next::Alone => {
                self.engine.progress.say(&again("alone"));
                self.alone.push_back(id);
            }
            Next::Over => self.give_up(id, failure),
        }
    }

    fn next(&self, id: NodeId, failure: &Failure) -> Next {
        if self.summary.interrupted || self.engine.fail_fast {
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
        self.engine.progress.finished(&name, ui::Outcome::Failed);
        self.engine.progress.say(&failure.describe(&name, skipped.len()));
        self.summary.counts.failed += 1;
        self.skip(&skipped, &format!("{name} failed"));
        self.summary.failed.insert(name, failure);
        if self.engine.fail_fast {
            self.stop("a node failed, and --fail-fast was given");
        }
    }

    /// Sets a node aside until `wait` is over.
    fn set_aside(&mut self, id: NodeId, wait: impl FnOnce() + Send + 'static) {
        self.aside.push(id);
        let send = self.send.clone();
        // It is not waited for when the run is over before.
        thread::spawn(move || {
            wait();
            let _ = send.send(Event::Freed(id));
        });
    }

    /// Starts nothing more.
    fn stop(&mut self, because: &str) {
        let mut waiting = std::mem::take(&mut self.aside);
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
            self.engine.progress.finished(self.engine.name(*id), ui::Outcome::Skipped);
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
