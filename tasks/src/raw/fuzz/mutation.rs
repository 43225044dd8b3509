//! Changes bytes and tokens by chance. It does not know what the bytes mean, only what parsers are known to trip over.

use super::chance::Chance;

/// Bytes with a meaning in some format, and some that are no text.
const BYTES: &[u8] = b"\"\\{}[],:+-.eE0129TZt \t\r\n\0\x1b\x7f\x80\xc3\xef\xff'";

/// Words that stand at an edge of what is allowed.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "-0",
    "00",
    "7.0",
    "1e5",
    "1e999",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "99999999999999999999",
    "\"7\"",
    "\"\"",
    "[]",
    "{}",
    "[{}]",
    "[[[[",
    "{\"a\":",
    "\"customer_id\":",
    "\"item_id\":",
    "\"customer\\u005fid\":1,",
    "\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "NaN",
    "-Infinity",
    "}{",
    "} {",
    "\\",
    "é",
    "\u{feff}",
    "\u{2028}",
    "\u{664}",
    "2024-02-29",
    "2025-02-29",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "1970-01-01",
    "T23:59:60Z",
    "T24:00:00",
    " 00:00:00",
    ".999999999",
    ".1234567890",
    ".",
    "Z",
    "z",
    "+00:00",
    "+23:59",
    "-2359",
    "+24:00",
    "+2",
    "dt=",
    "\"\"\"",
    "\",\"",
    "\r\n",
    "\n\n",
    ",,",
    ", ",
];

/// The bytes with up to four changes, now and then with none.
pub fn mutate(chance: &mut Chance, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    for _ in 0..chance.below(5) {
        change(chance, &mut bytes, other);
    }
    bytes
}

fn change(chance: &mut Chance, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = chance.below(bytes.len() as u64 + 1) as usize;
    let end = at + chance.below((bytes.len() - at) as u64 + 1).min(12) as usize;
    let byte = BYTES[chance.below(BYTES.len() as u64) as usize];
    let token = TOKENS[chance.below(TOKENS.len() as u64) as usize];
    match chance.below(10) {
        0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
        1 if at < bytes.len() => bytes[at] = byte,
        2 => bytes.insert(at, byte),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        5 => bytes.truncate(at),
        6 => drop(bytes.splice(at..at, token.bytes())),
        7 => {
            let word = word(bytes, at);
            bytes.splice(word, token.bytes());
        }
        8 => {
            bytes.truncate(at);
            bytes.extend(&other[chance.below(other.len() as u64 + 1) as usize..]);
        }
        _ if at < bytes.len() => {
            let place = chance.below(bytes.len() as u64) as usize;
            bytes.swap(at, place);
        }
        _ => bytes.push(byte),
    }
}

/// The letters and digits, or the one other byte, around a place.
fn word(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+');
    let start = bytes[..at].iter().rposition(|byte| !is_part(byte)).map_or(0, |place| place + 1);
    let end = bytes[at..].iter().position(|byte| !is_part(byte)).map_or(bytes.len(), |place| at + place);
    start..end.max((start + 1).min(bytes.len()))
}
