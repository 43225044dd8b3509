//! A picture drawn as SVG: it stands alone, with the fonts of whoever looks at it, on white in dark surroundings too.
//!
//! Owns colours, lines and letters. Where things are comes from [`super::layout`].

use std::collections::BTreeMap;

use super::layout::{Column, Layout, Place};
use super::routes::{Lane, Routes};
use super::{Block, Kind, Picture};
use crate::spec::Rhythm;

const STYLE: &str = r#"    text { fill: #1f2328; text-anchor: middle; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas,
      "DejaVu Sans Mono", "Liberation Mono", monospace }
    .note, .label { fill: #57606a; font-size: 11px }
    .label { fill: #6639ba }
    .label.left { text-anchor: start }
    .label.right { text-anchor: end }
    .day { fill: #57606a; font-size: 12px; text-anchor: start }
    rect { stroke-width: 1.4 }
    .stripe { fill: #f6f8fa }
    .source rect { fill: #fff8e5; stroke: #bf8700 }
    .task rect, .once rect { fill: #eff6ff; stroke: #4a7ebb }
    .once rect { stroke-dasharray: 5 3 }
    .published rect { fill: #e6f6ea; stroke: #2da44e; stroke-width: 2.2 }
    path { fill: none; stroke: #6e7781; stroke-width: 1.4 }
    path.back { stroke: #8250df }
    path.lane, path.feed { stroke: #8c959f; stroke-width: 1.1 }
    path.lane.back, path.feed.back { stroke: #a585e6 }
    path.knot { stroke-width: 4.4; stroke-linecap: round }
    .tip { fill: #6e7781; stroke: none }
    .back-tip { fill: #8250df; stroke: none }"#;

/// How round the corner of a lane is.
const CORNER: f64 = 6.0;

/// Draws a picture.
pub fn draw(picture: &Picture) -> String {
    let routes = Routes::of(picture);
    let layout = Layout::of(picture, &routes);
    let mut drawing = Drawing { picture, routes: &routes, layout: &layout, lines: Vec::new() };
    drawing.page();
    drawing.stripes();
    drawing.lanes();
    drawing.links();
    drawing.boxes();
    drawing.lines.push("</svg>".to_string());
    drawing.lines.join("\n")
}

/// A picture while it is drawn, from what lies below to what lies above.
struct Drawing<'a> {
    picture: &'a Picture,
    routes: &'a Routes,
    layout: &'a Layout,
    lines: Vec<String>,
}

impl Drawing<'_> {
    fn page(&mut self) {
        let size = format!("width='{:.0}' height='{:.0}'", self.layout.width, self.layout.height);
        let view = format!("viewBox='0 0 {:.0} {:.0}'", self.layout.width, self.layout.height);
        let tip = |class: &str| {
            let place = "viewBox='0 0 10 10' refX='9.5' refY='5' markerWidth='9' markerHeight='9'";
            let shape = format!("<path class='{class}' d='M0 1L10 5L0 9Z'/>");
            format!("    <marker id='{class}' {place} markerUnits='userSpaceOnUse' orient='auto'>{shape}</marker>")
        };
        self.lines.extend([
            format!("<svg xmlns='http://www.w3.org/2000/svg' {size} {view}>"),
            format!("  <style>\n{STYLE}\n  </style>"),
            format!("  <defs>\n{}\n{}\n  </defs>", tip("tip"), tip("back-tip")),
            format!("  <rect {size} fill='#fff'/>"),
        ]);
    }

    /// A band for each day, with the day; every other one shaded.
    fn stripes(&mut self) {
        if !self.routes.has_days() {
            return;
        }
        for (number, (day, band)) in self.routes.bands.iter().zip(&self.layout.bands).enumerate() {
            if number % 2 == 1 {
                let size = format!("y='{:.1}' width='{:.0}' height='{:.1}'", band.top, self.layout.width, band.height);
                self.lines.push(format!("  <rect class='stripe' {size}/>"));
            }
            let name = day.map_or("all days".to_string(), |day| day.to_string());
            let base = band.top + band.height / 2.0 + 4.0;
            self.lines.push(format!("  <text class='day' x='16' y='{base:.1}'>{name}</text>"));
        }
    }

    fn lanes(&mut self) {
        self.feeds();
        let lanes: Vec<(&Lane, f64)> = self.routes.lanes.iter().zip(self.layout.lanes.iter().copied()).collect();
        for ((lane, x), ends) in lanes.iter().zip(&self.layout.lane_ends) {
            let (top, bottom) = (self.top(lane), ends.iter().copied().fold(f64::MIN, f64::max) - CORNER);
            let (class, tip) = classes(lane.look_back.is_some());
            self.lines.push(format!("  <path class='lane {class}' d='M{x:.1} {top:.1}V{bottom:.1}'/>"));
            for end in ends {
                let corner = format!("M{x:.1} {:.1}q0 {CORNER} {CORNER} {CORNER}", end - CORNER);
                let left = self.layout.columns[lane.column].left;
                self.lines.push(format!("  <path class='{class}' d='{corner}H{left:.1}' marker-end='url(#{tip})'/>"));
            }
            // A knot is where a feed goes into a lane; elsewhere it crosses.
            let knots = lane.from.iter().map(|slot| format!("M{x:.1} {:.1}h0", self.layout.slots[*slot].middle));
            self.lines.push(format!("  <path class='knot {class}' d='{}'/>", knots.collect::<String>()));
        }
        for kind in lanes.chunk_by(|(lane, _), (next, _)| lane.is_like(next)) {
            self.lane_label(kind);
        }
    }

    /// From each slot to the last lane that begins there.
    fn feeds(&mut self) {
        let mut reaches: BTreeMap<usize, (f64, &str)> = BTreeMap::new();
        for (lane, x) in self.routes.lanes.iter().zip(&self.layout.lanes) {
            let (class, _) = classes(lane.look_back.is_some());
            reaches.extend(lane.from.iter().map(|slot| (*slot, (*x, class))));
        }
        for (slot, (reach, class)) in reaches {
            let Column { left, width, .. } = self.layout.columns[self.routes.slots[slot].column];
            let (start, middle) = (left + width, self.layout.slots[slot].middle);
            self.lines.push(format!("  <path class='feed {class}' d='M{start:.1} {middle:.1}H{reach:.1}'/>"));
        }
    }

    /// One label for lanes of one kind, at the first of those that begin highest.
    fn lane_label(&mut self, kind: &[(&Lane, f64)]) {
        let tops = kind.iter().map(|(lane, x)| (*lane, *x, self.top(lane)));
        let Some((lane, x, top)) = tops.min_by(|(_, _, one), (_, _, other)| one.total_cmp(other)) else { return };
        if let Some(label) = &lane.look_back {
            let (side, x) = if lane.once { ("right", x - 6.0) } else { ("left", x) };
            self.lines.push(format!("  <text class='label {side}' x='{x:.1}' y='{:.1}'>{label}</text>", top - 7.0));
        }
    }

    /// Where the first of what a lane comes from is.
    fn top(&self, lane: &Lane) -> f64 {
        lane.from.iter().map(|slot| self.layout.slots[*slot].middle).fold(f64::INFINITY, f64::min)
    }

    fn links(&mut self) {
        for (link, end) in self.routes.links.iter().zip(&self.layout.link_ends) {
            let (from, to) = (self.routes.slots[link.from], self.routes.slots[link.to]);
            let Column { turn, straight, left, width } = self.layout.columns[to.column];
            let (before, start) = (&self.layout.columns[from.column], self.layout.slots[link.from].middle);
            let half = (turn + straight) / 2.0;
            let curve = format!("H{turn:.1}C{half:.1} {start:.1} {half:.1} {end:.1} {straight:.1} {end:.1}");
            let stop = if to.free { left + width } else { left };
            let path = format!("M{:.1} {start:.1}{curve}H{stop:.1}", before.left + before.width);
            let (class, tip) = classes(link.looks_back);
            let tip = if to.free { String::new() } else { format!(" marker-end='url(#{tip})'") };
            self.lines.push(format!("  <path class='{class}' d='{path}'{tip}/>"));
            if let Some(label) = &link.label {
                let (x, base) = (left - 13.0, end - 5.0);
                self.lines.push(format!("  <text class='label right' x='{x:.1}' y='{base:.1}'>{label}</text>"));
            }
        }
    }

    fn boxes(&mut self) {
        for (number, block) in self.picture.blocks.iter().enumerate() {
            let Place { middle, height, .. } = self.layout.slots[number];
            let Column { left, width, .. } = self.layout.columns[self.routes.slots[number].column];
            let (x, top) = (left + width / 2.0, middle - height / 2.0);
            let size = format!("x='{left:.1}' y='{top:.1}' width='{width:.1}' height='{height:.1}'");
            let note = block.note();
            let base = if note.is_some() { middle - 3.0 } else { middle + 4.5 };
            self.lines.push(format!("  <g class='{}'><title>{}</title>", class(block), escaped(&block.title())));
            self.lines.push(format!("    <rect {size} rx='6'/>"));
            self.lines.push(format!("    <text x='{x:.1}' y='{base:.1}'>{}</text>", escaped(&block.name)));
            if let Some(note) = note {
                let (base, note) = (middle + 13.0, escaped(&note));
                self.lines.push(format!("    <text class='note' x='{x:.1}' y='{base:.1}'>{note}</text>"));
            }
            self.lines.push("  </g>".to_string());
        }
    }
}

/// Of an arrow and of its tip.
fn classes(looks_back: bool) -> (&'static str, &'static str) {
    if looks_back { ("back", "back-tip") } else { ("own", "tip") }
}

fn class(block: &Block) -> &'static str {
    match &block.kind {
        Kind::Source { .. } => "source",
        Kind::Task { publish: Some(_), .. } => "published",
        Kind::Task { rhythm: Rhythm::Once, .. } => "once",
        Kind::Task { .. } => "task",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
