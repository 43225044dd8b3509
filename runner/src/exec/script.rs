//! A job as a script for `sh`, so that a person can run by hand what the runner ran.

use std::path::PathBuf;

use super::Job;

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
    let mut words = vec!["env".to_string()];
    words.extend(
        job.environment.iter().map(|(name, value)| format!("{name}={}", placed(&value.to_string_lossy(), outputs))),
    );
    words.push(quoted(&job.program.to_string_lossy()));
    words.extend(job.arguments.iter().map(|argument| placed(&argument.to_string_lossy(), outputs)));
    lines.push(words.join(" \\\n  "));
    lines.join("\n") + "\n"
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

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=@:,+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
