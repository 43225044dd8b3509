//! Orders whole tables by time, so that actions of different tables seldom have to be compared one by one.
//!
//! Tables of different days or months hardly ever overlap in time. Tables that do are put into one era; then every
//! action of an era is newer than every action of the next, and only within an era of several tables does the order
//! have to be found action by action. That holds whatever the tables are: if all overlap, all are one era.

use super::ActionFile;

/// Tables whose times overlap, directly or through others of them.
pub struct Era {
    pub files: Vec<ActionFile>,
    /// The time of its newest action.
    pub newest: i64,
    oldest: i64,
}

/// The eras of some tables, the newest first; tables without actions are in none.
pub fn eras(files: Vec<ActionFile>) -> Vec<Era> {
    let mut timed: Vec<_> = files.into_iter().filter_map(|file| Some((file.times.0?, file))).collect();
    timed.sort_by_key(|((_, newest), _)| std::cmp::Reverse(*newest));
    let mut eras: Vec<Era> = Vec::new();
    for ((oldest, newest), file) in timed {
        match eras.last_mut() {
            // Actions of the very same time are ordered by item and type, so tables that touch overlap.
            Some(era) if newest >= era.oldest => {
                era.oldest = era.oldest.min(oldest);
                era.files.push(file);
            }
            _ => eras.push(Era { files: vec![file], newest, oldest }),
        }
    }
    eras
}
