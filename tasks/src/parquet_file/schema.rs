//! The schema of a Parquet file as columns, whoever wrote it: which are lists in one of the ways that there are, and what
//! values are by their annotations.
//!
//! It does not know values.

use std::collections::HashMap;

use polars_arrow::datatypes::{ArrowDataType, Metadata, TimeUnit};
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{
    GroupConvertedType, GroupLogicalType, IntegerType, ParquetType, PhysicalType, PrimitiveConvertedType,
    PrimitiveLogicalType, PrimitiveType, TimeUnit as ParquetUnit,
};
use polars_parquet::read::schema::{read_custom_key_value_metadata, read_schema_from_metadata};

use super::guard::guarded;
use super::kind::{Field, Kind, Stored, Unit};

/// The columns of a file, in order. A group without fields is none.
pub fn columns(metadata: &FileMetadata) -> Vec<Field> {
    let mut leaves = 0;
    let fields = metadata.schema_descr.fields().iter();
    let mut columns: Vec<Field> = fields.filter_map(|field| self::field(field, &mut leaves)).collect();
    let is_bare = |field: &Field| {
        matches!(
            (&field.kind, &field.stored),
            (Kind::Integer { signed: true, .. }, Stored::Leaf(_, PhysicalType::Int64))
        )
    };
    if columns.iter().any(is_bare) {
        let noted = noted(metadata);
        for field in columns.iter_mut().filter(|field| is_bare(field)) {
            if let Some(kind) = noted.get(&field.name) {
                field.kind = kind.clone();
            }
        }
    }
    columns
}

/// Types that Parquet does not have, and that writers note beside the schema for themselves.
fn noted(metadata: &FileMetadata) -> HashMap<String, Kind> {
    let schema = guarded(|| {
        let mut notes: Metadata = read_custom_key_value_metadata(metadata.key_value_metadata());
        Ok(read_schema_from_metadata(&mut notes)?)
    });
    let kind = |dtype: &ArrowDataType| match dtype {
        ArrowDataType::Duration(unit) => Some(Kind::Duration(unit_of_arrow(*unit))),
        ArrowDataType::Timestamp(TimeUnit::Second, zone) => {
            Some(Kind::Instant { unit: Unit::Seconds, utc: zone.is_some() })
        }
        ArrowDataType::Date64 => Some(Kind::Instant { unit: Unit::Milliseconds, utc: false }),
        _ => None,
    };
    let fields = schema.ok().flatten().into_iter().flat_map(|schema| schema.into_iter_values());
    fields.filter_map(|field| Some((field.name.to_string(), kind(field.dtype())?))).collect()
}

fn unit_of_arrow(unit: TimeUnit) -> Unit {
    match unit {
        TimeUnit::Second => Unit::Seconds,
        TimeUnit::Millisecond => Unit::Milliseconds,
        TimeUnit::Microsecond => Unit::Microseconds,
        TimeUnit::Nanosecond => Unit::Nanoseconds,
    }
}

fn field(given: &ParquetType, leaves: &mut usize) -> Option<Field> {
    let field = single(given, leaves)?;
    if given.get_field_info().repetition != Repetition::Repeated {
        return Some(field);
    }
    // A field that may be there several times is a list without a group around it.
    let name = field.name.clone();
    Some(Field { name, kind: Kind::List(Box::new(field)), nullable: false, stored: Stored::Nested })
}

/// A field as if it were there once.
fn single(given: &ParquetType, leaves: &mut usize) -> Option<Field> {
    let info = given.get_field_info();
    let (name, nullable) = (info.name.to_string(), info.repetition == Repetition::Optional);
    match given {
        ParquetType::PrimitiveType(primitive) => {
            let stored = Stored::Leaf(*leaves, primitive.physical_type);
            *leaves += 1;
            Some(Field { name, nullable, kind: kind(primitive), stored })
        }
        ParquetType::GroupType { logical_type, converted_type, fields, .. } => {
            let list = match (logical_type, converted_type) {
                (Some(GroupLogicalType::List), _) | (None, Some(GroupConvertedType::List)) => Some(false),
                (Some(GroupLogicalType::Map), _)
                | (None, Some(GroupConvertedType::Map | GroupConvertedType::MapKeyValue)) => Some(true),
                _ => None,
            };
            let kind = match (list, &fields[..]) {
                (Some(is_map), [repeated]) if repeated.get_field_info().repetition == Repetition::Repeated => {
                    let item = Box::new(item(repeated, &name, is_map, leaves)?);
                    if is_map { Kind::Map(item) } else { Kind::List(item) }
                }
                _ => {
                    let fields: Vec<_> = fields.iter().filter_map(|part| field(part, leaves)).collect();
                    if fields.is_empty() {
                        return None;
                    }
                    Kind::Struct(fields)
                }
            };
            Some(Field { name, nullable, kind, stored: Stored::Nested })
        }
    }
}

/// The item of a list. Most lists have a group around each item; old ones do not.
fn item(repeated: &ParquetType, list: &str, is_map: bool, leaves: &mut usize) -> Option<Field> {
    if let ParquetType::GroupType { fields, .. } = repeated
        && let [inner] = &fields[..]
        && !is_map
        && inner.get_field_info().repetition != Repetition::Repeated
        && repeated.name() != "array"
        && repeated.name() != format!("{list}_tuple")
    {
        return field(inner, leaves);
    }
    single(repeated, leaves)
}

/// What the values of a leaf of the schema are.
fn kind(primitive: &PrimitiveType) -> Kind {
    let stored = match primitive.physical_type {
        PhysicalType::Boolean => Kind::Boolean,
        PhysicalType::Int32 => Kind::Integer { bits: 32, signed: true },
        PhysicalType::Int64 => Kind::Integer { bits: 64, signed: true },
        PhysicalType::Int96 => Kind::Instant { unit: Unit::Microseconds, utc: false },
        PhysicalType::Float => Kind::Single,
        PhysicalType::Double => Kind::Double,
        PhysicalType::ByteArray | PhysicalType::FixedLenByteArray(_) => Kind::Bytes,
    };
    let told = match primitive.logical_type {
        Some(logical) => logical_kind(logical),
        None => primitive.converted_type.and_then(converted_kind),
    };
    told.filter(|told| fits(primitive.physical_type, told)).unwrap_or(stored)
}

fn logical_kind(logical: PrimitiveLogicalType) -> Option<Kind> {
    Some(match logical {
        PrimitiveLogicalType::String | PrimitiveLogicalType::Enum | PrimitiveLogicalType::Json => Kind::Text,
        PrimitiveLogicalType::Decimal(precision, scale) => Kind::Decimal { precision, scale },
        PrimitiveLogicalType::Date => Kind::Day,
        PrimitiveLogicalType::Time { unit, .. } => Kind::Clock(unit_of(unit)),
        PrimitiveLogicalType::Timestamp { unit, is_adjusted_to_utc } => {
            Kind::Instant { unit: unit_of(unit), utc: is_adjusted_to_utc }
        }
        PrimitiveLogicalType::Integer(integer) => {
            let (bits, signed) = match integer {
                IntegerType::Int8 => (8, true),
                IntegerType::Int16 => (16, true),
                IntegerType::Int32 => (32, true),
                IntegerType::Int64 => (64, true),
                IntegerType::UInt8 => (8, false),
                IntegerType::UInt16 => (16, false),
                IntegerType::UInt32 => (32, false),
                IntegerType::UInt64 => (64, false),
            };
            Kind::Integer { bits, signed }
        }
        PrimitiveLogicalType::Float16 => Kind::Half,
        PrimitiveLogicalType::Unknown | PrimitiveLogicalType::Bson | PrimitiveLogicalType::Uuid => return None,
    })
}

fn converted_kind(converted: PrimitiveConvertedType) -> Option<Kind> {
    let integer = |bits, signed| Some(Kind::Integer { bits, signed });
    let instant = |unit| Some(Kind::Instant { unit, utc: true });
    match converted {
        PrimitiveConvertedType::Utf8 | PrimitiveConvertedType::Enum | PrimitiveConvertedType::Json => Some(Kind::Text),
        PrimitiveConvertedType::Decimal(precision, scale) => Some(Kind::Decimal { precision, scale }),
        PrimitiveConvertedType::Date => Some(Kind::Day),
        PrimitiveConvertedType::TimeMillis => Some(Kind::Clock(Unit::Milliseconds)),
        PrimitiveConvertedType::TimeMicros => Some(Kind::Clock(Unit::Microseconds)),
        PrimitiveConvertedType::TimestampMillis => instant(Unit::Milliseconds),
        PrimitiveConvertedType::TimestampMicros => instant(Unit::Microseconds),
        PrimitiveConvertedType::Int8 => integer(8, true),
        PrimitiveConvertedType::Int16 => integer(16, true),
        PrimitiveConvertedType::Int32 => integer(32, true),
        PrimitiveConvertedType::Int64 => integer(64, true),
        PrimitiveConvertedType::Uint8 => integer(8, false),
        PrimitiveConvertedType::Uint16 => integer(16, false),
        PrimitiveConvertedType::Uint32 => integer(32, false),
        PrimitiveConvertedType::Uint64 => integer(64, false),
        PrimitiveConvertedType::Bson | PrimitiveConvertedType::Interval => None,
    }
}

fn unit_of(unit: ParquetUnit) -> Unit {
    match unit {
        ParquetUnit::Milliseconds => Unit::Milliseconds,
        ParquetUnit::Microseconds => Unit::Microseconds,
        ParquetUnit::Nanoseconds => Unit::Nanoseconds,
    }
}

/// Whether values of this physical type can be what they are said to be.
fn fits(physical: PhysicalType, kind: &Kind) -> bool {
    match kind {
        Kind::Integer { bits: 64, .. } | Kind::Instant { .. } => physical == PhysicalType::Int64,
        Kind::Integer { .. } | Kind::Day | Kind::Clock(Unit::Milliseconds) => physical == PhysicalType::Int32,
        Kind::Clock(_) => physical == PhysicalType::Int64,
        Kind::Text => physical == PhysicalType::ByteArray,
        Kind::Half => physical == PhysicalType::FixedLenByteArray(2),
        Kind::Decimal { .. } => !matches!(
            physical,
            PhysicalType::Boolean | PhysicalType::Int96 | PhysicalType::Float | PhysicalType::Double
        ),
        _ => false,
    }
}
