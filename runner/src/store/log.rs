//! Records by name, in a file that is only ever added to. The last record of a name is the one that counts.
//!
//! A line is a seal, a name and a record. What was cut off, overwritten or edited is not there for its reader and costs
//! no other line. Processes may read and add at the same time: a reader sees some whole lines, and who adds holds a
//! lock. Now and then what no longer counts is left out of a new file, which takes the place of the old one.
//!
//! It does not know what names and records mean. A record is taken apart only when it is asked for, so a long file
//! costs its reader little.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;

use memchr::memchr_iter;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lock;

/// The characters of a seal: so much of the blake3 hash of what follows it.
const SEAL: usize = 16;
/// The name under which a file says how large it was when it was new.
const COMPACTED: &str = "compacted";
/// A file may grow to twice what it was when it was new, and by this, in bytes, before it is made new again.
const SMALL: u64 = 1 << 16;

/// A file of records.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
}

/// What a file held when it was read.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    /// Where the last line of each name is.
    places: HashMap<Box<[u8]>, Range<usize>>,
}

/// Lines that are to be added.
#[derive(Debug, Default)]
pub struct Batch(Vec<u8>);

impl Batch {
    pub fn add(&mut self, name: &str, record: &impl Serialize) -> io::Result<()> {
        // In JSON neither of the two can hold a tab or the end of a line.
        let content = [serde_json::to_vec(name)?, serde_json::to_vec(record)?].join(&b'\t');
        self.put(&content);
        Ok(())
    }

    fn put(&mut self, content: &[u8]) {
        self.0.extend_from_slice(seal(content).as_bytes());
        self.0.push(b'\t');
        self.0.extend_from_slice(content);
        self.0.push(b'\n');
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn seal(content: &[u8]) -> String {
    blake3::hash(content).to_hex()[..SEAL].to_string()
}

impl Lines {
    fn of(bytes: Vec<u8>) -> Self {
        let mut lines = Lines { bytes, places: HashMap::new() };
        let mut begin = 0;
        // What follows the last end of a line was cut off.
        for end in memchr_iter(b'\n', &lines.bytes) {
            let place = begin..end;
            begin = end + 1;
            if let Some(name) = lines.bytes[place.clone()].split(|byte| *byte == b'\t').nth(1) {
                lines.places.insert(name.into(), place);
            }
        }
        lines
    }

    /// The record of a name, if there is one and it is whole.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let place = self.places.get(serde_json::to_vec(name).ok()?.as_slice())?;
        serde_json::from_slice(self.content(place)?.1).ok()
    }

    /// All whole records whose names begin with `prefix`, with the rest of their names, in the order of the file.
    pub fn all<T: DeserializeOwned>(&self, prefix: &str) -> impl Iterator<Item = (String, T)> {
        let mut places: Vec<&Range<usize>> = self.places.values().collect();
        places.sort_by_key(|place| place.start);
        let named = places.into_iter().filter_map(|place| self.content(place));
        named.filter_map(move |(name, record)| {
            let name: String = serde_json::from_slice(name).ok()?;
            Some((name.strip_prefix(prefix)?.to_string(), serde_json::from_slice(record).ok()?))
        })
    }

    /// The name and the record in a line, if it is whole.
    fn content(&self, place: &Range<usize>) -> Option<(&[u8], &[u8])> {
        let line = &self.bytes[place.clone()];
        let (seal_there, content) = (line.get(..SEAL)?, line.get(SEAL + 1..)?);
        let end = content.iter().position(|byte| *byte == b'\t')?;
        (seal(content).as_bytes() == seal_there).then(|| (&content[..end], &content[end + 1..]))
    }

    /// Whether it holds so much that no longer counts that it should be made new.
    pub fn is_long(&self) -> bool {
        self.bytes.len() as u64 > 2 * self.get::<u64>(COMPACTED).unwrap_or(0) + SMALL
    }
}

impl Log {
    pub fn at(path: PathBuf) -> Self {
        Log { path }
    }

    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// What is in the file; nothing, if it cannot be read.
    pub fn read(&self) -> Lines {
        Lines::of(fs::read(&self.path).unwrap_or_default())
    }

    /// Adds lines, as one write.
    pub fn add(&self, batch: &Batch) -> io::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let _lock = self.lock()?;
        let mut file = File::options().read(true).append(true).create(true).open(&self.path)?;
        let mut bytes = Vec::with_capacity(batch.0.len() + 1);
        // A line that was cut off must not spoil the first of these.
        if !ends_well(&mut file)? {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&batch.0);
        file.write_all(&bytes)
    }

    /// Makes the file new, of those whole lines that count and that `stays` wants to keep; it is asked for each of them,
    /// by what was read of the file under the lock.
    pub fn compact(&self, stays: impl FnOnce(&Lines) -> Vec<String>) -> io::Result<()> {
        let _lock = self.lock()?;
        let lines = self.read();
        let mut batch = Batch::default();
        for name in stays(&lines) {
            let place = serde_json::to_vec(&name).ok().and_then(|name| lines.places.get(name.as_slice()));
            if let Some((name, record)) = place.and_then(|place| lines.content(place)) {
                batch.put(&[name, record].join(&b'\t'));
            }
        }
        batch.add(COMPACTED, &(batch.0.len() as u64))?;
        let unfinished = self.path.with_extension("tmp");
        let made = write_whole(&unfinished, &batch.0).and_then(|()| fs::rename(&unfinished, &self.path));
        if made.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        made
    }

    /// The right to change the file.
    fn lock(&self) -> io::Result<File> {
        let lock = lock::open(&self.path.with_extension("lock"))?;
        lock.lock()?;
        Ok(lock)
    }
}

/// Unlike a line that is added, the whole file must not be lost in a power cut.
fn write_whole(path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether a file is empty or its last line is whole.
fn ends_well(file: &mut File) -> io::Result<bool> {
    match file.seek(SeekFrom::End(-1)) {
        Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(true),
        sought => sought?,
    };
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage::{Chance, damaged, executions};

    /// A file of its own for a test, which is not there yet.
    fn log(name: &str) -> Log {
        let folder = std::env::temp_dir().join(format!("runner-log-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Log::at(folder.join("log"))
    }

    fn batch(records: &[(&str, u64)]) -> Batch {
        let mut batch = Batch::default();
        records.iter().for_each(|(name, record)| batch.add(name, record).unwrap());
        batch
    }

    fn all(lines: &Lines) -> Vec<(String, u64)> {
        lines.all("").collect()
    }

    #[test]
    fn the_last_record_of_a_name_counts_whatever_is_in_the_name() {
        let log = log("last");
        log.add(&batch(&[("a", 1), ("tab\tand\nline", 2)])).unwrap();
        log.add(&batch(&[("a", 3)])).unwrap();
        let lines = log.read();
        assert_eq!((lines.get("a"), lines.get("tab\tand\nline"), lines.get::<u64>("b")), (Some(3), Some(2), None));
        assert_eq!(all(&lines), [("tab\tand\nline".to_string(), 2), ("a".to_string(), 3)]);
    }

    #[test]
    fn a_line_that_was_cut_off_costs_itself_and_no_other() {
        let log = log("cut");
        log.add(&batch(&[("a", 1), ("b", 2)])).unwrap();
        let whole = fs::read(log.path()).unwrap();
        for length in 0..whole.len() {
            fs::write(log.path(), &whole[..length]).unwrap();
            log.add(&batch(&[("c", 3)])).unwrap();
            let lines = log.read();
            // The end of the line itself is made up for.
            let first = whole.iter().position(|byte| *byte == b'\n').unwrap() <= length;
            assert_eq!((lines.get("a"), lines.get("c")), (first.then_some(1), Some(3)), "{length} bytes were left");
        }
    }

    #[test]
    fn whatever_happens_to_a_file_its_records_are_read_as_they_were_written_or_not_at_all() {
        let log = log("damaged");
        let records = [("a", 10_000_000), ("b", 20_000_000), ("c", 30_000_000)];
        log.add(&batch(&records)).unwrap();
        let whole = fs::read(log.path()).unwrap();
        for seed in 0..executions() {
            let lines = Lines::of(damaged(&whole, &mut Chance(seed)));
            for (name, record) in all(&lines) {
                assert!(records.contains(&(name.as_str(), record)), "seed {seed}: {name} {record}");
            }
        }
    }

    #[test]
    fn a_file_that_is_made_new_holds_what_stays_and_all_that_is_added_later() {
        let log = log("compact");
        log.add(&batch(&[("a", 1), ("b", 2), ("c", 3)])).unwrap();
        log.add(&batch(&[("b", 4)])).unwrap();
        let other = Log::at(log.path().clone());
        log.compact(|_| vec!["b".to_string(), "c".to_string(), "not there".to_string()]).unwrap();
        other.add(&batch(&[("d", 5)])).unwrap();
        let lines = log.read();
        assert_eq!(
            (lines.get::<u64>("a"), lines.get("b"), lines.get("c"), lines.get("d")),
            (None, Some(4), Some(3), Some(5))
        );
        assert!(!log.path().with_extension("tmp").exists());
    }

    #[test]
    fn many_who_add_at_once_lose_nothing() {
        let log = log("together");
        let names: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        std::thread::scope(|scope| {
            for share in names.chunks(50) {
                let own = Log::at(log.path().clone());
                scope.spawn(move || {
                    for (number, name) in share.iter().enumerate() {
                        own.add(&batch(&[(name, 1)])).unwrap();
                        if number % 10 == 0 {
                            own.compact(|lines| all(lines).into_iter().map(|(name, _)| name).collect()).unwrap();
                        }
                    }
                });
            }
        });
        let lines = log.read();
        assert!(names.iter().all(|name| lines.get::<u64>(name) == Some(1)));
    }
}
