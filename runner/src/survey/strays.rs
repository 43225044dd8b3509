//! Files that lie where a source's files lie and that no path takes: how many, an example of each sort, and the path
//! that would take it.
//!
//! It knows names and paths. Whether anybody misses such a file is not known here.

use std::collections::{BTreeMap, HashSet};

use super::walk::Walk;
use crate::pattern::{DAY, Part, PathPattern};
use crate::spec::Source;
use crate::text::escaped;

/// Why a path does not take a file, and how far it led there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// How many of its parts matched.
    depth: usize,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Deeper,
    /// With the name that is none.
    NoDay(String),
    NoFolder,
    OtherName,
}

/// The files of one source that no path takes, told in one line.
#[derive(Debug, Default)]
pub struct Strays {
    sorts: Vec<Sort>,
}

/// How many sorts of files are told.
const MOST_SORTS: usize = 5;

/// Files that are not taken for the same reason, and that one path would take.
#[derive(Debug)]
struct Sort {
    count: usize,
    example: String,
    why: String,
}

impl Passed {
    /// Of an entry that does not match a part of a pattern; `None` if it has nothing to do with the source.
    pub fn by(part: &Part, name: &str, depth: usize, last: bool) -> Option<Passed> {
        let why = match part {
            Part::Day { before, after } => {
                let between = name.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
                let spelled = between.filter(|text| text.contains(|letter: char| letter.is_ascii_digit()));
                match spelled {
                    Some(text) => Why::NoDay(text.to_string()),
                    // In the data folder itself are those of other sources, and much else.
                    None if depth == 0 => return None,
                    None => Why::OtherName,
                }
            }
            // A folder beside the one that is meant is something else; a file with its name and another ending is not.
            Part::Name(wanted) if !last || !shares_stem(wanted, name) => return None,
            Part::Any(_) if depth == 0 => return None,
            _ => Why::OtherName,
        };
        Some(Passed { depth, why })
    }

    pub fn deeper(depth: usize) -> Passed {
        Passed { depth, why: Why::Deeper }
    }

    pub fn no_folder(depth: usize) -> Passed {
        Passed { depth, why: Why::NoFolder }
    }
}

fn shares_stem(wanted: &str, name: &str) -> bool {
    wanted.split('.').next().is_some_and(|stem| name.split('.').next() == Some(stem))
}

/// The strays of each source. A file that several paths pass by belongs to the one that led nearest to it.
pub fn sort_out(walks: &mut [Walk], sources: &[Source]) -> Vec<Strays> {
    let passed: Vec<Vec<(String, Passed)>> = walks.iter_mut().map(|walk| std::mem::take(&mut walk.passed)).collect();
    let mut nearest: BTreeMap<String, (usize, Passed)> = BTreeMap::new();
    if passed.iter().all(Vec::is_empty) {
        return sources.iter().map(|_| Strays::default()).collect();
    }
    let taken: HashSet<&str> = walks.iter().flat_map(|walk| &walk.found).map(|(_, path)| path.as_str()).collect();
    for (place, passed) in passed.into_iter().enumerate() {
        let marker = sources[place].ready.as_ref().map(|name| format!("/{name}"));
        let is_marker = |path: &str| marker.as_ref().is_some_and(|marker| path.ends_with(marker));
        for (path, why) in passed.into_iter().filter(|(path, _)| !taken.contains(path.as_str()) && !is_marker(path)) {
            match nearest.get(&path) {
                Some((_, other)) if other.depth >= why.depth => {}
                _ => drop(nearest.insert(path, (place, why))),
            }
        }
    }
    type Sorts = BTreeMap<(Why, Option<String>), (usize, String, Why)>;
    let mut sorts: Vec<Sorts> = sources.iter().map(|_| BTreeMap::new()).collect();
    for (path, (place, Passed { why, .. })) in nearest {
        // The first of the days that are spelled otherwise stands for all of them.
        let sort = if matches!(why, Why::NoDay(_)) { Why::NoDay(String::new()) } else { why.clone() };
        let taking = PathPattern::taking(&path, walks[place].pattern());
        sorts[place].entry((sort, taking)).or_insert((0, path, why)).0 += 1;
    }
    let told = sorts.into_iter().zip(walks).map(|(sorts, walk)| {
        let has_day = walk.pattern().has_day();
        let sort = |((_, taking), (count, path, why)): ((Why, Option<String>), (usize, String, Why))| {
            Sort::of(count, &path, &why, taking.as_deref(), has_day)
        };
        Strays { sorts: sorts.into_iter().map(sort).collect() }
    });
    told.collect()
}

impl Sort {
    fn of(count: usize, path: &str, why: &Why, taking: Option<&str>, has_day: bool) -> Sort {
        let takes = |taking: &str| format!("; {taking} takes {}", if count == 1 { "it" } else { "them" });
        let takes = taking.map_or(String::new(), takes);
        let why = match why {
            Why::Deeper => format!("a folder too deep{takes}"),
            Why::NoDay(_) if taking.is_some() => format!("another name{takes}"),
            Why::NoDay(text) => format!("`{}` is no day: a day is written 2025-08-16", escaped(text)),
            Why::NoFolder => format!("a file where a folder is expected{takes}"),
            Why::OtherName if has_day && taking.is_none() => format!("no `{DAY}` in its path"),
            Why::OtherName => format!("another name{takes}"),
        };
        Sort { count, example: escaped(path), why }
    }
}

impl Strays {
    /// `2 files, such as clicks/dt=2025-8-2/a.json (...); 1 file, clicks/x.json (...)`; `None` if there are none.
    pub fn described(&self) -> Option<String> {
        let told = self.sorts.iter().take(MOST_SORTS).map(|sort| match sort.count {
            1 => format!("1 file, {} ({})", sort.example, sort.why),
            count => format!("{count} files, such as {} ({})", sort.example, sort.why),
        });
        let mut told: Vec<String> = told.collect();
        let others: usize = self.sorts.iter().skip(MOST_SORTS).map(|sort| sort.count).sum();
        told.extend((others > 0).then(|| format!("{others} more in other ways")));
        (!told.is_empty()).then(|| told.join("; "))
    }
}
