//! Sorts events as they were logged into the order of a table of actions: by customer, each newest first.
//!
//! Events are first scattered over ranges of customers, so few to a range that all further steps find them in the
//! processor's cache. To sort all at once would wait for memory at every step, for customers come in no order at all.
//!
//! It does not know where events come from, nor where actions go.

use anyhow::Result;

use super::Action;
use crate::order;
use crate::schema::ActionType;

/// Events of one type, column by column.
pub struct Events<'a> {
    pub customers: &'a [i64],
    pub items: &'a [i32],
    /// Microseconds since 1970 UTC.
    pub timestamps: &'a [i64],
    pub action_type: ActionType,
}

/// About how many events make a range: with all that is said about them they fill a part of the second cache.
const RANGE: usize = 1 << 12;
/// The most ranges: a processor does not know the addresses of many more places to write to at a time.
const MOST_RANGES: usize = 1 << 10;

/// The events of all customers that it was made for, of which each is given to it once.
pub struct Sorter {
    /// Customers who differ in their last bits only, as many as `shift`, are in one range.
    smallest: i64,
    shift: u32,
    /// Where the next event of each range goes; at last, where the range ends.
    places: Vec<usize>,
    customers: Vec<i64>,
    /// The bits of an [`Action`], so that all are zero at first: such memory is the kernel's and costs nothing.
    actions: Vec<u128>,
}

impl Sorter {
    /// One for events of these customers, however they are ordered and however often each comes.
    pub fn new(customers: Vec<i64>) -> Sorter {
        let (smallest, largest) = customers.iter().fold((i64::MAX, i64::MIN), |(smallest, largest), customer| {
            (smallest.min(*customer), largest.max(*customer))
        });
        let span = if customers.is_empty() { 0 } else { largest.abs_diff(smallest) };
        let wanted = (customers.len() / RANGE).clamp(1, MOST_RANGES).next_power_of_two();
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(wanted.ilog2()).min(u64::BITS - 1);
        let mut sorter = Sorter {
            smallest,
            shift,
            places: vec![0; (span >> shift) as usize + 1],
            actions: vec![0; customers.len()],
            // They are written over one by one.
            customers,
        };
        for customer in &sorter.customers {
            let range = sorter.range(*customer);
            sorter.places[range] += 1;
        }
        let mut events = 0;
        for place in &mut sorter.places {
            events += std::mem::replace(place, events);
        }
        sorter
    }

    fn range(&self, customer: i64) -> usize {
        (customer.abs_diff(self.smallest) >> self.shift) as usize
    }

    pub fn add(&mut self, events: &Events) {
        let columns = events.customers.iter().zip(events.timestamps).zip(events.items);
        for ((customer, timestamp), item) in columns {
            let range = self.range(*customer);
            let place = &mut self.places[range];
            self.customers[*place] = *customer;
            self.actions[*place] = Action::new(*timestamp, *item, events.action_type as i8).bits();
            *place += 1;
        }
    }

    /// Hands over every customer, in ascending order, with the actions that the events are, newest first.
    pub fn each(self, mut take: impl FnMut(i64, &[Action]) -> Result<()>) -> Result<()> {
        let mut start = 0;
        let mut sorted = Vec::new();
        for end in self.places {
            let (customers, actions) = (&self.customers[start..end], &self.actions[start..end]);
            let order = order::by_customer(customers);
            for rows in order.chunk_by(|a, b| customers[*a] == customers[*b]) {
                sorted.clear();
                sorted.extend(rows.iter().map(|row| Action::of_bits(actions[*row])));
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                take(customers[rows[0]], &sorted)?;
            }
            start = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::draw::Draw;

    #[test]
    fn events_are_ordered_as_a_sort_of_everything_orders_them() {
        for seed in 0..100 {
            let draw = &mut Draw::new(seed, 0, 3);
            let (most, last) = (1 << draw.below(62), 1 << draw.below(30));
            let mut columns = Vec::new();
            for (action_type, rows) in [(ActionType::Click, 40_000), (ActionType::AddToCart, 3_000)] {
                let rows = draw.below(rows);
                let mut customers: Vec<i64> = (0..rows).map(|_| draw.below(most) as i64).collect();
                // Someone far from all others, so that ranges are of very different sizes.
                if let Some(first) = customers.first_mut().filter(|_| seed % 4 == 0) {
                    *first = if action_type == ActionType::Click { i64::MAX } else { i64::MIN };
                }
                let timestamps: Vec<i64> = (0..rows).map(|_| draw.below(last) as i64).collect();
                let items: Vec<i32> = (0..rows).map(|_| draw.below(20) as i32).collect();
                columns.push((customers, timestamps, items, action_type));
            }
            let tables: Vec<Events> = columns
                .iter()
                .map(|(customers, timestamps, items, action_type)| Events {
                    customers,
                    items,
                    timestamps,
                    action_type: *action_type,
                })
                .collect();
            let mut expected: Vec<(i64, Action)> = Vec::new();
            for events in &tables {
                for row in 0..events.customers.len() {
                    let action = Action::new(events.timestamps[row], events.items[row], events.action_type as i8);
                    expected.push((events.customers[row], action));
                }
            }
            expected.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            let customers: Vec<i64> = tables.iter().flat_map(|events| events.customers).copied().collect();
            let mut sorter = Sorter::new(customers);
            tables.iter().for_each(|events| sorter.add(events));
            let (mut found, mut seen) = (Vec::new(), Vec::new());
            let each = |customer, actions: &[Action]| {
                seen.push(customer);
                found.extend(actions.iter().map(|action| (customer, *action)));
                Ok(())
            };
            sorter.each(each).unwrap();
            assert!(found == expected, "seed {seed}");
            assert!(seen.is_sorted_by(|a, b| a < b), "seed {seed}: each customer comes once");
        }
    }
}
