//! What several verbs have on their command lines: days and tasks, and folders.

use std::path::PathBuf;

use clap::Args;

use crate::day::Day;
use crate::layout::Layouts;
use crate::text::quoted;

/// Some tasks on some days.
#[derive(Args)]
pub struct Range {
    /// The first day to make: a day such as 2025-08-16, `today` or `yesterday`, in UTC
    #[arg(long, value_name = "DAY", value_parser = Day::typed)]
    #[arg(required_unless_present = "last", conflicts_with = "last")]
    pub from: Option<Day>,
    /// The last day to make [default with --last: yesterday]
    #[arg(long, value_name = "DAY", value_parser = Day::typed, required_unless_present = "last")]
    pub to: Option<Day>,
    /// Make the last N days, which end with --to or yesterday; up to a hundred years
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_525))]
    pub last: Option<u32>,
    /// Make this task and what it needs; with a + behind it, also all that follows from it. May be repeated
    #[arg(long = "task", value_name = "NAME[+]")]
    pub tasks: Vec<String>,
    /// Which form of the days to make [default: what pipeline.yaml says]
    ///
    /// Tasks of another layout are left out, unless they are named with --task.
    #[arg(long, value_enum)]
    pub layout: Option<Layouts>,
}

impl Range {
    /// The first and the last day.
    pub fn days(&self) -> (Day, Day) {
        let to = self.to.unwrap_or_else(|| Day::today().plus(-1));
        let from = self.from.unwrap_or_else(|| to.plus(1 - i64::from(self.last.unwrap_or(1))));
        (from, to)
    }
}

/// Where things are; what is not given comes from pipeline.yaml. Every verb takes the same.
#[derive(Args, Clone, Default)]
pub struct Places {
    #[command(flatten)]
    pub project: ProjectPlaces,
    /// The folder in which days are published
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The folder in which compact days are published [default: `compact` beside --output, if that is given]
    #[arg(long, value_name = "DIR")]
    pub compact: Option<PathBuf>,
}

/// Where things are for a verb that looks at one result: it has to do with no published day, and `--output` is an output
/// of the node.
#[derive(Args, Clone, Default)]
pub struct ProjectPlaces {
    /// The pipeline [default: pipeline.yaml in this folder or the nearest one above]
    #[arg(long, value_name = "FILE")]
    pub pipeline: Option<PathBuf>,
    /// The folder of the raw files
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The folder of the cache
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

impl Places {
    /// A command line of the runner with these places.
    pub fn hint(&self, words: &str) -> String {
        let Places { project, output, compact } = self;
        let places = [
            ("pipeline", &project.pipeline),
            ("data", &project.data),
            ("cache", &project.cache),
            ("output", output),
            ("compact", compact),
        ];
        let given = places.iter().filter_map(|(name, place)| {
            place.as_ref().map(|place| format!(" --{name} {}", quoted(&place.to_string_lossy())))
        });
        format!("runner {words}{}", given.collect::<String>())
    }
}

impl From<ProjectPlaces> for Places {
    fn from(project: ProjectPlaces) -> Self {
        Places { project, ..Places::default() }
    }
}
