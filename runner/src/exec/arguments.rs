//! The arguments of a program, on its command line or, where there are more than fit there, in a file.
//!
//! The file has one argument a line, and the program is given its name as `@FILE`, its one argument. `javac`, `gcc` and
//! Python's `argparse` know that form.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::process::{Resource, getrlimit};

use super::Job;

/// The longest argument that Linux takes, in bytes with the zero at its end.
const LONGEST: usize = 128 << 10;
/// The most that Linux ever takes of arguments and variables together, and what it always takes, in bytes.
const MOST: u64 = 6 << 20;
const LEAST: u64 = 128 << 10;

/// What stands on the command line of a job's program. If that is a file, it is written.
#[expect(clippy::disallowed_methods, reason = "what a program is started with is written here")]
pub fn on_command_line(job: &Job) -> io::Result<Vec<OsString>> {
    if fit(job) {
        return Ok(job.arguments.clone());
    }
    for argument in &job.arguments {
        if argument.as_bytes().iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(io::Error::other(format!(
                "its arguments do not fit on a command line, and {argument:?} cannot be handed over in a file: it \
                 holds a line break"
            )));
        }
    }
    let file = file(job);
    let mut lines = io::BufWriter::new(std::fs::File::create(&file)?);
    for argument in &job.arguments {
        lines.write_all(argument.as_bytes())?;
        lines.write_all(b"\n")?;
    }
    lines.flush()?;
    let mut named = OsString::from("@");
    named.push(file);
    Ok(vec![named])
}

/// Removes the file, if there was one.
#[expect(clippy::disallowed_methods, reason = "the file was written here")]
pub fn forget(job: &Job) {
    if !fit(job) {
        // What stays takes room and does no harm.
        let _ = std::fs::remove_file(file(job));
    }
}

/// Whether the arguments fit on a command line. Half of what the kernel takes is left for variables, those of a person
/// who runs the program by hand among them.
pub fn fit(job: &Job) -> bool {
    let room = getrlimit(Resource::Stack).current.map_or(MOST, |stack| (stack / 4).clamp(LEAST, MOST)) / 2;
    let lengths = job.arguments.iter().map(|argument| argument.len() + 1);
    let all: usize = lengths.clone().map(|length| length + size_of::<usize>()).sum();
    all as u64 <= room && lengths.max().unwrap_or(0) <= LONGEST
}

/// It lies beside the log.
fn file(job: &Job) -> PathBuf {
    job.log.with_extension("arguments")
}
