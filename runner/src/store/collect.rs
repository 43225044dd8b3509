//! Which results may go. Pure: it is told what there is and what is needed, and touches nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::inventory::Held;
use super::key::{Digest, Key};
use super::{Entry, Shown, parallel};

/// A result, as far as it matters whether it goes.
#[derive(Clone, Debug)]
pub struct Subject {
    pub node: String,
    pub key: Key,
    pub bytes: u64,
    /// When a run used it last.
    pub used: DateTime<Utc>,
    /// Whether a published day shows it.
    pub shown: bool,
    /// What its entry says; `None` if that cannot be read, so that no run will ever use it.
    pub origin: Option<Origin>,
}

/// Where a result came from and what came of it.
#[derive(Clone, Debug)]
pub struct Origin {
    pub run: String,
    /// What it was made from, by name; raw files are among them.
    pub inputs: Vec<(String, Digest)>,
    pub outputs: Vec<Digest>,
}

/// What runs need.
#[derive(Debug, Default)]
pub struct Needs {
    /// The nodes of the runs that go on; `None` if it is not known of one of them, which may then need anything.
    pub living: Option<BTreeSet<String>>,
    /// The last runs, and the results that they used.
    pub recent: HashSet<String>,
    pub used: HashSet<Key>,
}

/// Why a result stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// A published day shows it, or was made from it.
    Published,
    /// One of the last runs used it.
    Recent,
    /// A run that goes on may use it.
    Living,
}

/// Why a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    Unreadable,
    Unneeded,
    /// It was not used for so long.
    Old(Duration),
    /// Others were used since, and there is not room for all.
    Crowded,
}

/// What goes of that which need not stay; without any limit, all of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    pub older_than: Option<Duration>,
    pub max_size: Option<u64>,
}

impl Subject {
    /// Takes in results and their entries.
    pub fn all(results: &[Held], shown: &Shown) -> Vec<Subject> {
        parallel::map(results, |held| Subject {
            node: held.node(),
            key: held.key,
            bytes: held.bytes,
            used: held.used,
            shown: shown.shows(held),
            origin: Entry::read(&held.folder).map(Origin::of),
        })
    }
}

impl Origin {
    fn of(entry: Entry) -> Self {
        let inputs = entry.manifest.inputs.into_iter();
        Origin {
            run: entry.run,
            // Of an output that is split by day the item also names the part.
            inputs: inputs
                .map(|input| (input.item.split('/').next().unwrap_or("").to_string(), input.digest))
                .collect(),
            outputs: entry.files.iter().map(|file| file.digest).collect(),
        }
    }
}

/// Why each result has to stay, if it has to.
pub fn stays(subjects: &[Subject], needs: &Needs) -> Vec<Option<Stays>> {
    let mut stays = vec![None; subjects.len()];
    let makers = makers(subjects);
    let made_recently = |origin: &Origin| needs.recent.contains(&origin.run);
    mark(subjects, &makers, &mut stays, Stays::Published, |subject| subject.shown);
    mark(subjects, &makers, &mut stays, Stays::Recent, |subject| {
        needs.used.contains(&subject.key) || subject.origin.as_ref().is_some_and(made_recently)
    });
    // What the nodes of a run read are nodes of the run, too, so there is nothing to follow here.
    for (stays, subject) in stays.iter_mut().zip(subjects) {
        let may_be_read = needs.living.as_ref().is_none_or(|nodes| nodes.contains(&subject.node));
        *stays = stays.or(may_be_read.then_some(Stays::Living));
    }
    stays
}

/// The result that stands for a content of one of a node's files: the one that was used last.
///
/// What reads the content may have been made from another, but the next run finds this one. Were all to stay, so would
/// every version of a table that grows by a part a day, as each has the parts of those before.
type Makers<'a> = HashMap<(&'a str, Digest), usize>;

fn makers(subjects: &[Subject]) -> Makers<'_> {
    let mut places: Vec<usize> = (0..subjects.len()).collect();
    places.sort_by_key(|place| (subjects[*place].used, subjects[*place].key.to_string()));
    let mut makers = Makers::new();
    for place in places {
        for digest in subjects[place].origin.iter().flat_map(|origin| &origin.outputs) {
            makers.insert((&subjects[place].node, *digest), place);
        }
    }
    makers
}

/// Marks what is needed for one reason, with all that it was made from.
fn mark(
    subjects: &[Subject],
    makers: &Makers,
    stays: &mut [Option<Stays>],
    why: Stays,
    needed: impl Fn(&Subject) -> bool,
) {
    let mut waiting: Vec<usize> = (0..subjects.len()).filter(|place| needed(&subjects[*place])).collect();
    while let Some(place) = waiting.pop() {
        if stays[place].is_some() {
            continue;
        }
        stays[place] = Some(why);
        for (item, digest) in subjects[place].origin.iter().flat_map(|origin| &origin.inputs) {
            waiting.extend(makers.get(&(item.as_str(), *digest)));
        }
    }
}

/// What goes, the longest unused first, and why. `rest` is the room that all else in the cache takes.
pub fn choose(
    subjects: &[Subject],
    stays: &[Option<Stays>],
    limits: Limits,
    rest: u64,
    now: DateTime<Utc>,
) -> Vec<(usize, Goes)> {
    let mut free: Vec<usize> = (0..subjects.len()).filter(|place| stays[*place].is_none()).collect();
    // What nobody can use makes room before anything else does.
    free.sort_by_key(|place| (subjects[*place].origin.is_some(), subjects[*place].used));
    let mut total = rest + subjects.iter().map(|subject| subject.bytes).sum::<u64>();
    let mut goes = Vec::new();
    for place in free {
        let subject = &subjects[place];
        let unused = (now - subject.used).to_std().unwrap_or_default();
        let why = match limits {
            _ if subject.origin.is_none() => Goes::Unreadable,
            Limits { older_than: None, max_size: None } => Goes::Unneeded,
            Limits { older_than: Some(age), .. } if unused >= age => Goes::Old(age),
            Limits { max_size: Some(most), .. } if total > most => Goes::Crowded,
            _ => continue,
        };
        total -= subject.bytes;
        goes.push((place, why));
    }
    goes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(content: &str) -> Digest {
        Digest(blake3::hash(content.as_bytes()))
    }

    fn key(name: &str) -> Key {
        Key::of_folder(&digest(name).to_string()).unwrap()
    }

    /// A result of a node with some content, made from other contents of other nodes; used so many hours ago.
    fn result(node: &str, content: &str, inputs: &[(&str, &str)], hours: i64) -> Subject {
        Subject {
            node: node.into(),
            key: key(&format!("{node} {content} {hours}")),
            bytes: 10,
            used: now() - chrono::Duration::hours(hours),
            shown: false,
            origin: Some(Origin {
                run: format!("run of {hours} hours ago"),
                inputs: inputs.iter().map(|(item, content)| (item.to_string(), digest(content))).collect(),
                outputs: vec![digest(content)],
            }),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_755_000_000, 0).unwrap()
    }

    fn nothing_lives() -> Needs {
        Needs { living: Some(BTreeSet::new()), ..Needs::default() }
    }

    #[test]
    fn what_a_published_day_was_made_from_stays_however_far_back() {
        let mut subjects = vec![
            result("take@1", "one", &[("words/1.txt", "raw")], 9),
            result("take@1", "other", &[("words/1.txt", "other raw")], 1),
            result("recent@1", "page", &[("take@1", "one")], 9),
            result("page@1", "page", &[("recent@1", "page")], 9),
        ];
        subjects[3].shown = true;
        let kept = stays(&subjects, &nothing_lives());
        assert_eq!(kept, [Some(Stays::Published), None, Some(Stays::Published), Some(Stays::Published)]);
    }

    #[test]
    fn of_results_with_the_same_content_the_one_stays_that_was_used_last() {
        let mut subjects =
            vec![result("take@1", "one", &[], 9), result("take@1", "one", &[], 1), result("take@1", "one", &[], 5)];
        subjects.push(result("page@1", "p", &[("take@1", "one")], 9));
        subjects[3].shown = true;
        let kept = Some(Stays::Published);
        assert_eq!(stays(&subjects, &nothing_lives()), [None, kept, None, kept]);
    }

    #[test]
    fn what_the_last_runs_made_or_used_stays() {
        let subjects = vec![result("a", "1", &[], 1), result("b", "1", &[], 2), result("c", "1", &[], 3)];
        let recent = HashSet::from(["run of 1 hours ago".to_string()]);
        let needs = Needs { recent, used: HashSet::from([subjects[1].key]), ..nothing_lives() };
        assert_eq!(stays(&subjects, &needs), [Some(Stays::Recent), Some(Stays::Recent), None]);
    }

    #[test]
    fn every_result_of_a_node_of_a_living_run_stays_and_all_if_its_nodes_are_not_known() {
        let subjects = vec![result("a", "1", &[], 1), result("a", "2", &[], 2), result("b", "1", &[], 3)];
        let needs = Needs { living: Some(BTreeSet::from(["a".to_string()])), ..Needs::default() };
        assert_eq!(stays(&subjects, &needs), [Some(Stays::Living), Some(Stays::Living), None]);
        assert_eq!(stays(&subjects, &Needs { living: None, ..Needs::default() }), [Some(Stays::Living); 3]);
    }

    #[test]
    fn limits_choose_among_the_rest_the_longest_unused_first() {
        let mut subjects: Vec<Subject> = (1..=4).map(|hours| result("a", "1", &[], hours)).collect();
        subjects[0].origin = None;
        let kept = [None, None, None, Some(Stays::Recent)];
        let chosen = |older_than: Option<u64>, max_size| {
            let limits = Limits { older_than: older_than.map(|hours| Duration::from_secs(hours * 3600)), max_size };
            choose(&subjects, &kept, limits, 5, now())
        };
        let (lost, age) = ((0, Goes::Unreadable), |hours: u64| Goes::Old(Duration::from_secs(hours * 3600)));
        assert_eq!(chosen(None, None), [lost, (2, Goes::Unneeded), (1, Goes::Unneeded)]);
        assert_eq!(chosen(Some(3), None), [lost, (2, age(3))]);
        assert_eq!(chosen(None, Some(35)), [lost]);
        assert_eq!(chosen(None, Some(34)), [lost, (2, Goes::Crowded)]);
        assert_eq!(chosen(Some(3), Some(24)), [lost, (2, age(3)), (1, Goes::Crowded)]);
        assert_eq!(chosen(None, Some(0)), [lost, (2, Goes::Crowded), (1, Goes::Crowded)], "it cannot fit");
    }
}
