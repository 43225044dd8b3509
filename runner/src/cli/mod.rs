//! The command line as it is typed. What it means is worked out in [`crate::commands`].
//!
//! Here is what verbs make and show results with; [`history`] has those that look back, [`manual`] those about the
//! command line itself, [`shared`] what they have in common.

mod cache;
mod history;
mod manual;
mod shared;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::day::Day;
use crate::text::parse_size;

pub use cache::{CacheArguments, CacheGcArguments, CacheSizeArguments, CacheVerb, CacheVerifyArguments};
pub use history::{LogArguments, RunsArguments, StatusArguments};
pub use manual::{CompletionsArguments, ManArguments};
pub use shared::{Places, ProjectPlaces, Range};

/// Builds tables day by day from raw files, and runs again only what has changed
///
/// A pipeline is described in pipeline.yaml: sources of raw files, and tasks, which are programs. Each task on each day
/// is a node. A node runs when its program, its parameters or the content of anything it reads has changed; otherwise
/// its earlier result is used.
#[derive(Parser)]
#[command(name = "runner", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    Run(RunArguments),
    Plan(PlanArguments),
    Why(WhyArguments),
    Retry(RetryArguments),
    Show(ShowArguments),
    Diff(DiffArguments),
    Path(NodeArguments),
    Graph(GraphArguments),
    Cache(CacheArguments),
    Status(StatusArguments),
    Runs(RunsArguments),
    Log(LogArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
}

/// Make what is asked for, running only what has changed
///
/// Every task that nothing else reads is made for each day from --from to --to, with whatever these need. Days run side
/// by side. If a node fails, what depends on it is skipped and the rest goes on; the same command again does what is
/// left. Days whose raw files are missing are named and left out, unless --strict asks for all or nothing.
///
/// Exit status: 0 all is there, 1 a task failed, 2 the command line or pipeline.yaml is wrong, 3 some days could not be
/// made because raw files are missing (all others were), 130 interrupted. A failed task counts for more than missing
/// files.
#[derive(Args)]
#[command(after_help = "\
Examples:
  A backfill of 14 days; the same command again runs nothing:
      runner run --from 2025-08-03 --to 2025-08-16
  The last 14 days, every morning:
      runner run --last 14
  One task and what it needs, for one day:
      runner run --from 2025-08-10 --to 2025-08-10 --task history
  One task again, and all that follows from it:
      runner run --from 2025-08-10 --to 2025-08-10 --task history+ --force
  What would run, and why:
      runner run --from 2025-08-03 --to 2025-08-16 --dry-run")]
pub struct RunArguments {
    #[command(flatten)]
    pub range: Range,
    /// How many nodes run side by side [default: one more than there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// How much memory they may take together, such as 8GB [default: what is free]
    ///
    /// A node is counted with the `memory` that its task declares, or else with the most that the task ever took. One
    /// that needs more than there is runs alone.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory: Option<u64>,
    /// Run the tasks named by --task on the days asked for even if nothing has changed; without --task, everything
    #[arg(long)]
    pub force: bool,
    /// Start nothing more once a node has failed
    #[arg(long)]
    pub fail_fast: bool,
    /// Make nothing unless every day that is asked for can be made
    #[arg(long)]
    pub strict: bool,
    /// Read every result that is used and make damaged ones again, rather than go by sizes and times and read a sample
    #[arg(long)]
    pub verify: bool,
    /// Say what would run and why, and run nothing, as `runner plan` does
    #[arg(long)]
    pub dry_run: bool,
    /// Print the outcome as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Say what a run would do, and why
///
/// Lists the nodes that would run, each with its reason, and those that may: what they read would run, and if that gives
/// the same bytes as before, they need not. Nothing runs and nothing is written.
///
/// Exit status: 3 if some days could not be made because raw files are missing, 0 otherwise.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What a backfill would run:
      runner plan --from 2025-08-03 --to 2025-08-16
  For a script:
      runner plan --from 2025-08-16 --to 2025-08-16 --json | jq .would_run")]
pub struct PlanArguments {
    #[command(flatten)]
    pub range: Range,
    /// Plan a run with --force
    #[arg(long)]
    pub force: bool,
    /// Print the plan as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Do what an earlier run left undone
///
/// Makes what failed, what was skipped behind a failure, and what an interruption or a kill left undone, with that run's
/// own days and options. It can be repeated until nothing is left. Exit statuses are those of `runner run`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What the last run left:
      runner retry
  What an earlier one left (`runner runs` lists them):
      runner retry 20250817T030000Z-4711")]
pub struct RetryArguments {
    /// The run, or enough of its name to tell it from others [default: the last]
    pub run: Option<String>,
    /// Print the outcome as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Look inside a result that is kept: its schema and first rows
#[derive(Args)]
#[command(after_help = "\
Examples:
  The history of one customer as of a day:
      runner show history@2025-08-10 --customer 4711
  The rows that were not let through:
      runner show read_clicks@2025-08-15 --output rejected
  The orders of a day:
      runner show unify_orders@2025-08-10")]
pub struct ShowArguments {
    #[command(flatten)]
    pub node: NodeArguments,
    /// Rows to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub rows: usize,
    /// Columns to show, separated by commas; all of them if not given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Show only rows with this customer_id
    #[arg(long, value_name = "ID")]
    pub customer: Option<i64>,
    /// Show the schema alone
    #[arg(long)]
    pub schema: bool,
    /// Show what is in each column instead of rows: nulls, smallest and largest, lengths of lists
    #[arg(long)]
    pub stats: bool,
    /// Print rows as JSON, an object a line; the schema or the statistics as one object
    #[arg(long)]
    pub json: bool,
}

/// Compare two results that are kept: schema, rows, and the columns that differ
///
/// With one node, its result is compared with the one that it had before.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What the newest change made of a history:
      runner diff history@2025-08-10
  Two days of one source:
      runner diff read_clicks@2025-08-09 read_clicks@2025-08-10 --rows 10")]
pub struct DiffArguments {
    /// The node to begin with, such as history@2025-08-10
    #[arg(value_name = "NODE")]
    pub first: String,
    /// The node to compare it with [default: the node's own result before]
    #[arg(value_name = "NODE")]
    pub second: Option<String>,
    /// The output, if not the first that the task has
    #[arg(long, value_name = "NAME")]
    pub output: Option<String>,
    /// Examples of rows that differ
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rows: usize,
    /// Print the difference as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: ProjectPlaces,
}

/// Say why a node has the result that it has, or would run
///
/// Begins with one sentence. Then the chain of reasons back to the first cause: which file, parameter, program or result
/// of another node changed, what it was and is, and for a table what changed in its data.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What made this history run last, or would make it run now:
      runner why history@2025-08-10
  The first causes alone:
      runner why history@2025-08-10 --json | jq '.chains[][-1].reason'")]
pub struct WhyArguments {
    /// The node, such as history@2025-08-10
    pub node: String,
    /// Print the answer as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Print where a result that is kept lies, for another tool to read
///
/// The files are those of the cache: read them, and leave them as they are.
#[derive(Args)]
pub struct NodeArguments {
    /// The node, such as history@2025-08-10
    pub node: String,
    /// The output, if not the first that the task has
    #[arg(long, value_name = "NAME")]
    pub output: Option<String>,
    #[command(flatten)]
    pub places: ProjectPlaces,
}

/// Show the pipeline, or the nodes of some days and what each reads
///
/// Without days it shows the sources and tasks of pipeline.yaml, and needs no raw files. With --from and --to it shows
/// the nodes that a run of these days is about, those of other days among them. The picture goes to stdout.
#[derive(Args)]
#[command(after_help = "\
Examples:
  The pipeline, to read here:
      runner graph
  What 14 days are made from:
      runner graph --from 2025-08-03 --to 2025-08-16
  A picture of the pipeline, drawn by Graphviz:
      runner graph --format dot | dot -Tsvg > pipeline.svg
  The nodes of one day, drawn by Graphviz:
      runner graph --from 2025-08-10 --to 2025-08-10 --format dot | dot -Tpdf > day.pdf
  For a README on GitHub, to stand between ```mermaid and ```:
      runner graph --format mermaid")]
pub struct GraphArguments {
    /// The first day that a run would make
    #[arg(long, value_name = "DAY", value_parser = Day::typed, requires = "to")]
    pub from: Option<Day>,
    /// The last day that a run would make
    #[arg(long, value_name = "DAY", value_parser = Day::typed, requires = "from")]
    pub to: Option<Day>,
    /// How to draw it
    #[arg(long, value_enum, default_value_t = PictureFormat::Text)]
    pub format: PictureFormat,
    #[command(flatten)]
    pub places: Places,
}

/// What `runner graph` draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// To read in a terminal
    Text,
    /// For Graphviz
    Dot,
    /// A flowchart for Markdown, which GitHub draws
    Mermaid,
}

/// What people can type, for those that describe it: without what the runner starts itself with.
pub fn described() -> clap::Command {
    let whole = Cli::command();
    let described = clap::Command::new("runner").version(env!("CARGO_PKG_VERSION")).propagate_version(true);
    let described = whole.get_about().cloned().into_iter().fold(described, clap::Command::about);
    let described = whole.get_long_about().cloned().into_iter().fold(described, clap::Command::long_about);
    described.subcommand_required(true).subcommands(whole.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned())
}

/// Reads the command line; a wrong one ends the program here, with exit status 2.
pub fn parse() -> Cli {
    Cli::parse()
}
