//! What `read` lets through, and what it does not and why.

#[path = "support/reading.rs"]
mod reading;
mod support;
#[path = "support/tables.rs"]
mod tables;

use polars::prelude::*;
use reading::{read, reasons, rejects, rows};
use support::Space;

/// Each line of a file with the reason for which it is rejected, or with the row that it becomes.
#[track_caller]
fn judged(name: &str, source: &str, lines: &[(&str, &str)]) {
    let space = Space::new(name);
    let text: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
    space.write("raw.json", text.join("\n"));
    read(&space, source, &["raw.json"], &["--max-reject-fraction", "1"]).with(0);
    let mut found = vec![String::new(); lines.len()];
    for [file, line, column, reason, entries, raw] in rejects(&space) {
        let line: usize = line.parse().unwrap();
        assert_eq!((file.as_str(), column.as_str(), entries.as_str()), ("raw.json", "1", "0"));
        assert_eq!(raw, lines[line - 1].0, "the raw text is kept as it was");
        found[line - 1] = reason;
    }
    let mut rows = rows(&space, "rows.parquet").into_iter();
    for place in found.iter_mut().filter(|place| place.is_empty()) {
        *place = rows.next().unwrap_or_default();
    }
    let expected: Vec<&str> = lines.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(found, expected);
    assert_eq!(rows.next(), None);
}

#[test]
fn every_rule_for_a_click() {
    let good = "7 | 9 | 2025-08-16 12:00:00";
    judged(
        "rules_for_clicks",
        "clicks",
        &[
            (r#"{"dt":"dt=2025-08-16","customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, good),
            (
                r#"{"dt":5,"extra":[{"a":null}],"click_time":"2025-08-16 14:00:00+02:00","item_id":9,"customer_id":7}"#,
                good,
            ),
            (r#"  {"customer_id":1,"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00"}  "#, good),
            (
                r#"{"customer_id":9223372036854775807,"item_id":2147483647,"click_time":"1969-12-31T23:59:59.999999999Z"}"#,
                "9223372036854775807 | 2147483647 | 1969-12-31 23:59:59.999999",
            ),
            (r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00"#, "unreadable JSON"),
            (r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z",}"#, "unreadable JSON"),
            ("customer 7", "unreadable JSON"),
            ("[7, 9]", "not a JSON object"),
            ("null", "not a JSON object"),
            ("7", "not a JSON object"),
            (r#"{"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id is missing"),
            (r#"{"customer_id":null,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id is null"),
            (r#"{"customer_id":"7","item_id":"009","click_time":"2025-08-16T12:00:00Z"}"#, good),
            (
                r#"{"customer_id":"+7","item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
            ),
            (r#"{"customer_id":"","item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id has the wrong type"),
            (
                r#"{"customer_id":"9223372036854775808","item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id is out of range",
            ),
            (
                r#"{"customer_id":7,"item_id":"2147483648","click_time":"2025-08-16T12:00:00Z"}"#,
                "item_id is out of range",
            ),
            (
                r#"{"customer_id":7.0,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
            ),
            (
                r#"{"customer_id":true,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
            ),
            (
                r#"{"customer_id":[7],"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
            ),
            (
                r#"{"customer_id":{"a":7},"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
            ),
            (r#"{"customer_id":0,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id is out of range"),
            (r#"{"customer_id":-7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id is out of range"),
            (
                r#"{"customer_id":9223372036854775808,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id is out of range",
            ),
            (
                r#"{"customer_id":99999999999999999999,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id is out of range",
            ),
            (r#"{"customer_id":7,"click_time":"2025-08-16T12:00:00Z"}"#, "item_id is missing"),
            (r#"{"customer_id":7,"item_id":0,"click_time":"2025-08-16T12:00:00Z"}"#, "item_id is out of range"),
            (
                r#"{"customer_id":7,"item_id":2147483648,"click_time":"2025-08-16T12:00:00Z"}"#,
                "item_id is out of range",
            ),
            (r#"{"customer_id":7,"item_id":9}"#, "click_time is missing"),
            (r#"{"customer_id":7,"item_id":9,"click_time":null}"#, "click_time is null"),
            (r#"{"customer_id":7,"item_id":9,"click_time":1755345600}"#, "click_time has the wrong type"),
            (r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16"}"#, "click_time is unreadable"),
            (r#"{"customer_id":7,"item_id":9,"click_time":"2025-02-29T12:00:00Z"}"#, "click_time is unreadable"),
        ],
    );
}

#[test]
fn what_others_write_where_nobody_looks_does_not_make_a_row_unreadable() {
    let good = "7 | 9 | 2025-08-16 12:00:00";
    let deep = format!(
        r#"{{"deep":{}{},"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}}"#,
        r#"[{"a":"#.repeat(50_000) + "1",
        "}]".repeat(50_000)
    );
    judged(
        "spellings_of_others",
        "clicks",
        &[
            (r#"{"price":NaN,"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, good),
            (
                r#"{"price":[-Infinity,{"a":Infinity}],"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                good,
            ),
            (r#"{"\ud800":"\udc00","customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, good),
            (&deep, good),
            (
                r#"{"customer_id":NaN,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
            ),
            (r#"{"customer_id":7,"item_id":9,"click_time":"\ud800"}"#, "click_time is unreadable"),
            (r#"{"price":NaNs,"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "unreadable JSON"),
        ],
    );
}

#[test]
fn every_rule_for_an_order() {
    judged(
        "rules_for_orders",
        "previous_orders",
        &[
            (
                r#"{"order_date":"2025-08-16","customer_id":7,"config_id":9,"simple_id":1}"#,
                "7 | 9 | 2025-08-16 00:00:00 | 2025-08-16",
            ),
            (
                r#"{"order_date":"dt=2025-08-16","customer_id":7,"config_id":9,"occurred_at":5}"#,
                "7 | 9 | 2025-08-16 00:00:00 | 2025-08-16",
            ),
            (
                r#"{"order_date":"2025-08-17 01:00:00+02:00","customer_id":7,"config_id":9}"#,
                "7 | 9 | 2025-08-16 00:00:00 | 2025-08-16",
            ),
            (r#"{"order_date":"2025-08-16T12:00","customer_id":7,"config_id":9}"#, "order_date is unreadable"),
            (r#"{"order_date":"2025-8-16","customer_id":7,"config_id":9}"#, "order_date is unreadable"),
            (r#"{"order_date":20250816,"customer_id":7,"config_id":9}"#, "order_date has the wrong type"),
            (r#"{"order_date":null,"customer_id":7,"config_id":9}"#, "order_date is null"),
            (r#"{"customer_id":7,"config_id":9}"#, "order_date is missing"),
            (r#"{"order_date":"2025-08-16","customer_id":7,"item_id":9}"#, "config_id is missing"),
        ],
    );
}

#[test]
fn an_order_has_a_time_of_its_own_when_a_field_is_named_for_it() {
    let space = Space::new("timed_orders");
    space.write(
        "raw.json",
        concat!(
            r#"{"order_date":"2025-08-16","customer_id":7,"config_id":9,"occurred_at":"2025-08-16T12:00:00Z"}"#,
            "\n",
            r#"{"order_date":"2025-08-16","customer_id":7,"config_id":9}"#,
            "\n",
        ),
    );
    let more = ["--field", "timestamp=occurred_at", "--max-reject-fraction", "0.5"];
    read(&space, "previous_orders", &["raw.json"], &more).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 2025-08-16 12:00:00 | 2025-08-16"]);
    assert!(rows(&space, "rejected.parquet")[0].contains("occurred_at is missing"));
}

#[test]
fn an_order_is_not_taken_for_the_day_of_its_file() {
    let space = Space::new("orders_with_day");
    read(&space, "previous_orders", &[], &["--day", "2025-08-16"]).with(1).says("an order belongs to its own day");
}
#[test]
fn every_rule_for_an_impression_row() {
    judged(
        "rules_for_impressions",
        "impressions",
        &[
            (r#"{"customer_id":7,"impressions":[{"item_id":9,"is_order":false}]}"#, "7 | 9 | false"),
            (r#"{"customer_id":7}"#, "impressions is missing"),
            (r#"{"customer_id":7,"impressions":null}"#, "impressions is null"),
            (r#"{"customer_id":7,"impressions":{}}"#, "impressions has the wrong type"),
            (r#"{"customer_id":7,"impressions":"[]"}"#, "impressions has the wrong type"),
            (r#"{"customer_id":0,"impressions":[{"item_id":9,"is_order":false}]}"#, "customer_id is out of range"),
        ],
    );
}

#[test]
fn a_bad_entry_is_rejected_and_the_rest_of_its_row_kept() {
    let space = Space::new("bad_entries");
    let entries = [
        r#"{"item_id":1,"is_order":true}"#,
        r#"{"item_id":0,"is_order":true}"#,
        r#"{"item_id":2,"is_order":1}"#,
        r#"{"item_id":3,"is_order":null}"#,
        r#"{"item_id":4}"#,
        r#"{"is_order":false}"#,
        "5",
        "null",
        r#"{"item_id":6,"is_order":false,"score":0.5}"#,
    ];
    let row = format!(r#"{{"ranking_id":5,"customer_id":7,"impressions":[{}]}}"#, entries.join(","));
    space.write("raw.json", format!("{row}\n{{\"customer_id\":8,\"impressions\":[]}}\n"));
    read(&space, "impressions", &["raw.json"], &["--max-reject-fraction", "0.8"])
        .with(0)
        .says("warning: rejected 0 of 2 rows and 7 of 9 entries: ");
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 1 | true", "7 | 6 | false"]);
    let rejects = rejects(&space);
    let found: Vec<_> = rejects.iter().map(|[_, _, _, reason, entries, _]| format!("{entries} x {reason}")).collect();
    assert_eq!(
        found,
        [
            "2 x impressions[] is not an object",
            "1 x impressions[].item_id is missing",
            "1 x impressions[].item_id is out of range",
            "1 x impressions[].is_order is missing",
            "1 x impressions[].is_order is null",
            "1 x impressions[].is_order has the wrong type",
        ]
    );
    // The row is kept once.
    assert_eq!(rejects.iter().map(|[.., raw]| raw.as_str()).collect::<Vec<_>>(), [row.as_str(), "", "", "", "", ""]);
    // Who asks for a report is told there.
    read(&space, "impressions", &["raw.json"], &["--max-reject-fraction", "0.8", "--report", "report.json"])
        .with(0)
        .does_not_say("rejected");
    let report: serde_json::Value = serde_json::from_str(&space.read("report.json")).unwrap();
    assert_eq!((&report["rows_in"], &report["rows_out"]), (&2.into(), &2.into()));
    assert_eq!(report["rejected"]["impressions[] is not an object"], 2);
}

#[test]
fn a_line_that_is_not_utf8_is_rejected_wherever_the_fault_is() {
    let space = Space::new("not_utf8");
    let mut bytes = br#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z","note":"_"}"#.to_vec();
    let place = bytes.iter().position(|byte| *byte == b'_').unwrap();
    let fault = bytes.iter().rposition(|byte| *byte == b'_').unwrap();
    assert!(place < fault);
    bytes[fault] = 0xff;
    space.write("raw.json", &bytes);
    read(&space, "clicks", &["raw.json"], &["--max-reject-fraction", "1"]).with(0).says("1 x not UTF-8");
    assert!(rows(&space, "rows.parquet").is_empty());
}

#[test]
fn a_csv_cell_is_null_if_empty_and_a_number_only_in_digits() {
    let space = Space::new("csv_cells");
    let lines = [
        ("7,9,2025-08-16T12:00:00Z", None),
        (",9,2025-08-16T12:00:00Z", Some("customer_id is null")),
        ("+7,9,2025-08-16T12:00:00Z", Some("customer_id has the wrong type")),
        ("7.0,9,2025-08-16T12:00:00Z", Some("customer_id has the wrong type")),
        ("7,-9,2025-08-16T12:00:00Z", Some("item_id is out of range")),
        ("99999999999999999999,9,2025-08-16T12:00:00Z", Some("customer_id is out of range")),
        ("7,9", Some("click_time is missing")),
        ("7,\"9\n\",2025-08-16T12:00:00Z", Some("item_id has the wrong type")),
        ("007,9,2025-08-16T12:00:00Z", None),
        ("7,9,2025-08-16T12:00:00Z,", Some("4 cells, but the header has 3")),
        ("7,9,2025-08-16T12:00:00Z,a,b", Some("5 cells, but the header has 3")),
        ("7,9,\0", Some("click_time is unreadable")),
    ];
    let text: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
    space.write("raw.csv", format!("customer_id,item_id,click_time\n{}\n", text.join("\n")));
    read(&space, "clicks", &["raw.csv"], &["--max-reject-fraction", "1"]).with(0);
    assert_eq!(rows(&space, "rows.parquet").len(), 2);
    let mut line = 2;
    let mut expected = Vec::new();
    for (text, reason) in lines {
        expected.extend(reason.map(|reason| format!("raw.csv | {line} | 1 | {reason} | 0 | {text}")));
        line += text.lines().count();
    }
    assert_eq!(rows(&space, "rejected.parquet"), expected);
}

#[test]
fn parquet_rows_are_judged_like_any_other() {
    let space = Space::new("parquet_rules");
    let customers = Column::new("customer_id".into(), [Some(7_u64), None, Some(u64::MAX), Some(0), Some(7)]);
    let items = Column::new("config_id".into(), [9_i64, 9, 9, 9, 1 << 31]);
    let days = Int32Chunked::from_vec("order_date".into(), vec![20_316; 5]).into_date().into_column();
    tables::write(&space, "raw.parquet", vec![customers, items, days]);
    read(&space, "previous_orders", &["raw.parquet"], &["--max-reject-fraction", "1"]).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 2025-08-16 00:00:00 | 2025-08-16"]);
    let rejected: Vec<String> = rows(&space, "rejected.parquet");
    let start: Vec<String> =
        rejected.iter().map(|row| row.splitn(5, " | ").take(4).collect::<Vec<_>>().join(" | ")).collect();
    assert_eq!(
        start,
        [
            "raw.parquet | 2 | 1 | customer_id is null",
            "raw.parquet | 3 | 1 | customer_id is out of range",
            "raw.parquet | 4 | 1 | customer_id is out of range",
            "raw.parquet | 5 | 1 | config_id is out of range",
        ]
    );
    assert!(
        rejected[3].ends_with(r#"{"customer_id":7,"config_id":2147483648,"order_date":"2025-08-16"}"#),
        "{}",
        rejected[3]
    );
    let floats = Column::new("customer_id".into(), [7.0]);
    tables::write(&space, "floats.parquet", vec![floats, Column::new("config_id".into(), ["9"])]);
    read(&space, "previous_orders", &["floats.parquet"], &[])
        .with(1)
        .says("1 x customer_id has the wrong type")
        .says("  customer_id must be an integer, such as 7 or \"7\"; 7.0 is none\n");
    let misnamed = ["user", "config_id", "order_date"].map(|name| Column::new(name.into(), ["9"])).to_vec();
    tables::write(&space, "misnamed.parquet", misnamed);
    read(&space, "previous_orders", &["misnamed.parquet"], &[])
        .with(1)
        .says("  it has the fields `user`, `config_id`, `order_date`; name the right one in pipeline.yaml: ");
}

#[test]
fn parquet_columns_of_numbers_and_days_are_judged_like_single_cells() {
    let space = Space::new("parquet_columns");
    let customers = [Some(7_u64), None, Some(u64::MAX), Some(0), Some(1 << 63), Some(8), Some(9), Some(10)];
    let items = [Some(9_i64), Some(9), Some(9), Some(9), None, Some(-1), Some(1 << 31), Some(i64::from(i32::MAX))];
    let ids = || vec![Column::new("customer_id".into(), customers), Column::new("config_id".into(), items)];
    let mut outcomes = Vec::new();
    // A text for a day is read cell by cell, and so is every row with it.
    for day in [
        Int32Chunked::from_vec("order_date".into(), vec![20_316; 8]).into_date().into_column(),
        Column::new("order_date".into(), ["2025-08-16"; 8]),
    ] {
        tables::write(&space, "raw.parquet", [ids(), vec![day]].concat());
        read(&space, "previous_orders", &["raw.parquet"], &["--max-reject-fraction", "1"]).with(0);
        let rejected: Vec<String> = rows(&space, "rejected.parquet");
        let reasons = rejected.iter().map(|row| row.splitn(5, " | ").take(4).collect::<Vec<_>>().join(" | "));
        outcomes.push((rows(&space, "rows.parquet"), reasons.collect::<Vec<_>>()));
    }
    assert_eq!(outcomes[0].0.len(), 2);
    assert_eq!(outcomes[0], outcomes[1]);
}

#[test]
fn too_many_rejects_fail_with_the_top_reasons_and_an_example_of_each() {
    let space = Space::new("too_many_rejects");
    let good = r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#;
    let mut lines = vec![good; 97];
    lines.extend(["{}", "oops", "oops too"]);
    space.write("raw.json", lines.join("\n"));
    read(&space, "clicks", &["raw.json"], &["--max-reject-fraction", "0.03"])
        .with(0)
        .says("warning: rejected 3 of 100 rows: 2 x unreadable JSON, 1 x customer_id is missing");
    space.remove("rows.parquet").remove("rejected.parquet");
    read(&space, "clicks", &["raw.json"], &["--max-reject-fraction", "0.029"])
        .with(1)
        .says("error: 3 of 100 rows rejected (3.00 %), more than the max_reject_fraction of 0.029")
        .says("  2 x unreadable JSON, e.g. raw.json:99: oops\n")
        .says("  1 x customer_id is missing, e.g. raw.json:98: {}\n");
    read(&space, "clicks", &["raw.json"], &[]).with(1).says("the max_reject_fraction of 0.01\n");
    // Rows are written as they come; without its end the file is no table. What tells why is one.
    assert!(!std::fs::read(space.path("rows.parquet")).unwrap().ends_with(b"PAR1"));
    assert_eq!(reasons(&space), ["98: customer_id is missing", "99: unreadable JSON", "100: unreadable JSON"]);
    space.remove("rejected.parquet").write("short.json.gz", [0x1f, 0x8b]);
    read(&space, "clicks", &["raw.json", "short.json.gz"], &[]).with(1).says("cannot read short.json.gz");
    assert_eq!(reasons(&space).len(), 3, "also where a file cannot be read");
}
