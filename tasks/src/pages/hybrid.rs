//! Parquet's hybrid of run-length encoding and bit-packing, in which levels and places in a dictionary are written.
//!
//! A sequence is runs one after the other. A run is a varint and what it announces: if the varint is even, half of it is
//! how often the value that follows is repeated; if it is odd, half of it is how many groups of eight values follow,
//! packed bit by bit, the lowest first. Every run begins and ends with a byte, so runs can be copied to wherever the same
//! values are wanted once more: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.

/// How many bits the numbers up to `largest` need; at least one, as not every reader expects none.
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

/// A run of values of `width` bits each; zeros fill its last group of eight. Nothing if there are none.
pub fn packed(bytes: &mut Vec<u8>, values: impl ExactSizeIterator<Item = u32>, width: usize) {
    let groups = values.len().div_ceil(8);
    if groups == 0 {
        return;
    }
    varint(bytes, groups << 1 | 1);
    let end = bytes.len() + groups * width;
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

/// A page of the numbers 0, 1, 2 ..., each as often as `counts` says: their width, then a run of each.
pub fn ascending(counts: &[u32]) -> Vec<u8> {
    let width = width(counts.len().saturating_sub(1));
    let mut page = Vec::with_capacity(1 + counts.len() * (width.div_ceil(8) + 2));
    page.push(width as u8);
    for (number, count) in counts.iter().enumerate() {
        repeated(&mut page, *count as usize, number as u32, width);
    }
    page
}

/// The distinct values, ascending (0 if there are none), and a page of the place of each value among them: the width, then one packed run.
pub fn distinct(values: &[i8]) -> (Vec<i32>, Vec<u8>) {
    let mut places = [None; 256];
    values.iter().for_each(|value| places[usize::from(*value as u8)] = Some(0));
    let mut dictionary = Vec::new();
    for value in i8::MIN..=i8::MAX {
        if let Some(place) = &mut places[usize::from(value as u8)] {
            *place = dictionary.len() as u32;
            dictionary.push(i32::from(value));
        }
    }
    if dictionary.is_empty() {
        // Some readers do not take a dictionary of nothing.
        dictionary.push(0);
    }
    let width = width(dictionary.len() - 1);
    let mut page = vec![width as u8];
    packed(&mut page, values.iter().map(|value| places[usize::from(*value as u8)].unwrap_or_default()), width);
    (dictionary, page)
}

/// What `write` writes, with its length in bytes before it, as levels have it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_packed_as_in_the_example_of_the_format() {
        let mut bytes = Vec::new();
        packed(&mut bytes, 0..8, 3);
        assert_eq!(bytes, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn every_width_unpacks_to_what_was_packed() {
        for width in 1..=32 {
            let values: Vec<u32> =
                (1..=13_u32).map(|number| number.wrapping_mul(0x9E37_79B9) >> (32 - width)).collect();
            let mut bytes = Vec::new();
            packed(&mut bytes, values.iter().copied(), width);
            assert_eq!((bytes[0], bytes.len()), (2 << 1 | 1, 1 + 2 * width));
            let bit = |place: usize| u32::from(bytes[1 + place / 8] >> (place % 8) & 1);
            let value = |number: usize| (0..width).map(|place| bit(number * width + place) << place).sum::<u32>();
            assert_eq!((0..16).map(value).collect::<Vec<_>>(), [&values[..], &[0; 3]].concat(), "{width} bits");
        }
    }

    #[test]
    fn a_run_of_one_value_takes_whole_bytes() {
        let mut bytes = Vec::new();
        repeated(&mut bytes, 300, 0x1_2345, 17);
        repeated(&mut bytes, 0, 1, 1);
        assert_eq!(bytes, [0xD8, 0x04, 0x45, 0x23, 0x01]);
        assert_eq!([0, 1, 2, 3, 4, 255, 256].map(width), [1, 1, 2, 2, 3, 8, 9]);
    }
}
