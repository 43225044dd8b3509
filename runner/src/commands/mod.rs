//! One verb a file. A command wires the other rooms together and decides the exit status; it has no algorithms.

mod cache;
mod graph;
mod history;
mod log;
mod manual;
mod overtaken;
mod plan;
mod project;
mod result;
mod retry;
mod run;
mod run_details;
mod runs;
mod selection;
mod show;
mod status;
mod why;

use std::io::{Write, stderr, stdout};

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::text::plain;

/// Does what the command line says. Errors end here: each is printed once, on stderr.
pub fn dispatch(cli: Cli) -> Exit {
    let ended = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Why(arguments) => why::why(&arguments),
        Command::Retry(arguments) => retry::retry(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Diff(arguments) => show::diff(&arguments),
        Command::Path(arguments) => show::path(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Status(arguments) => status::status(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Log(arguments) => log::log(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man(arguments) => manual::man(&arguments),
        Command::Cache(arguments) => cache::cache(&arguments),
    };
    ended.unwrap_or_else(|error| {
        tell(&format!("error: {:#}", error.error));
        error.exit
    })
}

/// Why a command ended early.
pub struct CommandError {
    exit: Exit,
    error: anyhow::Error,
}

impl CommandError {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        CommandError { exit, error: error.into() }
    }
}

/// What is not said otherwise is a fault of the runner's surroundings.
impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        CommandError::new(Exit::Usage, error)
    }
}

/// Makes a panic a line for people instead of a trace for programmers.
pub fn report_faults() {
    std::panic::set_hook(Box::new(|fault| tell(&format!("error: a fault of the runner itself: {fault}"))));
}

/// Talk, for people.
pub fn tell(text: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(stderr(), "{}", plain(text));
}

/// Data, for programs and pipes.
pub fn print(text: &str) {
    // A reader that has seen enough closes the pipe; that is no failure of the command.
    let _ = writeln!(stdout(), "{}", plain(text));
}

/// How wide data for people may be: as wide as the terminal that it goes to, or as most are where it goes elsewhere.
pub fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(stdout()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(80)
}
