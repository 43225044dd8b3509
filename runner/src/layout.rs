//! The two forms in which days are published, and the folders in which tasks publish.
//!
//! It knows names and folders, and not what is in them: which task makes which form is said in `pipeline.yaml`.

use std::fmt;
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

/// Where a task shows the outputs of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// A folder of the task's own beside the output folder; without one it is the folder of its layout.
    pub beside: Option<String>,
    /// The name of a day's folder in it, with `{day}`.
    pub day: String,
}

impl fmt::Display for Publish {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let folder = self.beside.as_ref().map_or(String::new(), |folder| format!("{folder}/"));
        write!(formatter, "{folder}{}", self.day)
    }
}

/// The folders in which days are published. Each holds the days of one task, so that it can be read as one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    pub output: PathBuf,
    /// Empty in what earlier versions have written down.
    #[serde(default)]
    pub compact: PathBuf,
    /// Those of tasks that publish beside these.
    #[serde(default)]
    pub beside: Vec<PathBuf>,
}

impl Outputs {
    /// A folder beside the output folder, so that who moves that one moves both.
    pub fn beside(output: &Path, name: &str) -> PathBuf {
        output.with_file_name(name)
    }

    /// The folder in which a task publishes.
    pub fn of(&self, layout: Option<Layout>, publish: &Publish) -> PathBuf {
        match &publish.beside {
            Some(name) => Outputs::beside(&self.output, name),
            None if layout == Some(Layout::Compact) => self.compact.clone(),
            None => self.output.clone(),
        }
    }

    pub fn all(&self) -> Vec<&Path> {
        let folders = [&self.output, &self.compact].into_iter().chain(&self.beside);
        folders.map(PathBuf::as_path).filter(|folder| !folder.as_os_str().is_empty()).collect()
    }
}

/// The folder of compact days beside that of the others, where none is named.
pub const COMPACT: &str = "compact";
