//! The verbs that tell what became of nodes and runs. They look and change nothing.

use clap::Args;

use super::{Places, Range};

/// Show which results are there: a row a task, a character a day
///
/// A node is fresh if a run would find its result, stale if it has a result that is not that of now, missing if it has
/// none; failed if the last run that tried to make it could not, and running while a run is making it. Nodes of earlier
/// days that are looked back on are only counted. Nothing is written, and no run that is going on is disturbed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  Two weeks at a glance:
      runner status --from 2025-08-03 --to 2025-08-16
  One task and what it needs:
      runner status --from 2025-08-03 --to 2025-08-16 --task history
  What failed, for a script:
      runner status --from 2025-08-03 --to 2025-08-16 --json | jq '.[] | select(.state == \"failed\")'")]
pub struct StatusArguments {
    #[command(flatten)]
    pub range: Range,
    /// Print a JSON list of all nodes, those of other days among them, on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// List the runs of the past, or say what one of them did
///
/// The newest run comes first. A run ended as done, failed, interrupted or killed (it did not get to say that it ended),
/// or it is running. A run that found nothing to do leaves no trace.
#[derive(Args)]
#[command(after_help = "\
Examples:
  The last 20 runs:
      runner runs
  What the last one did, node by node:
      runner runs last
  What an earlier one did, by enough of its name:
      runner runs 20250817T03
  The names of all runs that failed, for a script:
      runner runs --all --json | jq -r '.[] | select(.end == \"failed\") | .run'")]
pub struct RunsArguments {
    /// The run, or enough of its name to tell it from others, or `last`
    pub run: Option<String>,
    /// How many runs to list
    #[arg(short, long, value_name = "N", default_value_t = 20, conflicts_with_all = ["all", "run"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub number: u16,
    /// List all runs
    #[arg(long, conflicts_with = "run")]
    pub all: bool,
    /// Print a JSON list of runs, or one JSON object of one run, on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Show what the program of a node said
///
/// It is the log of the last attempt in the newest run that started the program, without control characters. Which one
/// that is goes to stderr.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What a node said last:
      runner log history@2025-08-10
  What it said when it was tried first in the last run:
      runner log history@2025-08-10 --run last --attempt 1")]
pub struct LogArguments {
    /// The node, such as history@2025-08-10
    pub node: String,
    /// The attempt, from 1 [default: the last]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub attempt: Option<u32>,
    /// The run, or enough of its name, or `last` [default: the newest in which the program was started]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Print the log and what became of the attempt as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}
