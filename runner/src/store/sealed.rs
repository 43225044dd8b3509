//! Records that can tell whether they are whole: a line of JSON, and a line with its blake3 hash.
//!
//! What was cut off, overwritten or edited is not there for its reader; nothing here is ever an error of reading.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The record in a file, if it is there and whole.
pub fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    parse(&fs::read(path).ok()?)
}

/// The record in the bytes of a file, if it is whole.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let bytes = bytes.strip_suffix(b"\n")?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n')?;
    let (json, seal) = (&bytes[..end], &bytes[end + 1..]);
    if blake3::hash(json) != blake3::Hash::from_hex(seal).ok()? {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Writes a record into a file of its own.
pub fn write<T: Serialize>(path: &Path, record: &T) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(record)?;
    let seal = blake3::hash(&bytes).to_hex();
    bytes.push(b'\n');
    bytes.extend_from_slice(seal.as_bytes());
    bytes.push(b'\n');
    fs::write(path, bytes)
}
