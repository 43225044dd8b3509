//! A node that has no result, and how that is told: what happened, what was said last, where to look, what to do.

use std::path::PathBuf;

use crate::ui;
use crate::usage::Usage;

/// Why a node has no result.
#[derive(Debug)]
pub struct Failure {
    /// What happened, in one line.
    pub message: String,
    pub kind: FailureKind,
    /// The last lines that the program said.
    pub said: Vec<String>,
    pub log: Option<PathBuf>,
    /// A script that runs the program by hand.
    pub script: Option<PathBuf>,
    pub usage: Option<Usage>,
    /// Whether the rows that it did not let through are kept.
    pub rejected: bool,
}

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The program failed, took too long, or did not do what it has to.
    Program,
    /// It was ended because it took too much memory.
    Memory,
    /// Something that it read changed meanwhile.
    Moved,
    /// It has a result that is not what its task asks for.
    Refused,
    /// The runner could not do its part.
    Runner,
    /// It did nothing wrong: the run was stopped.
    Stopped,
}

impl Failure {
    /// There is a result, but it falls short of what its task asks for.
    pub fn refused(shortfall: String) -> Box<Self> {
        let failure: Box<Failure> = anyhow::anyhow!(shortfall).into();
        Box::new(Failure { kind: FailureKind::Refused, ..*failure })
    }

    /// The block that is shown for it; `hint` makes a command of the runner out of words.
    pub fn describe(&self, name: &str, skipped: usize, hint: &dyn Fn(&str) -> String) -> String {
        let mut lines = vec![format!("{name} failed: {}", self.message)];
        lines.extend(self.said.iter().map(|line| format!("    {line}")));
        if skipped > 0 {
            lines.push(format!("  skipped  {skipped} that need it"));
        }
        if self.rejected {
            lines.push(format!("  rows     {}", hint(&format!("show {name} --output rejected"))));
        }
        // A program that said nothing has no log.
        let log = self.log.as_ref().filter(|log| log.exists());
        for (label, path) in [("log    ", log), ("by hand", self.script.as_ref())] {
            if let Some(path) = path {
                let command = if label == "by hand" { "sh " } else { "" };
                lines.push(format!("  {label}  {command}{}", ui::short(path).display()));
            }
        }
        lines.join("\n")
    }
}

impl From<anyhow::Error> for Box<Failure> {
    fn from(error: anyhow::Error) -> Self {
        Box::new(Failure {
            message: format!("{error:#}"),
            kind: FailureKind::Runner,
            said: Vec::new(),
            log: None,
            script: None,
            usage: None,
            rejected: false,
        })
    }
}
