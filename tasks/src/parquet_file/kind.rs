//! The columns of a Parquet file and their types, as its schema tells them, whoever wrote it.
//!
//! A type is what a value is, not how it is stored: a text may be a dictionary, and a list of fixed size is a list. It
//! does not know values.

use std::collections::HashMap;
use std::fmt;

use polars_arrow::datatypes::{ArrowDataType, Field as ArrowField, Metadata, TimeUnit};
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{
    GroupConvertedType, GroupLogicalType, IntegerType, ParquetType, PhysicalType, PrimitiveConvertedType,
    PrimitiveLogicalType, PrimitiveType, TimeUnit as ParquetUnit,
};
use polars_parquet::read::schema::{read_custom_key_value_metadata, read_schema_from_metadata};

use super::guard::guarded;

/// A column, an item of a list, or a field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub(super) nullable: bool,
    stored: Stored,
}

/// Where the values of a field are.
#[derive(Clone, Debug)]
enum Stored {
    /// In the column chunk of this number, of this physical type.
    Leaf(usize, PhysicalType),
    /// In its own fields.
    Nested,
}

/// What the values of a field are.
#[derive(Clone, Debug)]
pub enum Kind {
    Boolean,
    Integer {
        bits: u8,
        signed: bool,
    },
    Half,
    Single,
    Double,
    Decimal {
        precision: usize,
        scale: usize,
    },
    Day,
    Instant {
        unit: Unit,
        utc: bool,
    },
    Clock(Unit),
    Duration(Unit),
    Text,
    Bytes,
    List(Box<Field>),
    /// A list of structs of a key and a value.
    Map(Box<Field>),
    Struct(Vec<Field>),
}

/// What times are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// The columns of a file, in order. A group without fields is none.
pub fn columns(metadata: &FileMetadata) -> Vec<Field> {
    let mut leaves = 0;
    let fields = metadata.schema_descr.fields().iter();
    let mut columns: Vec<Field> = fields.filter_map(|field| Field::of(field, &mut leaves)).collect();
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

impl Field {
    fn of(given: &ParquetType, leaves: &mut usize) -> Option<Field> {
        let field = Field::single(given, leaves)?;
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
                        let item = Box::new(Field::item(repeated, &name, is_map, leaves)?);
                        if is_map { Kind::Map(item) } else { Kind::List(item) }
                    }
                    _ => {
                        let fields: Vec<_> = fields.iter().filter_map(|field| Field::of(field, leaves)).collect();
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
            return Field::of(inner, leaves);
        }
        Field::single(repeated, leaves)
    }

    /// The field with only those fields of its structs, at any depth of lists, that are wanted. Without one, the first is
    /// left, for it tells how many structs there are.
    pub fn only(&self, wanted: &dyn Fn(&str) -> bool) -> Field {
        let kind = match &self.kind {
            Kind::List(item) => Kind::List(Box::new(item.only(wanted))),
            Kind::Struct(fields) => {
                let mut kept: Vec<_> = fields.iter().filter(|field| wanted(&field.name)).cloned().collect();
                if kept.is_empty() {
                    kept.extend(fields.first().cloned());
                }
                Kind::Struct(kept)
            }
            other => other.clone(),
        };
        Field { kind, ..self.clone() }
    }

    /// The numbers of its column chunks, in order.
    pub(super) fn leaves(&self) -> Vec<usize> {
        match (&self.stored, &self.kind) {
            (Stored::Leaf(leaf, _), _) => vec![*leaf],
            (Stored::Nested, Kind::List(item) | Kind::Map(item)) => item.leaves(),
            (Stored::Nested, Kind::Struct(fields)) => fields.iter().flat_map(Field::leaves).collect(),
            (Stored::Nested, _) => Vec::new(),
        }
    }

    /// Whether its values are stored as the 96 bits of old writers.
    pub(super) fn is_int96(&self) -> bool {
        matches!(self.stored, Stored::Leaf(_, PhysicalType::Int96))
    }

    /// As the library is to decode it.
    pub(super) fn arrow(&self) -> ArrowField {
        let dtype = match (&self.stored, &self.kind) {
            (Stored::Leaf(_, physical), kind) => leaf_type(*physical, kind),
            (Stored::Nested, Kind::List(item) | Kind::Map(item)) => ArrowDataType::LargeList(Box::new(item.arrow())),
            (Stored::Nested, Kind::Struct(fields)) => ArrowDataType::Struct(fields.iter().map(Field::arrow).collect()),
            (Stored::Nested, _) => ArrowDataType::Null,
        };
        ArrowField::new(self.name.as_str().into(), dtype, self.nullable)
    }
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

impl Unit {
    /// How many there are in a second.
    pub fn per_second(self) -> i64 {
        match self {
            Unit::Seconds => 1,
            Unit::Milliseconds => 1_000,
            Unit::Microseconds => 1_000_000,
            Unit::Nanoseconds => 1_000_000_000,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Unit::Seconds => "s",
            Unit::Milliseconds => "ms",
            Unit::Microseconds => "μs",
            Unit::Nanoseconds => "ns",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Kind::Boolean => out.write_str("bool"),
            Kind::Integer { bits, signed } => write!(out, "{}{bits}", if *signed { "i" } else { "u" }),
            Kind::Half => out.write_str("f16"),
            Kind::Single => out.write_str("f32"),
            Kind::Double => out.write_str("f64"),
            Kind::Decimal { precision, scale } => write!(out, "decimal[{precision},{scale}]"),
            Kind::Day => out.write_str("date"),
            Kind::Instant { unit, utc } => write!(out, "datetime[{unit}{}]", if *utc { ", UTC" } else { "" }),
            Kind::Clock(_) => out.write_str("time"),
            Kind::Duration(unit) => write!(out, "duration[{unit}]"),
            Kind::Text => out.write_str("str"),
            Kind::Bytes => out.write_str("binary"),
            Kind::List(item) => write!(out, "list[{}]", item.kind),
            Kind::Map(entry) => match &entry.kind {
                Kind::Struct(fields) if fields.len() == 2 => write!(out, "map[{}: {}]", fields[0].kind, fields[1].kind),
                other => write!(out, "map[{other}]"),
            },
            Kind::Struct(fields) => {
                let fields: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.name, field.kind)).collect();
                write!(out, "struct[{}]", fields.join(", "))
            }
        }
    }
}
