//! Decodes rows of a column from a row group.
//!
//! The library is told how to decode each value as it is stored; what it then is, is known by its kind.

use std::io::Cursor;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use polars_arrow::array::{Array, PrimitiveArray, new_empty_array};
use polars_arrow::compute::concatenate::concatenate;
use polars_arrow::datatypes::{ArrowDataType, Field as ArrowField, TimeUnit};
use polars_buffer::Buffer;
use polars_parquet::parquet::metadata::RowGroupMetadata;
use polars_parquet::parquet::page::CompressedPage;
use polars_parquet::parquet::schema::types::PhysicalType;
use polars_parquet::read::{BasicDecompressor, Filter, PageReader, column_iter_to_arrays};

use super::column::numbers;
use super::kind::{Field, Kind, Stored, Unit};

/// Bytes that a page may have.
const PAGE: usize = 1 << 31;

/// Some rows of a field in a row group of a file. Its lists, its structs and their fields are as deep as it is.
pub fn decode(
    bytes: &Buffer<u8>,
    group: &RowGroupMetadata,
    field: &Field,
    rows: Range<usize>,
) -> Result<Box<dyn Array>> {
    let decode = |arrow: &ArrowField| -> Result<Box<dyn Array>> {
        let (mut pages, mut types) = (Vec::new(), Vec::new());
        for leaf in field.leaves() {
            let chunk = &group.parquet_columns()[leaf];
            let Range { start, end } = chunk.byte_range();
            let bytes = bytes.clone().sliced(start as usize..end as usize);
            let reader = || PageReader::new(Cursor::new(bytes.clone()), chunk, Vec::new(), PAGE);
            let mut values = 0;
            for page in reader() {
                if let CompressedPage::Data(page) = page? {
                    values += page.num_values();
                }
            }
            if i64::try_from(values)? != chunk.num_values() {
                bail!(
                    "the file is damaged: column `{}` has {} values, its pages hold {values}",
                    field.name,
                    chunk.num_values()
                );
            }
            pages.push(BasicDecompressor::new(reader(), Vec::new()));
            types.push(&chunk.descriptor().descriptor.primitive_type);
        }
        let is_part = rows.len() < group.num_rows();
        let filter = is_part.then(|| Filter::new_ranged(rows.start, rows.end));
        let (arrays, _) = column_iter_to_arrays(pages, types, arrow.clone(), filter)
            .with_context(|| format!("column `{}`", field.name))?;
        join(field, arrays)
    };
    let arrow = arrow(field);
    let decoded = decode(&arrow)?;
    if !field.is_int96() {
        return Ok(decoded);
    }
    // Microseconds overflow in years that milliseconds reach.
    let milliseconds =
        decode(&ArrowField::new(arrow.name, ArrowDataType::Timestamp(TimeUnit::Millisecond, None), arrow.is_nullable))?;
    Ok(within_range(&*decoded, &*milliseconds).unwrap_or(decoded))
}

/// Some arrays of a field as one.
pub fn join(field: &Field, mut arrays: Vec<Box<dyn Array>>) -> Result<Box<dyn Array>> {
    match &arrays[..] {
        [] => Ok(new_empty_array(arrow(field).dtype)),
        [_] => Ok(arrays.remove(0)),
        several => Ok(concatenate(&several.iter().map(|array| &**array).collect::<Vec<_>>())?),
    }
}

/// Microseconds, the largest where they do not agree with milliseconds.
fn within_range(micros: &dyn Array, millis: &dyn Array) -> Option<Box<dyn Array>> {
    let times = numbers::<i64>(micros)?.iter().zip(numbers::<i64>(millis)?);
    let times: Vec<i64> =
        times.map(|(micros, millis)| if micros.div_euclid(1_000) == *millis { *micros } else { i64::MAX }).collect();
    Some(PrimitiveArray::new(micros.dtype().clone(), times.into(), micros.validity().cloned()).boxed())
}

/// As the library is to decode it.
fn arrow(field: &Field) -> ArrowField {
    let dtype = match (&field.stored, &field.kind) {
        (Stored::Leaf(_, physical), kind) => leaf_type(*physical, kind),
        (Stored::Nested, Kind::List(item) | Kind::Map(item)) => ArrowDataType::LargeList(Box::new(arrow(item))),
        (Stored::Nested, Kind::Struct(fields)) => ArrowDataType::Struct(fields.iter().map(arrow).collect()),
        (Stored::Nested, _) => ArrowDataType::Null,
    };
    ArrowField::new(field.name.as_str().into(), dtype, field.nullable)
}

fn leaf_type(physical: PhysicalType, kind: &Kind) -> ArrowDataType {
    match (physical, kind) {
        (PhysicalType::Boolean, _) => ArrowDataType::Boolean,
        (PhysicalType::Int32, Kind::Integer { bits: 8, signed: true }) => ArrowDataType::Int8,
        (PhysicalType::Int32, Kind::Integer { bits: 16, signed: true }) => ArrowDataType::Int16,
        (PhysicalType::Int32, Kind::Integer { bits: 8, signed: false }) => ArrowDataType::UInt8,
        (PhysicalType::Int32, Kind::Integer { bits: 16, signed: false }) => ArrowDataType::UInt16,
        (PhysicalType::Int32, Kind::Integer { signed: false, .. }) => ArrowDataType::UInt32,
        (PhysicalType::Int32, Kind::Day) => ArrowDataType::Date32,
        (PhysicalType::Int32, _) => ArrowDataType::Int32,
        (PhysicalType::Int64, Kind::Integer { signed: false, .. }) => ArrowDataType::UInt64,
        (PhysicalType::Int64, Kind::Instant { unit, .. }) => ArrowDataType::Timestamp(
            match unit {
                Unit::Nanoseconds => TimeUnit::Nanosecond,
                Unit::Microseconds => TimeUnit::Microsecond,
                Unit::Milliseconds => TimeUnit::Millisecond,
                Unit::Seconds => TimeUnit::Second,
            },
            None,
        ),
        (PhysicalType::Int64, _) => ArrowDataType::Int64,
        // Nanoseconds would not reach the year 9999.
        (PhysicalType::Int96, _) => ArrowDataType::Timestamp(TimeUnit::Microsecond, None),
        (PhysicalType::Float, _) => ArrowDataType::Float32,
        (PhysicalType::Double, _) => ArrowDataType::Float64,
        (PhysicalType::ByteArray, _) => ArrowDataType::BinaryView,
        (PhysicalType::FixedLenByteArray(size), _) => ArrowDataType::FixedSizeBinary(size),
    }
}
