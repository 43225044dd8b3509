//! A node that has no result, and how that is told: what happened, what was said last, where to look, what to do.

use std::path::PathBuf;

use crate::ui;

/// Why a node has no result.
#[derive(Debug)]
pub struct Failure {
    /// What happened, in one line.
    pub message: String,
    /// The last lines that the program said.
    pub said: Vec<String>,
    pub log: Option<PathBuf>,
    /// A script that runs the program by hand.
    pub script: Option<PathBuf>,
    /// It did nothing wrong: the run was stopped.
    pub stopped: bool,
}

impl Failure {
    /// The block that is shown for it.
    pub fn describe(&self, name: &str, skipped: usize) -> String {
        let mut lines = vec![format!("{name} failed: {}", self.message)];
        lines.extend(self.said.iter().map(|line| format!("    {line}")));
        if skipped > 0 {
            lines.push(format!("  skipped  {skipped} that need it"));
        }
        for (label, path) in [("log    ", &self.log), ("by hand", &self.script)] {
            if let Some(path) = path {
                let command = if label == "by hand" { "sh " } else { "" };
                lines.push(format!("  {label}  {command}{}", ui::short(path).display()));
            }
        }
        lines.join("\n")
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure { message: format!("{error:#}"), said: Vec::new(), log: None, script: None, stopped: false }
    }
}
