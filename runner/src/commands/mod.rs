//! One verb a file. A command wires the other rooms together and decides the exit status; it has no algorithms.

mod cache;
mod failed_attempt;
mod graph;
mod history;
mod interruption;
mod log;
mod manual;
mod overtaken;
mod plan;
mod project;
mod raw_files;
mod result;
mod retry;
mod run;
mod run_details;
mod runs;
mod selection;
mod show;
mod status;
mod why;

use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Mutex;

use anyhow::anyhow;

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
    let exit = ended.unwrap_or_else(|error| {
        tell(&format!("error: {:#}", error.error));
        error.exit
    });
    match UNWRITTEN.lock().ok().and_then(|mut unwritten| unwritten.take()) {
        Some(error) => {
            tell(&format!("error: cannot write what was asked for: {error}"));
            if exit == Exit::Done { Exit::Usage } else { exit }
        }
        None => exit,
    }
}

/// Why something could not be written to stdout, if it could not. There is one stdout, so there is one of these.
static UNWRITTEN: Mutex<Option<io::Error>> = Mutex::new(None);

/// Why a command ended early.
pub struct CommandError {
    exit: Exit,
    error: anyhow::Error,
}

impl CommandError {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        CommandError { exit, error: error.into() }
    }

    /// Something that was asked for makes no sense.
    pub fn usage(message: String) -> Self {
        CommandError::new(Exit::Usage, anyhow!(message))
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
    print_bytes(plain(text).as_bytes());
}

/// A path as it is, for another program to open.
pub fn print_path(path: &Path) {
    print_bytes(path.as_os_str().as_bytes());
}

/// Prints a line. If that fails the command comes to its end all the same, and then says so.
fn print_bytes(line: &[u8]) {
    let mut out = stdout().lock();
    let written = out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    // A reader that has seen enough closes the pipe; that is no failure of the command.
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && let Ok(mut unwritten) = UNWRITTEN.lock()
    {
        unwritten.get_or_insert(error);
    }
}

/// How wide data for people may be: as wide as the terminal that it goes to, or as most are where it goes elsewhere.
pub fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(stdout()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(80)
}
