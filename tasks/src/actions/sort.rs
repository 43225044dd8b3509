//! Sorts events as they were logged into the order of a table of actions: by customer, each newest first.
//!
//! Events are first scattered over ranges of customers, so few to a range that all further steps find them in the
//! processor's cache. To sort all at once would wait for memory at every step, for customers come in no order at all.
//!
//! It does not know where events come from, nor where actions go.

use anyhow::Result;

use super::Action;
use crate::events::Event;
use crate::order::{digits, starts};
use crate::schema::ActionType;

/// About how many events make a range: with all that is said about them they fill a part of the second cache.
const RANGE: usize = 1 << 12;
/// The most ranges: a processor does not know the addresses of many more places to write to at a time.
const MOST_RANGES: usize = 1 << 10;

/// The events of all customers that it was made for, of which each is given to it once.
pub struct Sorter {
    /// Customers who differ in their last bits only, as many as `shift`, are in one range.
    smallest: i64,
    shift: u32,
    /// Where the last event of each range went; at first where the range ends, and at last where it begins.
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
            events += *place;
            *place = events;
        }
        sorter
    }

    fn range(&self, customer: i64) -> usize {
        (customer.abs_diff(self.smallest) >> self.shift) as usize
    }

    /// Adds events of one type. They are logged mostly in order of time, and a range is filled from its end, so that the
    /// newest come first and little is left to sort.
    pub fn add(&mut self, events: impl Iterator<Item = Event>, action_type: ActionType) {
        for (customer, item, timestamp) in events {
            let range = self.range(customer);
            let place = &mut self.places[range];
            *place -= 1;
            self.customers[*place] = customer;
            self.actions[*place] = Action::new(timestamp, item, action_type as i8).bits();
        }
    }

    /// Hands over every customer, in ascending order, with the actions that the events are, newest first.
    pub fn each(mut self, mut take: impl FnMut(i64, &[Action]) -> Result<()>) -> Result<()> {
        let (mut customers, mut actions, mut sorted) = (Vec::new(), Vec::new(), Vec::new());
        let ends = self.places.iter().skip(1).copied().chain([self.customers.len()]);
        for (start, end) in self.places.iter().copied().zip(ends) {
            let rows = Rows { customers: &mut self.customers[start..end], actions: &mut self.actions[start..end] };
            customers.resize(customers.len().max(end - start), 0);
            actions.resize(actions.len().max(end - start), 0);
            let room = Rows { customers: &mut customers[..end - start], actions: &mut actions[..end - start] };
            let rows = rows.by_customer(room, self.smallest, self.shift);
            let mut first = 0;
            for of_customer in rows.customers.chunk_by(|a, b| a == b) {
                let end = first + of_customer.len();
                sorted.clear();
                sorted.extend(rows.actions[first..end].iter().map(|bits| Action::of_bits(*bits)));
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                take(of_customer[0], &sorted)?;
                first = end;
            }
        }
        Ok(())
    }
}

/// Some events.
struct Rows<'a> {
    customers: &'a mut [i64],
    actions: &'a mut [u128],
}

impl<'a> Rows<'a> {
    /// The rows ordered by customer, of whom all differ from `smallest` and from each other in the last `bits` bits; in
    /// this room or the other.
    ///
    /// A radix sort from the lowest digit up (see [`crate::order`]), which takes the actions along: to fetch them
    /// afterwards would wait for memory once more.
    fn by_customer(self, room: Rows<'a>, smallest: i64, bits: u32) -> Rows<'a> {
        let (mut rows, mut sorted) = (self, room);
        for (shift, width) in digits(bits) {
            let digit = |customer: i64| (customer.abs_diff(smallest) >> shift) as usize & ((1 << width) - 1);
            let mut places = starts(width, rows.customers.iter().map(|customer| digit(*customer)));
            for (customer, action) in rows.customers.iter().zip(&*rows.actions) {
                let place = &mut places[digit(*customer)];
                sorted.customers[*place as usize] = *customer;
                sorted.actions[*place as usize] = *action;
                *place += 1;
            }
            std::mem::swap(&mut rows, &mut sorted);
        }
        rows
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
            let mut tables = Vec::new();
            for (action_type, most_rows) in [(ActionType::Click, 40_000), (ActionType::AddToCart, 3_000)] {
                let rows = draw.below(most_rows);
                let mut event = || (draw.below(most) as i64, draw.below(20) as i32, draw.below(last) as i64);
                let mut events: Vec<Event> = (0..rows).map(|_| event()).collect();
                // Someone far from all others, so that ranges are of very different sizes.
                if let Some(first) = events.first_mut().filter(|_| seed % 4 == 0) {
                    first.0 = if action_type == ActionType::Click { i64::MAX } else { i64::MIN };
                }
                tables.push((events, action_type));
            }
            let mut expected: Vec<(i64, Action)> = Vec::new();
            for (events, action_type) in &tables {
                let action = |(customer, item, timestamp): &Event| {
                    (*customer, Action::new(*timestamp, *item, *action_type as i8))
                };
                expected.extend(events.iter().map(action));
            }
            expected.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            let customers = tables.iter().flat_map(|(events, _)| events.iter().map(|event| event.0)).collect();
            let mut sorter = Sorter::new(customers);
            tables.into_iter().for_each(|(events, action_type)| sorter.add(events.into_iter(), action_type));
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
