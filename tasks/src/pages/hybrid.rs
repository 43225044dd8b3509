//! Parquet's hybrid of run-length encoding and bit-packing, in which levels and places in a dictionary are written.
//!
//! A sequence is runs one after the other. A run is a varint and what it announces: if the varint is even, half of it is
//! how often the value that follows is repeated; if it is odd, half of it is how many groups of eight values follow,
//! packed bit by bit, the lowest first. Every run begins and ends with a byte, so runs can be copied to wherever the same
//! values are wanted once more: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.

/// How many bits the numbers up to `largest` need; at least one, as some readers do not expect none.
pub fn width(largest: usize) -> usize {
    (usize::BITS - largest.leading_zeros()).max(1) as usize
}

/// A run of one value, of at most `width` bits; nothing if it is empty.
pub fn repeated(bytes: &mut Vec<u8>, count: usize, value: u32, width: usize) {
    if count > 0 {
        varint(bytes, count << 1);
        bytes.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8)]);
    }
}

/// A run of values of `width` bits each; zeros fill its last group of eight.
pub fn packed(bytes: &mut Vec<u8>, values: impl ExactSizeIterator<Item = u32>, width: usize) {
    let groups = values.len().div_ceil(8);
    if groups == 0 {
        return;
    }
    varint(bytes, groups << 1 | 1);
    let end = bytes.len() + groups * width;
    bytes.reserve(groups * width + 8);
    let (mut word, mut filled) = (0, 0);
    for value in values {
        word |= u64::from(value) << filled;
        filled += width;
        if filled >= 32 {
            bytes.extend_from_slice(&(word as u32).to_le_bytes());
            word >>= 32;
            filled -= 32;
        }
    }
    bytes.extend_from_slice(&word.to_le_bytes());
    bytes.resize(end, 0);
}

/// Runs written by `write`, with their length in bytes before them, as the levels of a page have it.
pub fn measured(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    write(bytes);
    let length = (bytes.len() - start - 4) as u32;
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
