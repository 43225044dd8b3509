//! The newest actions of each customer: the kernel of the `history` task.
//!
//! Customers are taken a range at a time, so that memory does not grow with their number, and for each range the
//! [eras](crate::actions::era) of the tables from the newest on, until every customer has all that is wanted. An era of
//! one table, which is the ordinary one, is copied as it lies; its timestamps are not even read. It does not know files
//! of histories, days or windows of days.

use std::thread;

use anyhow::{Result, anyhow};

use crate::actions::era::Era;
use crate::actions::{Action, ActionFile, Block, Times};
use crate::histories::Histories;

/// Actions of a range of customers, if each has as many as are wanted: 10 MB of items and types.
const RANGE: usize = 1 << 21;

/// Histories, and the times of the actions in them.
pub type Found = (Histories, Times);

/// What is wanted of the actions.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Ascending, each once.
    pub customers: &'a [i64],
    /// Actions to keep of each.
    pub length: usize,
    /// Only actions stamped earlier than this count, in microseconds since 1970 UTC.
    pub before: i64,
}

impl Wanted<'_> {
    /// Finds the histories in eras given newest first, and hands them on range by range in the order of the customers.
    ///
    /// The ranges do not depend on the number of threads.
    pub fn find(self, eras: &[Era], threads: usize, take: impl FnMut(Found) -> Result<()>) -> Result<()> {
        self.find_by((RANGE / self.length).max(1), eras, threads, take)
    }

    fn find_by(
        self,
        range: usize,
        eras: &[Era],
        threads: usize,
        mut take: impl FnMut(Found) -> Result<()>,
    ) -> Result<()> {
        let ranges: Vec<_> = self.customers.chunks(range).collect();
        for side_by_side in ranges.chunks(threads.max(1)) {
            let find = |customers| Wanted { customers, ..self }.of_range(eras);
            let found: Vec<Result<Found>> = match side_by_side {
                [only] => vec![find(only)],
                _ => thread::scope(|scope| {
                    let begun: Vec<_> = side_by_side.iter().map(|range| scope.spawn(move || find(range))).collect();
                    begun.into_iter().map(|one| one.join().unwrap_or_else(|_| Err(anyhow!("a thread ended")))).collect()
                }),
            };
            found.into_iter().try_for_each(|found| take(found?))?;
        }
        Ok(())
    }

    fn of_range(self, eras: &[Era]) -> Result<Found> {
        let mut slots = Slots::new(self);
        for era in eras {
            if slots.full() {
                break;
            }
            match &era.files[..] {
                [file] if era.newest < self.before => slots.take_whole(file)?,
                files => slots.take_sorted(files)?,
            }
        }
        slots.finish()
    }
}

/// Histories in the making: for each customer room for as many actions as are wanted.
struct Slots<'a> {
    wanted: Wanted<'a>,
    /// The row group that was read last.
    block: Block,
    filled: Vec<usize>,
    items: Vec<i32>,
    action_types: Vec<i8>,
    times: Times,
    /// The oldest actions taken from the last table of which actions were taken without looking at their times.
    oldest: Option<(&'a ActionFile, Vec<Row>)>,
}

/// A row of a row group.
type Row = (usize, usize);

impl<'a> Slots<'a> {
    fn new(wanted: Wanted<'a>) -> Self {
        let (customers, room) = (wanted.customers.len(), wanted.customers.len() * wanted.length);
        Slots {
            wanted,
            block: Block::default(),
            filled: vec![0; customers],
            items: vec![0; room],
            action_types: vec![0; room],
            times: Times::default(),
            oldest: None,
        }
    }

    fn full(&self) -> bool {
        self.filled.iter().all(|filled| *filled == self.wanted.length)
    }

    /// Takes from a table that is older than all that was taken before and older than the day.
    fn take_whole(&mut self, file: &'a ActionFile) -> Result<()> {
        let (mut newest, mut oldest) = (Vec::new(), Vec::new());
        for group in groups(file, self.wanted.customers) {
            let mut block = std::mem::take(&mut self.block);
            file.read(group, false, &mut block)?;
            matches(self.wanted.customers, &block.customers, |slot, place| {
                let rows = block.rows(place);
                let rows = rows.start..rows.end.min(rows.start + self.wanted.length - self.filled[slot]);
                if rows.is_empty() {
                    return;
                }
                newest.push((group, rows.start));
                oldest.push((group, rows.end - 1));
                self.put(slot, block.items(rows.clone()), block.action_types(rows));
            });
            self.block = block;
        }
        if !oldest.is_empty() {
            if self.times == Times::default() {
                self.widen(file, &newest)?;
            }
            self.oldest = Some((file, oldest));
        }
        Ok(())
    }

    /// Takes from tables that overlap in time, or reach into the day; the one with the newest action comes first.
    ///
    /// What overlaps is mostly a few late events, and not those of every customer. So what a table has of a customer is put
    /// behind what newer tables had, as it lies. Where it overlaps, both are mixed until a table comes that is older than
    /// all of that; only then there is to sort.
    fn take_sorted(&mut self, files: &'a [ActionFile]) -> Result<()> {
        let length = self.wanted.length;
        // Where the actions of these tables begin.
        let begins = self.filled.clone();
        let mut timestamps = vec![0; self.items.len()];
        let mut mixed = vec![Mixed::default(); begins.len()];
        let mut block = std::mem::take(&mut self.block);
        for file in files {
            for group in groups(file, self.wanted.customers) {
                file.read(group, true, &mut block)?;
                matches(self.wanted.customers, &block.customers, |slot, place| {
                    let rows = block.rows(place);
                    let late = block.timestamps(rows.clone()).take_while(|time| *time >= self.wanted.before).count();
                    let rows = rows.start + late..rows.end;
                    let Some(newest) = block.timestamps(rows.clone()).next() else { return };
                    let mixed = &mut mixed[slot];
                    let taken = slot * length + begins[slot]..slot * length + self.filled[slot];
                    let overlap = timestamps[taken.clone()].iter().rev().take_while(|time| **time <= newest).count();
                    if overlap == 0 && mixed.is_newer_than(newest) {
                        self.settle(slot, mixed, &mut timestamps);
                        let room = timestamps[slot * length + self.filled[slot]..(slot + 1) * length].iter_mut();
                        room.zip(block.timestamps(rows.clone())).for_each(|(place, time)| *place = time);
                        return self.put(slot, block.items(rows.clone()), block.action_types(rows));
                    }
                    let action = |at: usize| Action::new(timestamps[at], self.items[at], self.action_types[at]);
                    let overlapping = (taken.end - overlap..taken.end).map(action);
                    overlapping.chain(block.actions(rows)).for_each(|action| mixed.add(action, length));
                    self.filled[slot] -= overlap;
                });
            }
        }
        mixed.iter_mut().enumerate().for_each(|(slot, mixed)| self.settle(slot, mixed, &mut timestamps));
        self.block = block;
        for (slot, (begin, filled)) in begins.iter().zip(&self.filled).enumerate() {
            let taken = &timestamps[slot * length + begin..slot * length + filled];
            self.times = self.times.union(Times(taken.last().copied().zip(taken.first().copied())));
        }
        Ok(())
    }

    /// Puts mixed actions, of which none is newer than those that are there, in order.
    fn settle(&mut self, slot: usize, mixed: &mut Mixed, timestamps: &mut [i64]) {
        let mut actions = std::mem::take(&mut mixed.actions);
        // They come table by table and each of these is sorted, so there is little to do for a sort that sees it.
        actions.sort_by(|a, b| b.cmp(a));
        let length = self.wanted.length;
        let room = timestamps[slot * length + self.filled[slot]..(slot + 1) * length].iter_mut();
        room.zip(&actions).for_each(|(place, action)| *place = action.timestamp());
        self.put(slot, actions.iter().map(|a| a.item_id()), actions.iter().map(|a| a.action_type()));
    }

    fn put(&mut self, slot: usize, items: impl Iterator<Item = i32>, action_types: impl Iterator<Item = i8>) {
        let start = slot * self.wanted.length + self.filled[slot];
        let room = &mut self.items[start..(slot + 1) * self.wanted.length];
        let count = room.iter_mut().zip(items).map(|(place, item)| *place = item).count();
        self.action_types[start..start + count].iter_mut().zip(action_types).for_each(|(place, kind)| *place = kind);
        self.filled[slot] += count;
    }

    /// Takes the times of some rows into account.
    fn widen(&mut self, file: &ActionFile, rows: &[Row]) -> Result<()> {
        for (group, row) in rows {
            self.times = self.times.union(Times::of(file.timestamp(*group, *row)?));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Found> {
        if let Some((file, rows)) = self.oldest.take() {
            self.widen(file, &rows)?;
        }
        let length = self.wanted.length;
        // Each history moves up to the end of the one before.
        let (mut end, mut offsets) = (0, vec![0]);
        for (slot, filled) in self.filled.iter().enumerate() {
            let taken = slot * length..slot * length + filled;
            self.items.copy_within(taken.clone(), end);
            self.action_types.copy_within(taken, end);
            end += filled;
            offsets.push(end as i64);
        }
        self.items.truncate(end);
        self.action_types.truncate(end);
        let customers = self.wanted.customers.to_vec();
        Ok((Histories { customers, offsets, items: self.items, action_types: self.action_types }, self.times))
    }
}

/// Actions of a customer from tables that overlap.
#[derive(Clone, Default)]
struct Mixed {
    actions: Vec<Action>,
    /// None of the actions is older.
    oldest: i64,
}

impl Mixed {
    fn is_newer_than(&self, time: i64) -> bool {
        self.actions.is_empty() || time < self.oldest
    }

    /// Adds an action, and drops some of those that are not among the newest `length`.
    fn add(&mut self, action: Action, length: usize) {
        let time = action.timestamp();
        self.oldest = if self.actions.is_empty() { time } else { self.oldest.min(time) };
        self.actions.push(action);
        if self.actions.len() >= 2 * length {
            self.actions.select_nth_unstable_by(length - 1, |a, b| b.cmp(a));
            self.actions.truncate(length);
        }
    }
}

/// The row groups of a table that may hold some of these customers.
fn groups(file: &ActionFile, customers: &[i64]) -> impl Iterator<Item = usize> {
    let range = customers.first().copied().zip(customers.last().copied());
    let groups = file.groups().iter().enumerate().filter(move |(_, group)| {
        range.is_some_and(|(first, last)| group.last_customer >= first && group.first_customer <= last)
    });
    groups.map(|(number, _)| number)
}

/// Calls `found` with the places of each customer that is in both lists, which ascend.
fn matches(wanted: &[i64], customers: &[i64], mut found: impl FnMut(usize, usize)) {
    let mut place = 0;
    // The first that can be there is found by bisection, for the list may be a part of a longer one.
    let first = customers.first().map_or(0, |first| wanted.partition_point(|customer| customer < first));
    for (slot, customer) in wanted.iter().enumerate().skip(first) {
        place += gallop(&customers[place..], |other| other < customer);
        match customers.get(place) {
            Some(other) if other == customer => found(slot, place),
            Some(_) => {}
            None => break,
        }
    }
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
    use crate::actions::era::eras;
    use crate::actions::random::{Folder, all, files, tables};
    use crate::synthetic::draw::Draw;

    #[test]
    fn histories_are_the_newest_actions_of_a_sort_of_all() {
        let folder = Folder::new("history");
        for seed in 0..500 {
            let draw = &mut Draw::new(seed, 0, 1);
            let tables = tables(draw);
            let eras = eras(files(&folder, &tables, draw));
            let customers: Vec<i64> = (1..45).filter(|_| draw.chance(0.6)).collect();
            let (length, before) = (1 + draw.below(8) as usize, draw.below(900) as i64);
            let all = all(&tables);
            let of_customer = |customer| all.get(customer).into_iter().flatten().filter(|a| a.timestamp() < before);
            let expected = || customers.iter().map(|customer| (*customer, of_customer(customer).take(length)));
            let actions = || expected().flat_map(|(_, actions)| actions);
            for range in [1, 3, 1_000] {
                let (mut found, mut times) = (Histories::default(), Times::default());
                let wanted = Wanted { customers: &customers, length, before };
                let take = |(histories, of_range): Found| {
                    found.append(&histories);
                    times = times.union(of_range);
                    Ok(())
                };
                wanted.find_by(range, &eras, 1 + draw.below(3) as usize, take).unwrap();
                assert_eq!(found.customers, customers, "seed {seed}");
                let lengths: Vec<_> = expected().map(|(_, actions)| actions.count()).collect();
                assert_eq!(found.lengths().collect::<Vec<_>>(), lengths, "seed {seed}");
                assert_eq!(found.items, actions().map(|a| a.item_id()).collect::<Vec<_>>(), "seed {seed}");
                assert_eq!(found.action_types, actions().map(|a| a.action_type()).collect::<Vec<_>>(), "seed {seed}");
                let timestamps = || actions().map(|action| action.timestamp());
                assert_eq!(times.0, timestamps().min().zip(timestamps().max()), "seed {seed}");
            }
        }
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
}
