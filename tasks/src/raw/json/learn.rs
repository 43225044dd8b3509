//! How a line is laid out: where its values are, and what is between them.
//!
//! It is shown lines that serde_json has found to be objects, and so has to find their tokens but not their faults. A
//! line with anything that [`Cursor`] or a layout does not know has none: a field that comes twice, a nested value.

use super::cursor::Cursor;
use super::layout::{Entries, Layout, Step};
use crate::calendar::Reader;
use crate::raw::fields::{Fields, Role};

/// Bytes of a string that is remembered: a longer one is hardly the same in all lines.
const LONGEST_USUAL: usize = 64;

/// The layout of a line, if it has all fields of a row, each once.
pub fn layout(line: &[u8], fields: &Fields) -> Option<Layout> {
    let mut learner = Learner { cursor: Cursor { rest: line }, from: line, fields, entries: None };
    let steps = learner.object(|name| fields.row_role(name))?;
    let complete = fields.row_fields().all(|(role, _)| once(&steps, role));
    complete.then(|| Layout { steps, entries: learner.entries, end: learner.from.to_vec() })
}

struct Learner<'a> {
    cursor: Cursor<'a>,
    /// The line from behind the latest value on.
    from: &'a [u8],
    fields: &'a Fields,
    entries: Option<Entries>,
}

impl<'a> Learner<'a> {
    /// Goes through an object to behind its last value.
    fn object(&mut self, role: impl Fn(&str) -> Option<Role>) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        self.token(b"{")?;
        loop {
            self.token(b"\"")?;
            let role = role(std::str::from_utf8(self.cursor.string()?).ok()?);
            self.token(b":")?;
            self.cursor.blanks();
            match role {
                Some(Role::Timestamp | Role::Day) => self.cursor.literal(b"\"")?,
                Some(Role::Impressions) => self.token(b"[")?,
                _ => {}
            }
            let before = self.between().to_vec();
            let start = self.cursor.rest;
            self.value(role)?;
            self.from = self.cursor.rest;
            let value = &start[..start.len() - self.from.len()];
            let is_usual = role.is_none() && value.starts_with(b"\"") && value.len() <= LONGEST_USUAL;
            let usual = if is_usual { value } else { &[] };
            steps.push(Step { before, role, usual: usual.to_vec() });
            let mut ahead = self.cursor;
            ahead.blanks();
            match ahead.rest.first()? {
                b',' => self.token(b",")?,
                b'}' => return Some(steps),
                _ => return None,
            }
        }
    }

    /// Goes over a value, behind the quote or the bracket that opens it.
    fn value(&mut self, role: Option<Role>) -> Option<()> {
        match role {
            None => self.cursor.scalar(),
            Some(Role::CustomerId | Role::ItemId) => self.cursor.positive().map(drop),
            Some(Role::Timestamp) => self.cursor.timestamp(&mut Reader::default()).map(drop),
            Some(Role::Day) => self.cursor.day(&mut Reader::default()).map(drop),
            Some(Role::IsOrder) => self.cursor.boolean().map(drop),
            Some(Role::Impressions) => self.list(),
        }
    }

    /// Goes through the entries of a list, of which the first two show how all are laid out.
    fn list(&mut self) -> Option<()> {
        let (start, fields) = (self.cursor, self.fields);
        self.from = start.rest;
        let steps = self.object(|name| fields.entry_role(name))?;
        if ![Role::ItemId, Role::IsOrder].into_iter().all(|role| once(&steps, role)) {
            return None;
        }
        self.token(b"}")?;
        let mut again = None;
        if self.token(b",").is_some() {
            self.cursor.blanks();
            self.cursor.literal(steps.first()?.before.trim_ascii_start())?;
            again = Some(self.between().to_vec());
        }
        let mut entries = Entries { steps, again, end: Vec::new() };
        self.cursor = start;
        entries.read(&mut self.cursor, &mut Vec::new())?;
        self.from = self.cursor.rest;
        self.token(b"}")?;
        self.token(b"]")?;
        entries.end = self.between().to_vec();
        self.entries = Some(entries);
        Some(())
    }

    /// Moves over blanks and a token.
    fn token(&mut self, token: &[u8]) -> Option<()> {
        self.cursor.blanks();
        self.cursor.literal(token)
    }

    /// What lies between the latest value and the cursor.
    fn between(&self) -> &'a [u8] {
        &self.from[..self.from.len() - self.cursor.rest.len()]
    }
}

fn once(steps: &[Step], role: Role) -> bool {
    steps.iter().filter(|step| step.role == Some(role)).count() == 1
}
