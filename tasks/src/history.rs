//! The newest actions of each customer: the kernel of the `history` task.
//!
//! Customers are taken a range at a time, so that memory does not grow with their number, and for each range the
//! [eras](crate::actions::era) of the tables from the newest on, until every customer has all that is wanted. An era of
//! one table, which is the ordinary one, is copied as it lies; its timestamps are not even read. It does not know files
//! of histories, days or windows of days.
//!
//! A range has as many customers as are expected to fit into memory. Where each has few actions a range is long, so that
//! a row group is read once or twice, and not once for every thousand of its customers.

use std::ops::Range;
use std::thread;

use anyhow::{Result, anyhow};

use crate::actions::era::Era;
use crate::actions::{Action, ActionFile, Block};
use crate::histories::Histories;
use crate::times::Times;

/// Actions of a range of customers: 5 MB of items and types, and up to twice as much where a row group ends so.
const RANGE: u64 = 1 << 20;
/// What is kept of a customer beside the actions takes as much memory as so many actions.
const CUSTOMER: u64 = 12;

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
        self.find_by(RANGE, eras, threads, take)
    }

    fn find_by(self, room: u64, eras: &[Era], threads: usize, mut take: impl FnMut(Found) -> Result<()>) -> Result<()> {
        let find = |range: &Range<usize>| Wanted { customers: &self.customers[range.clone()], ..self }.of_range(eras);
        for side_by_side in self.ranges(room, eras).chunks(threads.max(1)) {
            let found: Vec<Result<Found>> = thread::scope(|scope| {
                let begin = |range| thread::Builder::new().spawn_scoped(scope, move || find(range)).map_err(|_| range);
                let others: Vec<_> = side_by_side[1..].iter().map(begin).collect();
                let first = find(&side_by_side[0]);
                let others = others.into_iter().map(|other| match other {
                    Ok(thread) => thread.join().unwrap_or_else(|_| Err(anyhow!("a thread ended"))),
                    // Where no other thread is to be had, this one does its share.
                    Err(range) => find(range),
                });
                [first].into_iter().chain(others).collect()
            });
            found.into_iter().try_for_each(|found| take(found?))?;
        }
        Ok(())
    }

    /// Cuts the customers into ranges whose actions are expected to fit into so much room.
    ///
    /// A footer says how many actions a row group has. They are taken to be those of the customers who are wanted, as many
    /// of each; nobody counts with more than are kept. So a range may come out too long only where it ends amid a row group.
    fn ranges(self, room: u64, eras: &[Era]) -> Vec<Range<usize>> {
        // Counted in such parts, a few actions of many customers are not lost.
        const PARTS: i64 = 1 << 10;
        let mut more = vec![0; self.customers.len()];
        let mut ends = Vec::new();
        for group in eras.iter().flat_map(|era| &era.files).flat_map(|file| file.groups()) {
            let start = self.customers.partition_point(|customer| *customer < group.first_customer);
            let end = start + self.customers[start..].partition_point(|customer| *customer <= group.last_customer);
            if start < end {
                let each = group.rows as i64 * PARTS / (end - start) as i64;
                more[start] += each;
                more.get_mut(end).into_iter().for_each(|more| *more -= each);
                ends.push(end);
            }
        }
        ends.sort_unstable();
        let (mut each, mut sum, mut sums) = (0, 0, vec![0]);
        for more in more {
            each += more;
            sum += CUSTOMER + ((each / PARTS) as u64).min(self.length as u64);
            sums.push(sum);
        }
        let (mut ranges, mut start) = (Vec::new(), 0);
        while start < self.customers.len() {
            let full = start.max(sums.partition_point(|sum| *sum <= sums[start] + room) - 1).max(start + 1);
            // A row group that two ranges share is read twice, so a range rather ends where one ends: the last one that fits,
            // or else the next, if that is not too far.
            let ended = ends.partition_point(|end| *end <= full);
            let within = ends[..ended].last().filter(|end| **end > start + (full - start) / 2);
            let beyond = ends.get(ended).filter(|end| sums[**end] <= sums[start] + 2 * room);
            let end = if full == self.customers.len() { full } else { *within.or(beyond).unwrap_or(&full) };
            ranges.push(start..end);
            start = end;
        }
        ranges
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

/// Histories in the making: actions in the order in which they were taken, and for each customer which are theirs.
struct Slots<'a> {
    wanted: Wanted<'a>,
    /// The row group that was read last.
    block: Block,
    items: Vec<i32>,
    action_types: Vec<i8>,
    /// The first is empty, and comes before every customer's first.
    pieces: Vec<Piece>,
    /// For each customer the last piece, and how many actions there are in all.
    last: Vec<u32>,
    filled: Vec<usize>,
    times: Times,
    /// The oldest actions taken from the last table of which actions were taken without looking at their times.
    oldest: Option<(&'a ActionFile, Vec<Row>)>,
}

/// Actions of a customer that were taken at once, newest first.
#[derive(Clone, Copy, Default)]
struct Piece {
    start: u32,
    length: u32,
    /// The piece before it, of newer actions of the same customer.
    before: u32,
}

impl Piece {
    fn range(self) -> Range<usize> {
        self.start as usize..(self.start + self.length) as usize
    }
}

/// A row of a row group.
type Row = (usize, usize);

impl<'a> Slots<'a> {
    fn new(wanted: Wanted<'a>) -> Self {
        let customers = wanted.customers.len();
        Slots {
            wanted,
            block: Block::default(),
            items: Vec::new(),
            action_types: Vec::new(),
            pieces: vec![Piece::default()],
            last: vec![0; customers],
            filled: vec![0; customers],
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
                self.times = file.times_of(&newest)?;
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
        let mut timed =
            Timed { first_piece: self.pieces.len(), first_action: self.items.len(), timestamps: Vec::new() };
        let mut mixed = vec![Mixed::default(); self.filled.len()];
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
                    let overlaps = self.take_back(slot, newest, &timed, |action| mixed.add(action, length));
                    if overlaps || !mixed.is_newer_than(newest) {
                        return block.actions(rows).for_each(|action| mixed.add(action, length));
                    }
                    self.settle(slot, mixed, &mut timed);
                    let count = self.put(slot, block.items(rows.clone()), block.action_types(rows.clone()));
                    timed.timestamps.extend(block.timestamps(rows).take(count));
                });
            }
        }
        mixed.iter_mut().enumerate().for_each(|(slot, mixed)| self.settle(slot, mixed, &mut timed));
        self.block = block;
        for piece in self.pieces[timed.first_piece..].iter().filter(|piece| piece.length > 0) {
            let times = timed.of(piece.range());
            self.times = self.times.union(Times(times.last().copied().zip(times.first().copied())));
        }
        Ok(())
    }

    /// Takes back those of a customer's actions with a time that are not newer than `newest`; says whether there were any.
    fn take_back(&mut self, slot: usize, newest: i64, timed: &Timed, mut take: impl FnMut(Action)) -> bool {
        let before = self.filled[slot];
        while self.last[slot] as usize >= timed.first_piece {
            let piece = &mut self.pieces[self.last[slot] as usize];
            let range = piece.range();
            let overlap = timed.of(range.clone()).iter().rev().take_while(|time| **time <= newest).count();
            for place in range.end - overlap..range.end {
                let time = timed.timestamps[place - timed.first_action];
                take(Action::new(time, self.items[place], self.action_types[place]));
            }
            self.filled[slot] -= overlap;
            piece.length -= overlap as u32;
            if piece.length > 0 {
                break;
            }
            self.last[slot] = piece.before;
        }
        self.filled[slot] < before
    }

    /// Puts mixed actions, of which none is newer than those that are there, in order.
    fn settle(&mut self, slot: usize, mixed: &mut Mixed, timed: &mut Timed) {
        let mut actions = std::mem::take(&mut mixed.actions);
        // They come table by table and each of these is sorted, so there is little to do for a sort that sees it.
        actions.sort_by(|a, b| b.cmp(a));
        let count = self.put(slot, actions.iter().map(|a| a.item_id()), actions.iter().map(|a| a.action_type()));
        timed.timestamps.extend(actions.iter().take(count).map(|action| action.timestamp()));
    }

    /// Adds as many of a customer's actions as are still wanted, and says how many.
    fn put(&mut self, slot: usize, items: impl Iterator<Item = i32>, action_types: impl Iterator<Item = i8>) -> usize {
        let (start, room) = (self.items.len(), self.wanted.length - self.filled[slot]);
        self.items.extend(items.take(room));
        self.action_types.extend(action_types.take(room));
        let count = self.items.len() - start;
        if count > 0 {
            let before = std::mem::replace(&mut self.last[slot], self.pieces.len() as u32);
            self.pieces.push(Piece { start: start as u32, length: count as u32, before });
            self.filled[slot] += count;
        }
        count
    }

    /// Puts the pieces of each customer together.
    fn finish(self) -> Result<Found> {
        let times = match &self.oldest {
            Some((file, rows)) => self.times.union(file.times_of(rows)?),
            None => self.times,
        };
        let all = self.filled.iter().sum();
        let (mut items, mut action_types) = (vec![0; all], vec![0; all]);
        let (mut offset, mut offsets) = (0, vec![0]);
        for (last, filled) in self.last.iter().zip(&self.filled) {
            offset += filled;
            offsets.push(offset as i64);
            let (mut end, mut piece) = (offset, self.pieces[*last as usize]);
            while piece.length > 0 {
                let place = end - piece.length as usize..end;
                items[place.clone()].copy_from_slice(&self.items[piece.range()]);
                action_types[place.clone()].copy_from_slice(&self.action_types[piece.range()]);
                (end, piece) = (place.start, self.pieces[piece.before as usize]);
            }
        }
        Ok((Histories { customers: self.wanted.customers.to_vec(), offsets, items, action_types }, times))
    }
}

/// The timestamps of the pieces from one on, while tables are taken that overlap.
struct Timed {
    first_piece: usize,
    /// The first action of that piece.
    first_action: usize,
    timestamps: Vec<i64>,
}

impl Timed {
    fn of(&self, actions: Range<usize>) -> &[i64] {
        &self.timestamps[actions.start - self.first_action..actions.end - self.first_action]
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
fn groups(file: &ActionFile, customers: &[i64]) -> Range<usize> {
    let (Some(first), Some(last)) = (customers.first(), customers.last()) else { return 0..0 };
    let start = file.groups().partition_point(|group| group.last_customer < *first);
    start..start + file.groups()[start..].partition_point(|group| group.first_customer <= *last)
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
            for room in [1, 50, 100_000] {
                let (mut found, mut times) = (Histories::default(), Times::default());
                let wanted = Wanted { customers: &customers, length, before };
                let take = |(histories, of_range): Found| {
                    found.append(&histories);
                    times = times.union(of_range);
                    Ok(())
                };
                wanted.find_by(room, &eras, 1 + draw.below(3) as usize, take).unwrap();
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
