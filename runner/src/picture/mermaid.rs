//! A picture as a Mermaid flowchart, which GitHub draws where it stands in Markdown between "```mermaid" and "```".

use super::{Block, Kind, Picture};
use crate::spec::Rhythm;

/// GitHub draws no picture with more arrows.
pub const MOST_ARROWS: usize = 500;

/// Draws a picture.
pub fn draw(picture: &Picture) -> String {
    let mut lines = vec!["flowchart LR".to_string()];
    for (place, block) in picture.blocks.iter().enumerate() {
        let (open, close) = shape(block);
        lines.push(format!("  b{place}{open}\"{}\"{close}", label(block)));
    }
    for arrow in &picture.arrows {
        let label = picture.label(arrow).map_or(String::new(), |label| format!("|{label}|"));
        lines.push(format!("  b{} -->{label} b{}", arrow.from, arrow.to));
    }
    lines.join("\n")
}

fn shape(block: &Block) -> (&'static str, &'static str) {
    match &block.kind {
        Kind::Source { .. } => ("[(", ")]"),
        Kind::Task { publish: Some(_), .. } => ("[[", "]]"),
        Kind::Task { rhythm: Rhythm::Once, .. } => ("([", "])"),
        Kind::Task { .. } => ("[", "]"),
    }
}

fn label(block: &Block) -> String {
    let lines = [Some(block.title()), block.note()];
    lines.into_iter().flatten().map(|line| escaped(&line)).collect::<Vec<_>>().join("<br/>")
}

/// What Mermaid or Markdown could take for a sign of theirs becomes its number. Within a word, `_` and `-` are safe.
fn escaped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let in_a_word = |place: usize| letters.get(place).is_some_and(|letter| letter.is_alphanumeric());
    let shown = letters.iter().enumerate().map(|(place, letter)| match letter {
        ' ' | '/' | '.' | '=' | '@' | '{' | '}' => letter.to_string(),
        '_' | '-' if place > 0 && in_a_word(place - 1) && in_a_word(place + 1) => letter.to_string(),
        letter if letter.is_alphanumeric() => letter.to_string(),
        letter => format!("#{};", *letter as u32),
    });
    shown.collect()
}
