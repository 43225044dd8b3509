//! The newest actions of each customer: the kernel of the `history` task.
//!
//! It takes tables of actions that are sorted by customer, one after the other and in any order, and keeps of each
//! wanted customer the newest ones. It does not know files, days or windows of days.
//!
//! An action is one integer whose order is the order of a history (timestamp, then item, then type), so that the
//! newest actions are the greatest integers:
//!
//! ```text
//! bit 127 ................ 64 63 ......... 32 31 ......... 0
//!     timestamp, sign flipped      item_id      action_type
//! ```

use anyhow::{Result, bail};

/// An action as an integer that sorts as a history does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Action(u128);

impl Action {
    pub fn new(timestamp: i64, item_id: i32, action_type: i8) -> Self {
        let timestamp = (timestamp as u64) ^ (1 << 63);
        Action(u128::from(timestamp) << 64 | u128::from(item_id as u32) << 32 | u128::from(action_type as u8))
    }

    /// Microseconds since 1970 UTC.
    pub fn timestamp(self) -> i64 {
        ((self.0 >> 64) as u64 ^ (1 << 63)) as i64
    }

    pub fn item_id(self) -> i32 {
        (self.0 >> 32) as i32
    }

    pub fn action_type(self) -> i8 {
        self.0 as i8
    }
}

/// A table of actions, column by column, sorted by customer.
pub struct ActionTable<'a> {
    pub customers: &'a [i64],
    pub items: &'a [i32],
    pub action_types: &'a [i8],
    pub timestamps: &'a [i64],
}

/// The newest actions of each wanted customer, so far.
///
/// Memory is at most twice `length` actions (16 bytes each) a customer.
pub struct Histories {
    customers: Vec<i64>,
    newest: Vec<Vec<Action>>,
    length: usize,
    before: i64,
}

impl Histories {
    /// Histories of at most `length` actions stamped earlier than `before` (microseconds since 1970 UTC), for
    /// customers given in ascending order, each once.
    pub fn new(customers: Vec<i64>, length: usize, before: i64) -> Self {
        debug_assert!(customers.is_sorted_by(|a, b| a < b));
        let newest = vec![Vec::new(); customers.len()];
        Histories { customers, newest, length, before }
    }

    /// Takes in a table of actions. Fails if it is not sorted by customer.
    pub fn add(&mut self, table: &ActionTable) -> Result<()> {
        if !table.customers.is_sorted() {
            bail!("the actions are not sorted by customer_id");
        }
        // Both sides ascend, so each search starts where the last one ended; a gallop keeps that cheap whether many
        // or few of the table's customers are wanted.
        let mut from = 0;
        for (customer, newest) in self.customers.iter().zip(&mut self.newest) {
            from += gallop(&table.customers[from..], |other| other < customer);
            if from == table.customers.len() {
                break;
            }
            let end = from + gallop(&table.customers[from..], |other| other <= customer);
            for row in from..end {
                if table.timestamps[row] < self.before {
                    newest.push(Action::new(table.timestamps[row], table.items[row], table.action_types[row]));
                    if newest.len() == 2 * self.length {
                        keep_newest(newest, self.length);
                    }
                }
            }
            from = end;
        }
        Ok(())
    }

    /// Each customer with their history, newest first.
    pub fn finish(mut self) -> impl Iterator<Item = (i64, Vec<Action>)> {
        for newest in &mut self.newest {
            newest.sort_unstable_by(|a, b| b.cmp(a));
            newest.truncate(self.length);
        }
        self.customers.into_iter().zip(self.newest)
    }
}

/// Drops all but the greatest `length` of more than `length` actions.
fn keep_newest(actions: &mut Vec<Action>, length: usize) {
    actions.select_nth_unstable_by(length - 1, |a, b| b.cmp(a));
    actions.truncate(length);
}

/// How many values at the front satisfy `holds`, which must hold for a prefix only: doubling steps, then bisection.
fn gallop(values: &[i64], holds: impl Fn(&i64) -> bool) -> usize {
    let mut step = 1;
    while step <= values.len() && holds(&values[step - 1]) {
        step *= 2;
    }
    let low = step / 2;
    low + values[low..step.min(values.len())].partition_point(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_sort_by_time_then_item_then_type() {
        let oldest_first = [
            (i64::MIN, 9, 3),
            (-1, 9, 3),
            (0, 1, 3),
            (0, 2, 1),
            (0, 2, 3),
            (0, i32::MAX, 1),
            (1, 1, 1),
            (i64::MAX, 1, 1),
        ];
        let actions: Vec<_> = oldest_first.iter().map(|&(time, item, kind)| Action::new(time, item, kind)).collect();
        assert!(actions.is_sorted_by(|a, b| a < b));
        let back: Vec<_> = actions.iter().map(|a| (a.timestamp(), a.item_id(), a.action_type())).collect();
        assert_eq!(back, oldest_first);
    }

    #[test]
    fn gallop_finds_the_end_of_every_prefix() {
        for length in 0..40 {
            let values: Vec<i64> = (0..length).collect();
            for prefix in 0..=length {
                assert_eq!(gallop(&values, |value| *value < prefix), prefix as usize, "{prefix} of {length}");
            }
        }
    }

    #[test]
    fn the_newest_survive_whatever_order_they_come_in() {
        let mut histories = Histories::new(vec![7], 3, 1_000);
        for timestamps in [[5, 900, 1], [1_000, 999, 2], [30, 20, 10], [901, 902, 3]] {
            let table =
                ActionTable { customers: &[7; 3], items: &[1; 3], action_types: &[1; 3], timestamps: &timestamps };
            histories.add(&table).unwrap();
        }
        let kept: Vec<_> = histories
            .finish()
            .map(|(customer, kept)| (customer, kept.iter().map(|a| a.timestamp()).collect::<Vec<_>>()))
            .collect();
        assert_eq!(kept, [(7, vec![999, 902, 901])]);
    }

    #[test]
    fn an_unsorted_table_is_refused() {
        let table = ActionTable { customers: &[2, 1], items: &[1; 2], action_types: &[1; 2], timestamps: &[0; 2] };
        assert!(Histories::new(vec![1], 3, 10).add(&table).is_err());
    }
}
