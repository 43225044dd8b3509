//! Whether a Parquet file is whole, as far as its ends tell; what is in it is none of the runner's business.
//!
//! A Parquet file begins with `PAR1` and ends with its footer, the footer's length in four bytes (little-endian), and
//! `PAR1` again (<https://parquet.apache.org/docs/file-format/>), so one that was cut off is without its end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const MAGIC: &[u8; 4] = b"PAR1";

/// Whether a file begins and ends like a Parquet file.
pub fn is_whole(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    if size < 12 {
        return Ok(false);
    }
    let (mut start, mut end) = ([0; 4], [0; 8]);
    file.read_exact(&mut start)?;
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut end)?;
    let [a, b, c, d, tail @ ..] = end;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    Ok(start == *MAGIC && tail == *MAGIC && footer <= size - 12)
}
