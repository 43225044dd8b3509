//! Rows of a column as they were decoded, and the value in each.
//!
//! It does not know files, nor how values are spelled.

use std::any::Any;
use std::ops::Range;

use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, StructArray,
};
use polars_arrow::types::NativeType;

use super::kind::{Field, Kind};
use super::value::{Value, decimal, half};

/// Some rows of a column.
#[derive(Clone)]
pub struct Column {
    pub field: Field,
    pub values: Box<dyn Array>,
}

impl Column {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What stands in a row.
    pub fn value(&self, row: usize) -> Value<'_> {
        value(&self.field.kind, &*self.values, row)
    }

    /// The items of all its lists one after the other, and where each list lies among them, null or not; `None` if it
    /// holds no lists.
    pub fn lists(&self) -> Option<Lists<'_>> {
        let (Kind::List(item) | Kind::Map(item)) = &self.field.kind else { return None };
        let lists = typed::<ListArray<i64>>(&*self.values)?;
        Some(Lists { item, lists })
    }
}

/// A column of lists.
pub struct Lists<'a> {
    pub item: &'a Field,
    lists: &'a ListArray<i64>,
}

impl<'a> Lists<'a> {
    pub fn items(&self) -> &'a dyn Array {
        &**self.lists.values()
    }

    /// Where the items of a list lie; `None` if it is null.
    pub fn range(&self, row: usize) -> Option<Range<usize>> {
        (!self.lists.is_null(row)).then(|| range(self.lists, row))
    }
}

fn range(lists: &ListArray<i64>, row: usize) -> Range<usize> {
    let (start, end) = lists.offsets().start_end(row);
    start..end
}

/// The array as what it is.
pub fn typed<A: Any>(array: &dyn Array) -> Option<&A> {
    array.as_any().downcast_ref()
}

/// The numbers of an array of this type, of which nulls are any number.
pub fn numbers<T: NativeType>(array: &dyn Array) -> Option<&[T]> {
    typed::<PrimitiveArray<T>>(array).map(|array| array.values().as_slice())
}

/// What stands in a row of an array that was decoded as this kind.
pub fn value<'a>(kind: &'a Kind, array: &'a dyn Array, row: usize) -> Value<'a> {
    if array.is_null(row) {
        return Value::Null;
    }
    // What does not fit could only be a fault here; it is shown as bytes of which there are none.
    let unfit = || Value::Bytes([].as_slice().into());
    let found = match kind {
        Kind::Boolean => typed::<BooleanArray>(array).map(|values| Value::Boolean(values.value(row))),
        Kind::Integer { .. } => integer(array, row).map(Value::Integer),
        Kind::Half => bytes(array, row).map(|bytes| Value::Single(half(bytes))),
        Kind::Single => numbers::<f32>(array).map(|values| Value::Single(values[row])),
        Kind::Double => numbers::<f64>(array).map(|values| Value::Double(values[row])),
        Kind::Decimal { scale, .. } => match integer(array, row) {
            Some(digits) => Some(Value::Decimal(digits, *scale)),
            None => bytes(array, row).map(|bytes| decimal(bytes, *scale)),
        },
        Kind::Day => numbers::<i32>(array).map(|values| Value::Day(values[row])),
        Kind::Instant { unit, .. } => numbers(array).map(|values| Value::Instant(values[row], *unit)),
        Kind::Clock(unit) => integer(array, row).map(|time| Value::Clock(time as i64, *unit)),
        Kind::Duration(unit) => numbers(array).map(|values| Value::Duration(values[row], *unit)),
        Kind::Text => bytes(array, row).map(|bytes| match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(bytes.into()),
        }),
        Kind::Bytes => bytes(array, row).map(|bytes| Value::Bytes(bytes.into())),
        Kind::List(item) | Kind::Map(item) => typed::<ListArray<i64>>(array).map(|lists| {
            let items = &**lists.values();
            Value::List(range(lists, row).map(|place| value(&item.kind, items, place)).collect())
        }),
        Kind::Struct(fields) => typed::<StructArray>(array).map(|structs| {
            let parts = fields.iter().zip(structs.values());
            Value::Struct(
                parts.map(|(field, part)| (field.name.as_str().into(), value(&field.kind, &**part, row))).collect(),
            )
        }),
    };
    found.unwrap_or_else(unfit)
}

/// An integer of any width.
fn integer(array: &dyn Array, row: usize) -> Option<i128> {
    numbers::<i64>(array)
        .map(|values| values[row].into())
        .or_else(|| numbers::<i32>(array).map(|values| values[row].into()))
        .or_else(|| numbers::<i8>(array).map(|values| values[row].into()))
        .or_else(|| numbers::<i16>(array).map(|values| values[row].into()))
        .or_else(|| numbers::<u64>(array).map(|values| values[row].into()))
        .or_else(|| numbers::<u32>(array).map(|values| values[row].into()))
        .or_else(|| numbers::<u8>(array).map(|values| values[row].into()))
        .or_else(|| numbers::<u16>(array).map(|values| values[row].into()))
}

fn bytes(array: &dyn Array, row: usize) -> Option<&[u8]> {
    let views = typed::<BinaryViewArray>(array).map(|values| values.value(row));
    views.or_else(|| typed::<FixedSizeBinaryArray>(array).map(|values| values.value(row)))
}
