//! The encodings of the pages of an action table, to and from bytes. It knows neither files nor customers.

use std::io::Cursor;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{PageHeader, PageType};

/// The longest page header that is taken for one; ours have 100 bytes at most.
const HEADER: usize = 1 << 12;

/// Where the values of a column are, and those of its dictionary if it has one.
pub struct Pages {
    pub dictionary: Range<usize>,
    pub values: Range<usize>,
}

/// Finds the pages of a column that lies at a place of `bytes`: at most one dictionary, then one page of all rows.
pub fn find(bytes: &[u8], mut column: Range<usize>, rows: usize) -> Result<Pages> {
    let mut pages = Pages { dictionary: 0..0, values: 0..0 };
    let mut seen = 0;
    while !column.is_empty() {
        let mut cursor = Cursor::new(bytes.get(column.clone()).context("a column that is cut off")?);
        let header = PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut cursor, HEADER))?;
        let start = column.start + cursor.position() as usize;
        let page = start..start + usize::try_from(header.compressed_page_size)?;
        column.start = page.end;
        if column.start > column.end {
            bail!("a page that is cut off");
        }
        match (header.type_, header.data_page_header) {
            (PageType::DICTIONARY_PAGE, _) if seen == 0 => pages.dictionary = page,
            (PageType::DATA_PAGE, Some(header)) if usize::try_from(header.num_values)? == rows => {
                pages.values = page;
                seen += 1;
            }
            _ => bail!("a page that does not belong there"),
        }
    }
    if seen == 1 { Ok(pages) } else { bail!("{seen} pages where there should be one") }
}

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

/// Finds where each run of a page of [`ascending_runs`] ends, counted in values.
pub fn ends_of_runs(page: &[u8], count: usize, rows: usize, ends: &mut Vec<u32>) -> Result<()> {
    let Some((width, mut bytes)) = page.split_first() else { bail!("a page without a bit width") };
    let value_bytes = usize::from(*width).div_ceil(8);
    ends.clear();
    ends.reserve(count);
    let mut end = 0_usize;
    for place in 0..count {
        let header = take_varint(&mut bytes);
        let (Some(header), Some((value, rest))) = (header, bytes.split_at_checked(value_bytes)) else {
            bail!("a page of runs that ends too soon");
        };
        bytes = rest;
        let value = value.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
        if header & 1 != 0 || value != place {
            bail!("a run that is not that of the next customer");
        }
        end = end.saturating_add(header >> 1);
        ends.push(u32::try_from(end)?);
    }
    if end != rows || !bytes.is_empty() {
        bail!("runs of {end} rows in a page of {rows}");
    }
    Ok(())
}

/// Where small integers are, packed as places in a dictionary of those that occur.
#[derive(Default)]
pub struct Packed {
    width: usize,
    bits: usize,
    dictionary: Vec<i8>,
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

impl Packed {
    /// A page of [`pack`] with so many values, and its dictionary, among `bytes`.
    pub fn find(bytes: &[u8], pages: Pages, count: usize) -> Result<Self> {
        let Some((width, mut bits)) = bytes[pages.values.clone()].split_first() else { bail!("a page without a width") };
        let (width, groups) = (usize::from(*width), count.div_ceil(8));
        if !(1..=8).contains(&width) || take_varint(&mut bits) != Some(groups << 1 | 1) {
            bail!("a page that is not one bit-packed run of {count} values");
        }
        if bits.len() != groups * width {
            bail!("a bit-packed run of {} bytes for {count} values of {width} bits", bits.len());
        }
        // As long as places can be, so that none lies beyond it.
        let mut dictionary = vec![0; 1 << width];
        let values = bytes[pages.dictionary].chunks_exact(4).map(|value| value[0] as i8);
        dictionary.iter_mut().zip(values).for_each(|(place, value)| *place = value);
        Ok(Packed { width, bits: pages.values.end - bits.len(), dictionary })
    }

    /// The value at a place; `bytes` are those in which it was found.
    pub fn get(&self, bytes: &[u8], place: usize) -> i8 {
        let bit = place * self.width;
        let start = self.bits + bit / 8;
        let (low, high) = (bytes[start], bytes.get(start + 1).copied().unwrap_or(0));
        let bits = usize::from(u16::from_le_bytes([low, high])) >> (bit % 8);
        self.dictionary[bits & (self.dictionary.len() - 1)]
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
            let mut ends = Vec::new();
            ends_of_runs(&ascending_runs(&lengths), count, rows, &mut ends).unwrap();
            let starts = [0].iter().chain(&ends);
            assert_eq!(ends.iter().zip(starts).map(|(end, start)| end - start).collect::<Vec<_>>(), lengths);
        }
    }

    #[test]
    fn damaged_runs_are_an_error() {
        let fails = |page: &[u8], rows| ends_of_runs(page, 3, rows, &mut Vec::new()).is_err();
        let page = ascending_runs(&[3, 200, 1]);
        assert!(!fails(&page, 204));
        for cut in 0..page.len() {
            assert!(fails(&page[..cut], 204), "cut at {cut}");
        }
        assert!(fails(&page, 203));
        assert!(fails(&ascending_runs(&[3, 201]), 204));
        assert!(fails(&ascending_runs(&[3, 200, 1, 5]), 204));
    }

    #[test]
    fn small_integers_come_back_as_they_went_in() {
        for distinct in [1, 2, 3, 4, 5, 17, 200, 256] {
            let all: Vec<i8> = (i8::MIN..=i8::MAX).rev().take(distinct).collect();
            for count in [1, 7, 8, 9, 1_000] {
                let values: Vec<i8> = (0..count).map(|place| all[place * 7 % distinct]).collect();
                let (dictionary, page) = pack(&values);
                let mut bytes: Vec<u8> = dictionary.iter().flat_map(|value| i32::from(*value).to_le_bytes()).collect();
                let dictionary = 0..bytes.len();
                bytes.extend(page);
                let pages = Pages { values: dictionary.end..bytes.len(), dictionary };
                let packed = Packed::find(&bytes, pages, count).unwrap();
                let found: Vec<_> = (0..count).map(|place| packed.get(&bytes, place)).collect();
                assert_eq!(found, values, "{distinct} {count}");
            }
        }
    }
}
