//! What other writers take for JSON and serde_json does not: `NaN`, `Infinity` and `-Infinity` where a number stands, and
//! the half of a pair of surrogates in a string.
//!
//! These are spelled anew, in as many bytes, as a fraction and as the character for what is unreadable: where such a
//! value matters, it is not let through, and where it does not, the row is read. It does not know rows or fields.

/// The words that stand for numbers, each with the fraction that takes its place.
const NUMBERS: [(&[u8], &[u8]); 3] = [(b"NaN", b"0.5"), (b"Infinity", b"0.555555"), (b"-Infinity", b"-0.555555")];

/// The text with such spellings replaced; `None` if there are none.
pub fn respelled(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let (mut at, mut in_string) = (0, false);
    while at < bytes.len() {
        let length = match bytes[at] {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => escape(&mut bytes[at..]),
            b'N' | b'I' | b'-' if !in_string && (at == 0 || b" \t\r\n:,[".contains(&bytes[at - 1])) => {
                number(&mut bytes[at..])
            }
            _ => 1,
        };
        at += length;
    }
    String::from_utf8(bytes).ok().filter(|respelled| respelled != text)
}

/// Goes over a number at the beginning of the text, or a word in its place.
fn number(text: &mut [u8]) -> usize {
    for (word, fraction) in NUMBERS {
        let is_last = text.get(word.len()).is_none_or(|byte| b" \t\r\n,]}".contains(byte));
        if text.starts_with(word) && is_last {
            text[..word.len()].copy_from_slice(fraction);
            return word.len();
        }
    }
    1
}

/// Goes over an escape at the beginning of the text, or two that are a pair.
fn escape(text: &mut [u8]) -> usize {
    match surrogate(text) {
        None => 2,
        Some(0xD800..=0xDBFF) if matches!(surrogate(&text[6..]), Some(0xDC00..=0xDFFF)) => 12,
        Some(_) => {
            text[2..6].copy_from_slice(b"fffd");
            6
        }
    }
}

/// The surrogate that an escape at the beginning of the text spells.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let code = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| is_hex)?;
    (0xD800..=0xDFFF).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_json_does_not_know_is_spelled_anew() {
        for (text, expected) in [
            (r#"{"a":NaN,"b":[Infinity, -Infinity]}"#, Some(r#"{"a":0.5,"b":[0.555555, -0.555555]}"#)),
            (r#"{"NaN":"NaN","b":"\"NaN,"}"#, None),
            (r#"{"a":1NaN,"b":NaN1,"c":-NaN,"d":nan,"e":--Infinity}"#, None),
            (r#"{"\ud800":"\udc00\ud83d\ude00\\ud800"}"#, Some(r#"{"\ufffd":"\ufffd\ud83d\ude00\\ud800"}"#)),
            (r#"{"a":"\ud800\ud800\ude00","b":"\u+fff""#, Some(r#"{"a":"\ufffd\ud800\ude00","b":"\u+fff""#)),
            (r#""\ud8"#, None),
            ("\"\\", None),
            ("NaN", Some("0.5")),
        ] {
            assert_eq!(respelled(text).as_deref(), expected, "{text}");
        }
    }
}
