//! The command line of `runner cache`, as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Places;
use crate::text::parse_size;

/// See what the cache holds, remove what is no longer needed, check that it is what was written
///
/// The cache keeps every result that was ever made, so that what has been made before is never made again. Any part of
/// it can be removed at any time: what is missing is made again when it is needed.
#[derive(Args)]
pub struct CacheArguments {
    #[command(subcommand)]
    pub verb: CacheVerb,
}

#[derive(Subcommand)]
pub enum CacheVerb {
    Size(CacheSizeArguments),
    Gc(CacheGcArguments),
    Verify(CacheVerifyArguments),
}

/// Say how much room the cache takes, by task and age
///
/// The age of a result is the time since a run last used it. Published days are hard links to files of the cache: they
/// take no room of their own, and their bytes are counted here. Sizes are those of files, as `ls -l` shows them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What takes the room:
      runner cache size
  The largest task, for a script:
      runner cache size --json | jq '.tasks | max_by(.bytes)'")]
pub struct CacheSizeArguments {
    /// Print the sizes as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Say which results are no longer needed; with --delete, remove them
///
/// What always stays: what published days show, with all that it was made from, so that the next run finds it; what the
/// last runs used (--keep-runs); every result of the nodes of a run that is going on. All the rest goes, or of the rest
/// what --older-than and --max-size say. Journals and logs of runs before the last ones go too, and what `runner cache
/// verify` has set aside.
///
/// The cache knows what was published where. Where an output folder is gone it may have been moved, so what its days need
/// stays too until the folder is forgotten.
///
/// Without --delete nothing is removed. With it, a run that begins meanwhile waits until this is over.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What could go, and why:
      runner cache gc
  What was not used for a month goes:
      runner cache gc --older-than 30d --delete
  What was not used for the longest time goes until the cache takes 20 GB:
      runner cache gc --max-size 20GB --delete
  Everything goes that no published day needs:
      runner cache gc --keep-runs 0 --delete")]
pub struct CacheGcArguments {
    /// Keep what the last N runs used, and their journals and logs
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub keep_runs: usize,
    /// Of what need not stay, remove what was last used longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub older_than: Option<Duration>,
    /// Of what need not stay, remove what was not used for the longest time until the cache is no larger, such as 20GB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_size: Option<u64>,
    /// Forget the days that were published in a folder that is gone, so that what they need may go
    #[arg(long, value_name = "FOLDER")]
    pub forget: Vec<PathBuf>,
    /// Remove it, rather than say what would go
    #[arg(long)]
    pub delete: bool,
    /// Print all that goes as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}

/// Read every result again and set aside what is not what was written
///
/// A result whose record or files are not whole is moved to the folder `damaged` in the cache, so that the next run
/// that needs it makes it again. So is what lies among the results without being one.
///
/// Exit status: 0 all is intact, 1 something was not, 2 the cache could not be read or written.
#[derive(Args)]
#[command(after_help = "\
Examples:
  After a power cut, or when a disk is in doubt:
      runner cache verify
  Make again what was damaged:
      runner cache verify || runner run --from 2025-08-03 --to 2025-08-16")]
pub struct CacheVerifyArguments {
    /// Print what was found as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub places: Places,
}
