//! Which way each arrow of a picture goes, before anything has a size: through which columns, in which band, and which
//! arrows share a lane.
//!
//! A band is a row of the picture: the nodes of one day, or all that has no day. Within a band an arrow goes from column
//! to column, through a free slot of each column that it passes. One that ends in another band leaves its own just before
//! the column of its reader, and goes up or down there in a lane: one lane for all that a node looks back on, one for all
//! that read a node without a day.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::{Arrow, Picture};
use crate::day::Day;

/// Slots, and what connects them. The first slots are those of the picture's blocks, in order.
pub struct Routes {
    pub slots: Vec<Slot>,
    pub links: Vec<Link>,
    pub lanes: Vec<Lane>,
    pub bands: Vec<Option<Day>>,
    pub columns: usize,
}

/// A place for a block, or for an arrow that passes.
#[derive(Clone, Copy)]
pub struct Slot {
    pub column: usize,
    pub band: usize,
    /// Whether it only lets arrows pass.
    pub free: bool,
}

/// From a slot to one of the next column, in the same band.
pub struct Link {
    pub from: usize,
    pub to: usize,
    pub looks_back: bool,
    pub label: Option<String>,
}

/// A way up or down, just before a column.
pub struct Lane {
    pub column: usize,
    /// The task that it comes from.
    pub task: String,
    /// The slots that it comes from, all in the column before.
    pub from: Vec<usize>,
    /// The blocks that it leads to.
    pub to: Vec<usize>,
    pub look_back: Option<String>,
    /// Whether it comes from a node without a day.
    pub once: bool,
}

impl Lane {
    /// Whether it leads to the same column as another, from the same task, for as many days.
    pub fn is_like(&self, other: &Lane) -> bool {
        (self.column, &self.task, &self.look_back, self.once)
            == (other.column, &other.task, &other.look_back, other.once)
    }
}

/// Which arrows share a lane; its order is that of the lanes from left to right. The lane of a later day is further left,
/// so that lanes with one beginning do not cross.
type LaneKey = (usize, bool, String, Option<String>, Reverse<(Option<Day>, usize)>);

impl Routes {
    pub fn of(picture: &Picture) -> Routes {
        let first = picture.blocks.iter().map(|block| block.layer).min().unwrap_or(0);
        let mut bands: Vec<Option<Day>> = picture.blocks.iter().map(|block| block.day).collect();
        bands.sort();
        bands.dedup();
        let slots = picture.blocks.iter().map(|block| {
            let band = bands.partition_point(|band| *band < block.day);
            Slot { column: block.layer - first, band, free: false }
        });
        let slots: Vec<Slot> = slots.collect();
        let columns = slots.iter().map(|slot| slot.column + 1).max().unwrap_or(0);
        let routes = Routes { slots, links: Vec::new(), lanes: Vec::new(), bands, columns };
        let mut routing = Routing { picture, routes, passed: HashMap::new(), lanes: BTreeMap::new() };
        for arrow in &picture.arrows {
            routing.add(arrow);
        }
        Routes { lanes: routing.lanes.into_values().collect(), ..routing.routes }
    }

    pub fn has_days(&self) -> bool {
        self.bands.iter().any(Option::is_some)
    }
}

/// Routes while they are found.
struct Routing<'a> {
    picture: &'a Picture,
    routes: Routes,
    /// The slot through which the arrows of a block pass a column.
    passed: HashMap<(usize, usize), usize>,
    lanes: BTreeMap<LaneKey, Lane>,
}

impl Routing<'_> {
    fn add(&mut self, arrow: &Arrow) {
        let (start, end) = (self.routes.slots[arrow.from], self.routes.slots[arrow.to]);
        let looks_back = arrow.look_back.is_some();
        let mut from = arrow.from;
        for column in start.column + 1..end.column {
            from = self.pass(arrow.from, from, Slot { column, band: start.band, free: true }, looks_back);
        }
        if start.band == end.band {
            let label = self.picture.label(arrow).map(str::to_string);
            self.routes.links.push(Link { from, to: arrow.to, looks_back, label });
        } else {
            self.change_bands(arrow, from, end.column);
        }
    }

    /// Goes on into a free slot, which all arrows from one block share.
    fn pass(&mut self, block: usize, from: usize, slot: Slot, looks_back: bool) -> usize {
        if let Some(known) = self.passed.get(&(block, slot.column)) {
            return *known;
        }
        let to = self.routes.slots.len();
        self.routes.slots.push(slot);
        self.routes.links.push(Link { from, to, looks_back, label: None });
        self.passed.insert((block, slot.column), to);
        to
    }

    /// Ends an arrow through a lane, which begins at a slot before the column.
    fn change_bands(&mut self, arrow: &Arrow, from: usize, column: usize) {
        let source = &self.picture.blocks[arrow.from];
        let once = source.day.is_none();
        let reader = if once { (None, 0) } else { (self.picture.blocks[arrow.to].day, arrow.to) };
        let key = (column, once, source.name.clone(), arrow.look_back.clone(), Reverse(reader));
        let (task, look_back) = (source.name.clone(), arrow.look_back.clone());
        let new = || Lane { column, task, from: Vec::new(), to: Vec::new(), look_back, once };
        let lane = self.lanes.entry(key).or_insert_with(new);
        for (slots, slot) in [(&mut lane.from, from), (&mut lane.to, arrow.to)] {
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
    }
}
