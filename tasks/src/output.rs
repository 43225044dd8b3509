//! A file that a task writes: what the disk says of it comes with its name.
//!
//! It does not know what is written.

use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{BufWriter, Error, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is being written. Most of our writers write a few bytes at a time, so it comes with a buffer.
pub type Output = BufWriter<NamedFile>;

/// A file whose errors name it.
pub struct NamedFile {
    file: File,
    path: PathBuf,
}

/// Makes a file, or empties the one that is there.
#[expect(clippy::disallowed_methods, reason = "this is where the files of tables are created")]
pub fn create(path: &Path) -> anyhow::Result<Output> {
    let path = path.to_path_buf();
    let file = File::create(&path).map_err(|error| named("create", &path, error))?;
    Ok(BufWriter::with_capacity(1 << 16, NamedFile { file, path }))
}

/// What the system says of a file that cannot be written, and of which.
#[derive(Debug)]
pub struct Unwritten(pub String);

impl Display for Unwritten {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unwritten {}

fn named(what: &str, path: &Path, error: Error) -> Error {
    Error::new(error.kind(), format!("cannot {what} {}: {error}", path.display()))
}

impl Write for NamedFile {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.file.write(bytes).map_err(|error| named("write", &self.path, error))
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| named("write", &self.path, error))
    }
}

impl Seek for NamedFile {
    fn seek(&mut self, place: SeekFrom) -> Result<u64> {
        self.file.seek(place).map_err(|error| named("write", &self.path, error))
    }
}
