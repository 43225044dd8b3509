//! The encodings of the pages of an action table, to and from bytes. It knows neither files nor customers.

use anyhow::{Result, bail};

/// A number of variable length, seven bits a byte, the lowest first (ULEB128).
fn put_varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Takes a number of variable length off the front; `None` if it does not end.
fn take_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Bits that it takes to tell `count` values apart; at least one, as not every reader takes less.
pub fn width(count: usize) -> u32 {
    count.saturating_sub(1).checked_ilog2().map_or(1, |highest| highest + 1)
}

/// A page of dictionary places 0, 1, 2 ..., each as often as `lengths` says: its width, then one RLE run each.
pub fn ascending_runs(lengths: &[u32]) -> Vec<u8> {
    let width = width(lengths.len());
    let value_bytes = width.div_ceil(8) as usize;
    let mut bytes = Vec::with_capacity(1 + lengths.len() * (value_bytes + 2));
    bytes.push(width as u8);
    for (place, length) in lengths.iter().enumerate() {
        put_varint(&mut bytes, (*length as usize) << 1);
        bytes.extend_from_slice(&place.to_le_bytes()[..value_bytes]);
    }
    bytes
}

/// Where each run of a page of [`ascending_runs`] ends, counted in values.
pub fn ends_of_runs(page: &[u8], count: usize, rows: usize) -> Result<Vec<u32>> {
    let Some((width, mut bytes)) = page.split_first() else { bail!("a page without a bit width") };
    let value_bytes = usize::from(*width).div_ceil(8);
    let mut ends = Vec::with_capacity(count);
    let mut end = 0_usize;
    for place in 0..count {
        let header = take_varint(&mut bytes);
        let (Some(header), Some((value, rest))) = (header, bytes.split_at_checked(value_bytes)) else {
            bail!("a page of runs that ends too soon");
        };
        bytes = rest;
        if header & 1 != 0 || value != &place.to_le_bytes()[..value_bytes] {
            bail!("a run that is not that of the next customer");
        }
        end = end.saturating_add(header >> 1);
        ends.push(u32::try_from(end)?);
    }
    if end != rows || !bytes.is_empty() {
        bail!("runs of {end} rows in a page of {rows}");
    }
    Ok(ends)
}

/// Small integers as places in a dictionary of those that occur, bit-packed.
pub struct Packed<'a> {
    width: u32,
    bits: &'a [u8],
    dictionary: &'a [i8],
}

/// The distinct values, ascending, and a page of their places: the width, then a single bit-packed run.
pub fn pack(values: &[i8]) -> (Vec<i8>, Vec<u8>) {
    let mut places = [None; 256];
    values.iter().for_each(|value| places[usize::from(*value as u8)] = Some(0_u8));
    let mut dictionary = Vec::new();
    for value in i8::MIN..=i8::MAX {
        if let Some(place) = &mut places[usize::from(value as u8)] {
            *place = dictionary.len() as u8;
            dictionary.push(value);
        }
    }
    let width = width(dictionary.len());
    let mut page = vec![width as u8];
    put_varint(&mut page, values.len().div_ceil(8) << 1 | 1);
    for eight in values.chunks(8) {
        let mut bits = 0_u64;
        for (slot, value) in eight.iter().enumerate() {
            let place = places[usize::from(*value as u8)].unwrap_or_default();
            bits |= u64::from(place) << (slot as u32 * width);
        }
        page.extend_from_slice(&bits.to_le_bytes()[..width as usize]);
    }
    (dictionary, page)
}

impl<'a> Packed<'a> {
    /// A page of [`pack`] with so many values.
    pub fn open(page: &'a [u8], dictionary: &'a [i8], count: usize) -> Result<Self> {
        let Some((width, mut bits)) = page.split_first() else { bail!("a page without a bit width") };
        let (width, groups) = (u32::from(*width), count.div_ceil(8));
        if !(1..=8).contains(&width) || take_varint(&mut bits) != Some(groups << 1 | 1) {
            bail!("a page that is not one bit-packed run of {count} values");
        }
        if bits.len() != groups * width as usize {
            bail!("a bit-packed run of {} bytes for {count} values of {width} bits", bits.len());
        }
        Ok(Packed { width, bits, dictionary })
    }

    /// The value at a place; 0 beyond the dictionary, which no page of [`pack`] has.
    pub fn get(&self, place: usize) -> i8 {
        let bit = place * self.width as usize;
        let (low, high) = (self.bits[bit / 8], self.bits.get(bit / 8 + 1).copied().unwrap_or(0));
        let bits = u32::from(u16::from_le_bytes([low, high])) >> (bit % 8);
        self.dictionary.get((bits & ((1 << self.width) - 1)) as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_back_as_they_went_in() {
        for count in [0_usize, 1, 2, 3, 255, 256, 257, 65_537] {
            let lengths: Vec<u32> = (0..count as u32).map(|place| 1 + place * place % 1_000).collect();
            let rows = lengths.iter().sum::<u32>() as usize;
            let ends = ends_of_runs(&ascending_runs(&lengths), count, rows).unwrap();
            let starts = [0].iter().chain(&ends);
            assert_eq!(ends.iter().zip(starts).map(|(end, start)| end - start).collect::<Vec<_>>(), lengths);
        }
    }

    #[test]
    fn damaged_runs_are_an_error() {
        let page = ascending_runs(&[3, 200, 1]);
        for cut in 0..page.len() {
            assert!(ends_of_runs(&page[..cut], 3, 204).is_err(), "cut at {cut}");
        }
        assert!(ends_of_runs(&page, 3, 203).is_err());
        assert!(ends_of_runs(&page, 2, 203).is_err());
        assert!(ends_of_runs(&ascending_runs(&[204]), 3, 204).is_err());
    }

    #[test]
    fn small_integers_come_back_as_they_went_in() {
        for distinct in [1, 2, 3, 4, 5, 17, 200, 256] {
            let all: Vec<i8> = (i8::MIN..=i8::MAX).rev().take(distinct).collect();
            for count in [1, 7, 8, 9, 1_000] {
                let values: Vec<i8> = (0..count).map(|place| all[place * 7 % distinct]).collect();
                let (dictionary, page) = pack(&values);
                let packed = Packed::open(&page, &dictionary, count).unwrap();
                assert_eq!((0..count).map(|place| packed.get(place)).collect::<Vec<_>>(), values, "{distinct} {count}");
            }
        }
    }
}
