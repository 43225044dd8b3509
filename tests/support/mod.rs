//! A folder of its own for a test, and programs started in it, whose words are shown when an expectation fails.
#![allow(dead_code, unused_imports, reason = "each test file uses the part of this that it needs")]
#![allow(clippy::disallowed_methods, reason = "tests write files and start programs")]

mod chance;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use chance::Chance;

/// A folder below the build's own for temporary files; it stays when the test fails.
pub struct Space {
    pub folder: PathBuf,
}

/// A program that has ended.
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    command: String,
}

impl Space {
    /// A new, empty folder. The name must be the test's own.
    pub fn new(name: &str) -> Space {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        Space { folder }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Writes a program.
    pub fn write_program(&self, path: &str, text: &str) -> &Self {
        self.write(path, text);
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn remove(&self, path: &str) -> &Self {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap()
        } else {
            fs::remove_file(path).unwrap()
        }
        self
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Every file below a folder with its bytes, in order of path.
    pub fn tree(&self, path: &str) -> Vec<(String, Vec<u8>)> {
        let root = self.path(path);
        let mut files = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.strip_prefix(&root).unwrap().display().to_string(), fs::read(&path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }

    /// A program of the project, to be started in the folder. `beside` is any program of the test's own package.
    pub fn command(&self, beside: &str, program: &str) -> Command {
        let program = Path::new(beside).with_file_name(program);
        assert!(program.exists(), "{} is not built: test with `cargo test --release --workspace`", program.display());
        let mut command = Command::new(program);
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }
}

/// A program that does not outlive its test, not even one that fails.
pub struct Started(pub std::process::Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It fails where the test has waited for it.
        let _ = self.0.kill();
    }
}

/// Starts a program.
pub fn start(command: &mut Command) -> Started {
    Started(command.spawn().unwrap())
}

/// Runs a program to its end.
pub fn end(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    ended(&command, output)
}

/// Describes a program that has ended.
pub fn ended(command: &Command, output: std::process::Output) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    Ended {
        status: output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        command: format!("{command:?}"),
    }
}

impl Ended {
    /// Expects an exit status.
    #[track_caller]
    pub fn with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}", self.all());
        self
    }

    /// Expects a text on stderr.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr does not say {text:?}\n{}", self.all());
        self
    }

    /// Expects a text not to be on stderr.
    #[track_caller]
    pub fn does_not_say(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "stderr says {text:?}\n{}", self.all());
        self
    }

    fn all(&self) -> String {
        format!("{}\nstatus {}\nstdout:\n{}\nstderr:\n{}", self.command, self.status, self.stdout, self.stderr)
    }
}
