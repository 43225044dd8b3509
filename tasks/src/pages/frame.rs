//! Zstandard frames made by hand, of data whose repetitions are known beforehand.
//!
//! A compressor looks for repetitions in data that has been written out. One who knows them needs neither: a thousand
//! copies cost as much as two. A frame is a header and blocks (RFC 8878, <https://www.rfc-editor.org/rfc/rfc8878>); here
//! a block is either bytes as they are, or one reference to bytes before it:
//!
//! ```text
//! 3 bytes   header: 1 if it is the last block, plus 2 times its type (0 raw, 2 compressed), plus 8 times its size
//! 00        no literals
//! 01 54     one sequence; its three codes are given as bytes, and not in tables ("RLE mode")
//! 00 O M    the codes of the number of literals (none), of the distance and of the length of the reference
//! bits      what these codes leave open: length, then distance, the lowest bit first, then a one
//! ```
//!
//! The code of a distance is the binary logarithm of the distance plus 3, and leaves the bits below the highest open. That
//! of a length less 3, if this is at least 128, is its logarithm plus 36 in the same way.

use anyhow::{Context, Result};

/// Bytes that come so many times, one after the other.
pub type Piece<'a> = (&'a [u8], usize);

const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// The frame is decoded as one segment, and its size follows in four bytes.
const DESCRIPTOR: u8 = 0b1010_0000;
const RAW: usize = 0;
const COMPRESSED: usize = 2;
const LAST_BLOCK: [u8; 3] = [1, 0, 0];
/// What a block may come to when it is decoded.
const LARGEST_BLOCK: usize = 1 << 17;
/// The shortest reference whose code follows the rule above; shorter ones would gain next to nothing.
const SHORTEST: usize = 131;

/// How many bytes the pieces are.
pub fn size(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(pattern, count)| pattern.len() * count).sum()
}

/// One frame that holds the pieces.
pub fn compress(pieces: &[Piece]) -> Result<Vec<u8>> {
    let size = u32::try_from(size(pieces)).context("a page would be larger than 4 GB")?;
    let mut frame = [&MAGIC[..], &[DESCRIPTOR], &size.to_le_bytes()].concat();
    let mut plain = Vec::new();
    for (pattern, count) in pieces {
        let again = pattern.len() * count.saturating_sub(1);
        if again < SHORTEST {
            plain.extend(std::iter::repeat_n(*pattern, *count).flatten());
        } else {
            plain.extend_from_slice(pattern);
            raw(&mut frame, &plain);
            plain.clear();
            references(&mut frame, pattern.len(), again);
        }
    }
    raw(&mut frame, &plain);
    frame.extend_from_slice(&LAST_BLOCK);
    Ok(frame)
}

/// Blocks of bytes as they are.
fn raw(frame: &mut Vec<u8>, bytes: &[u8]) {
    for some in bytes.chunks(LARGEST_BLOCK) {
        block(frame, RAW, some);
    }
}

/// Blocks that together repeat what came `distance` bytes before, for `length` bytes.
fn references(frame: &mut Vec<u8>, distance: usize, mut length: usize) {
    while length > 0 {
        // What is left over must not be too short for a reference of its own.
        let some = if length > LARGEST_BLOCK { LARGEST_BLOCK - SHORTEST } else { length };
        length -= some;
        let ((distance_code, distance_bits), (length_code, length_bits)) = (code(distance + 3), code(some - 3));
        let bits = length_bits | distance_bits << length_code | 1 << (length_code + distance_code);
        let bytes = bits.to_le_bytes();
        let end = (length_code + distance_code) as usize / 8 + 1;
        let head = [0x00, 0x01, 0x54, 0x00, distance_code as u8, length_code as u8 + 36];
        block(frame, COMPRESSED, &[&head, &bytes[..end]].concat());
    }
}

/// The binary logarithm of a number, and the bits below its highest.
fn code(number: usize) -> (u32, u64) {
    let logarithm = number.ilog2();
    (logarithm, number as u64 - (1 << logarithm))
}

fn block(frame: &mut Vec<u8>, kind: usize, content: &[u8]) {
    let header = (content.len() << 3 | kind << 1) as u32;
    frame.extend_from_slice(&header.to_le_bytes()[..3]);
    frame.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn comes_back(pieces: &[Piece]) {
        let written_out: Vec<u8> = pieces.iter().flat_map(|(pattern, count)| pattern.repeat(*count)).collect();
        let frame = compress(pieces).unwrap();
        assert!(zstd::decode_all(&frame[..]).unwrap() == written_out, "{pieces:?}");
        assert!(zstd::bulk::decompress(&frame, size(pieces)).unwrap() == written_out, "{pieces:?}");
    }

    #[test]
    fn a_frame_decodes_to_its_pieces() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number.wrapping_mul(number) >> 7) as u8).collect();
        comes_back(&[]);
        comes_back(&[(b"", 5), (b"a", 1)]);
        comes_back(&[(&bytes, 1)]);
        comes_back(&[(&bytes, 3), (b"between", 1), (&bytes[..77], 1000)]);
        for length in [1, 2, 3, 5, 127, 128, 129, 130, 131, 132, 255, 65_533, 65_540, 131_071, 131_072] {
            for count in [1, 2, 3, 44, 131, 132] {
                comes_back(&[(b"before", 1), (&bytes[..length], count), (&bytes[9..9 + length], 2)]);
            }
        }
    }

    #[test]
    fn every_length_of_a_reference_can_be_told() {
        for count in (120..140).chain(250..270).chain((0..20).map(|more| (1 << 17) - 140 + 10 * more)) {
            comes_back(&[(b"x", count), (b"yz", 1 + count)]);
        }
    }

    #[test]
    fn a_thousand_copies_cost_as_much_as_two() {
        let pattern = [7; 200];
        let sizes = [2, 600].map(|count| compress(&[(&pattern[..], count)]).unwrap().len());
        assert!(sizes[1] <= sizes[0] + 1, "{sizes:?}");
    }
}
