//! What every task has in common: the arguments of the contract, the report, the exit status.
//!
//! It does not know what any task does.

use std::ffi::{OsStr, OsString};
use std::io::{BufWriter, ErrorKind, Write, stderr, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Parser;

use crate::calendar;
use crate::parquet_file;
use crate::report::Report;
use crate::spelling::legible;

/// The arguments that the task contract gives to every task.
#[derive(clap::Args, Debug)]
pub struct Contract {
    /// The day to make, YYYY-MM-DD, in UTC
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    pub day: Option<NaiveDate>,
    /// A file to read, under the name that the task gives it; a name may come several times
    #[arg(long = "in", value_name = "NAME=PATH", value_parser = named_path)]
    inputs: Vec<(String, PathBuf)>,
    /// Where to write an output
    #[arg(long = "out", value_name = "NAME=PATH", value_parser = named_path)]
    outputs: Vec<(String, PathBuf)>,
    /// Where to write the numbers of this run, as JSON
    #[arg(long, value_name = "PATH", env = "TASK_REPORT", hide_env_values = true)]
    report: Option<PathBuf>,
}

impl Contract {
    /// Refuses inputs and outputs under names that the task does not use: a misspelt name must not be ignored.
    pub fn expect(&self, inputs: &[&str], outputs: &[&str]) -> Result<()> {
        for (given, flag, known) in [(&self.inputs, "--in", inputs), (&self.outputs, "--out", outputs)] {
            if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(&name.as_str())) {
                bail!("{flag} {name}=... is not used here; the names are {}", known.join(", "));
            }
        }
        Ok(())
    }

    /// Every file given under a name, in the order given; none if the name was not given.
    pub fn inputs(&self, name: &str) -> Vec<&Path> {
        self.inputs.iter().filter(|(given, _)| given == name).map(|(_, path)| path.as_path()).collect()
    }

    /// The one file given under a name.
    pub fn input(&self, name: &str) -> Result<&Path> {
        match self.inputs(name)[..] {
            [path] => Ok(path),
            [] => bail!("--in {name}=PATH is missing"),
            _ => bail!("--in {name}=PATH is given more than once"),
        }
    }

    /// The path of an output.
    pub fn output(&self, name: &str) -> Result<&Path> {
        let found = self.outputs.iter().find(|(given, _)| given == name);
        found.map(|(_, path)| path.as_path()).with_context(|| format!("--out {name}=PATH is missing"))
    }

    /// Whether somebody reads the numbers of this run.
    pub fn reports(&self) -> bool {
        self.report.is_some()
    }

    /// The day, for a task that cannot do without.
    pub fn day(&self) -> Result<NaiveDate> {
        self.day.context("--day YYYY-MM-DD is missing")
    }
}

/// A task's arguments hold those of the contract.
pub trait Arguments: Parser {
    fn contract(&self) -> &Contract;
}

/// Parses the command line, does the work, writes the report; an error is one line on stderr and exit status 1.
pub fn run<A: Arguments>(work: fn(&A) -> Result<Report>) -> ExitCode {
    report_faults();
    let parsed = command_line().map(A::parse_from);
    let worked = parsed.and_then(|arguments| write_report(arguments.contract(), &work(&arguments)?));
    match worked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The command line. Where it holds only `@FILE`, as more arguments do not fit, the arguments are the lines of that file.
fn command_line() -> Result<Vec<OsString>> {
    let given: Vec<OsString> = std::env::args_os().collect();
    let [program, only] = &given[..] else { return Ok(given) };
    let Some(file) = only.as_bytes().strip_prefix(b"@") else { return Ok(given) };
    let file = Path::new(OsStr::from_bytes(file));
    let lines = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = lines.strip_suffix(b"\n").unwrap_or(&lines).split(|byte| *byte == b'\n');
    let arguments = lines.map(|line| OsStr::from_bytes(line).to_os_string());
    Ok([program.clone()].into_iter().chain(arguments).collect())
}

/// Lets a program that is no task print what it finds; an error is one line on stderr and exit status 1.
pub fn print(work: impl FnOnce(&mut dyn Write) -> Result<()>) -> ExitCode {
    let mut out = BufWriter::new(stdout().lock());
    match work(&mut out).and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough (`show ... | head`) closes the pipe; that is no failure.
        Err(error) if error.chain().any(is_closed_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Makes a panic a line for people instead of a trace for programmers.
pub fn report_faults() {
    std::panic::set_hook(Box::new(|fault| {
        if !parquet_file::is_guarded() {
            complain(&format!("error: a fault of the program itself: {fault}"));
        }
    }));
}

/// Says something to people; the runner shows it beside the name of the node.
///
/// A message may quote the data, so it is stripped of what would act on a terminal.
pub fn complain(message: &str) {
    let lines: Vec<String> = message.split('\n').map(legible).collect();
    // Where nothing can be said (stderr is closed, or a log on a full disk), the exit status has to do.
    let _ = writeln!(stderr(), "{}", lines.join("\n"));
}

#[expect(clippy::disallowed_methods, reason = "the report is a file of the task contract")]
fn write_report(contract: &Contract, report: &Report) -> Result<()> {
    let Some(path) = &contract.report else { return Ok(()) };
    std::fs::write(path, serde_json::to_vec(report)?).with_context(|| format!("cannot write {}", path.display()))
}

/// How many threads a task may use: what the runner, or a person, gives it in the variable that polars goes by too, or
/// else as many as there are cores.
pub fn threads() -> usize {
    let given = std::env::var("POLARS_MAX_THREADS").ok().and_then(|text| text.parse().ok()).filter(|count| *count > 0);
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Reads a day from a command line.
pub fn parse_day(text: &str) -> Result<NaiveDate, String> {
    let day = calendar::parse_day(text).and_then(calendar::day_of_number);
    day.ok_or_else(|| "a day is written YYYY-MM-DD".to_string())
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_string(), path.into())),
        _ => Err("it is written NAME=PATH".to_string()),
    }
}
