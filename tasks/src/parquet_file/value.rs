//! A value of a Parquet file, whatever its type.
//!
//! It does not know how values are spelled.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::kind::Unit;

/// What stands in a cell.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i128),
    Single(f32),
    Double(f64),
    /// A number without its point, and how many of its digits stand behind it.
    Decimal(i128, usize),
    /// The same in digits, of a number beyond 128 bits.
    Huge(String, usize),
    /// Days since 1970.
    Day(i32),
    /// Since 1970.
    Instant(i64, Unit),
    /// Since midnight.
    Clock(i64, Unit),
    Duration(i64, Unit),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Value<'a>>),
    Struct(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl Value<'_> {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value by itself.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Boolean(value) => Value::Boolean(value),
            Value::Integer(value) => Value::Integer(value),
            Value::Single(value) => Value::Single(value),
            Value::Double(value) => Value::Double(value),
            Value::Decimal(digits, scale) => Value::Decimal(digits, scale),
            Value::Huge(digits, scale) => Value::Huge(digits, scale),
            Value::Day(day) => Value::Day(day),
            Value::Instant(time, unit) => Value::Instant(time, unit),
            Value::Clock(time, unit) => Value::Clock(time, unit),
            Value::Duration(time, unit) => Value::Duration(time, unit),
            Value::Text(text) => Value::Text(text.into_owned().into()),
            Value::Bytes(bytes) => Value::Bytes(bytes.into_owned().into()),
            Value::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Value::Struct(fields) => Value::Struct(
                fields.into_iter().map(|(name, value)| (name.into_owned().into(), value.into_owned())).collect(),
            ),
        }
    }

    /// How two values of the same type are ordered; `None` if they are not, such as NaN, bytes and structs.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Boolean(one), Value::Boolean(other)) => Some(one.cmp(other)),
            (Value::Integer(one), Value::Integer(other)) | (Value::Decimal(one, _), Value::Decimal(other, _)) => {
                Some(one.cmp(other))
            }
            (Value::Single(one), Value::Single(other)) => one.partial_cmp(other),
            (Value::Double(one), Value::Double(other)) => one.partial_cmp(other),
            (Value::Day(one), Value::Day(other)) => Some(one.cmp(other)),
            (Value::Instant(one, _), Value::Instant(other, _))
            | (Value::Clock(one, _), Value::Clock(other, _))
            | (Value::Duration(one, _), Value::Duration(other, _)) => Some(one.cmp(other)),
            (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
            (Value::Huge(one, _), Value::Huge(other, _)) => Some(huge_order(one, other)),
            // What is beyond 128 bits is larger than what is not, on its side of zero.
            (Value::Huge(one, _), Value::Decimal(..)) => {
                Some(if one.starts_with('-') { Ordering::Less } else { Ordering::Greater })
            }
            (Value::Decimal(..), Value::Huge(..)) => other.order(self).map(Ordering::reverse),
            _ => None,
        }
    }
}

fn huge_order(one: &str, other: &str) -> Ordering {
    match (one.strip_prefix('-'), other.strip_prefix('-')) {
        (None, None) => (one.len(), one).cmp(&(other.len(), other)),
        (Some(one), Some(other)) => (other.len(), other).cmp(&(one.len(), one)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

/// A decimal number of any width, as its bytes, the highest first.
pub fn decimal(bytes: &[u8], scale: usize) -> Value<'static> {
    match integer(bytes) {
        Some(digits) => Value::Decimal(digits, scale),
        None => Value::Huge(digits(bytes), scale),
    }
}

/// A signed number, the highest byte first; `None` beyond 128 bits.
pub fn integer(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let fill = if negative { 0xff } else { 0 };
    let (above, bytes) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut wide = [fill; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    let number = i128::from_be_bytes(wide);
    (above.iter().all(|byte| *byte == fill) && (number < 0) == negative).then_some(number)
}

/// The digits of a signed number of any width, the highest byte first.
fn digits(bytes: &[u8]) -> String {
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let mut rest = bytes.to_vec();
    if negative {
        // The same number without its sign.
        rest.iter_mut().for_each(|byte| *byte = !*byte);
        for byte in rest.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }
    let mut digits = Vec::new();
    while rest.iter().any(|byte| *byte != 0) {
        let mut remainder = 0_u16;
        for byte in &mut rest {
            let part = remainder << 8 | u16::from(*byte);
            (*byte, remainder) = ((part / 10) as u8, part % 10);
        }
        digits.push(char::from(b'0' + remainder as u8));
    }
    digits.extend(negative.then_some('-'));
    digits.into_iter().rev().collect()
}

/// A float of 16 bits, the lowest byte first; each is a float of 32 bits as well.
pub fn half(bytes: &[u8]) -> f32 {
    let bits = u16::from_le_bytes([bytes.first().copied().unwrap_or(0), bytes.get(1).copied().unwrap_or(0)]);
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        0 => fraction * 2.0_f32.powi(-14),
        _ => (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_of_any_width_is_the_number_that_its_bytes_spell() {
        for number in [0, 1, -1, 127, 128, -128, -129, i128::MAX, i128::MIN] {
            assert_eq!(integer(&number.to_be_bytes()), Some(number));
            assert_eq!(digits(&number.to_be_bytes()), if number == 0 { String::new() } else { number.to_string() });
            let mut wide = vec![if number < 0 { 0xff } else { 0 }; 16];
            wide.extend(number.to_be_bytes());
            assert_eq!(integer(&wide), Some(number), "in 256 bits");
        }
        assert_eq!(integer(&[]), Some(0));
        assert_eq!((integer(&[0xfe]), integer(&[0, 0xfe])), (Some(-2), Some(254)));
        let huge = [&[0, 1][..], &[0; 16]].concat();
        assert_eq!(integer(&huge), None);
        assert_eq!(digits(&huge), "340282366920938463463374607431768211456");
    }

    #[test]
    fn a_half_is_the_float_that_its_bits_spell() {
        for (bits, float) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (1, 5.960_464_5e-8), (0x7bff, 65504.0)]
        {
            assert_eq!(half(&u16::to_le_bytes(bits)), float);
        }
        assert!(half(&[0, 0x7e]).is_nan() && half(&[0, 0xfc]) == f32::NEG_INFINITY);
    }
}
