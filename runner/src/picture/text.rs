//! A picture to read in a terminal: a paragraph for each source and task, whose arrows say what it reads.
//!
//! Nodes of one task are told together, with their days as ranges, so that hundreds of them stay readable.

use std::collections::{BTreeMap, BTreeSet};

use super::{Arrow, Block, Kind, Picture, described, rhythm_note};
use crate::day::{self, Day};
use crate::spec::Rhythm;

/// The widest line, if names and paths allow.
const WIDTH: usize = 80;

/// A source, or the nodes of one task.
struct Group<'a> {
    blocks: &'a [Block],
    arrows: Vec<&'a Arrow>,
}

/// What the nodes of a group read in one way, and how much of it each reads.
struct Reading<'a> {
    from: &'a Block,
    look_back: Option<&'a str>,
    counts: BTreeMap<usize, usize>,
}

/// Draws a picture.
pub fn draw(picture: &Picture) -> String {
    let groups = groups(picture);
    let (sources, tasks): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| group.first().is_source());
    let days = picture.blocks.iter().any(|block| block.day.is_some());
    let nodes = picture.blocks.len();
    let title = if days {
        format!(", on which days, and what each day reads: {nodes} nodes")
    } else {
        ", and what each reads".into()
    };
    let sections = [("Sources of raw files".to_string(), sources), (format!("Tasks{title}"), tasks)];
    let shown = sections.iter().filter(|(_, members)| !members.is_empty());
    let shown = shown.map(|(title, members)| format!("{title}\n{}", paragraphs(picture, members, days)));
    shown.collect::<Vec<_>>().join("\n\n")
}

/// The names of groups on the left, what there is to say about each on the right.
fn paragraphs(picture: &Picture, groups: &[&Group], days: bool) -> String {
    let width = picture.blocks.iter().map(|block| block.name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for group in groups {
        let mut name = group.first().name.as_str();
        for line in group.describe(picture, days, WIDTH.saturating_sub(width + 4)) {
            lines.push(format!("  {name:<width$}  {line}"));
            name = "";
        }
    }
    lines.join("\n")
}

fn groups(picture: &Picture) -> Vec<Group<'_>> {
    let alike = |block: &Block, next: &Block| block.is_source() == next.is_source() && block.name == next.name;
    let chunks = picture.blocks.chunk_by(alike);
    let mut groups: Vec<Group> = chunks.map(|blocks| Group { blocks, arrows: Vec::new() }).collect();
    let numbers = groups.iter().enumerate().flat_map(|(number, group)| group.blocks.iter().map(move |_| number));
    let numbers: Vec<usize> = numbers.collect();
    for arrow in &picture.arrows {
        groups[numbers[arrow.to]].arrows.push(arrow);
    }
    groups
}

impl<'a> Group<'a> {
    fn first(&self) -> &'a Block {
        &self.blocks[0]
    }

    /// The lines beside its name.
    fn describe(&self, picture: &'a Picture, days: bool, width: usize) -> Vec<String> {
        let (rhythm, publish) = match &self.first().kind {
            Kind::Source { path } => return vec![path.clone()],
            Kind::Task { rhythm, publish } => (*rhythm, publish),
        };
        let mut lines: Vec<String> = rhythm_note(rhythm).map(str::to_string).into_iter().collect();
        if days && rhythm != Rhythm::Once {
            let days: Vec<Day> = self.blocks.iter().filter_map(|block| block.day).collect();
            let (what, named) = match rhythm {
                Rhythm::Monthly => ("month", days.iter().map(|day| day.month()).collect::<Vec<_>>().join(", ")),
                _ => ("day", day::ranges(&days)),
            };
            let plural = if days.len() == 1 { "" } else { "s" };
            lines.extend(wrap(&format!("{} {what}{plural}: {named}", days.len()), width));
        }
        lines.extend(self.raw());
        lines.extend(self.readings(picture).iter().map(|reading| reading.describe(self.blocks.len())));
        lines.extend(publish.as_ref().map(|publish| format!("-> published as {publish}")));
        lines
    }

    fn raw(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.blocks.iter().flat_map(|block| &block.raw).collect();
        let readers = |raw: &String| self.blocks.iter().filter(|block| block.raw.contains(raw)).count();
        let remarks = |raw| [on_some_days(readers(raw), self.blocks.len())];
        all.iter().map(|raw| read(&format!("source {raw}"), remarks(raw))).collect()
    }

    /// In the order of the arrows.
    fn readings(&self, picture: &'a Picture) -> Vec<Reading<'a>> {
        let mut readings: Vec<Reading> = Vec::new();
        for arrow in &self.arrows {
            let (from, look_back) = (&picture.blocks[arrow.from], arrow.look_back.as_deref());
            let known = readings.iter_mut().find(|reading| reading.is(from, look_back));
            let counts = match known {
                Some(reading) => &mut reading.counts,
                None => {
                    readings.push(Reading { from, look_back, counts: BTreeMap::new() });
                    let place = readings.len() - 1;
                    &mut readings[place].counts
                }
            };
            *counts.entry(arrow.to).or_default() += 1;
        }
        readings
    }
}

impl Reading<'_> {
    fn is(&self, from: &Block, look_back: Option<&str>) -> bool {
        (self.from.is_source(), &self.from.name, self.look_back) == (from.is_source(), &from.name, look_back)
    }

    /// `<- unify, 365 days before (62 to 75 nodes)`
    fn describe(&self, nodes: usize) -> String {
        let source = if self.from.is_source() { "source " } else { "" };
        let several = self.from.day.is_some() && self.look_back.is_some();
        let remarks = [several.then(|| self.found()), on_some_days(self.counts.len(), nodes)];
        read(&format!("{source}{}", described(&self.from.name, self.look_back)), remarks)
    }

    /// How many nodes a reader reads, from the fewest to the most.
    fn found(&self) -> String {
        let (least, most) = (self.counts.values().min().unwrap_or(&0), self.counts.values().max().unwrap_or(&0));
        match (least, most) {
            (1, 1) => "1 node".to_string(),
            _ if least == most => format!("{most} nodes"),
            _ => format!("{least} to {most} nodes"),
        }
    }
}

/// Says so if not every node of a task reads something.
fn on_some_days(readers: usize, nodes: usize) -> Option<String> {
    (readers < nodes).then(|| format!("on {readers} of {nodes} days"))
}

fn read(what: &str, remarks: impl IntoIterator<Item = Option<String>>) -> String {
    let remarks: Vec<String> = remarks.into_iter().flatten().collect();
    if remarks.is_empty() { format!("<- {what}") } else { format!("<- {what} ({})", remarks.join(", ")) }
}

/// Breaks a text between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => *line = format!("{line} {word}"),
            _ => lines.push(word.to_string()),
        }
    }
    lines
}
