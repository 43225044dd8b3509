//! What `show` prints of a table: its rows, its schema and its statistics, for people and as JSON.

#[path = "support/memory.rs"]
mod memory;
mod support;
#[path = "support/tables.rs"]
mod tables;

use std::process::Stdio;

use memory::within;
use polars::prelude::*;
use serde_json::{Value, json};
use support::{Ended, Space};
use tables::{task, write, write_actions, write_histories, write_impressions};

fn show(space: &Space, arguments: &str) -> String {
    task(space, "show", arguments).with(0).stdout
}

fn json_of(space: &Space, arguments: &str) -> Value {
    serde_json::from_str(&show(space, arguments)).unwrap()
}

/// Runs `show` with less memory than the table would need as a whole.
fn show_in(space: &Space, kilobytes: u32, arguments: &str) -> Ended {
    within(space, env!("CARGO_BIN_EXE_show"), kilobytes, arguments)
}

/// Texts, times and lists, each with a null and an extreme.
fn write_mixed(space: &Space, name: &str) {
    let mut lists = ListPrimitiveChunkedBuilder::<Int32Type>::new("items".into(), 0, 0, DataType::Int32);
    lists.append_slice(&[5, 7, 9, 11]);
    lists.append_null();
    lists.append_slice(&[]);
    lists.append_slice(&[-3]);
    let columns = vec![
        Column::new("customer_id".into(), [7_i64, 7, 8, 7]),
        Column::new("note".into(), [Some("b"), None, Some("a \"quoted\" one"), Some("b")]),
        Column::new("share".into(), [0.5, f64::NAN, -1.0, 0.1]),
        tables::times("timestamp", vec![0, -1, 1_754_784_000_123_456, 1]),
        lists.finish().into_column(),
    ];
    write(space, name, columns);
}

#[test]
fn schema_and_rows_are_shown() {
    let space = Space::new("show");
    write_impressions(&space, "t.parquet", &[(2, 1, false), (30, 200, true), (4, 5, true)]);
    assert_eq!(
        show(&space, "t.parquet --rows 2"),
        "\
customer_id  i64
item_id      i32
is_order     bool

2 of 3 rows
customer_id  item_id  is_order
          2        1  false
         30      200  true
"
    );
    assert_eq!(show(&space, "t.parquet --schema --columns item_id"), "item_id  i32\n");
    task(&space, "show", "t.parquet --columns nothing")
        .with(1)
        .says("no column `nothing`; it has customer_id, item_id, is_order");
    assert_eq!(
        show(&space, "t.parquet --customer 30 --columns item_id"),
        "item_id  i32\n\n1 of 1 rows\nitem_id\n    200\n"
    );
    assert!(show(&space, "t.parquet --customer 31").contains("0 of 0 rows\n"));
    task(&space, "show", "absent.parquet").with(1).says("error: cannot show absent.parquet: ");
}

#[test]
fn values_of_every_kind_are_shown() {
    let space = Space::new("show_values");
    write_mixed(&space, "t.parquet");
    assert_eq!(
        show(&space, "t.parquet").split_once("\n\n").unwrap().1,
        "\
4 of 4 rows
customer_id  note            share  timestamp                   items
          7  b                 0.5  1970-01-01 00:00:00         [5, 7, … 11]
          7  null              NaN  1969-12-31 23:59:59.999999  null
          8  a \"quoted\" one   -1.0  2025-08-10 00:00:00.123456  []
          7  b                 0.1  1970-01-01 00:00:00.000001  [-3]
"
    );
}

#[test]
fn statistics_tell_nulls_extremes_distinct_values_and_lengths_of_lists() {
    let space = Space::new("show_statistics");
    write_mixed(&space, "t.parquet");
    assert_eq!(
        show(&space, "t.parquet --stats"),
        "\
4 rows

column       type          nulls  distinct
customer_id  i64               0         2
note         str               1         2
share        f64               0         4
timestamp    datetime[μs]      0         4
items        list[i32]         1         -

column                         smallest                     largest
customer_id                           7                           8
note                     a \"quoted\" one                           b
share                              -1.0                         0.5
timestamp    1969-12-31 23:59:59.999999  2025-08-10 00:00:00.123456
items                                -3                          11

column  shortest  mean  longest    empty
items          0   1.7        4  33.33 %
"
    );
    assert!(show(&space, "t.parquet --stats").lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn statistics_may_be_of_some_columns_and_of_one_customer() {
    let space = Space::new("show_statistics_of");
    write_mixed(&space, "t.parquet");
    assert_eq!(
        json_of(&space, "t.parquet --stats --json --customer 7 --columns items,share"),
        json!({"rows": 3, "columns": [
            {"name": "items", "type": "list[i32]", "nulls": 1, "smallest": -3, "largest": 11, "distinct": null,
             "lists": {"shortest": 1, "mean": 2.5, "longest": 4, "empty": 0.0}},
            {"name": "share", "type": "f64", "nulls": 0, "smallest": 0.1, "largest": 0.5, "distinct": 3},
        ]})
    );
    assert_eq!(
        json_of(&space, "t.parquet --stats --json --customer 99 --columns timestamp,items"),
        json!({"rows": 0, "columns": [
            {"name": "timestamp", "type": "datetime[μs]", "nulls": 0, "smallest": null, "largest": null, "distinct": 0},
            {"name": "items", "type": "list[i32]", "nulls": 0, "smallest": null, "largest": null, "distinct": null},
        ]})
    );
}

#[test]
fn rows_are_json_objects_one_a_line_with_columns_in_order_and_times_as_text() {
    let space = Space::new("show_json");
    write_mixed(&space, "t.parquet");
    assert_eq!(
        show(&space, "t.parquet --json --rows 3"),
        r#"{"customer_id":7,"note":"b","share":0.5,"timestamp":"1970-01-01T00:00:00.000000Z","items":[5,7,9,11]}
{"customer_id":7,"note":null,"share":"NaN","timestamp":"1969-12-31T23:59:59.999999Z","items":null}
{"customer_id":8,"note":"a \"quoted\" one","share":-1.0,"timestamp":"2025-08-10T00:00:00.123456Z","items":[]}
"#
    );
    assert_eq!(
        show(&space, "t.parquet --json --customer 7 --columns items --rows 9"),
        "{\"items\":[5,7,9,11]}\n{\"items\":null}\n{\"items\":[-3]}\n"
    );
    assert_eq!(
        show(&space, "t.parquet --json --schema --columns note,items"),
        "{\"rows\":4,\"columns\":[{\"name\":\"note\",\"type\":\"str\"},{\"name\":\"items\",\"type\":\"list[i32]\"}]}\n"
    );
    task(&space, "show", "t.parquet --schema --stats").with(2).says("cannot be used with");
}

#[test]
fn a_table_cannot_act_on_a_terminal() {
    let space = Space::new("show_hostile");
    let (name, text) = ("na\u{1b}]0;me\u{7}", "a\u{1b}[2J\u{9b}31m\u{7}\nb\r\u{202e}c\td\u{2028}e\u{7f}\u{0}");
    let mut lists = ListStringChunkedBuilder::new("list".into(), 0, 0);
    lists.append_values_iter([text].into_iter());
    write(&space, "t.parquet", vec![Column::new(name.into(), [text]), lists.finish().into_column()]);
    assert_eq!(
        show(&space, "t.parquet"),
        "\
na]0;me  str
list     list[str]

1 of 1 rows
na]0;me       list
a[2J31m b c d e  [\"a[2J31m b c d e\"]
"
        .replace("na]0;me       list", "na]0;me          list")
    );
    for arguments in
        ["t.parquet", "t.parquet --stats", "t.parquet --schema", "t.parquet --json", "t.parquet --stats --json"]
    {
        let shown = show(&space, arguments);
        let acts = |letter: char| letter != '\n' && letter.is_control() || "\u{202e}\u{2028}".contains(letter);
        assert!(!shown.contains(acts), "{arguments}: {shown:?}");
    }
    let rows = json_of(&space, "t.parquet --json");
    assert_eq!((&rows[name], &rows["list"][0]), (&json!(text), &json!(text)), "JSON holds what the table holds");
    let said = task(&space, "show", "t.parquet --columns x").with(1).says("no column `x`; it has na]0;me, list");
    assert!(!said.stderr.trim_end().contains(char::is_control), "{:?}", said.stderr);
}

#[test]
fn a_time_beyond_all_years_is_shown_as_its_number() {
    let space = Space::new("show_times");
    write_actions(&space, "t.parquet", &[(2, 1, 1, i64::MAX), (2, 1, 1, i64::MIN)]);
    let shown = show(&space, "t.parquet --columns timestamp");
    assert!(shown.ends_with("timestamp\n9223372036854775807\n-9223372036854775808\n"), "{shown}");
    assert!(show(&space, "t.parquet --stats").contains("-9223372036854775808"));
    assert_eq!(json_of(&space, "t.parquet --columns timestamp --json --rows 1"), json!({"timestamp": i64::MAX}));
}

#[test]
fn a_table_larger_than_memory_has_statistics_and_rows() {
    let space = Space::new("show_wide");
    let rows: Vec<_> = (0..120_000).map(|row| (1 + row / 10, 1 + (row % 7) as i32, row == 119_999)).collect();
    write_impressions(&space, "impressions.parquet", &rows);
    let history = |customer| match customer {
        1 => (1, vec![9; 1000], vec![1; 1000]),
        12_000 => (12_000, vec![8], vec![3]),
        other => (other, vec![], vec![]),
    };
    write_histories(&space, "histories.parquet", &(1..=12_000).map(history).collect::<Vec<_>>());
    let inputs = "--in impressions=impressions.parquet --in histories=histories.parquet";
    task(&space, "join", &format!("{inputs} --out rows=t.parquet --history-length 1000")).with(0);
    // The lists alone are 600 MB.
    let shown = show_in(&space, 600_000, "t.parquet --stats --json").with(0).stdout;
    let statistics: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(statistics["rows"], 120_000);
    let columns: Vec<_> = statistics["columns"].as_array().unwrap().iter().collect();
    let told = |name: &str| columns.iter().map(|column| column[name].clone()).collect::<Vec<_>>();
    assert_eq!(told("smallest"), [json!(1), json!(1), json!(false), json!(0), json!(0)]);
    assert_eq!(told("largest"), [json!(12_000), json!(7), json!(true), json!(9), json!(3)]);
    assert_eq!(told("distinct"), [json!(12_000), json!(7), json!(2), json!(null), json!(null)]);
    assert_eq!(columns[3]["lists"], json!({"shortest": 1000, "mean": 1000.0, "longest": 1000, "empty": 0.0}));
    let shown = show_in(&space, 600_000, "t.parquet --customer 12000 --columns actions --rows 1").with(0).stdout;
    assert!(shown.ends_with("1 of 10 rows\nactions\n[8, 0, … 0]\n"), "{shown}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure_and_a_full_disk_is_one() {
    let space = Space::new("show_pipe");
    write_impressions(&space, "t.parquet", &[(2, 1, false); 20_000]);
    let mut command = space.command(env!("CARGO_BIN_EXE_show"), "show");
    command.args(["t.parquet", "--json", "--rows", "20000"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    support::ended(&command, output).with(0).does_not_say("error");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = space.command(env!("CARGO_BIN_EXE_show"), "show");
    let output =
        command.arg("t.parquet").stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    support::ended(&command, output).with(1).says("error: ").says("No space left on device");
}
