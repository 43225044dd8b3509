//! Random impressions and histories, and the training rows that the contract makes of them, said as plainly as can be.

use crate::support::{Chance, Space};
use crate::tables::{ListRow, write_histories, write_impressions};

/// Impressions (customer, item, label) and histories (customer, items, types), both sorted by customer.
pub struct Shop {
    pub impressions: Vec<(i64, i32, bool)>,
    pub histories: Vec<(i64, Vec<i32>, Vec<i8>)>,
}

impl Shop {
    /// So many impressions; histories are as long as one of `lengths` says.
    pub fn random(chance: &mut Chance, impressions: usize, lengths: &[usize]) -> Shop {
        let mut shop = Shop { impressions: Vec::new(), histories: Vec::new() };
        let mut customer = 0;
        // A small range of items makes them repeat; a large one makes their numbers sparse.
        let items = [3, 1000, i32::MAX as u64][chance.below(3) as usize];
        while shop.impressions.len() < impressions {
            customer += 1 + chance.below(3) as i64;
            let actions = lengths[chance.below(lengths.len() as u64) as usize];
            let rows = (1 + chance.below(40) as usize).min(impressions - shop.impressions.len());
            let history = (0..actions).map(|_| (1 + chance.below(items) as i32, 1 + chance.below(3) as i8));
            let (history_items, types) = history.unzip();
            shop.histories.push((customer, history_items, types));
            let item = |chance: &mut Chance| (customer, chance.below(1 << 31) as i32, chance.below(2) == 0);
            shop.impressions.extend((0..rows).map(|_| item(chance)));
        }
        shop
    }

    /// The rows of `join`: of each impression the customer's history, padded with zeros.
    pub fn wide(&self, length: usize) -> Vec<ListRow> {
        let row = |&(customer, item, label): &(i64, i32, bool)| {
            let history = self.histories.iter().find(|history| history.0 == customer);
            let (_, mut items, mut types) = history.cloned().unwrap_or_default();
            items.resize(length, 0);
            types.resize(length, 0);
            (customer, Some((item, label)), items, types)
        };
        self.impressions.iter().map(row).collect()
    }

    /// Writes the inputs of `join` and `compact`, and names them as arguments.
    pub fn write(&self, space: &Space) -> &'static str {
        write_impressions(space, "impressions.parquet", &self.impressions);
        write_histories(space, "histories.parquet", &self.histories);
        "--in impressions=impressions.parquet --in histories=histories.parquet"
    }
}
