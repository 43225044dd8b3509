//! What the quotes of a row say, read as the csv crate reads them: it takes a quote that nobody closes for one that
//! closes at the end of the file.
//!
//! It does not know what is in a cell.

/// The quotes of a row.
#[derive(Debug, Default, PartialEq)]
pub struct Quotes {
    /// Where a quote opens that is open at the end.
    pub open: Option<usize>,
    /// Whether a quote that opens on one line closes in the middle of a cell on another: then it is hardly its own, and
    /// what is between are rows.
    pub is_torn: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Where a cell begins.
    Start,
    Plain,
    Quoted,
    /// Behind a quote that closes a cell, or is the first of two that stand for one.
    Closed,
}

/// Looks at the quotes of a row, with the ends of lines around it.
pub fn quotes(row: &[u8]) -> Quotes {
    let (mut state, mut opened, mut quotes) = (State::Start, 0, Quotes::default());
    for (place, byte) in row.iter().enumerate() {
        state = match (state, byte) {
            (State::Start, b'"') => {
                opened = place;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Closed,
            (State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (_, b',' | b'\r' | b'\n') => State::Start,
            (State::Closed, _) => {
                quotes.is_torn |= row[opened..place].iter().any(|byte| matches!(byte, b'\r' | b'\n'));
                State::Plain
            }
            _ => State::Plain,
        };
    }
    quotes.open = (state == State::Quoted).then_some(opened);
    quotes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_opens_only_where_a_cell_begins() {
        for (row, open, is_torn) in [
            ("", None, false),
            ("7,9,5\" tall\n", None, false),
            ("7,\"shoe\",\"\"\r\n", None, false),
            ("7,\"a \"\"b\"\"\"", None, false),
            ("\"7", Some(0), false),
            ("7,\"shoe\n8,9\n", Some(2), false),
            ("7,\"shoe\"\"", Some(2), false),
            ("\r\n7,\"shoe\n8,\"boot\"\n", None, true),
            ("7,\"shoe\" red\n", None, false),
            ("7,\"shoe\nred\",9\n", None, false),
        ] {
            assert_eq!(quotes(row.as_bytes()), Quotes { open, is_torn }, "{row:?}");
        }
    }
}
