//! From when to when some actions are.

/// The times of the oldest and the newest of some actions, in microseconds since 1970 UTC; `None` without actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times(pub Option<(i64, i64)>);

impl Times {
    /// The time of one action.
    pub fn of(timestamp: i64) -> Self {
        Times(Some((timestamp, timestamp)))
    }

    /// The times of these actions and others.
    pub fn union(self, other: Times) -> Times {
        match (self.0, other.0) {
            (Some((oldest, newest)), Some((older, newer))) => Times(Some((oldest.min(older), newest.max(newer)))),
            (one, other) => Times(one.or(other)),
        }
    }
}
