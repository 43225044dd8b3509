//! Reads pages of the few kinds that our own writers write, straight from the bytes of a file.
//!
//! A general reader decodes whatever a page may hold, value by value. Of a page that is known to be one run of packed
//! values, or PLAIN values and nothing else, the value at a place is found without decoding those before it. Everything
//! else is an error here, never a wrong value.

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

/// Finds the pages of a column that lies at a place of `bytes`: at most one dictionary, then one page of so many entries.
pub fn find(bytes: &[u8], mut column: Range<usize>, entries: usize) -> Result<Pages> {
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
            (PageType::DATA_PAGE, Some(header)) if usize::try_from(header.num_values)? == entries => {
                pages.values = page;
                seen += 1;
            }
            _ => bail!("a page that does not belong there"),
        }
    }
    if seen == 1 { Ok(pages) } else { bail!("{seen} pages where there should be one") }
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

/// Finds where each run of a page that holds 0, 1, 2 ... ends, counted in values.
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
            bail!("a run that is not of the next number");
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

impl Packed {
    /// A page that is one bit-packed run of so many values, and its dictionary, among `bytes`.
    pub fn find(bytes: &[u8], pages: Pages, count: usize) -> Result<Self> {
        let Some((width, mut bits)) = bytes[pages.values.clone()].split_first() else {
            bail!("a page without a width")
        };
        let (width, groups) = (usize::from(*width), count.div_ceil(8));
        if count == 0 && bits.is_empty() {
            return Ok(Packed::default());
        }
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

    /// Adds the first `count` values to others; `bytes` are those in which they were found.
    ///
    /// Eight values fill as many bytes as each has bits, so they are taken eight at a time.
    pub fn unpack(&self, bytes: &[u8], count: usize, values: &mut Vec<i8>) {
        let end = values.len() + count;
        values.reserve(count + 8);
        let mask = self.dictionary.len().wrapping_sub(1);
        for eight in bytes[self.bits..].chunks_exact(self.width.max(1)).take(count.div_ceil(8)) {
            let word = eight.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            let value = |number: usize| self.dictionary[(word >> (number * self.width)) as usize & mask];
            values.extend::<[i8; 8]>(std::array::from_fn(value));
        }
        values.truncate(end);
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

/// Finds where each list of a page ends, counted in values, by the levels at the front of the page; and where the levels
/// end. No list may be cut off, and no value may be missing.
pub fn ends_of_lists(page: &[u8], lists: usize, ends: &mut Vec<i64>) -> Result<usize> {
    let mut rest = page;
    let repetition = measured(&mut rest)?;
    let mut definition = Runs(measured(&mut rest)?);
    ends.clear();
    ends.reserve(lists);
    let (mut entries, mut end) = (Runs(repetition), 0_i64);
    let mut next = entries.next()?;
    // What is left of the run of definition levels: how many entries have a value, or have none.
    let (mut left, mut with_value) = (0, 0);
    while let Some((count, level)) = next {
        if (count, level) != (1, 0) {
            bail!("lists that begin otherwise than expected");
        }
        let mut length = 1;
        next = entries.next()?;
        if let Some((more, 1)) = next {
            length += more;
            next = entries.next()?;
        }
        if left == 0 {
            (left, with_value) = definition.next()?.context("fewer definition levels than entries")?;
        }
        if length > left || (with_value == 0 && length > 1) {
            bail!("a list with values that are missing");
        }
        left -= length;
        end += if with_value == 0 { 0 } else { length as i64 };
        ends.push(end);
    }
    if ends.len() != lists || left != 0 || definition.next()?.is_some() {
        bail!("levels of {} lists where {lists} are expected", ends.len());
    }
    Ok(page.len() - rest.len())
}

/// Takes bytes off the front that come with their length.
fn measured<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk().context("levels without a length")?;
    let length = u32::from_le_bytes(*length) as usize;
    let (levels, rest) = rest.split_at_checked(length).context("levels that are cut off")?;
    *bytes = rest;
    Ok(levels)
}

/// RLE runs of levels of one bit.
struct Runs<'a>(&'a [u8]);

impl Runs<'_> {
    /// The next run: how often, and the level.
    fn next(&mut self) -> Result<Option<(usize, u8)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let header = take_varint(&mut self.0).filter(|header| header & 1 == 0).context("levels that are not runs")?;
        let (level, rest) = self.0.split_first().context("a run that is cut off")?;
        self.0 = rest;
        Ok(Some((header >> 1, *level)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{hybrid, levels};

    #[test]
    fn runs_come_back_as_they_went_in() {
        for count in [0_usize, 1, 2, 3, 255, 256, 257, 65_537] {
            let lengths: Vec<u32> = (0..count as u32).map(|place| 1 + place * place % 1_000).collect();
            let rows = lengths.iter().sum::<u32>() as usize;
            let mut ends = Vec::new();
            ends_of_runs(&hybrid::ascending(&lengths), count, rows, &mut ends).unwrap();
            let starts = [0].iter().chain(&ends);
            assert_eq!(ends.iter().zip(starts).map(|(end, start)| end - start).collect::<Vec<_>>(), lengths);
        }
    }

    #[test]
    fn damaged_runs_are_an_error() {
        let fails = |page: &[u8], rows| ends_of_runs(page, 3, rows, &mut Vec::new()).is_err();
        let page = hybrid::ascending(&[3, 200, 1]);
        assert!(!fails(&page, 204));
        for cut in 0..page.len() {
            assert!(fails(&page[..cut], 204), "cut at {cut}");
        }
        assert!(fails(&page, 203));
        assert!(fails(&hybrid::ascending(&[3, 201]), 204));
        assert!(fails(&hybrid::ascending(&[3, 200, 1, 5]), 204));
    }

    #[test]
    fn small_integers_come_back_as_they_went_in() {
        for distinct in [1, 2, 3, 4, 5, 17, 200, 256] {
            let all: Vec<i8> = (i8::MIN..=i8::MAX).rev().take(distinct).collect();
            for count in [0, 1, 7, 8, 9, 1_000] {
                let values: Vec<i8> = (0..count).map(|place| all[place * 7 % distinct]).collect();
                let (dictionary, page) = hybrid::distinct(&values);
                let mut bytes: Vec<u8> = dictionary.iter().flat_map(|value| value.to_le_bytes()).collect();
                let dictionary = 0..bytes.len();
                bytes.extend(page);
                let pages = Pages { values: dictionary.end..bytes.len(), dictionary };
                let packed = Packed::find(&bytes, pages, count).unwrap();
                let found: Vec<_> = (0..count).map(|place| packed.get(&bytes, place)).collect();
                assert_eq!(found, values, "{distinct} {count}");
                let mut found = vec![7; 3];
                packed.unpack(&bytes, count, &mut found);
                assert_eq!(found, [&[7; 3], &values[..]].concat(), "{distinct} {count}");
            }
        }
    }

    #[test]
    fn lists_end_where_their_levels_say() {
        for lengths in [vec![], vec![0], vec![1], vec![0, 0, 3, 1, 0, 200, 2, 0], vec![1, 1, 1], vec![5, 0, 0]] {
            let mut page = Vec::new();
            levels::of_lists(&mut page, &lengths);
            let levels = page.len();
            page.extend([9; 5]);
            let mut ends = Vec::new();
            assert_eq!(ends_of_lists(&page, lengths.len(), &mut ends).unwrap(), levels, "{lengths:?}");
            let expected = lengths.iter().scan(0, |end, length| {
                *end += *length as i64;
                Some(*end)
            });
            assert_eq!(ends, expected.collect::<Vec<_>>(), "{lengths:?}");
            for cut in 0..levels {
                assert!(ends_of_lists(&page[..cut], lengths.len(), &mut ends).is_err(), "{lengths:?} cut at {cut}");
            }
            assert!(ends_of_lists(&page, lengths.len() + 1, &mut ends).is_err(), "{lengths:?}");
        }
    }
}
