//! In which state a node is: what a run would find of it now, and what the journals say of it.
//!
//! Pure: it is told what was predicted and what was written down, and looks at nothing itself.

use std::collections::BTreeMap;

use crate::graph::Graph;
use crate::predict::Prediction;
use crate::store::Reason;

/// The state of a node, from the one that asks for least to the one that asks for most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its result is that of now, and published if its task is.
    Fresh,
    /// It has a result, but not that of now.
    Stale,
    /// It has no result.
    Missing,
    /// A run is making it.
    Running,
    /// Something that it reads is not there or cannot be read.
    NoInput,
    /// The last run that tried to make it failed to.
    Failed,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Fresh, State::Stale, State::Missing, State::Running, State::NoInput, State::Failed];

    /// The one character that stands for it where there is room for no more.
    pub fn mark(self) -> char {
        match self {
            State::Fresh => '.',
            State::Stale => '~',
            State::Missing => '-',
            State::Running => '>',
            State::NoInput => '!',
            State::Failed => 'x',
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            State::Fresh => "fresh",
            State::Stale => "stale",
            State::Missing => "missing",
            State::Running => "running",
            State::NoInput => "no input",
            State::Failed => "failed",
        }
    }
}

/// What the journals say of nodes, by name.
#[derive(Debug, Default)]
pub struct Told {
    /// The run that is making a node now.
    pub running: BTreeMap<String, String>,
    /// Of what a node failed the last time that it was to be made, if it did.
    pub failed: BTreeMap<String, String>,
}

/// What is known of a node beside what the journals say.
pub struct Found<'a> {
    pub prediction: &'a Prediction,
    /// Whether it has a result, be it an old one.
    pub made: bool,
    /// Whether the output folder shows its result as it is, or need not show it.
    pub published: bool,
}

/// The state of a node, and why it is not fresh.
pub fn state(name: &str, found: &Found, told: &Told, graph: &Graph) -> (State, Option<String>) {
    if let Some(run) = told.running.get(name) {
        return (State::Running, Some(format!("in run {run}")));
    }
    let state = match found.prediction {
        Prediction::Cached(_) if found.published => return (State::Fresh, None),
        Prediction::Cached(_) => State::Stale,
        Prediction::WouldFail(_) => State::NoInput,
        Prediction::Refused(_, shortfall) => return (State::Failed, Some(shortfall.clone())),
        Prediction::WouldRun(Reason::FirstRun) => State::Missing,
        _ if found.made => State::Stale,
        _ => State::Missing,
    };
    match told.failed.get(name) {
        Some(message) => (State::Failed, Some(message.clone())),
        None => (state, found.prediction.reason(graph).or(Some("not published".to_string()))),
    }
}
