//! Digests of values: 128 bits that stand for a value, so that many values can be told apart in little memory.
//!
//! Two values of the same type have the same digest if they are the same, bit for bit: NaN is NaN, and 0.0 is not -0.0.
//! It compares nothing itself, and its digests are not for keeping: they may change with the program.

use crate::parquet_file::{Column, Kind, Value, numbers};

pub type Digest = u128;

/// The digest of each value of a column.
pub fn of_column(column: &Column) -> Vec<Digest> {
    of_rows(column, 0..column.len()).collect()
}

/// The digests of what stands in some rows of a column.
pub fn of_rows(column: &Column, rows: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Digest> {
    let mut bytes = Vec::new();
    rows.into_iter().map(move |row| {
        bytes.clear();
        if plain(column, row, &mut bytes).is_none() {
            encode(&column.value(row), &mut bytes);
        }
        of_bytes(&bytes)
    })
}

/// The digest of a value.
pub fn of_value(value: &Value) -> Digest {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    of_bytes(&bytes)
}

pub fn of_bytes(bytes: &[u8]) -> Digest {
    let mut front = [0; size_of::<Digest>()];
    front.copy_from_slice(&blake3::hash(bytes).as_bytes()[..size_of::<Digest>()]);
    Digest::from_le_bytes(front)
}

/// Appends bytes that no other value of the same type has, nor begins with.
fn encode(value: &Value, bytes: &mut Vec<u8>) {
    if value.is_null() {
        return bytes.push(0);
    }
    bytes.push(1);
    match value {
        Value::Null => {}
        Value::Boolean(value) => bytes.push(u8::from(*value)),
        Value::Integer(number) => bytes.extend((*number as i64).to_le_bytes()),
        Value::Single(number) => bytes.extend(number.to_bits().to_le_bytes()),
        Value::Double(number) => bytes.extend(number.to_bits().to_le_bytes()),
        Value::Day(day) => bytes.extend(day.to_le_bytes()),
        Value::Instant(time, _) | Value::Clock(time, _) | Value::Duration(time, _) => bytes.extend(time.to_le_bytes()),
        Value::Decimal(digits, _) => encode_text(digits.to_string().as_bytes(), bytes),
        Value::Huge(digits, _) => encode_text(digits.as_bytes(), bytes),
        Value::Text(text) => encode_text(text.as_bytes(), bytes),
        Value::Bytes(text) => encode_text(text, bytes),
        Value::List(items) => {
            bytes.extend((items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| encode(item, bytes));
        }
        Value::Struct(fields) => fields.iter().for_each(|(_, value)| encode(value, bytes)),
    }
}

fn encode_text(text: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text);
}

/// Integers, and lists of them without nulls, which may be long, need no detour over single values. `None` of any other value.
fn plain(column: &Column, row: usize, bytes: &mut Vec<u8>) -> Option<()> {
    fn append<N: Copy, const WIDTH: usize>(numbers: &[N], spell: fn(N) -> [u8; WIDTH], bytes: &mut Vec<u8>) {
        bytes.push(2);
        bytes.extend((numbers.len() as u64).to_le_bytes());
        for number in numbers {
            bytes.extend_from_slice(&spell(*number));
        }
    }
    if matches!(column.field.kind, Kind::Integer { signed: true, .. }) && !column.values.is_null(row) {
        let values = &*column.values;
        let number = numbers(values).map(|numbers| numbers[row]);
        let number: i64 = number.or_else(|| numbers::<i32>(values).map(|numbers| numbers[row].into()))?;
        bytes.push(1);
        bytes.extend(number.to_le_bytes());
        return Some(());
    }
    let lists = column.lists()?;
    let range = lists.range(row)?;
    let is_plain = matches!(lists.item.kind, Kind::Integer { signed: true, .. })
        && lists.items().validity().is_none_or(|valid| range.clone().all(|item| valid.get_bit(item)));
    let items = is_plain.then(|| lists.items())?;
    if let Some(numbers) = numbers(items) {
        append(&numbers[range], i32::to_le_bytes, bytes);
    } else if let Some(numbers) = numbers(items) {
        append(&numbers[range], i8::to_le_bytes, bytes);
    } else if let Some(numbers) = numbers(items) {
        append(&numbers[range], i64::to_le_bytes, bytes);
    } else {
        return None;
    }
    Some(())
}
