//! Many tables of actions as one: the kernel of the `merge` task.
//!
//! All tables are sorted by customer, so they are walked through side by side, holding one row group of each: up to the
//! smallest of the last customers of these groups, everything there is about a customer is in memory. A customer's
//! actions are then put together [era](crate::actions::era) by era; only those of several tables of one era have to be
//! compared. It does not know which days the tables are of.

use std::io::{Seek, Write};
use std::ops::Range;

use anyhow::Result;

use crate::actions::era::Era;
use crate::actions::{Action, ActionFile, ActionWriter, Block};
use crate::order;

/// Customers that are taken from a table at a time at most: so few that those of all tables are sorted within the cache.
const STEP: usize = 256;

/// Writes all actions of eras given newest first.
pub fn merge(eras: &[Era], writer: &mut ActionWriter<impl Write + Seek>) -> Result<()> {
    let files = eras.iter().enumerate().flat_map(|(era, tables)| tables.files.iter().map(move |file| (era, file)));
    let mut cursors: Vec<_> =
        files.map(|(era, file)| Cursor { era, file, group: 0, block: Block::default(), place: 0 }).collect();
    let (mut segments, mut customers) = (Vec::new(), Vec::new());
    loop {
        for cursor in &mut cursors {
            cursor.advance()?;
        }
        let Some(bound) = cursors.iter().filter_map(Cursor::bound).min() else { return Ok(()) };
        segments.clear();
        customers.clear();
        for (number, cursor) in cursors.iter_mut().enumerate() {
            cursor.take_through(bound, |customer, rows| {
                customers.push(customer);
                segments.push(Segment { cursor: number, rows });
            });
        }
        let order = order::by_customer(&customers);
        for of_customer in order.chunk_by(|a, b| customers[*a] == customers[*b]) {
            writer.customer(customers[of_customer[0]])?;
            // Cursors are in order of their eras, and so are the segments of a customer.
            for of_era in
                of_customer.chunk_by(|a, b| cursors[segments[*a].cursor].era == cursors[segments[*b].cursor].era)
            {
                write(of_era.iter().map(|number| &segments[*number]), &cursors, writer);
            }
        }
    }
}

/// Writes what one customer did in one era.
fn write<'a>(
    segments: impl Iterator<Item = &'a Segment> + Clone,
    cursors: &[Cursor],
    writer: &mut ActionWriter<impl Write + Seek>,
) {
    let block = |segment: &Segment| &cursors[segment.cursor].block;
    let times = |segment: &Segment| block(segment).timestamps(segment.rows.clone());
    // What overlaps is mostly a few late events, and not those of every customer.
    if segments.clone().is_sorted_by(|a, b| times(a).next_back() > times(b).next()) {
        segments.for_each(|segment| writer.copy(block(segment), segment.rows.clone()));
        return;
    }
    let actions = segments.flat_map(|segment| block(segment).actions(segment.rows.clone()));
    let mut actions: Vec<Action> = actions.collect();
    actions.sort_unstable_by(|a, b| b.cmp(a));
    writer.actions(&actions);
}

/// What one customer did according to one table.
struct Segment {
    cursor: usize,
    rows: Range<usize>,
}

/// How far a table has been walked through.
struct Cursor<'a> {
    era: usize,
    file: &'a ActionFile,
    /// The next row group to read.
    group: usize,
    block: Block,
    /// The next customer of the block.
    place: usize,
}

impl Cursor<'_> {
    /// Reads the next row group if the last one is done with.
    fn advance(&mut self) -> Result<()> {
        if self.place == self.block.customers.len() {
            match self.file.groups().get(self.group) {
                Some(_) => self.file.read(self.group, true, &mut self.block)?,
                None => self.block = Block::default(),
            }
            (self.group, self.place) = (self.group + 1, 0);
        }
        Ok(())
    }

    /// A customer up to whom the block has all, some steps ahead; `None` at the end of the table.
    fn bound(&self) -> Option<i64> {
        self.block.customers[self.place..].iter().take(STEP).next_back().copied()
    }

    fn take_through(&mut self, bound: i64, mut take: impl FnMut(i64, Range<usize>)) {
        while let Some(customer) = self.block.customers.get(self.place).filter(|customer| **customer <= bound) {
            take(*customer, self.block.rows(self.place));
            self.place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::era::eras;
    use crate::actions::random::{Folder, all, files, read, tables};
    use crate::synthetic::draw::Draw;

    #[test]
    fn merged_tables_are_what_a_sort_of_all_actions_gives() {
        let folder = Folder::new("merge");
        for seed in 0..300 {
            let draw = &mut Draw::new(seed, 0, 0);
            let tables = tables(draw);
            let path = folder.path("merged.parquet");
            let mut writer = ActionWriter::create(&path).unwrap();
            merge(&eras(files(&folder, &tables, draw)), &mut writer).unwrap();
            let (rows, times) = (writer.rows(), writer.times());
            writer.finish().unwrap();
            let expected = all(&tables);
            assert_eq!(read(&path), expected, "seed {seed}");
            let actions = || expected.values().flatten().map(|action| action.timestamp());
            assert_eq!(rows, actions().count() as u64, "seed {seed}");
            assert_eq!(times.0, actions().min().zip(actions().max()), "seed {seed}");
        }
    }
}
