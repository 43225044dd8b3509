//! Paths with a day in them, as `pipeline.yaml` writes them: `clicks/dt={day}/*`, `previous_orders/**`.
//!
//! Owns the language of these patterns: `{day}` stands for `2025-08-16`, `*` and `?` for characters of one name, `**`
//! as the last part for all files below. Which files there are is found by [`crate::survey`].

use std::fmt;

use crate::day::Day;

/// A relative path, part by part.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    parts: Vec<Part>,
}

/// One name in a path.
#[derive(Clone, Debug)]
pub enum Part {
    /// Exactly this name.
    Name(String),
    /// A name that is a day between two texts.
    Day { before: String, after: String },
    /// Any name that matches.
    Any(glob::Pattern),
    /// All files below, however deep.
    Below,
}

/// The place of the day in a pattern.
pub const DAY: &str = "{day}";

impl PathPattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.split('/').collect();
        let mut parts = Vec::new();
        for (place, name) in names.iter().enumerate() {
            parts.push(match *name {
                "" | "." | ".." => {
                    return Err("a path goes down from its folder: no leading or double `/`, no `.` or `..`".into());
                }
                "**" if place + 1 == names.len() => Part::Below,
                "**" => return Err("`**` can only be the last part of a path".into()),
                name => Part::parse(name)?,
            });
        }
        if parts.iter().filter(|part| matches!(part, Part::Day { .. })).count() > 1 {
            return Err(format!("`{DAY}` can stand in a path only once"));
        }
        Ok(PathPattern { text: text.to_string(), parts })
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the path is of one day.
    pub fn has_day(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Day { .. }))
    }

    /// The folder that its first names lead to without a choice, and the parts below that.
    pub fn fixed_folder(&self) -> (String, &[Part]) {
        let last = self.parts.len() - 1;
        let fixed = self.parts[..last].iter().take_while(|part| matches!(part, Part::Name(_))).count();
        (self.text.split('/').take(fixed).collect::<Vec<_>>().join("/"), &self.parts[fixed..])
    }

    /// A pattern that takes a file which another pattern passes by, if one can: the folders down to the day, and what is
    /// below that.
    pub fn taking(path: &str, other: &PathPattern) -> Option<String> {
        let names: Vec<&str> = path.split('/').collect();
        let day = names.iter().enumerate().find_map(|(place, name)| Some((place, with_day(name)?)));
        let (mut folders, below) = match day {
            Some((place, named)) => ([&names[..place], &[named.as_str()]].concat().join("/"), names.len() - place - 1),
            None if other.has_day() => return None,
            None => {
                let folder = other.fixed_folder().0;
                let below = names.len() - folder.split('/').filter(|name| !name.is_empty()).count();
                (folder, below)
            }
        };
        match below {
            0 => {}
            1 => folders.push_str("/*"),
            _ => folders.push_str("/**"),
        }
        PathPattern::parse(folders.trim_start_matches('/')).ok().map(|pattern| pattern.text)
    }

    /// Whether files lie in a folder of their day, and not beside each other with days in their names.
    pub fn has_day_folder(&self) -> bool {
        self.has_day() && !matches!(self.parts.last(), Some(Part::Day { .. }))
    }

    /// The pattern with a day filled in.
    pub fn on(&self, day: Day) -> String {
        self.text.replace(DAY, &day.to_string())
    }
}

impl Part {
    fn parse(name: &str) -> Result<Self, String> {
        let wild = |text: &str| text.contains(['*', '?', '[']);
        match name.split_once(DAY) {
            Some((before, after)) if wild(before) || wild(after) || after.contains(DAY) => {
                Err(format!("beside `{DAY}` a name cannot hold wildcards or a second `{DAY}`"))
            }
            Some((before, after)) => Ok(Part::Day { before: before.into(), after: after.into() }),
            None if name.contains(['{', '}']) => Err(format!("`{DAY}` is all that braces can hold")),
            None if wild(name) => glob::Pattern::new(name).map(Part::Any).map_err(|error| error.msg.to_string()),
            None => Ok(Part::Name(name.into())),
        }
    }

    /// The day that a name spells, if this part is one.
    pub fn day_in(&self, name: &str) -> Option<Day> {
        let Part::Day { before, after } = self else { return None };
        name.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?.parse().ok()
    }
}

/// A name with `{day}` in the place of the first day in it.
fn with_day(name: &str) -> Option<String> {
    let is_day = |start: &usize| name.get(*start..*start + 10).is_some_and(|text| text.parse::<Day>().is_ok());
    let start = name.char_indices().map(|(start, _)| start).find(is_day)?;
    Some(format!("{}{DAY}{}", &name[..start], &name[start + 10..]))
}

impl fmt::Display for PathPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_could_leave_its_folder_is_refused() {
        for wrong in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a"] {
            assert!(PathPattern::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_day_stands_once_and_alone() {
        for wrong in ["{day}/{day}", "{day}{day}", "dt={day}*", "{date}/x", "**/x"] {
            assert!(PathPattern::parse(wrong).is_err(), "{wrong:?}");
        }
        let pattern = PathPattern::parse("clicks/dt={day}/*").unwrap();
        assert!(pattern.has_day());
        let day = pattern.parts()[1].day_in("dt=2025-08-16").unwrap();
        assert_eq!(pattern.on(day), "clicks/dt=2025-08-16/*");
        assert_eq!(pattern.parts()[1].day_in("dt=2025-08-16x"), None);
        assert_eq!(pattern.parts()[1].day_in("2025-08-16"), None);
    }
}
