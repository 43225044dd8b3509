//! How much memory is spoken for, so that never more nodes run side by side than fit.
//!
//! Pure. A node that needs more than there is runs all the same, but alone.

use std::collections::BTreeMap;

use crate::graph::NodeId;

/// The memory of a run, in bytes.
#[derive(Debug)]
pub struct Budget {
    total: u64,
    spoken_for: BTreeMap<NodeId, u64>,
}

impl Budget {
    pub fn new(total: u64) -> Self {
        Budget { total, spoken_for: BTreeMap::new() }
    }

    /// Whether a node that needs so much can begin now.
    pub fn has_room(&self, bytes: u64) -> bool {
        self.spoken_for.is_empty() || self.spoken_for.values().sum::<u64>().saturating_add(bytes) <= self.total
    }

    pub fn take(&mut self, id: NodeId, bytes: u64) {
        self.spoken_for.insert(id, bytes);
    }

    pub fn give_back(&mut self, id: NodeId) {
        self.spoken_for.remove(&id);
    }

    /// How many nodes have taken their share.
    pub fn running(&self) -> usize {
        self.spoken_for.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_begin_while_they_fit_and_one_always_does() {
        let mut budget = Budget::new(100);
        let [first, second, third] = [0, 1, 2].map(NodeId::new);
        assert!(budget.has_room(1000), "what never fits runs alone");
        budget.take(first, 60);
        assert!(budget.has_room(40) && !budget.has_room(41));
        budget.take(second, 40);
        assert!(!budget.has_room(1));
        budget.give_back(first);
        budget.take(third, 60);
        assert_eq!(budget.running(), 2);
    }
}
