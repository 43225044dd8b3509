//! A mistake in `pipeline.yaml`, shown with its place, its line and a way out.

use std::fmt;
use std::io;
use std::path::Path;

/// A mistake and where it is, before the file is known.
#[derive(Debug)]
pub struct Problem {
    /// From 1; 0 if the place is not known.
    pub line: u64,
    /// From 1.
    pub column: u64,
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    pub fn at<T>(place: &serde_yaml::Spanned<T>, message: impl Into<String>) -> Self {
        let (line, column) = (place.referenced.line(), place.referenced.column());
        Problem { line, column, message: message.into(), hint: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the name that was probably meant.
    pub fn suggest<'a>(mut self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.hint = closest(wrong, known).map(|name| format!("did you mean `{name}`?")).or(self.hint);
        self
    }

    pub(super) fn in_file(self, file: &Path, text: &str) -> SpecError {
        let shown = (self.line > 0).then(|| excerpt(&line(text, self.line), self.column as usize));
        SpecError { file: file.display().to_string(), shown, problem: self }
    }
}

/// A line of a text by its number from 1, as YAML counts: a line ends with `\n`, `\r\n` or `\r` alone.
pub fn line(text: &str, number: u64) -> String {
    let text = text.replace("\r\n", "\n");
    text.split(['\n', '\r']).nth((number as usize).saturating_sub(1)).unwrap_or("").to_string()
}

/// How much of a line is shown on either side of a mistake.
const MOST_SHOWN: usize = 100;

/// A line around a column, and how far into that the column is. A tab is one space wide here, or the mark below would
/// stand elsewhere; other control characters would do things to a terminal.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let before = column.max(1) - 1;
    let left_out = before.saturating_sub(MOST_SHOWN);
    let shown = line.chars().skip(left_out).take(2 * MOST_SHOWN);
    (shown.map(|letter| if letter.is_control() { ' ' } else { letter }).collect(), before - left_out)
}

/// A mistake in a file, as it is shown:
///
/// ```text
/// pipeline.yaml:14:5: unknown key `input`
///    14 |     input: {raw: {source: clicks}}
///       |     ^
/// did you mean `inputs`?
/// ```
#[derive(Debug)]
pub struct SpecError {
    file: String,
    /// The line, and how far into it the mistake is.
    shown: Option<(String, usize)>,
    problem: Problem,
}

impl SpecError {
    pub(super) fn unreadable(file: &Path, error: &io::Error) -> Self {
        let message = format!("cannot be read: {error}");
        let hint = Some("name the file with --pipeline, or start in its folder or below".to_string());
        SpecError {
            file: file.display().to_string(),
            shown: None,
            problem: Problem { line: 0, column: 0, message, hint },
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Problem { line, column, message, hint } = &self.problem;
        write!(formatter, "{}", self.file)?;
        if *line > 0 {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {message}")?;
        if let Some((shown, before)) = &self.shown {
            write!(formatter, "\n{line:>5} | {shown}\n      | {}^", " ".repeat(*before))?;
        }
        match hint {
            Some(hint) => write!(formatter, "\n{hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SpecError {}

/// The known name that a wrong one resembles most, if it resembles any.
pub fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|name| (strsim::damerau_levenshtein(wrong, name), name));
    scored.filter(|(distance, name)| *distance <= name.len().max(wrong.len()) / 3 + 1).min().map(|(_, name)| name)
}
