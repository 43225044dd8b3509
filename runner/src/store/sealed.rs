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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage::{Chance, damaged, executions};
    use crate::store::entry::Entry;

    /// An entry as it is kept, and its bytes.
    fn entry() -> Vec<u8> {
        let digest = blake3::hash(b"digest").to_hex();
        let entry = serde_json::json!({
            "manifest": {
                "format": 1, "task": "take", "day": "2025-01-01", "program": digest.as_str(), "arguments": ["--x", "1"],
                "environment": {}, "outputs": {"text": "text.txt"},
                "inputs": [{"name": "raw", "item": "words/2025-01-01.txt", "digest": digest.as_str()}],
            },
            "files": [{
                "output": "text", "part": null, "path": "text.txt", "size": 4, "modified": 1, "digest": digest.as_str(),
            }],
            "report": {"rejected": {"x": 1}}, "said": ["words"], "run": "run", "previous": null,
            "reason": {"changed": [{"program": {"old": digest.as_str(), "new": digest.as_str()}}]},
            "usage": {"seconds": 0.5, "cpu_seconds": 0.5, "peak_memory": 1},
        });
        let json = serde_json::to_vec(&serde_json::from_value::<Entry>(entry).unwrap()).unwrap();
        [&json, "\n".as_bytes(), blake3::hash(&json).to_hex().as_bytes(), b"\n"].concat()
    }

    #[test]
    fn whatever_happens_to_a_record_it_is_read_as_it_was_written_or_not_at_all() {
        let whole = entry();
        assert!(parse::<Entry>(&whole).is_some());
        for seed in 0..executions() {
            let bytes = damaged(&whole, &mut Chance(seed));
            let read = parse::<Entry>(&bytes).map(|entry| serde_json::to_vec(&entry).unwrap());
            assert!(read.is_none_or(|read| whole.starts_with(&read)), "seed {seed}");
        }
    }

    #[test]
    fn whatever_a_record_holds_under_a_right_seal_it_is_read_or_refused() {
        let whole = entry();
        let json = &whole[..whole.iter().position(|byte| *byte == b'\n').unwrap()];
        for seed in 0..executions() {
            let bytes = damaged(json, &mut Chance(seed));
            let sealed = [&bytes, "\n".as_bytes(), blake3::hash(&bytes).to_hex().as_bytes(), b"\n"].concat();
            // What was read can be written again.
            if let Some(entry) = parse::<Entry>(&sealed) {
                serde_json::to_vec(&entry).unwrap();
            }
        }
    }
}
