//! A picture as a text for Graphviz: `dot -Tsvg`.

use super::{Block, Kind, Picture};
use crate::spec::Rhythm;

/// Draws a picture.
pub fn draw(picture: &Picture) -> String {
    let mut lines = vec![
        "digraph pipeline {".to_string(),
        "  rankdir=LR;".to_string(),
        "  node [shape=box, style=rounded, fontname=\"Helvetica,Arial,sans-serif\"];".to_string(),
        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11];".to_string(),
    ];
    for block in &picture.blocks {
        lines.push(format!("  {} [label={}{}];", name(block), label(block), look(block)));
    }
    for arrow in &picture.arrows {
        let (from, to) = (name(&picture.blocks[arrow.from]), name(&picture.blocks[arrow.to]));
        let label = picture.label(arrow).map_or(String::new(), |label| format!(" [label={}]", quoted(label)));
        lines.push(format!("  {from} -> {to}{label};"));
    }
    lines.push("}".to_string());
    lines.join("\n")
}

/// A source and a task can have the same name; no task's name holds a colon.
fn name(block: &Block) -> String {
    let source = if block.is_source() { "source:" } else { "" };
    quoted(&format!("{source}{}", block.title()))
}

/// In a label, and there alone, `&amp;` is a letter by its name.
fn label(block: &Block) -> String {
    let lines = [Some(block.title()), block.note()];
    quoted(&lines.into_iter().flatten().collect::<Vec<_>>().join("\n").replace('&', "&amp;"))
}

fn look(block: &Block) -> &'static str {
    match &block.kind {
        Kind::Source { .. } => ", shape=folder, style=solid",
        Kind::Task { publish: Some(_), .. } => ", penwidth=2",
        Kind::Task { rhythm: Rhythm::Once, .. } => ", style=\"rounded,dashed\"",
        Kind::Task { .. } => "",
    }
}

/// In quotes; a backslash would begin an escape such as `\N`, which is the name of the node.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
