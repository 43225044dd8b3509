//! Parquet files of other writers, in versions, encodings and types that ours never has: `read` takes their rows, `show` and
//! `diff` print them. `files/parquet/make.py` made them, and says what must come of each.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

#[path = "support/reading.rs"]
mod reading;
mod support;
#[path = "support/tables.rs"]
mod tables;

use std::collections::BTreeMap;

use polars::prelude::*;
use reading::{read, rows};
use serde_json::{Value, json};
use support::Space;
use tables::{table, task};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/files/parquet");

/// What is expected of each file.
fn expected() -> BTreeMap<String, Value> {
    serde_json::from_str(&std::fs::read_to_string(format!("{FILES}/expected.json")).unwrap()).unwrap()
}

/// A space with a file as `raw.parquet`.
fn space(name: &str, file: &str) -> Space {
    let space = Space::new(name);
    space.write("raw.parquet", std::fs::read(format!("{FILES}/{file}")).unwrap());
    space
}

/// The rows that were let through, as numbers.
fn numbers(space: &Space) -> Value {
    let table = table(space, "rows.parquet");
    let cell = |column: &Column, row| match column.get(row).unwrap() {
        AnyValue::Boolean(value) => json!(value),
        AnyValue::Date(day) => json!(day),
        AnyValue::Datetime(time, ..) => json!(time),
        value => json!(value.extract::<i64>().unwrap()),
    };
    let row = |row| table.columns().iter().map(|column| cell(column, row)).collect::<Value>();
    (0..table.height()).map(row).collect()
}

fn reasons(space: &Space) -> Value {
    let table = table(space, "rejected.parquet");
    let reasons = table.column("reason").unwrap().str().unwrap();
    reasons.no_null_iter().map(String::from).collect()
}

#[test]
fn each_row_of_a_file_of_another_writer_is_let_through_or_rejected_as_it_must_be() {
    let mut files = 0;
    for (file, expected) in expected() {
        let Some(source) = expected["source"].as_str() else { continue };
        let space = space("foreign_read", &file);
        read(&space, source, &["raw.parquet"], &["--max-reject-fraction", "1"]).with(0);
        assert_eq!(
            (numbers(&space), reasons(&space)),
            (expected["rows"].clone(), expected["rejected"].clone()),
            "{file}"
        );
        files += 1;
    }
    assert!(files > 70, "only {files} files");
}

#[test]
fn a_file_that_disagrees_with_itself_is_an_error_that_says_how() {
    let refused =
        expected().into_iter().filter_map(|(file, expected)| Some((file, expected["refused"].as_str()?.to_string())));
    let refused: Vec<_> = refused.collect();
    assert!(refused.len() > 3);
    for (file, words) in refused {
        let space = space("foreign_refused", &file);
        let said = read(&space, "clicks", &["raw.parquet"], &["--max-reject-fraction", "1"]).with(1).says(&words);
        said.says("error: cannot read raw.parquet: ").does_not_say("fault of the program");
        task(&space, "show", "raw.parquet --stats").with(1).says(&words);
    }
}

#[test]
fn what_stands_in_a_file_of_any_type_is_shown() {
    let mut files = 0;
    for (file, expected) in expected().into_iter().filter(|(_, expected)| expected.get("refused").is_none()) {
        let space = space("foreign_show", &file);
        let lines = task(&space, "show", "raw.parquet --json --rows 1000000").with(0).stdout;
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if let Some(shown) = expected.get("shown") {
            assert_eq!(&Value::from(lines.clone()), shown, "{file}");
        }
        for arguments in ["", "--stats", "--stats --json", "--schema", "--schema --json"] {
            let shown = task(&space, "show", &format!("raw.parquet {arguments}")).with(0).does_not_say("error").stdout;
            assert!(!shown.is_empty(), "{file} {arguments}");
        }
        let schema: Value =
            serde_json::from_str(&task(&space, "show", "raw.parquet --schema --json").with(0).stdout).unwrap();
        assert_eq!(schema["rows"], lines.len(), "{file}");
        files += 1;
    }
    assert!(files > 70, "only {files} files");
}

#[test]
fn types_are_told_by_their_names() {
    let space = space("foreign_types", "types_pyarrow.parquet");
    assert_eq!(
        task(&space, "show", "raw.parquet --schema").with(0).stdout,
        "\
boolean      bool
i8           i8
u64          u64
half         f16
single       f32
double       f64
decimal      decimal[10,2]
huge         decimal[76,2]
day          date
wild_day     date
clock        time
clock_ms     time
nanos        datetime[ns]
zoned        datetime[ms, UTC]
wild_time    datetime[ms]
took         duration[ms]
text         str
category     str
bytes        binary
fixed_bytes  binary
nothing      i32
fixed_list   list[i32]
lists        list[list[str]]
struct       struct[a: i64, b: list[struct[c: str]]]
map          map[str: i32]
"
    );
    let shown =
        task(&space, "show", "raw.parquet --columns decimal,clock,took,struct,map,bytes --rows 1").with(0).stdout;
    assert_eq!(
        shown.split_once("1 of 2 rows\n").unwrap().1,
        "\
decimal  clock            took     struct                 map                     bytes
  -0.05  10:00:00.000005  1500 ms  {a: 1, b: [{c: \"x\"}]}  [{key: \"k\", value: 1}]  2 bytes
"
    );
}

#[test]
fn files_of_any_type_are_compared() {
    for (file, expected) in expected() {
        if expected.get("refused").is_some() {
            continue;
        }
        let space = space("foreign_diff", &file);
        space.write("types.parquet", std::fs::read(format!("{FILES}/types_pyarrow.parquet")).unwrap());
        assert_eq!(task(&space, "diff", "raw.parquet raw.parquet").with(0).stdout, "the same\n", "{file}");
        task(&space, "diff", "raw.parquet types.parquet --json").with(0);
    }
}

#[test]
fn what_is_kept_of_a_rejected_row_is_the_whole_row_as_json() {
    let space = space("foreign_rejected", "pyarrow_nulls_in_lists.parquet");
    read(&space, "impressions", &["raw.parquet"], &["--max-reject-fraction", "1"]).with(0);
    let raw = table(&space, "rejected.parquet").column("raw").unwrap().str().unwrap().get(0).unwrap().to_string();
    assert_eq!(
        raw,
        r#"{"customer_id":7,"impressions":[{"item_id":1,"is_order":false},null,{"item_id":2,"is_order":true}]}"#
    );
}

#[test]
fn every_row_of_a_file_larger_than_what_is_read_at_a_time_is_accounted_for() {
    const ROWS: i64 = 1_200_000;
    let space = Space::new("foreign_large");
    let is_bad = |row: i64| row % 10_007 == 3 || row == ROWS - 1;
    let customers: Vec<i64> = (0..ROWS).map(|row| if is_bad(row) { -1 } else { row + 1 }).collect();
    let columns = vec![
        Column::new("customer_id".into(), customers),
        Column::new("item_id".into(), (0..ROWS).map(|row| 1 + (row % 1_000) as i32).collect::<Vec<_>>()),
        tables::times("click_time", (0..ROWS).collect()),
    ];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    // Row groups that end where a stretch does not, and one that is larger than a stretch.
    for group in [100_003, 1 << 21] {
        let file = std::fs::File::create(space.path("raw.parquet")).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(group)).finish(&mut frame).unwrap();
        read(&space, "clicks", &["raw.parquet"], &["--max-reject-fraction", "0.01"]).with(0);
        let found = table(&space, "rows.parquet");
        let customers = found.column("customer_id").unwrap().i64().unwrap().iter().map(Option::unwrap);
        assert!(customers.eq((0..ROWS).filter(|row| !is_bad(*row)).map(|row| row + 1)), "row groups of {group}");
        let rejected = table(&space, "rejected.parquet");
        let lines = rejected.column("line").unwrap().i64().unwrap().iter().map(Option::unwrap);
        assert!(lines.eq((0..ROWS).filter(|row| is_bad(*row)).map(|row| row + 1)), "row groups of {group}");
    }
}

#[test]
fn one_column_may_be_the_day_and_the_time_of_an_order() {
    let space = Space::new("foreign_one_column");
    let ids = || vec![Column::new("customer_id".into(), [7_i64]), Column::new("config_id".into(), [9_i32])];
    let columns = [ids(), vec![tables::times("created_at", vec![-1])]].concat();
    tables::write(&space, "raw.parquet", columns);
    let fields = ["--field", "day=created_at", "--field", "timestamp=created_at"];
    read(&space, "previous_orders", &["raw.parquet"], &fields).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 1969-12-31 23:59:59.999999 | 1969-12-31"]);
}

#[test]
fn a_file_that_is_no_parquet_file_is_told_as_such() {
    let space = Space::new("foreign_none");
    space.write("t.csv", "customer_id,item_id\n7,9\n").write("t.json", "{}").write("empty.parquet", "");
    for file in ["t.csv", "t.json", "empty.parquet"] {
        task(&space, "show", file).with(1).says(&format!("error: cannot show {file}: it is not a Parquet file: "));
        task(&space, "diff", &format!("{file} {file}")).with(1).says("it is not a Parquet file: ");
    }
}
