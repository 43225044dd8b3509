//! What `diff` says of two tables: the schema, the rows that came, went or changed, and where.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod support;
#[path = "support/tables.rs"]
mod tables;

use std::collections::BTreeMap;

use polars::prelude::*;
use serde_json::{Value, json};
use support::{Chance, Space, end};
use tables::{task, write, write_actions, write_histories, write_impressions};

fn diff(space: &Space, more: &str) -> String {
    task(space, "diff", &format!("old.parquet new.parquet {more}")).with(0).stdout
}

fn json_of(space: &Space, more: &str) -> Value {
    serde_json::from_str(&diff(space, &format!("--json {more}"))).unwrap()
}

#[test]
fn tables_that_hold_the_same_are_the_same() {
    let space = Space::new("diff_same");
    write_histories(&space, "old.parquet", &[(1, vec![9], vec![1]), (2, vec![], vec![])]);
    // Written with other row groups, the bytes differ and the table does not.
    let mut frame = tables::table(&space, "old.parquet");
    let file = std::fs::File::create(space.path("new.parquet")).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(1)).finish(&mut frame).unwrap();
    assert!(std::fs::read(space.path("old.parquet")).unwrap() != std::fs::read(space.path("new.parquet")).unwrap());
    assert_eq!(diff(&space, ""), "the same\n");
    assert_eq!(json_of(&space, "")["same"], true);
}

#[test]
fn a_changed_row_is_told_with_its_key_and_what_changed() {
    let space = Space::new("diff_changed");
    let mut rows: Vec<_> = (0..7).map(|row| (772_337, 43_094 + row, 1, i64::from(row) * 1_000_000)).collect();
    write_actions(&space, "old.parquet", &rows);
    rows[3].1 = 1;
    write_actions(&space, "new.parquet", &rows);
    assert_eq!(
        diff(&space, ""),
        "\
schema   the same
rows     7 before, 7 now: 0 added, 0 removed, 1 changed
columns  item_id in 1 row
e.g.     customer_id 772337: item_id 43097 -> 1
"
    );
    assert_eq!(
        json_of(&space, ""),
        json!({
            "same": false,
            "schema": {"same": true, "added": [], "removed": [], "retyped": [], "reordered": false},
            "rows": {"before": 7, "now": 7, "compared": true, "added": 0, "removed": 0, "changed": 1, "reordered": false, "paired_by": null},
            "columns": [{"name": "item_id", "rows": 1}],
            "examples": [{
                "key": {"name": "customer_id", "value": 772_337},
                "what": "changed",
                "columns": [{"name": "item_id", "before": 43_097, "now": 1}],
            }],
        })
    );
}

#[test]
fn another_order_is_no_other_rows() {
    let space = Space::new("diff_order");
    write_impressions(&space, "old.parquet", &[(1, 1, true), (2, 2, false), (2, 2, false)]);
    write_impressions(&space, "new.parquet", &[(2, 2, false), (1, 1, true), (2, 2, false)]);
    assert_eq!(
        diff(&space, ""),
        "schema   the same\nrows     3 before, 3 now: the rows are the same, in another order\n"
    );
    assert_eq!(json_of(&space, "")["rows"]["reordered"], true);
}

#[test]
fn rows_are_counted_as_often_as_they_are_there_and_paired_by_customer() {
    let space = Space::new("diff_multiset");
    write_impressions(&space, "old.parquet", &[(1, 1, true), (1, 1, true), (5, 5, false), (6, 6, false), (3, 3, true)]);
    write_impressions(&space, "new.parquet", &[(3, 3, false), (9, 9, true), (1, 1, true), (6, 7, true), (5, 5, false)]);
    assert_eq!(
        diff(&space, "--rows 9"),
        "\
schema   the same
rows     5 before, 5 now: 1 added, 1 removed, 2 changed
columns  item_id in 1 row, is_order in 2 rows
e.g.     customer_id 3: is_order true -> false
         customer_id 6: item_id 6 -> 7, is_order false -> true
         customer_id 9: added, item_id 9, is_order true
         customer_id 1: removed, item_id 1, is_order true
"
    );
    assert!(diff(&space, "--rows 1").ends_with("e.g.     customer_id 3: is_order true -> false\n"));
    assert!(diff(&space, "--rows 0").ends_with("is_order in 2 rows\n"));
    assert_eq!(
        json_of(&space, "--rows 9")["examples"][3],
        json!({"key": {"name": "customer_id", "value": 1}, "what": "removed",
               "columns": [{"name": "item_id", "value": 1}, {"name": "is_order", "value": true}]})
    );
}

#[test]
fn that_rows_of_one_customer_are_paired_in_order_is_told() {
    let space = Space::new("diff_pairs");
    write_impressions(&space, "old.parquet", &[(1, 1, true), (1, 2, true), (2, 5, false)]);
    write_impressions(&space, "new.parquet", &[(1, 8, false), (1, 9, false), (2, 6, false)]);
    assert_eq!(
        diff(&space, "--rows 1"),
        "\
schema   the same
rows     3 before, 3 now: 0 added, 0 removed, 3 changed
         several have the same customer_id: these are paired in order, and need not belong together
columns  item_id in 3 rows, is_order in 2 rows
e.g.     customer_id 1: item_id 1 -> 8, is_order true -> false
"
    );
    assert_eq!(json_of(&space, "")["rows"]["paired_by"], "customer_id");
}

#[test]
fn of_long_lists_the_first_difference_is_told() {
    let space = Space::new("diff_lists");
    let long: Vec<i32> = (1..=1000).collect();
    let mut other = long.clone();
    (other[996], other[999]) = (7, 8);
    let types = vec![1; 1000];
    let old = [(1, long.clone(), types.clone()), (2, long.clone(), types.clone()), (3, vec![1, 2], vec![1])];
    let new = [(1, other, types.clone()), (2, long[..998].to_vec(), types), (3, vec![1], vec![1])];
    write_histories(&space, "old.parquet", &old);
    write_histories(&space, "new.parquet", &new);
    assert_eq!(
        diff(&space, "").lines().skip(2).collect::<Vec<_>>(),
        [
            "columns  actions in 3 rows",
            "e.g.     customer_id 1: actions[996] 997 -> 7 (1000 long)",
            "         customer_id 2: actions[998] 999 -> nothing (1000 -> 998 long)",
            "         customer_id 3: actions [1, 2] -> [1]",
        ]
    );
    assert_eq!(
        json_of(&space, "")["examples"][1]["columns"],
        json!([{"name": "actions", "place": 998, "before": 999, "now": null, "length_before": 1000, "length_now": 998}])
    );
}

#[test]
fn columns_that_came_went_or_have_another_type_are_told_and_left_out_of_rows() {
    let space = Space::new("diff_schema");
    let ids = || Column::new("id".into(), ["a", "b"]);
    let shown = Column::new("shown".into(), [1_i32, 2]);
    write(&space, "old.parquet", vec![ids(), shown.clone(), Column::new("gone".into(), [true, false])]);
    write(
        &space,
        "new.parquet",
        vec![Column::new("shown".into(), [1_i64, 2]), ids(), Column::new("note".into(), ["", ""])],
    );
    assert_eq!(
        diff(&space, ""),
        "\
schema   added: note (str); removed: gone (bool); another type: shown (i32 -> i64); the columns are in another order
rows     2 before, 2 now: the rows are the same (in the columns that both have)
"
    );
    write(&space, "new.parquet", vec![Column::new("id".into(), ["a", "c"]), shown.clone()]);
    assert_eq!(
        diff(&space, ""),
        "\
schema   removed: gone (bool)
rows     2 before, 2 now: 1 added, 1 removed, 0 changed
e.g.     id \"c\": added, shown 2
         id \"b\": removed, shown 2
"
    );
    write(&space, "new.parquet", vec![Column::new("else".into(), ["a"])]);
    assert!(diff(&space, "").ends_with("2 before, 1 now: not compared, as no column is in both with the same type\n"));
}

#[test]
fn nulls_and_floats_are_what_they_are() {
    let space = Space::new("diff_nulls");
    let table =
        |values: [Option<f64>; 5]| vec![Column::new("id".into(), [1, 2, 3, 4, 5]), Column::new("x".into(), values)];
    write(&space, "old.parquet", table([None, Some(0.0), Some(f64::NAN), Some(0.1), Some(1.0)]));
    write(&space, "new.parquet", table([Some(0.0), None, Some(f64::NAN), Some(0.1 + f64::EPSILON), Some(1.0)]));
    assert_eq!(
        diff(&space, "").lines().skip(1).collect::<Vec<_>>(),
        [
            "rows     5 before, 5 now: 0 added, 0 removed, 3 changed",
            "columns  x in 3 rows",
            "e.g.     id 1: x null -> 0.0",
            "         id 2: x 0.0 -> null",
            "         id 4: x 0.1 -> 0.10000000000000023",
        ]
    );
}

#[test]
fn tables_cannot_act_on_a_terminal() {
    let space = Space::new("diff_hostile");
    let text = "a\u{1b}[2J\u{9b}1m\nb";
    write(&space, "old.parquet", vec![Column::new("i\u{1b}d".into(), [text]), Column::new("x\n\u{7}".into(), [1])]);
    write(&space, "new.parquet", vec![Column::new("i\u{1b}d".into(), [text]), Column::new("x\n\u{7}".into(), [2])]);
    assert_eq!(
        diff(&space, "").lines().skip(2).collect::<Vec<_>>(),
        ["columns  x  in 1 row", "e.g.     id \"a[2J1m b\": x  1 -> 2"]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let space = Space::new("diff_errors");
    write_impressions(&space, "old.parquet", &[(1, 1, true)]);
    task(&space, "diff", "old.parquet absent.parquet")
        .with(1)
        .says("error: cannot compare: cannot read absent.parquet: ");
    space.write("garbage.parquet", "PAR1 this is no table at all PAR1");
    task(&space, "diff", "garbage.parquet old.parquet")
        .with(1)
        .says("cannot read garbage.parquet: ")
        .does_not_say("panicked");
}

/// What a slow comparison of rows by customer, item and label says: added, removed, changed, and changes by column.
fn expected(old: &[(i64, i32, bool)], new: &[(i64, i32, bool)]) -> (usize, usize, usize, [usize; 2]) {
    let mut left = old.to_vec();
    let mut came: Vec<_> = Vec::new();
    for row in new {
        match left.iter().position(|other| other == row) {
            Some(place) => drop(left.remove(place)),
            None => came.push(*row),
        }
    }
    let mut by_customer = BTreeMap::<i64, (Vec<_>, Vec<_>)>::new();
    left.iter().for_each(|row| by_customer.entry(row.0).or_default().0.push(*row));
    came.iter().for_each(|row| by_customer.entry(row.0).or_default().1.push(*row));
    let pairs: Vec<_> = by_customer.values().flat_map(|(before, now)| before.iter().zip(now)).collect();
    let columns = [
        pairs.iter().filter(|(before, now)| before.1 != now.1).count(),
        pairs.iter().filter(|(before, now)| before.2 != now.2).count(),
    ];
    (came.len() - pairs.len(), left.len() - pairs.len(), pairs.len(), columns)
}

#[test]
fn random_tables_differ_as_a_slow_comparison_says() {
    let space = Space::new("diff_random");
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let mut rows = |most: u64| -> Vec<_> {
            let count = chance.below(most);
            (0..count).map(|_| (1 + chance.below(9) as i64, chance.below(4) as i32, chance.below(2) == 0)).collect()
        };
        let (old, new) = (rows(60), rows(60));
        write_impressions(&space, "old.parquet", &old);
        write_impressions(&space, "new.parquet", &new);
        let found = json_of(&space, "");
        let count = |value: &Value| value.as_u64().unwrap_or(0) as usize;
        let column = |name: &str| {
            let columns = found["columns"].as_array().unwrap();
            columns.iter().find(|column| column["name"] == name).map_or(0, |column| count(&column["rows"]))
        };
        let rows = &found["rows"];
        let found = (count(&rows["added"]), count(&rows["removed"]), count(&rows["changed"]));
        let (added, removed, changed, columns) = expected(&old, &new);
        assert_eq!(found, (added, removed, changed), "seed {seed}");
        assert_eq!([column("item_id"), column("is_order")], columns, "seed {seed}");
    }
}

#[test]
fn tables_larger_than_memory_are_compared() {
    let space = Space::new("diff_wide");
    let mut rows: Vec<_> = (0..120_000).map(|row| (1 + row / 10, 1 + (row % 7) as i32, false)).collect();
    let history = |customer| match customer {
        1 => (1, vec![9; 1000], vec![1; 1000]),
        12_000 => (12_000, vec![8], vec![3]),
        other => (other, vec![], vec![]),
    };
    write_histories(&space, "histories.parquet", &(1..=12_000).map(history).collect::<Vec<_>>());
    let join = |name: &str, rows: &[(i64, i32, bool)]| {
        write_impressions(&space, "impressions.parquet", rows);
        let inputs = "--in impressions=impressions.parquet --in histories=histories.parquet";
        task(&space, "join", &format!("{inputs} --out rows={name} --history-length 1000")).with(0);
    };
    join("old.parquet", &rows);
    rows[119_999].2 = true;
    rows.remove(10);
    join("new.parquet", &rows);
    let program = space.command(env!("CARGO_BIN_EXE_diff"), "diff");
    let mut command = space.command("/bin/sh", "sh");
    // The lists of the tables are 1.2 GB; what is mapped are 100 MB, and 1 GB that the allocator reserves.
    command.env("POLARS_MAX_THREADS", "1").arg("-c");
    command.arg(format!("ulimit -v 1150000; exec {} old.parquet new.parquet", program.get_program().display()));
    assert_eq!(
        end(command).with(0).stdout,
        "\
schema   the same
rows     120000 before, 119999 now: 0 added, 1 removed, 1 changed
columns  is_order in 1 row
e.g.     customer_id 12000: is_order false -> true
         customer_id 2: removed, item_id 4, is_order false, actions [0, 0, … 0], action_types [0, 0, … 0]
"
    );
}
