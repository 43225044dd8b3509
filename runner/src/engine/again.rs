//! Whether a node that failed is tried again. Pure.

use std::time::Duration;

use crate::failure::FailureKind;
use crate::spec::Limits;

/// The longest that a node waits before it is tried again.
const LONGEST_BACKOFF: Duration = Duration::from_secs(600);

/// What happens to a node that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Over,
    Again(Duration),
    Alone,
}

/// How a node has fared so far in a run: how often it was tried, and how it failed the last time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    pub times: u32,
    pub last: Option<FailureKind>,
}

/// A node that was ended for memory, or that read something that changed, gets one more chance; other failures as many
/// as its task allows.
pub fn next(kind: FailureKind, before: Tried, limits: &Limits) -> Next {
    match kind {
        FailureKind::Memory if before.last != Some(FailureKind::Memory) => Next::Alone,
        FailureKind::Moved if before.last != Some(FailureKind::Moved) => Next::Again(Duration::ZERO),
        FailureKind::Program if before.times < u32::from(limits.retries) => {
            let doubled = limits.backoff.checked_mul(1 << before.times.min(31)).unwrap_or(LONGEST_BACKOFF);
            Next::Again(doubled.min(LONGEST_BACKOFF))
        }
        _ => Next::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_come_out_otherwise_is_tried_again() {
        let limits = Limits { timeout: None, retries: 1, backoff: Duration::from_secs(1), memory: None };
        let first = |kind| next(kind, Tried::default(), &limits);
        let second = |kind| next(kind, Tried { times: 1, last: Some(kind) }, &limits);
        assert_eq!(
            (first(FailureKind::Program), second(FailureKind::Program)),
            (Next::Again(limits.backoff), Next::Over)
        );
        assert_eq!((first(FailureKind::Memory), second(FailureKind::Memory)), (Next::Alone, Next::Over));
        assert_eq!((first(FailureKind::Moved), second(FailureKind::Moved)), (Next::Again(Duration::ZERO), Next::Over));
        for kind in [FailureKind::Refused, FailureKind::Runner, FailureKind::Stopped] {
            assert_eq!(first(kind), Next::Over, "{kind:?}");
        }
    }
}
