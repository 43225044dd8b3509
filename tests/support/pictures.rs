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
