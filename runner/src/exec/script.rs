//! A job as a script for `sh`, so that a person can run by hand what the runner ran.

use std::path::PathBuf;

use super::{Job, arguments};
use crate::text::quoted;

/// Where the script puts arguments that do not fit on a command line, in the new folder.
const ARGUMENTS: &str = "\"$out\"/.arguments";

/// The script of a job; it writes into a new folder and says which.
///
/// `outputs` maps the paths that the job writes to to names in that folder.
pub fn script(name: &str, job: &Job, outputs: &[(PathBuf, String)]) -> String {
    let mut lines = vec![
        "#!/bin/sh".to_string(),
        format!("# {name} as the runner started it; what it writes goes to a folder of its own."),
        "set -eu".to_string(),
        "out=$(mktemp -d)".to_string(),
        "echo \"writing to $out\" >&2".to_string(),
        format!("cd {}", quoted(&job.folder.to_string_lossy())),
    ];
    let arguments = job.arguments.iter().map(|argument| placed(&argument.to_string_lossy(), outputs));
    let mut words = vec!["env".to_string()];
    let variables = job.variables();
    words.extend(
        variables.iter().map(|(name, value)| format!("{}={}", quoted(name), placed(&value.to_string_lossy(), outputs))),
    );
    words.push(quoted(&job.program.to_string_lossy()));
    if arguments::fit(job) {
        words.extend(arguments);
    } else {
        let printed: Vec<String> = ["printf '%s\\n'".to_string()].into_iter().chain(arguments).collect();
        lines.push(format!("{} > {ARGUMENTS}", broken(&printed)));
        words.push(format!("@{ARGUMENTS}"));
    }
    lines.push(broken(&words));
    lines.join("\n") + "\n"
}

/// A command with a word a line.
fn broken(words: &[String]) -> String {
    words.join(" \\\n  ")
}

/// A word for the shell in which the path of an output stands for one in the new folder.
fn placed(word: &str, outputs: &[(PathBuf, String)]) -> String {
    for (path, name) in outputs {
        if let Some(before) = word.strip_suffix(path.to_string_lossy().as_ref()) {
            return format!(
                "{}\"$out\"/{}",
                if before.is_empty() { String::new() } else { quoted(before) },
                quoted(name)
            );
        }
    }
    quoted(word)
}
