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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::Action;
    use crate::actions::random::{Folder, Table, write};

    /// The times of the tables of each era of tables that have these times.
    fn eras_of(times: &[(i64, i64)]) -> Vec<Vec<(i64, i64)>> {
        let folder = Folder::new("eras");
        let files = times.iter().map(|(oldest, newest)| {
            let path = folder.path("table.parquet");
            let actions = [*newest, *oldest].map(|timestamp| Action::new(timestamp, 1, 1)).to_vec();
            write(&path, 10, &Table::from([(1, actions)]));
            ActionFile::open(&path).unwrap()
        });
        let eras = eras(files.collect());
        eras.iter().map(|era| era.files.iter().filter_map(|file| file.times.0).collect()).collect()
    }

    #[test]
    fn tables_are_apart_if_no_action_of_one_is_as_late_as_any_of_the_other() {
        assert_eq!(eras_of(&[(0, 9), (20, 29), (10, 19)]), [[(20, 29)], [(10, 19)], [(0, 9)]]);
    }

    #[test]
    fn tables_that_touch_overlap() {
        assert_eq!(eras_of(&[(0, 10), (10, 19)]), [[(10, 19), (0, 10)]]);
    }

    #[test]
    fn a_table_that_reaches_far_back_joins_those_that_it_covers() {
        assert_eq!(eras_of(&[(0, 1), (5, 6), (8, 9), (5, 20)]), [vec![(5, 20), (8, 9), (5, 6)], vec![(0, 1)]]);
    }
}
