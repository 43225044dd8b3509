//! The two forms in which days are published, and the folder of each.
//!
//! It knows names and folders, and not what is in them: which task makes which form is said in `pipeline.yaml`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The form that a task makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Every row whole.
    Wide,
    /// Without what rows have in common.
    Compact,
}

/// The forms that are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Layouts {
    /// Days below the output folder
    #[default]
    Wide,
    /// Days below the compact folder
    Compact,
    /// Both of them
    Both,
}

impl Layouts {
    /// Whether a task is wanted; one that makes no form in particular always is.
    pub fn include(self, layout: Option<Layout>) -> bool {
        match layout {
            None => true,
            Some(Layout::Wide) => self != Layouts::Compact,
            Some(Layout::Compact) => self != Layouts::Wide,
        }
    }
}

/// The folders in which days are published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    pub output: PathBuf,
    /// Empty in what earlier versions have written down.
    #[serde(default)]
    pub compact: PathBuf,
}

impl Outputs {
    /// The folder of compact days where none is named: beside the other, so that who moves that one moves both.
    pub fn beside(output: &Path) -> PathBuf {
        output.with_file_name("compact")
    }

    /// The folder below which a task publishes.
    pub fn of(&self, layout: Option<Layout>) -> &Path {
        if layout == Some(Layout::Compact) { &self.compact } else { &self.output }
    }

    pub fn all(&self) -> [&Path; 2] {
        [&self.output, &self.compact]
    }
}
