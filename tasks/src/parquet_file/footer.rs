//! The footer of a Parquet file: what it says of columns and row groups, held against the file.
//!
//! The library refuses a footer that names a logical type which it does not know, such as VARIANT, also where nobody reads
//! that column. So such names are left out before it looks: what is left is the type in which the values are stored.

use std::ops::Range;

use anyhow::{Context, Result, bail};
use polars_buffer::Buffer;
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::read::deserialize_metadata;

use super::guard::guarded;

/// The last bytes of a file.
const MAGIC: &[u8; 4] = b"PAR1";
/// The same, where the footer is encrypted.
const ENCRYPTED: &[u8; 4] = b"PARE";
/// How deep fields may lie in each other; the library would run out of stack.
const DEPTH: usize = 64;

/// Reads the footer of a whole file, and fails if it does not fit the file.
pub fn read(file: &Buffer<u8>) -> Result<FileMetadata> {
    let Some((rest, [length @ .., a, b, c, d])) = file.split_last_chunk::<8>() else {
        bail!("it is not a Parquet file: it has only {} bytes", file.len())
    };
    match &[*a, *b, *c, *d] {
        MAGIC => {}
        ENCRYPTED => bail!("its footer is encrypted, which is not supported"),
        _ => bail!("it is not a Parquet file: those end with PAR1"),
    }
    let length = u32::from_le_bytes(*length) as usize;
    let Some(start) = rest.len().checked_sub(length) else {
        bail!("the file is damaged: it has {} bytes, and its footer alone would have {length}", file.len())
    };
    let footer = known_types(&rest[start..]).context("the file is damaged: its footer cannot be read")?;
    let metadata = guarded(|| Ok(deserialize_metadata(Buffer::from_vec(footer))?))?;
    guarded(|| check(&metadata, file.len() as u64))?;
    Ok(metadata)
}

/// Fails unless all that counts rows and bytes agrees.
fn check(metadata: &FileMetadata, length: u64) -> Result<()> {
    let mut rows = 0_usize;
    for group in &metadata.row_groups {
        rows = rows.checked_add(group.num_rows()).context("the file is damaged: it cannot have so many rows")?;
        for chunk in group.parquet_columns() {
            let (name, values) = (chunk.descriptor().path_in_schema.join("."), chunk.num_values());
            let repeats = chunk.descriptor().descriptor.max_rep_level > 0;
            let agrees = usize::try_from(values)
                .is_ok_and(|values| values == group.num_rows() || repeats && values > group.num_rows());
            if !agrees {
                bail!(
                    "the file is damaged: column `{name}` has {values} values in a row group of {} rows",
                    group.num_rows()
                );
            }
            let Range { start, end } = chunk.byte_range();
            if end < start || end > length {
                bail!("the file is damaged: column `{name}` would lie at bytes {start} to {end} of {length}");
            }
        }
    }
    if rows != metadata.num_rows {
        bail!("the file is damaged: its footer says {} rows, its row groups hold {rows}", metadata.num_rows);
    }
    Ok(())
}

/// The footer without the logical types that the library does not know.
fn known_types(footer: &[u8]) -> Result<Vec<u8>> {
    let mut unknown = Vec::new();
    let mut thrift = Thrift { bytes: footer, at: 0 };
    thrift.fields(|thrift, field, wire| match (field, wire) {
        // FileMetaData.schema
        (2, LIST) => thrift.schema(&mut unknown),
        _ => thrift.skip(wire, 0),
    })?;
    let mut kept = Vec::with_capacity(footer.len());
    let mut start = 0;
    for Range { start: from, end } in unknown {
        kept.extend(&footer[start..from]);
        start = end;
    }
    kept.extend(&footer[start..]);
    Ok(kept)
}

const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A walk over a footer as it is encoded: Thrift's compact protocol.
struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Thrift<'_> {
    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).copied().context("it ends too early")?;
        self.at += 1;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    fn pass(&mut self, bytes: u64) -> Result<()> {
        let left = (self.bytes.len() - self.at) as u64;
        if bytes > left {
            bail!("it ends too early");
        }
        self.at += bytes as usize;
        Ok(())
    }

    /// The fields of a struct, each with its number and how it is encoded; `take` reads the field.
    fn fields(&mut self, mut take: impl FnMut(&mut Self, i64, u8) -> Result<()>) -> Result<()> {
        let mut field = 0_i64;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            field = match header >> 4 {
                0 => {
                    let number = self.number()?;
                    (number >> 1) as i64 ^ -((number & 1) as i64)
                }
                step => field.saturating_add(step.into()),
            };
            take(self, field, header & 0x0f)?;
        }
    }

    /// The size of a list and how its items are encoded.
    fn list(&mut self) -> Result<(u64, u8)> {
        let header = self.byte()?;
        let size = if header >> 4 == 15 { self.number()? } else { u64::from(header >> 4) };
        Ok((size, header & 0x0f))
    }

    /// The elements of the schema; where the unknown types among them lie is added to `unknown`.
    fn schema(&mut self, unknown: &mut Vec<Range<usize>>) -> Result<()> {
        let (size, _) = self.list()?;
        // How many children are still to come, for each field around the next.
        let mut around: Vec<u64> = Vec::new();
        for _ in 0..size {
            let mut children = 0;
            self.fields(|thrift, field, wire| {
                // The header of a field is one byte where fields are in order.
                let start = thrift.at - 1;
                match (field, wire) {
                    // SchemaElement.num_children
                    (5, 5) => children = thrift.number()? >> 1,
                    // SchemaElement.logicalType
                    (10, STRUCT) => {
                        let mut known = false;
                        thrift.fields(|thrift, kind, wire| {
                            known |= matches!(kind, 1..=8 | 10..=15);
                            thrift.skip(wire, 0)
                        })?;
                        // It is the last field of all that there are, so none is told relative to it.
                        if !known && thrift.bytes.get(thrift.at) == Some(&0) {
                            unknown.push(start..thrift.at);
                        }
                    }
                    _ => thrift.skip(wire, 0)?,
                }
                Ok(())
            })?;
            if let Some(left) = around.last_mut() {
                *left -= 1;
            }
            around.push(children);
            while around.last() == Some(&0) {
                around.pop();
            }
            if around.len() > DEPTH {
                bail!("its fields lie more than {DEPTH} deep in each other");
            }
        }
        Ok(())
    }

    fn skip(&mut self, wire: u8, depth: usize) -> Result<()> {
        if depth > DEPTH {
            bail!("it is nested too deep");
        }
        match wire {
            1 | 2 => Ok(()),
            3 => self.pass(1),
            4..=6 => self.number().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.number()?;
                self.pass(length)
            }
            LIST | 10 => {
                let (size, items) = self.list()?;
                (0..size).try_for_each(|_| match items {
                    // A boolean in a list is a byte.
                    1 | 2 => self.pass(1),
                    _ => self.skip(items, depth + 1),
                })
            }
            STRUCT => self.fields(|thrift, _, wire| thrift.skip(wire, depth + 1)),
            _ => bail!("it holds a field of an unknown encoding"),
        }
    }
}
