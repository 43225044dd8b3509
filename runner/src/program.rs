//! The program of a task and the files that belong to it: where they are, and what is wrong where they cannot be used.
//!
//! It lists names and looks at how a program begins. What else is in a file is found out in [`crate::resolve`].

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::spec::Task;

/// What a task is started with.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    /// Files that belong to it, by their paths from the folder of the pipeline.
    pub with: BTreeMap<String, PathBuf>,
}

/// Folders in which Python keeps what it can make again at any time.
const PYTHON_CACHE: &str = "__pycache__";

impl Program {
    /// Looks for the program of a task and for what belongs to it. `folder` is that of the pipeline, `beside` that of the
    /// runner; both are absolute. The error says what to do.
    pub fn find(task: &Task, folder: &Path, beside: &Path) -> Result<Self, String> {
        let path = if task.run.contains('/') { folder.join(&task.run) } else { beside.join(&task.run) };
        // Without `.` in it.
        let path: PathBuf = path.components().collect();
        check(task, &path)?;
        let mut with = BTreeMap::new();
        for pattern in &task.with {
            let before = with.len();
            add_files(task, pattern, folder, &mut with)?;
            if with.len() == before {
                return Err(format!(
                    "`with: {pattern}` of the task `{}` matches no file in {}\nit is a path from the folder of the \
                     pipeline, with * and ** if there are several files",
                    task.name,
                    folder.display()
                ));
            }
        }
        Ok(Program { path, with })
    }
}

/// Whether a program is there and can be started.
fn check(task: &Task, path: &Path) -> Result<(), String> {
    let (run, name) = (&task.run, &task.name);
    let Some(found) = fs::metadata(path).ok().filter(|found| found.is_file()) else {
        let meant = run.split_whitespace().nth(1);
        return Err(match meant {
            Some(script) => format!(
                "`run: {run}` of the task `{name}` is the name of one program, not a command line\nfor a script write \
                 `run: ./{}`, let its first line say what runs it, such as `#!/usr/bin/env python3`, and make it \
                 executable; arguments are `params`",
                script.trim_start_matches("./")
            ),
            None => format!(
                "the program of the task `{name}` is not there: {}\na name without a slash is a program beside the \
                 runner; build all of them with `cargo build --release --workspace`",
                path.display()
            ),
        });
    };
    if found.permissions().mode() & 0o111 == 0 {
        return Err(format!(
            "the program of the task `{name}` is not executable: {place}\nmake it so with `chmod +x {place}`; the first \
             line of a script says what runs it, such as `#!/usr/bin/env python3`",
            place = path.display()
        ));
    }
    // The C library gives a text that does not say what runs it to the shell.
    let begins = beginning(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if !begins.starts_with(b"#!") && !begins.contains(&0) {
        return Err(format!(
            "the program of the task `{name}` does not say what runs it: {}\nlet its first line say so, such as \
             `#!/usr/bin/env python3` or `#!/bin/sh`",
            path.display()
        ));
    }
    Ok(())
}

/// The first bytes of a file. In those of a program that is no script there are zeros.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Adds the files that a pattern names. Hidden files are left out unless they are named, as a shell does it.
fn add_files(task: &Task, pattern: &str, folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<(), String> {
    let wrong = |what: String| format!("`with: {pattern}` of the task `{}`: {what}", task.name);
    let options =
        MatchOptions { require_literal_separator: true, require_literal_leading_dot: true, ..Default::default() };
    let below = if pattern.ends_with("**") { "/*" } else { "" };
    let whole = format!("{}/{pattern}{below}", Pattern::escape(&folder.to_string_lossy()));
    for path in glob::glob_with(&whole, options).map_err(|error| wrong(error.to_string()))? {
        let path = path.map_err(|error| wrong(error.to_string()))?;
        if path.components().any(|part| part.as_os_str() == PYTHON_CACHE) {
            continue;
        }
        let found = fs::metadata(&path).map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
        if found.is_file() {
            let name = path.strip_prefix(folder).ok().and_then(Path::to_str);
            let name = name.ok_or_else(|| wrong(format!("the name {} is not UTF-8", path.display())))?;
            files.insert(name.to_string(), path);
        }
    }
    Ok(())
}
