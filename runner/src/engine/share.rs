//! How many threads a node may use: its share of the cores. Pure. No result depends on it.

/// The share of one of the nodes that are `busy`, running or ready to, of which never more than `slots` run at a time.
///
/// Where fewer are busy than there are slots, the others would be idle: at the end of a day a lone node has all cores.
pub fn threads(cores: usize, slots: usize, busy: usize) -> usize {
    (cores / busy.min(slots).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_nodes_share_all_cores_and_many_have_what_a_slot_has() {
        let shares = |slots| [1, 2, 3, 4, 5, 100].map(|busy| threads(8, slots, busy));
        assert_eq!(shares(4), [8, 4, 2, 2, 2, 2]);
        assert_eq!(shares(1), [8; 6]);
        assert_eq!(shares(32), [8, 4, 2, 2, 1, 1], "a node always has one");
    }
}
