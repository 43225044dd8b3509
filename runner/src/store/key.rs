//! What a node's result depends on, and the hash of it.
//!
//! The manifest is a plain record; the key is the blake3 hash of its JSON, and the manifest is stored beside the
//! result. Whatever explains a key therefore reads what was hashed. Pure: digests come in ready-made.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::day::Day;

/// Everything that a node's result depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this record; another one is another key.
    pub format: u32,
    pub task: String,
    pub day: Option<Day>,
    /// The content of the program.
    pub program: Digest,
    /// The content of the files that belong to it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, Digest>,
    /// The parameters as arguments, without the paths of inputs and outputs.
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
    /// In the order in which the program is given them.
    pub inputs: Vec<ManifestInput>,
    /// File names by output.
    pub outputs: BTreeMap<String, String>,
}

/// A file that a node reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestInput {
    /// The task's name for it.
    pub name: String,
    /// What it is to a person: a raw file's path below the data folder (which the program sees), or the node that wrote
    /// it and the day of the part.
    pub item: String,
    pub digest: Digest,
}

impl Manifest {
    /// The version of the record that is written now.
    pub const FORMAT: u32 = 1;

    /// The hash of the record's JSON.
    #[expect(clippy::expect_used, reason = "a key that stood for a failure would be the key of all of them")]
    pub fn key(&self) -> Key {
        // Maps are sorted and fields stand in the order of the struct, so equal records have equal JSON.
        // JSON can spell all that a record holds: text, numbers, maps by text.
        let json = serde_json::to_vec(self).expect("a manifest has nothing in it that JSON cannot spell");
        Key(Digest(blake3::hash(&json)))
    }
}

/// The blake3 hash of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub blake3::Hash);

impl Digest {
    /// Enough of it to tell contents apart on a screen.
    pub fn short(&self) -> String {
        self.0.to_hex()[..12].to_string()
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.to_hex().as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        blake3::Hash::from_hex(text.as_bytes()).map(Digest).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.0.to_hex().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The hash of a manifest: the name under which a result is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key(Digest);

impl Key {
    /// The key that a folder is named after, if it is one.
    pub fn of_folder(name: &str) -> Option<Key> {
        blake3::Hash::from_hex(name).ok().map(|hash| Key(Digest(hash)))
    }

    /// Enough of it to tell results apart on a screen.
    pub fn short(&self) -> String {
        self.0.short()
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.0.as_bytes()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: Manifest::FORMAT,
            task: "unify".into(),
            day: Some("2025-08-10".parse().unwrap()),
            program: Digest(blake3::hash(b"program")),
            with: BTreeMap::from([("popularity/count.py".into(), Digest(blake3::hash(b"count")))]),
            arguments: vec!["--x".into(), "1".into()],
            environment: BTreeMap::new(),
            inputs: vec![ManifestInput {
                name: "clicks".into(),
                item: "read_clicks@2025-08-10".into(),
                digest: Digest(blake3::hash(b"clicks")),
            }],
            outputs: BTreeMap::from([("actions".into(), "actions.parquet".into())]),
        }
    }

    #[test]
    fn every_part_of_a_manifest_is_in_its_key() {
        let changes: [fn(&mut Manifest); 10] = [
            |manifest| manifest.format += 1,
            |manifest| manifest.task.push('x'),
            |manifest| manifest.day = None,
            |manifest| manifest.program = Digest(blake3::hash(b"other")),
            |manifest| manifest.with.clear(),
            |manifest| manifest.arguments = vec!["--x 1".into()],
            |manifest| drop(manifest.environment.insert("A".into(), "1".into())),
            |manifest| manifest.inputs[0].digest = Digest(blake3::hash(b"other")),
            |manifest| manifest.inputs[0].name = "add_to_carts".into(),
            |manifest| drop(manifest.outputs.insert("more".into(), "more.parquet".into())),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = manifest();
            change(&mut changed);
            assert_ne!(changed.key(), manifest().key(), "change {number}");
        }
    }

    #[test]
    fn a_manifest_reads_back_as_it_was_written() {
        let json = serde_json::to_string(&manifest()).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest());
    }
}
