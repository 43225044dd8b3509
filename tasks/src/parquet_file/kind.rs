//! The columns of a Parquet file and what their values are.
//!
//! That is not how they are stored: a text may be a dictionary, and a list of fixed size is a list. It knows no schema and no
//! values.

use std::fmt;

use polars_parquet::parquet::schema::types::PhysicalType;

/// A column, an item of a list, or a field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub(super) nullable: bool,
    pub(super) stored: Stored,
}

/// Where the values of a field are.
#[derive(Clone, Debug)]
pub(super) enum Stored {
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

impl Field {
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
