//! Why a node has the result that it has, or has to run: the chain of reasons back to what came first.
//!
//! A reason names what changed. What changed may be the output of another node, whose result was kept with a reason of
//! its own, and so on, until a raw file, a program, a parameter or a first run. It reads entries and runs nothing.

use std::collections::BTreeSet;

use crate::address::{self, Address};
use crate::graph::{Graph, NodeId};
use crate::predict::Prediction;
use crate::spec::{Origin, PipelineSpec};
use crate::store::{Change, Digest, Entry, Kept, Reason, Store};

/// How many chains are followed; more tell nobody more.
const MOST_CHAINS: usize = 200;

/// One step back: a node, and one thing that it ran for or would run for.
#[derive(Clone, Debug)]
pub struct Link {
    pub node: String,
    pub standing: Standing,
    pub cause: Cause,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The run of this name made it.
    Ran(String),
    WouldRun,
    MayRun,
    WouldFail,
}

/// What a node ran for or would run for.
#[derive(Clone, Debug)]
pub enum Cause {
    /// Something that needs no further explanation, or has none.
    Reason(Reason),
    Change(Change),
    /// The output of another node changed, and these are the two, where they are still kept.
    Output {
        change: Change,
        old: Option<Box<Table>>,
        new: Option<Box<Table>>,
    },
    /// It reads this node, which would run.
    Reads(String),
    /// It could not run.
    Problem(String),
    /// The run of this name made it, and its result was removed since.
    Gone(String),
}

/// A file of a result.
#[derive(Clone, Debug)]
pub struct Table {
    pub kept: Kept,
    pub digest: Digest,
}

/// Follows reasons back.
pub struct Explainer<'a> {
    pub spec: &'a PipelineSpec,
    pub store: &'a Store,
    pub graph: &'a Graph,
    pub predictions: &'a [Prediction],
}

/// A node, what is known of it, and the chain that leads to it.
struct Search {
    chains: Vec<Vec<Link>>,
    seen: BTreeSet<String>,
}

impl Explainer<'_> {
    /// All chains from a node to a first cause, each first cause once, those that were found first before others.
    pub fn explain(&self, id: NodeId) -> Vec<Vec<Link>> {
        let mut search = Search { chains: Vec::new(), seen: BTreeSet::new() };
        self.follow(id, &[], &mut search);
        let mut told = BTreeSet::new();
        search.chains.retain(|chain| told.insert(chain.last().map(|link| link.cause.first_cause())));
        search.chains
    }

    /// Goes on from a node of the graph: what would happen to it now.
    fn follow(&self, id: NodeId, so_far: &[Link], search: &mut Search) {
        let node = self.graph.name(id);
        if !search.seen.insert(node.to_string()) {
            return;
        }
        let link = |standing, cause| Link { node: node.to_string(), standing, cause };
        match &self.predictions[id.index()] {
            Prediction::Cached(kept) => match kept.entry() {
                Some(entry) => self.follow_result(node, &entry, so_far, search),
                None => search.end(so_far, None),
            },
            Prediction::WouldRun(reason) => self.follow_reason(node, &Standing::WouldRun, reason, so_far, search),
            Prediction::MayRun(_) => {
                let open = |needed: &NodeId| self.predictions[needed.index()].result().is_none();
                for needed in self.graph.needs(id).filter(open).collect::<BTreeSet<_>>() {
                    let step = link(Standing::MayRun, Cause::Reads(self.graph.name(needed).to_string()));
                    self.follow(needed, &with(so_far, step), search);
                }
            }
            Prediction::WouldFail(message) | Prediction::Refused(_, message) => {
                search.end(so_far, Some(link(Standing::WouldFail, Cause::Problem(message.clone()))));
            }
            Prediction::Unknown => search.end(so_far, None),
        }
    }

    /// Goes on from a result that is kept: why it was made.
    fn follow_result(&self, node: &str, entry: &Entry, so_far: &[Link], search: &mut Search) {
        self.follow_reason(node, &Standing::Ran(entry.run.clone()), &entry.reason, so_far, search);
    }

    fn follow_reason(&self, node: &str, standing: &Standing, reason: &Reason, so_far: &[Link], search: &mut Search) {
        let link = |cause| Link { node: node.to_string(), standing: standing.clone(), cause };
        if reason.changes().is_empty() {
            return search.end(so_far, Some(link(Cause::Reason(reason.clone()))));
        }
        for change in reason.changes() {
            if search.chains.len() >= MOST_CHAINS {
                return;
            }
            let Some((address, old, new)) = self.output(node, change) else {
                search.end(so_far, Some(link(Cause::Change(change.clone()))));
                continue;
            };
            let table = |digest: Option<Digest>| digest.and_then(|digest| self.table(address, digest)).map(Box::new);
            let (old, new) = (table(old), table(new));
            let entry = new.as_ref().and_then(|table| table.kept.entry());
            let step = link(Cause::Output { change: change.clone(), old, new });
            let name = self.name(address);
            match entry {
                Some(entry) if search.seen.insert(name.clone()) => {
                    self.follow_result(&name, &entry, &with(so_far, step), search);
                }
                // It was followed from another node already.
                Some(_) => {}
                None => search.end(so_far, Some(step)),
            }
        }
    }

    /// If what changed is the output of another node: that node, or one part of it, and its contents before and after.
    fn output(&self, node: &str, change: &Change) -> Option<(Address, Option<Digest>, Option<Digest>)> {
        let Change::Input { name, item, old, new } = change else { return None };
        let task = self.spec.task(Address::parse(node, self.spec).ok()?.task);
        let input = task.inputs.iter().find(|input| input.name == *name)?;
        let Origin::Output(..) = input.from else { return None };
        let producer = item.split('/').next().unwrap_or(item);
        Some((Address::parse(producer, self.spec).ok()?, *old, *new))
    }

    /// The file of a node with a certain content, if it is still kept.
    fn table(&self, address: Address, digest: Digest) -> Option<Table> {
        let task = self.spec.task(address.task);
        let kept = self.store.with_output(&task.name, address.own_day(self.spec), &digest)?;
        Some(Table { kept, digest })
    }

    fn name(&self, address: Address) -> String {
        address::name(&self.spec.task(address.task).name, address.day)
    }
}

impl Search {
    fn end(&mut self, so_far: &[Link], last: Option<Link>) {
        let mut chain = so_far.to_vec();
        chain.extend(last);
        if !chain.is_empty() {
            self.chains.push(chain);
        }
    }
}

fn with(so_far: &[Link], step: Link) -> Vec<Link> {
    let mut chain = so_far.to_vec();
    chain.push(step);
    chain
}

impl Cause {
    /// In words, so that equal causes of different nodes are told once.
    pub fn first_cause(&self) -> String {
        match self {
            Cause::Reason(reason) => reason.to_string(),
            Cause::Change(change) | Cause::Output { change, .. } => change.to_string(),
            Cause::Reads(node) => format!("reads {node}, which would run"),
            Cause::Problem(message) => message.clone(),
            Cause::Gone(run) => format!("its result, which run {run} made, was removed"),
        }
    }
}

impl Table {
    /// Where the file lies.
    pub fn path(&self) -> Option<std::path::PathBuf> {
        let file = self.kept.files.iter().find(|file| file.digest == self.digest)?;
        Some(self.kept.path(file))
    }
}
