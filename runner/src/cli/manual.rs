//! The verbs that describe the command line itself.

use clap::Args;
use clap_complete::Shell;

/// Print a script that completes the command line of runner in a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  For bash, from the next shell on:
      runner completions bash > ~/.local/share/bash-completion/completions/runner
  For this zsh:
      source <(runner completions zsh)")]
pub struct CompletionsArguments {
    /// The shell
    pub shell: Shell,
}

/// Print the manual
///
/// It is a page for man: of runner and all its verbs, or of one verb.
#[derive(Args)]
#[command(after_help = "\
Examples:
  All of it:
      runner man | man -l -
  A verb:
      runner man run | man -l -
  For everyone on this machine:
      runner man > /usr/local/share/man/man1/runner.1")]
pub struct ManArguments {
    /// The verb, such as run; all of them if not given
    pub verb: Option<String>,
}
