//! What is above what in a band, and how far apart.
//!
//! Slots are put beside what they are connected to, column by column, to and fro, which leaves few arrows that cross or
//! bend.

use super::layout::Place;
use super::routes::Routes;

/// How often the slots of a band are ordered, and then how often they are moved in that order.
const ROUNDS: usize = 8;

/// What each slot is connected to by links: in the column before, in the one after, in either.
pub struct Connections {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    either: Vec<Vec<usize>>,
}

impl Connections {
    pub fn of(routes: &Routes) -> Connections {
        let none = vec![Vec::new(); routes.slots.len()];
        let mut connections = Connections { before: none.clone(), after: none.clone(), either: none };
        for link in &routes.links {
            connections.before[link.to].push(link.from);
            connections.after[link.from].push(link.to);
            connections.either[link.to].push(link.from);
            connections.either[link.from].push(link.to);
        }
        connections
    }
}

/// Orders and places the slots of the columns of a band.
pub fn settle(columns: &mut [Vec<usize>], slots: &mut [Place], connections: &Connections) {
    for round in 0..2 * ROUNDS {
        let ordering = round < ROUNDS;
        let ways = [(false, &connections.before), (true, &connections.after)];
        for (backwards, beside) in ways {
            let beside = if ordering { beside } else { &connections.either };
            for step in 0..columns.len() {
                let number = if backwards { columns.len() - 1 - step } else { step };
                let column = &mut columns[number];
                if ordering {
                    column.sort_by(|one, other| wish(*one, slots, beside).total_cmp(&wish(*other, slots, beside)));
                }
                approach(column, slots, beside);
            }
        }
    }
}

/// Where a slot would be best by itself: in the middle of what it is connected to.
fn wish(slot: usize, slots: &[Place], beside: &[Vec<usize>]) -> f64 {
    let middles = beside[slot].iter().map(|place| slots[*place].middle);
    if middles.len() == 0 { slots[slot].middle } else { middles.clone().sum::<f64>() / middles.len() as f64 }
}

/// Moves the slots of a column as near to their wishes as they can be in their order: those that would be too close to
/// each other are moved as one, to the mean of their wishes.
fn approach(column: &[usize], slots: &mut [Place], beside: &[Vec<usize>]) {
    let (mut offset, mut offsets) = (0.0, Vec::new());
    // Of slots that move as one: how many, and the sum of their wishes for the first of them.
    let mut groups: Vec<(f64, f64)> = Vec::new();
    for (place, slot) in column.iter().enumerate() {
        if place > 0 {
            offset += (slots[column[place - 1]].room + slots[*slot].room) / 2.0;
        }
        offsets.push(offset);
        let (mut count, mut sum) = (1.0, wish(*slot, slots, beside) - offset);
        while let Some((earlier_count, earlier_sum)) = groups.last().copied()
            && earlier_sum / earlier_count > sum / count
        {
            (count, sum) = (count + earlier_count, sum + earlier_sum);
            groups.pop();
        }
        groups.push((count, sum));
    }
    let starts = groups.iter().flat_map(|(count, sum)| std::iter::repeat_n(sum / count, *count as usize));
    for ((slot, offset), start) in column.iter().zip(offsets).zip(starts) {
        slots[*slot].middle = start + offset;
    }
}
