//! How `pipeline.yaml` is written: one struct a mapping, and the parser's errors in the words of the file.
//!
//! Whether the names in it refer to anything is checked in [`super::check`]; so is what a source or a task cannot do
//! without, since the parser notices that only where the mapping ends.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_yaml::{Error, Spanned};

use super::error::{self, Problem};
use crate::layout::{Layout, Layouts};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    #[serde(default = "data")]
    pub data: String,
    #[serde(default = "output")]
    pub output: String,
    pub compact: Option<String>,
    #[serde(default)]
    pub layout: Layouts,
    #[serde(default = "cache")]
    pub cache: String,
    pub sources: Ordered<Source>,
    pub tasks: Ordered<Task>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub path: Option<Spanned<String>>,
    #[serde(default)]
    pub gaps: Gaps,
    #[serde(default)]
    pub optional: bool,
    pub ready: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    Allow,
    #[default]
    Warn,
    Refuse,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub run: Option<Spanned<String>>,
    #[serde(default)]
    pub with: Vec<Spanned<String>>,
    #[serde(default)]
    pub once: bool,
    pub every: Option<Spanned<Every>>,
    pub layout: Option<Layout>,
    #[serde(default)]
    pub inputs: Ordered<Input>,
    #[serde(default)]
    pub params: Ordered<Spanned<serde_json::Value>>,
    #[serde(default)]
    pub env: Ordered<String>,
    #[serde(default)]
    pub outputs: Ordered<Spanned<String>>,
    pub publish: Option<Spanned<String>>,
    pub timeout: Option<Spanned<String>>,
    #[serde(default)]
    pub retries: u8,
    pub backoff: Option<Spanned<String>>,
    pub memory: Option<Spanned<String>>,
    pub point_in_time: Option<Spanned<bool>>,
    #[serde(default)]
    pub expect: Ordered<Expectation>,
}

/// What is asked of a number that a task reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    pub min: Option<Spanned<f64>>,
    pub min_share: Option<Spanned<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    Day,
    Month,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub source: Option<Spanned<String>>,
    pub from: Option<Spanned<String>>,
    /// Present and null means every earlier day, which is why null must differ from absent.
    #[serde(default, deserialize_with = "present")]
    pub lookback_days: Option<Spanned<Option<u32>>>,
    pub without: Option<Spanned<String>>,
    pub whole: Option<Spanned<bool>>,
    #[serde(default)]
    pub optional: bool,
}

fn data() -> String {
    "data".into()
}

fn output() -> String {
    "data/output".into()
}

fn cache() -> String {
    ".cache".into()
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spanned<Option<u32>>>, D::Error> {
    Spanned::deserialize(deserializer).map(Some)
}

/// A mapping in the order of the file, each key with its place.
#[derive(Debug)]
pub struct Ordered<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Ordered(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// How deep what the file says may be nested.
const DEEPEST: usize = 16;

/// Parses the text of a file. Only `true` and `false` are booleans, as in YAML 1.2: `no` is a country as often as not.
pub fn parse(text: &str) -> Result<Pipeline, Problem> {
    // What a pipeline says is six levels deep. The parser goes a level down its stack for each, so there is an end to them.
    let options = serde_yaml::options! { strict_booleans: true, budget: serde_yaml::budget! { max_depth: DEEPEST } };
    serde_yaml::from_str_with_options(text, options).map_err(|error| problem(&error, text))
}

/// A parser's error as a person would put it.
fn problem(error: &Error, text: &str) -> Problem {
    let error = error.without_snippet();
    let (line, column) = error.location().map_or((0, 0), |place| (place.line(), place.column()));
    let problem = |message: String| Problem { line, column, message, hint: None };
    let found = || found_at(text, line, column);
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            unknown(problem(format!("unknown key `{field}`")), field, expected)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            unknown(problem(format!("unknown value `{variant}`")), variant, expected)
        }
        Error::DuplicateMappingKey { key, .. } => {
            problem(format!("the key `{}` is there already", key.as_deref().unwrap_or("?")))
                .hint("keep one of the two: which of them was meant cannot be guessed")
        }
        Error::SerdeMissingField { field, .. } => problem(format!("the key `{field}` is missing here")),
        Error::InvalidBooleanStrict { .. } => problem(format!("expected true or false, found `{}`", found())),
        Error::InvalidScalar { ty, .. } => problem(format!("expected {}, found `{}`", kind(ty), found())),
        Error::Unexpected { expected, .. } => problem(format!("expected {}, found `{}`", kind(expected), found())),
        Error::SerdeInvalidType { unexpected, expected, .. } => {
            problem(format!("expected {}, found {unexpected}", kind(expected)))
        }
        other => problem(other.render().lines().next().unwrap_or("not valid YAML").to_string()),
    }
}

fn unknown(problem: Problem, wrong: &str, expected: &[&'static str]) -> Problem {
    problem.hint(format!("what may stand here: {}", expected.join(", "))).suggest(wrong, expected.iter().copied())
}

/// What a YAML parser calls a type, in words.
fn kind(name: &str) -> &str {
    match name {
        "bool" | "boolean" => "true or false",
        "u8" | "u32" | "u64" | "i64" | "integer" => "a whole number",
        "floating point" => "a number",
        "string" | "string scalar" => "a text",
        "mapping start" | "mapping" => "a mapping (`key: value` lines)",
        "sequence start" | "sequence" => "a list",
        other => other,
    }
}

/// The value at a place: to the end of the line or, inside brackets, to what ends it there.
fn found_at(text: &str, line: u64, column: u64) -> String {
    let rest: String = error::line(text, line).chars().skip((column as usize).saturating_sub(1)).collect();
    let rest = rest.split(" #").next().unwrap_or("").trim();
    let scalar = !rest.starts_with(['[', '{', '"', '\'']);
    if scalar { rest.split([',', '}', ']']).next().unwrap_or("").trim().to_string() } else { rest.to_string() }
}
