//! JSON as the contract takes it, found out slowly: a parser that keeps all it reads, and the rows of a line.
//!
//! `NaN`, `Infinity` and halves of pairs of surrogates are values that nobody wants. It shares no code with what it judges.

use serde_json::{Map, Value};

/// A row of a line.
pub struct Row {
    /// Where it begins and ends in the line.
    pub start: usize,
    pub end: usize,
    /// `None` if it is no object.
    pub object: Option<Map<String, Value>>,
    /// Whether it has a number that only some of serde_json's ways to read one take.
    pub is_odd: bool,
}

/// The rows of a line, and what is between them.
pub fn rows(line: &[u8]) -> Vec<Row> {
    let (mut rows, mut start) = (Vec::new(), 0);
    while !line[start..].trim_ascii().is_empty() {
        let rest = &line[start..];
        let valid = rest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let mut parser = Parser { text: valid.as_bytes(), at: 0, is_odd: false };
        let object = match parser.value() {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        };
        let length = if object.is_some() { parser.at } else { seam(rest) };
        rows.push(Row { start, end: start + length, object, is_odd: parser.is_odd });
        start += length;
    }
    rows
}

/// The value that a whole text spells, and whether it has an odd number.
pub fn whole(text: &str) -> (Option<Value>, bool) {
    let mut parser = Parser { text: text.as_bytes(), at: 0, is_odd: false };
    let value = parser.value();
    parser.blanks();
    (value.filter(|_| parser.at == text.len()), parser.is_odd)
}

/// Where a row ends that is unreadable: before another one.
fn seam(line: &[u8]) -> usize {
    let (mut depth, mut is_string, mut is_escaped) = (0_u32, false, false);
    for (place, byte) in line.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            _ if is_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.max(1) - 1;
                let next = line[place + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
                if depth == 0 && *byte == b'}' && next == Some(&b'{') {
                    return place + 1;
                }
            }
            _ => {}
        }
    }
    line.len()
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    is_odd: bool,
}

impl Parser<'_> {
    fn value(&mut self) -> Option<Value> {
        self.blanks();
        match self.text.get(self.at)? {
            b'{' => self.object(),
            b'[' => self.list(),
            b'"' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> bool {
        self.blanks();
        let found = self.text.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    fn object(&mut self) -> Option<Value> {
        self.take(b'{');
        let mut object = Map::new();
        if self.take(b'}') {
            return Some(Value::Object(object));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            if !self.take(b':') {
                return None;
            }
            object.insert(name, self.value()?);
            if self.take(b'}') {
                return Some(Value::Object(object));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn list(&mut self) -> Option<Value> {
        self.take(b'[');
        let mut list = Vec::new();
        if self.take(b']') {
            return Some(Value::Array(list));
        }
        loop {
            list.push(self.value()?);
            if self.take(b']') {
                return Some(Value::Array(list));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        self.at += 1;
        let mut units = Vec::new();
        loop {
            let text = std::str::from_utf8(&self.text[self.at..]).ok()?;
            let letter = text.chars().next()?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Some(String::from_utf16_lossy(&units)),
                '\0'..='\x1f' => return None,
                '\\' => {
                    self.at += 1;
                    units.push(match text.as_bytes().get(1)? {
                        b'u' => {
                            let digits =
                                text.get(2..6).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
                            self.at += 4;
                            u16::from_str_radix(digits, 16).ok()?
                        }
                        plain @ (b'"' | b'\\' | b'/') => u16::from(*plain),
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => 10,
                        b'r' => 13,
                        b't' => 9,
                        _ => return None,
                    });
                }
                _ => units.extend(letter.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    /// A number, `true`, `false`, `null`, and what others write for numbers.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.iter().take_while(is_part).count();
        let word = std::str::from_utf8(&rest[..length]).ok()?;
        self.at += length;
        Some(match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            "NaN" | "Infinity" | "-Infinity" => Value::from(0.5),
            _ if is_number(word) => {
                self.is_odd |= word.parse::<f64>().is_ok_and(f64::is_infinite);
                word.parse::<i64>().map_or(Value::from(0.5), Value::from)
            }
            _ => return None,
        })
    }
}

fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (number, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole) && (whole.len() == 1 || !whole.starts_with('0')) && digits(fraction) && digits(exponent)
}
