//! Where the boxes, lanes and bands of a picture are: sizes and coordinates, and nothing of how they look.
//!
//! What is above what is decided in [`super::settle`].

use super::Picture;
use super::routes::Routes;
use super::settle;

/// The height of a box of one line, and of one of two.
const BOX: [f64; 2] = [30.0, 46.0];
/// Between two boxes, one below the other.
const GAP: f64 = 14.0;
/// Between two arrows that end at one box.
const PORT: f64 = 19.0;
/// Between two lanes.
const LANE: f64 = 7.0;
/// The width in which an arrow turns; what is straight before and after it, and what is beside the text in a box.
const TURN: f64 = 52.0;
const LEAD: f64 = 12.0;
/// Around everything, and above and below what is in a band.
const MARGIN: f64 = 24.0;
const BAND_PADDING: f64 = 11.0;
/// How wide a letter is, in the large and in the small print.
const LETTER: f64 = 7.85;
const SMALL_LETTER: f64 = 6.65;

/// Where everything is, in pixels from the left and the top.
pub struct Layout {
    pub width: f64,
    pub height: f64,
    pub columns: Vec<Column>,
    pub bands: Vec<Band>,
    pub slots: Vec<Place>,
    /// The height at which each link ends.
    pub link_ends: Vec<f64>,
    /// The heights at which each lane ends, one for each block that it leads to.
    pub lane_ends: Vec<Vec<f64>>,
    /// How far from the left each lane is.
    pub lanes: Vec<f64>,
}

/// The horizontal part of a place, and what is left of it.
pub struct Column {
    /// Where arrows begin to turn, and where they are straight again.
    pub turn: f64,
    pub straight: f64,
    pub left: f64,
    pub width: f64,
}

/// The vertical part of a place.
#[derive(Clone, Copy)]
pub struct Place {
    pub middle: f64,
    pub height: f64,
    /// Its height with what is kept free above and below.
    pub room: f64,
}

/// The stripe of a day, from edge to edge.
pub struct Band {
    pub top: f64,
    pub height: f64,
}

impl Layout {
    pub fn of(picture: &Picture, routes: &Routes) -> Layout {
        let (columns, lanes) = columns(picture, routes);
        let mut slots = heights(picture, routes);
        let bands = stack(routes, &mut slots);
        let (link_ends, lane_ends) = ends(routes, &slots);
        let width = columns.last().map_or(0.0, |column| column.left + column.width) + MARGIN;
        let height = bands.last().map_or(0.0, |band| band.top + band.height) + MARGIN - BAND_PADDING;
        Layout { width, height, columns, bands, slots, link_ends, lane_ends, lanes }
    }
}

/// Where columns are, and the lanes before them.
fn columns(picture: &Picture, routes: &Routes) -> (Vec<Column>, Vec<f64>) {
    let mut widths = vec![0.0_f64; routes.columns];
    for (block, slot) in picture.blocks.iter().zip(&routes.slots) {
        let note = block.note().map_or(0.0, |note| length(&note) * SMALL_LETTER);
        let width = (length(&block.name) * LETTER).max(note) + 2.0 * LEAD;
        widths[slot.column] = widths[slot.column].max(width);
    }
    let mut labels = vec![0.0_f64; routes.columns];
    for link in &routes.links {
        let width = link.label.as_ref().map_or(0.0, |label| length(label) * SMALL_LETTER);
        labels[routes.slots[link.to].column] = labels[routes.slots[link.to].column].max(width);
    }
    let (mut columns, mut lanes) = (Vec::new(), Vec::new());
    let days = if routes.has_days() { 10.0 * LETTER + LEAD } else { 0.0 };
    let mut x = MARGIN + days;
    for (number, width) in widths.into_iter().enumerate() {
        let (mut turn, mut straight) = (x, x);
        if number > 0 {
            turn = lanes_before(routes, number, x + LEAD, &mut lanes);
            straight = turn + TURN;
            x = straight + labels[number] + LEAD;
        }
        columns.push(Column { turn, straight, left: x, width });
        x += width;
    }
    (columns, lanes)
}

/// Puts the lanes of a column side by side, with room for a label at the first of each kind.
fn lanes_before(routes: &Routes, column: usize, start: f64, lanes: &mut Vec<f64>) -> f64 {
    let members: Vec<_> = routes.lanes.iter().filter(|lane| lane.column == column).collect();
    let mut x = start;
    for kind in members.chunk_by(|lane, next| lane.is_like(next)) {
        let label = kind[0].look_back.as_ref().map_or(0.0, |label| length(label) * SMALL_LETTER + LEAD);
        // What comes from a node without a day has its label left of the lane, the others above.
        x += if kind[0].once { label } else { 0.0 };
        lanes.extend((0..kind.len()).map(|place| x + place as f64 * LANE));
        x += (kind.len() as f64 * LANE).max(if kind[0].once { 0.0 } else { label });
    }
    x
}

/// How high each slot is: enough for its text, and for the arrows that end there.
fn heights(picture: &Picture, routes: &Routes) -> Vec<Place> {
    let mut arrows = vec![0; routes.slots.len()];
    for end in routes.links.iter().map(|link| &link.to).chain(routes.lanes.iter().flat_map(|lane| &lane.to)) {
        arrows[*end] += 1;
    }
    let plain = |place: usize| picture.blocks.get(place).map(|block| BOX[usize::from(block.note().is_some())]);
    // With the same room for boxes of one line and of two, columns stand in line, and most arrows are straight. Many
    // days are better close together.
    let least = if routes.has_days() { 0.0 } else { (0..arrows.len()).filter_map(plain).fold(0.0, f64::max) };
    let slot = |place: usize| {
        let Some(plain) = plain(place) else { return Place { middle: 0.0, height: 0.0, room: GAP } };
        let height = plain.max(f64::from(arrows[place]) * PORT + GAP / 2.0);
        Place { middle: 0.0, height, room: height.max(least) + GAP }
    };
    (0..arrows.len()).map(slot).collect()
}

/// Puts slots in their bands and bands below each other.
fn stack(routes: &Routes, slots: &mut [Place]) -> Vec<Band> {
    let mut members = vec![vec![Vec::new(); routes.columns]; routes.bands.len()];
    for (place, slot) in routes.slots.iter().enumerate() {
        members[slot.band][slot.column].push(place);
    }
    let connections = settle::Connections::of(routes);
    let mut top = MARGIN - BAND_PADDING;
    let mut bands = Vec::new();
    for mut columns in members {
        settle::settle(&mut columns, slots, &connections);
        let inside = || columns.iter().flatten().map(|place| slots[*place]);
        let highest = inside().map(|slot| slot.middle - slot.height / 2.0).fold(f64::INFINITY, f64::min);
        let lowest = inside().map(|slot| slot.middle + slot.height / 2.0).fold(f64::NEG_INFINITY, f64::max);
        let height = lowest - highest + 2.0 * BAND_PADDING;
        for place in columns.iter().flatten() {
            slots[*place].middle += top + BAND_PADDING - highest;
        }
        bands.push(Band { top, height });
        top += height;
    }
    bands
}

/// Where arrows end: one below the other at the box, in the order of where they come from.
fn ends(routes: &Routes, slots: &[Place]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut link_ends: Vec<f64> = routes.links.iter().map(|link| slots[link.to].middle).collect();
    let mut lane_ends: Vec<Vec<f64>> = routes.lanes.iter().map(|lane| vec![0.0; lane.to.len()]).collect();
    let mut arriving: Vec<Vec<(f64, &mut f64)>> = slots.iter().map(|_| Vec::new()).collect();
    for (lane, ends) in routes.lanes.iter().zip(&mut lane_ends) {
        // A lane comes from above.
        let from = if lane.once { f64::MIN } else { 0.0 };
        lane.to.iter().zip(ends).for_each(|(to, end)| arriving[*to].push((from, end)));
    }
    for (link, end) in routes.links.iter().zip(&mut link_ends) {
        arriving[link.to].push((slots[link.from].middle, end));
    }
    for (slot, mut arriving) in slots.iter().zip(arriving).filter(|(slot, _)| slot.height > 0.0) {
        arriving.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let first = slot.middle - PORT * (arriving.len() as f64 - 1.0) / 2.0;
        for (place, (_, end)) in arriving.into_iter().enumerate() {
            *end = first + PORT * place as f64;
        }
    }
    (link_ends, lane_ends)
}

/// In letters of a font with letters of one width; those of Chinese, Japanese and Korean take two.
fn length(text: &str) -> f64 {
    text.chars().map(|letter| if letter >= '\u{1100}' { 2.0 } else { 1.0 }).sum()
}
