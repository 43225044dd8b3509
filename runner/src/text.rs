//! Text from elsewhere (names of files, words of programs, data) as a terminal may show it and a shell takes it, and sizes as
//! people write them.

use bytesize::ByteSize;

/// A text without the characters that a terminal would act on: control characters (colours, bells, movements of the
/// cursor) and those that turn the direction of writing. Line ends and tabs stay.
pub fn plain(text: &str) -> String {
    let acts = |character: char| {
        character.is_control() && !matches!(character, '\n' | '\t')
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(acts) { text.replace(acts, "") } else { text.to_string() }
}

/// Reads an amount of memory or disk space, in bytes. A number alone is refused: nobody means bytes.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let bare = text.trim().parse::<f64>().is_ok();
    let size = text.parse::<ByteSize>().ok().map(|size| size.as_u64()).filter(|_| !bare);
    size.ok_or_else(|| {
        let meant = if bare { format!(", such as {}GB", text.trim()) } else { ", such as 500MB or 2GiB".to_string() };
        format!("write a number with a unit{meant}")
    })
}

/// A name of a file as it can stand in a line: what would break the line or act on a terminal is spelled out.
pub fn escaped(name: &str) -> String {
    let shown = |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.into() };
    name.chars().map(shown).collect()
}

/// An amount of memory or disk space, such as `40.0 MB`.
pub fn size(bytes: u64) -> String {
    ByteSize(bytes).display().si().to_string()
}

/// A word as a shell takes it, whatever is in it.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=@:,+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
