//! Reads lines that are laid out like one before them.
//!
//! The lines of a file have mostly the same keys in the same order with the same blanks between them. What stands
//! between the values of a line that serde_json has parsed is remembered as its [`Layout`]. A line with the same text
//! between its values, and values that are JSON in a plain spelling, needs no parser to tell that it is an object with
//! these fields. If each value is within the rules too, then the row is certainly good.
//!
//! Nothing is rejected here. Of every other line nothing is known, and the strict way has to look at it.

use super::cursor::Cursor;
use super::learn;
use crate::calendar::Reader;
use crate::raw::fields::{Fields, Role};
use crate::raw::record::Values;

/// Layouts that are remembered at most. A file in which more of them alternate is read the strict way.
const LIMIT: usize = 16;
/// Bytes of a layout at most: a line with more than that between its values is not worth the memory.
const LONGEST: usize = 1 << 13;

/// The layouts of lines so far, the one of the latest line first.
#[derive(Default)]
pub struct Layouts {
    layouts: Vec<Layout>,
    values: Values,
    times: Reader,
}

/// What lines have in common.
#[derive(PartialEq)]
pub struct Layout {
    pub steps: Vec<Step>,
    pub entries: Option<Entries>,
    /// What follows the last value, up to the end of the line or to another row.
    pub end: Vec<u8>,
}

/// A value and the text between it and the one before, which includes the opening quote of a time.
pub struct Step {
    pub before: Vec<u8>,
    /// `None` for a field that does not matter.
    pub role: Option<Role>,
    /// What the value was, if it is a string that does not matter: such a one is often the same in all lines of a file,
    /// and to compare it takes less time than to find its end.
    pub usual: Vec<u8>,
}

impl PartialEq for Step {
    fn eq(&self, other: &Step) -> bool {
        self.before == other.before && self.role == other.role
    }
}

/// What the entries of an impression row have in common.
#[derive(PartialEq)]
pub struct Entries {
    pub steps: Vec<Step>,
    /// What stands between the last value of an entry and the first of the next, if there was a next one.
    pub again: Option<Vec<u8>>,
    /// What follows the last value of the last entry, with the end of the list.
    pub end: Vec<u8>,
}

impl Layouts {
    /// The length of the first row of the text and its values; `None` unless the row is certainly good. Behind it the line
    /// ends, or another row begins.
    pub fn read(&mut self, text: &[u8]) -> Option<(usize, &Values)> {
        for index in 0..self.layouts.len() {
            let length = self.layouts[index].read(text, &mut self.values, &mut self.times);
            if let Some(length) = length.filter(|length| matches!(text.get(*length), None | Some(b'\n' | b'{'))) {
                if index > 0 {
                    self.layouts[..=index].rotate_right(1);
                }
                return Some((length, &self.values));
            }
        }
        None
    }

    /// Remembers the layout of a row that the strict way has found to be an object.
    pub fn learn(&mut self, line: &[u8], fields: &Fields) {
        // A layout is known already if the line breaks a rule.
        let is_new = |layout: &Layout| layout.length() <= LONGEST && !self.layouts.contains(layout);
        if let Some(layout) = learn::layout(line, fields).filter(is_new) {
            self.layouts.truncate(LIMIT - 1);
            self.layouts.insert(0, layout);
        }
    }
}

impl Layout {
    /// The length of a line at the beginning of the text, and its values.
    fn read(&self, text: &[u8], values: &mut Values, times: &mut Reader) -> Option<usize> {
        let mut cursor = Cursor { rest: text };
        values.entries.clear();
        for step in &self.steps {
            cursor.literal(&step.before)?;
            match step.role {
                None => step.skip(&mut cursor)?,
                Some(Role::CustomerId) => values.customer_id = cursor.positive()?,
                Some(Role::ItemId) => values.item_id = i32::try_from(cursor.positive()?).ok()?,
                Some(Role::Timestamp) => values.timestamp = Some(cursor.timestamp(times)?),
                Some(Role::Day) => values.day = cursor.day(times)?,
                Some(Role::Impressions) => self.entries.as_ref()?.read(&mut cursor, &mut values.entries)?,
                Some(Role::IsOrder) => return None,
            }
        }
        cursor.literal(&self.end)?;
        Some(text.len() - cursor.rest.len())
    }

    fn length(&self) -> usize {
        let entries = self.entries.as_ref().map(|entries| (&entries.steps, &entries.end));
        let parts = [Some((&self.steps, &self.end)), entries].into_iter().flatten();
        parts.map(|(steps, end)| steps.iter().map(|step| step.before.len()).sum::<usize>() + end.len()).sum()
    }
}

impl Step {
    /// Goes over a value that does not matter.
    fn skip(&self, cursor: &mut Cursor) -> Option<()> {
        if !self.usual.is_empty() && cursor.literal(&self.usual).is_some() {
            return Some(());
        }
        cursor.scalar()
    }
}

impl Entries {
    /// The entries of a list behind its opening bracket.
    pub fn read(&self, cursor: &mut Cursor, entries: &mut Vec<(i32, bool)>) -> Option<()> {
        if cursor.literal(b"]").is_some() {
            return Some(());
        }
        let (first, others) = self.steps.split_first()?;
        cursor.literal(&first.before)?;
        loop {
            let mut entry = (0, false);
            read_part(first, cursor, &mut entry)?;
            for step in others {
                cursor.literal(&step.before)?;
                read_part(step, cursor, &mut entry)?;
            }
            entries.push(entry);
            if self.again.as_ref().is_none_or(|again| cursor.literal(again).is_none()) {
                return cursor.literal(&self.end);
            }
        }
    }
}

fn read_part(step: &Step, cursor: &mut Cursor, entry: &mut (i32, bool)) -> Option<()> {
    match step.role {
        None => step.skip(cursor)?,
        Some(Role::ItemId) => entry.0 = i32::try_from(cursor.positive()?).ok()?,
        Some(Role::IsOrder) => entry.1 = cursor.boolean()?,
        Some(_) => return None,
    }
    Some(())
}
