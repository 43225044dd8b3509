//! Where rows end that follow each other on one line.
//!
//! A seam lies behind a `}` that closes all brackets before it, and before the `{` of another row. Strings and brackets
//! alone decide, so that a row that is no JSON keeps only itself from being read, and a line can be cut at any seam. It
//! does not know what JSON is otherwise.

/// The first seam of a text that begins where a row begins, also one that is unreadable.
pub fn first(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_u64, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => at += string(&text[at..])?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *byte == b'}' && text[at..].trim_ascii_start().first() == Some(&b'{') {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The last seam of a text that begins where a row begins.
pub fn last(text: &[u8]) -> Option<usize> {
    let mut end = 0;
    while let Some(length) = first(&text[end..]) {
        end += length;
    }
    (end > 0).then_some(end)
}

/// What is left of a string behind its opening quote, with the closing one.
fn string(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_another_begins_and_nowhere_inside() {
        for (text, first_end, last_end) in [
            ("", None, None),
            ("{}", None, None),
            ("{}{}", Some(2), Some(2)),
            ("{} \t{}{", Some(2), Some(6)),
            (r#"{"a":"}{","b":"\"}{"}{}"#, Some(21), Some(21)),
            (r#"{"a":[{}, {}],"b":{"c":{}}}{"d":"#, Some(27), Some(27)),
            ("oops {}{}", Some(7), Some(7)),
            ("}{}{}", Some(1), Some(3)),
            ("[{}]{}", None, None),
            ("[1]{}{}", Some(5), Some(5)),
            (r#"{"a":1}"b{}{}"#, None, None),
            (r#"{"a\"#, None, None),
        ] {
            assert_eq!((first(text.as_bytes()), last(text.as_bytes())), (first_end, last_end), "{text}");
        }
    }
}
