//! Has the kernel fetch the raw files of the node that is next while others are at work.
//!
//! Where raw files are not in memory, a node's first look at them would otherwise wait for the disk, and its core with
//! it. It is a hint and no more: what cannot be fetched is found missing by the node itself.

use std::fs::File;
use std::path::Path;

use rustix::fs::{Advice, fadvise};

use super::Engine;
use crate::graph::{NodeId, Read};

/// Bytes of a node's files that are fetched at most, so that they are still there when it begins.
const MOST: u64 = 256 << 20;
/// Bytes that are asked for at a time: the kernel cuts larger wishes short.
const PIECE: u64 = 1 << 20;

impl Engine<'_> {
    pub(super) fn fetch_ahead(&self, id: NodeId) {
        let inputs = self.resolver.graph.node(id).inputs.iter();
        let files = inputs.filter_map(|input| match &input.what {
            Read::Files(paths) => Some(paths),
            Read::Output { .. } => None,
        });
        let mut left = MOST;
        for path in files.flatten() {
            left -= fetch(&self.resolver.data.join(path), left);
        }
    }
}

/// Asks for the beginning of a file, and says how many bytes that is.
fn fetch(path: &Path, most: u64) -> u64 {
    let Ok(file) = File::open(path) else { return 0 };
    let length = file.metadata().map_or(0, |metadata| metadata.len()).min(most);
    for start in (0..length).step_by(PIECE as usize) {
        let _ = fadvise(&file, start, std::num::NonZeroU64::new(PIECE), Advice::WillNeed);
    }
    length
}
