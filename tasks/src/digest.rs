//! Digests of values: 128 bits that stand for a value, so that many values can be told apart in little memory.
//!
//! Two values of the same type have the same digest if they are the same, bit for bit: NaN is NaN, and 0.0 is not -0.0.
//! It compares nothing itself, and its digests are not for keeping: they may change with the program.

use anyhow::{Context, Result};
use polars::prelude::{AnyValue, ChunkedArray, Column, DataType, PolarsNumericType, Series};

pub type Digest = u128;

/// The digest of each value of a column.
pub fn of_column(column: &Column) -> Result<Vec<Digest>> {
    let mut bytes = Vec::new();
    let digest = |row| {
        bytes.clear();
        encode(&column.get(row)?, &mut bytes)?;
        Ok(of_bytes(&bytes))
    };
    (0..column.len()).map(digest).collect()
}

pub fn of_bytes(bytes: &[u8]) -> Digest {
    let mut front = [0; size_of::<Digest>()];
    front.copy_from_slice(&blake3::hash(bytes).as_bytes()[..size_of::<Digest>()]);
    Digest::from_le_bytes(front)
}

/// Appends bytes that no other value of the same type has, nor begins with.
fn encode(value: &AnyValue, bytes: &mut Vec<u8>) -> Result<()> {
    if matches!(value, AnyValue::Null) {
        bytes.push(0);
        return Ok(());
    }
    bytes.push(1);
    if let Some(text) = value.extract_str().map(str::as_bytes).or(value.extract_bytes()) {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text);
        return Ok(());
    }
    match value {
        AnyValue::Boolean(value) => bytes.push(u8::from(*value)),
        AnyValue::Float32(number) => bytes.extend(number.to_bits().to_le_bytes()),
        AnyValue::Float64(number) => bytes.extend(number.to_bits().to_le_bytes()),
        AnyValue::Date(day) => bytes.extend(day.to_le_bytes()),
        AnyValue::Datetime(time, ..) => bytes.extend(time.to_le_bytes()),
        AnyValue::List(list) => encode_list(list, bytes)?,
        AnyValue::Struct(..) => {
            for field in value._iter_struct_av() {
                encode(&field, bytes)?;
            }
        }
        number => {
            let number = number
                .extract::<i128>()
                .with_context(|| format!("values of type {} cannot be compared", number.dtype()))?;
            bytes.extend(number.to_le_bytes());
        }
    }
    Ok(())
}

/// Lists may be long and are nearly always numbers without nulls, which need no detour over single values.
fn encode_list(list: &Series, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.extend((list.len() as u64).to_le_bytes());
    bytes.push(u8::from(list.null_count() > 0));
    match list.dtype() {
        _ if list.null_count() > 0 => encode_items(list, bytes)?,
        DataType::Int8 => encode_numbers(list.i8()?, i8::to_le_bytes, bytes),
        DataType::Int16 => encode_numbers(list.i16()?, i16::to_le_bytes, bytes),
        DataType::Int32 => encode_numbers(list.i32()?, i32::to_le_bytes, bytes),
        DataType::Int64 => encode_numbers(list.i64()?, i64::to_le_bytes, bytes),
        _ => encode_items(list, bytes)?,
    }
    Ok(())
}

fn encode_numbers<T: PolarsNumericType, const WIDTH: usize>(
    numbers: &ChunkedArray<T>,
    spell: fn(T::Native) -> [u8; WIDTH],
    bytes: &mut Vec<u8>,
) {
    for number in numbers.into_no_null_iter() {
        bytes.extend_from_slice(&spell(number));
    }
}

fn encode_items(list: &Series, bytes: &mut Vec<u8>) -> Result<()> {
    (0..list.len()).try_for_each(|index| encode(&list.get(index)?, bytes))
}
