//! What is in a picture that was drawn, read back from its text by what its format says and not by how it was made.
#![allow(dead_code, reason = "each test file uses the part of this that it needs")]

use std::collections::BTreeMap;

/// Every arrow of a picture for Graphviz, as `FROM -> TO` or `FROM -> TO: LABEL`.
pub fn dot_arrows(dot: &str) -> Vec<String> {
    let arrows = dot.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(" -> "));
    let named = arrows.map(|(from, to)| {
        let (to, label) = to.split_once(" [label=").unwrap_or((to, ""));
        let label = if label.is_empty() { String::new() } else { format!(": {}", label.trim_matches([']', '"'])) };
        format!("{} -> {}{label}", from.trim_matches('"'), to.trim_matches('"'))
    });
    sorted(named)
}

/// The same of a Mermaid flowchart, with the first line of each box's label for its name.
pub fn mermaid_arrows(mermaid: &str) -> Vec<String> {
    let boxes = mermaid.lines().filter_map(|line| line.trim().split_once(['[', '(']));
    let named = boxes.map(|(id, label)| (id, label.split('"').nth(1).unwrap().split("<br/>").next().unwrap()));
    let names: BTreeMap<&str, &str> = named.collect();
    let arrows = mermaid.lines().filter_map(|line| line.trim().split_once(" -->"));
    sorted(arrows.map(|(from, to)| {
        let (label, to) = to.rsplit_once(' ').unwrap();
        let label = if label.is_empty() { String::new() } else { format!(": {}", label.trim_matches('|')) };
        format!("{} -> {}{label}", names[from], names[to])
    }))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

/// Each box of an SVG by its title: left edge and top.
pub fn svg_boxes(svg: &str) -> BTreeMap<String, (f64, f64)> {
    let number = |text: &str, name: &str| {
        let start = text.find(&format!(" {name}='")).unwrap() + name.len() + 3;
        text[start..].split('\'').next().unwrap().parse().unwrap()
    };
    let boxes = svg.split("<title>").skip(1).map(|text| {
        let (title, rest) = text.split_once("</title>").unwrap();
        let rectangle = &rest[rest.find("<rect").unwrap()..];
        (title.to_string(), (number(rectangle, "x"), number(rectangle, "y")))
    });
    boxes.collect()
}

/// Fails unless each tag is closed by its own, each attribute is in quotes, and `&` begins a known entity.
#[track_caller]
pub fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    for (number, piece) in xml.split('<').enumerate() {
        let (tag, text) = if number == 0 { ("", piece) } else { piece.split_once('>').expect(piece) };
        for entity in piece.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;"].iter().any(|known| entity.starts_with(known)), "&{entity}");
        }
        assert!(!text.contains('>') && piece.chars().all(|letter| letter == '\n' || !letter.is_control()), "{piece:?}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.is_empty() {
            assert_eq!(tag.matches('\'').count() % 2, 0, "{tag}");
            let name = tag.split([' ', '/']).next().unwrap();
            open.extend((!tag.ends_with('/')).then_some(name));
        }
    }
    assert!(open.is_empty(), "{open:?} are left open");
}
