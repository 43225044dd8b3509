//! What `read` lets through, what it does not and why, in every format.

mod support;

use std::io::Write;

use polars::prelude::*;
use support::{Ended, Space, end};

/// Runs `read` on files of the space, in the order given.
fn read(space: &Space, source: &str, files: &[&str], more: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_read"), "read");
    command.args(["--source", source, "--out", "rows=rows.parquet", "--out", "rejected=rejected.parquet"]);
    command.env("TASK_REPORT", space.path("report.json"));
    for file in files {
        command.args(["--in", &format!("raw={file}")]);
    }
    end({
        command.args(more);
        command
    })
}

fn table(space: &Space, name: &str) -> DataFrame {
    ParquetReader::new(std::fs::File::open(space.path(name)).unwrap()).finish().unwrap()
}

/// The rows of a table as text, cell by cell.
fn rows(space: &Space, name: &str) -> Vec<String> {
    let table = table(space, name);
    let cell = |column: &Column, row| match column.get(row).unwrap() {
        AnyValue::String(text) => text.to_string(),
        value => value.to_string(),
    };
    (0..table.height())
        .map(|row| table.columns().iter().map(|column| cell(column, row)).collect::<Vec<_>>().join(" | "))
        .collect()
}

/// Each line of a file with the reason for which it is rejected, or with the row that it becomes.
#[track_caller]
fn judged(name: &str, source: &str, lines: &[(&str, &str)]) {
    let space = Space::new(name);
    let text: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
    space.write("raw.json", text.join("\n"));
    read(&space, source, &["raw.json"], &["--max-reject-fraction", "1"]).with(0);
    let mut found = vec![String::new(); lines.len()];
    for row in rows(&space, "rejected.parquet") {
        let cells: Vec<&str> = row.splitn(4, " | ").collect();
        let line: usize = cells[1].parse().unwrap();
        assert_eq!((cells[0], cells[3]), ("raw.json", lines[line - 1].0), "the raw text is kept as it was");
        found[line - 1] = cells[2].to_string();
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
            (r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"} {}"#, "unreadable JSON"),
            (r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z",}"#, "unreadable JSON"),
            ("customer 7", "unreadable JSON"),
            ("[7, 9]", "not a JSON object"),
            ("null", "not a JSON object"),
            ("7", "not a JSON object"),
            (r#"{"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id is missing"),
            (r#"{"customer_id":null,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#, "customer_id is null"),
            (
                r#"{"customer_id":"7","item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#,
                "customer_id has the wrong type",
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
            (r#"{"order_date":"2025-08-16T12:00:00Z","customer_id":7,"config_id":9}"#, "order_date is unreadable"),
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
    let reasons: Vec<String> =
        rows(&space, "rejected.parquet").iter().map(|row| row.split(" | ").nth(2).unwrap().to_string()).collect();
    assert_eq!(
        reasons,
        [
            "impressions[].item_id is out of range",
            "impressions[].is_order has the wrong type",
            "impressions[].is_order is null",
            "impressions[].is_order is missing",
            "impressions[].item_id is missing",
            "impressions[] is not an object",
            "impressions[] is not an object",
        ]
    );
    assert!(rows(&space, "rejected.parquet")[0].ends_with(&row));
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

const CLICKS: &str = r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00.123456Z"}
{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00.123456Z"}

{"customer_id":6,"item_id":2147483647,"click_time":"2025-08-16T23:59:59Z"}
"#;

/// The same clicks in each format that text can have.
fn spell_clicks(space: &Space) {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let (first, second) = CLICKS.split_at(100);
    gzip.write_all(first.as_bytes()).unwrap();
    let mut packed = gzip.finish().unwrap();
    // A gzip file may have several members, as when files are joined.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(second.as_bytes()).unwrap();
    packed.extend(gzip.finish().unwrap());
    let csv = "click_time,unused,item_id,customer_id\r\n\
               2025-08-16T12:00:00.123456Z,,9,7\r\n\
               \"2025-08-16T12:00:00.123456Z\",\"a \"\"b\"\",\nc\",9,7\r\n\
               2025-08-16T23:59:59Z,x,2147483647,6\r\n";
    for name in ["raw.json", "raw.jsonl", "raw.ndjson"] {
        space.write(name, CLICKS);
    }
    space.write("raw.json.gz", packed);
    space.write("raw.jsonl.zst", zstd::encode_all(CLICKS.as_bytes(), 3).unwrap());
    space.write("raw.csv", csv).write("raw.csv.zst", zstd::encode_all(csv.as_bytes(), 3).unwrap());
}

fn write_parquet(space: &Space, name: &str, columns: Vec<Column>) {
    let file = std::fs::File::create(space.path(name)).unwrap();
    ParquetWriter::new(file).finish(&mut DataFrame::new_infer_height(columns).unwrap()).unwrap();
}

#[test]
fn every_format_gives_the_same_table() {
    let space = Space::new("formats");
    spell_clicks(&space);
    let micros = [1_755_345_600_123_456_i64, 1_755_345_600_123_456, 1_755_388_799_000_000];
    for (unit, factor, name) in
        [(TimeUnit::Microseconds, 1, "micros.parquet"), (TimeUnit::Nanoseconds, 1000, "nanos.parquet")]
    {
        let times = micros.iter().map(|time| time * factor + factor / 2).collect();
        let times = Int64Chunked::from_vec("click_time".into(), times).into_datetime(unit, None).into_column();
        let customers = Column::new("customer_id".into(), [7_u16, 7, 6]);
        write_parquet(
            &space,
            name,
            vec![times, customers, Column::new("item_id".into(), [9_i64, 9, i64::from(i32::MAX)])],
        );
    }
    let texts = Column::new(
        "click_time".into(),
        ["2025-08-16T12:00:00.123456Z", "2025-08-16 12:00:00.123456", "2025-08-16T23:59:59"],
    );
    let customers = Column::new("customer_id".into(), [7_i32, 7, 6]);
    write_parquet(
        &space,
        "text.parquet",
        vec![texts, customers, Column::new("item_id".into(), [9_u32, 9, 2_147_483_647])],
    );
    let formats = [
        "raw.json",
        "raw.jsonl",
        "raw.ndjson",
        "raw.json.gz",
        "raw.jsonl.zst",
        "raw.csv",
        "raw.csv.zst",
        "micros.parquet",
        "nanos.parquet",
        "text.parquet",
    ];
    for file in formats {
        read(&space, "clicks", &[file], &["--day", "2025-08-16"]).with(0).does_not_say("warning");
        assert_eq!(
            rows(&space, "rows.parquet"),
            [
                "7 | 9 | 2025-08-16 12:00:00.123456",
                "7 | 9 | 2025-08-16 12:00:00.123456",
                "6 | 2147483647 | 2025-08-16 23:59:59"
            ],
            "{file}"
        );
    }
}

#[test]
fn several_files_are_one_table_in_the_order_given() {
    let space = Space::new("several_files");
    spell_clicks(&space);
    space.write("empty.json", "");
    read(&space, "clicks", &["raw.csv", "empty.json", "raw.json.gz"], &[]).with(0);
    let rows = rows(&space, "rows.parquet");
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[..3], rows[3..]);
    let report: serde_json::Value = serde_json::from_str(&space.read("report.json")).unwrap();
    assert_eq!(report["rows_in"], 6);
    assert_eq!(report["largest_timestamp"], 1_755_388_799_000_000_i64);
}

#[test]
fn an_empty_file_has_no_rows_whatever_its_format() {
    let space = Space::new("empty_files");
    spell_clicks(&space);
    let empty = ["empty.json", "empty.csv", "empty.json.gz", "empty.json.zst", "empty.parquet"];
    for name in empty {
        space.write(name, "");
    }
    space.write("header.csv", "customer_id,item_id,click_time\n").write("blank.json", "\n \r\n\n");
    let files = [&empty[..], &["header.csv", "raw.json", "blank.json"]].concat();
    read(&space, "clicks", &files, &[]).with(0).does_not_say("warning");
    assert_eq!(rows(&space, "rows.parquet").len(), 3);
}

#[test]
fn no_file_at_all_gives_an_empty_table() {
    let space = Space::new("no_file");
    read(&space, "impressions", &[], &[]).with(0);
    assert_eq!(table(&space, "rows.parquet").height(), 0);
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
        ("007,9,2025-08-16T12:00:00Z,more", None),
    ];
    let text: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
    space.write("raw.csv", format!("customer_id,item_id,click_time\n{}\n", text.join("\n")));
    read(&space, "clicks", &["raw.csv"], &["--max-reject-fraction", "1"]).with(0);
    assert_eq!(rows(&space, "rows.parquet").len(), 2);
    let mut line = 2;
    let mut expected = Vec::new();
    for (text, reason) in lines {
        expected.extend(reason.map(|reason| format!("raw.csv | {line} | {reason} | {text}")));
        line += text.lines().count();
    }
    assert_eq!(rows(&space, "rejected.parquet"), expected);
}

#[test]
fn nested_impressions_are_read_from_csv_and_parquet_as_from_json() {
    let space = Space::new("nested_impressions");
    space.write(
        "raw.json",
        r#"{"customer_id":7,"impressions":[{"item_id":1,"is_order":true},{"item_id":2,"is_order":false}]}"#,
    );
    space.write("raw.csv", "customer_id,impressions\n7,\"[{\"\"item_id\"\":1,\"\"is_order\"\":true},{\"\"item_id\"\":2,\"\"is_order\"\":false}]\"\n");
    let fields = [Series::new("item_id".into(), [1_i64, 2]), Series::new("is_order".into(), [true, false])];
    let list = StructChunked::from_series("".into(), 2, fields.iter()).unwrap().into_series();
    let impressions = Series::new("impressions".into(), [list]).into_column();
    write_parquet(&space, "raw.parquet", vec![impressions, Column::new("customer_id".into(), [7_i64])]);
    for file in ["raw.json", "raw.csv", "raw.parquet"] {
        read(&space, "impressions", &[file], &[]).with(0);
        assert_eq!(rows(&space, "rows.parquet"), ["7 | 1 | true", "7 | 2 | false"], "{file}");
    }
    space.write("bad.csv", "customer_id,impressions\n7,\"[{\"\n7,\n");
    read(&space, "impressions", &["bad.csv"], &["--max-reject-fraction", "1"]).with(0);
    let reasons: Vec<String> =
        rows(&space, "rejected.parquet").iter().map(|row| row.split(" | ").nth(2).unwrap().into()).collect();
    assert_eq!(reasons, ["impressions is unreadable", "impressions is null"]);
}

#[test]
fn parquet_rows_are_judged_like_any_other() {
    let space = Space::new("parquet_rules");
    let customers = Column::new("customer_id".into(), [Some(7_u64), None, Some(u64::MAX), Some(0), Some(7)]);
    let items = Column::new("config_id".into(), [9_i64, 9, 9, 9, 1 << 31]);
    let days = Int32Chunked::from_vec("order_date".into(), vec![20_316; 5]).into_date().into_column();
    write_parquet(&space, "raw.parquet", vec![customers, items, days]);
    read(&space, "previous_orders", &["raw.parquet"], &["--max-reject-fraction", "1"]).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 2025-08-16 00:00:00 | 2025-08-16"]);
    let rejected: Vec<String> = rows(&space, "rejected.parquet");
    let start: Vec<String> =
        rejected.iter().map(|row| row.splitn(4, " | ").take(3).collect::<Vec<_>>().join(" | ")).collect();
    assert_eq!(
        start,
        [
            "raw.parquet | 2 | customer_id is null",
            "raw.parquet | 3 | customer_id is out of range",
            "raw.parquet | 4 | customer_id is out of range",
            "raw.parquet | 5 | config_id is out of range",
        ]
    );
    assert!(
        rejected[3].ends_with("{customer_id: 7, config_id: 2147483648, order_date: 2025-08-16}"),
        "{}",
        rejected[3]
    );
    let floats = Column::new("customer_id".into(), [7.0]);
    write_parquet(&space, "floats.parquet", vec![floats, Column::new("config_id".into(), ["9"])]);
    read(&space, "previous_orders", &["floats.parquet"], &[]).with(1).says("1 x customer_id has the wrong type");
}

#[test]
fn fields_and_formats_can_be_named() {
    let space = Space::new("named_fields");
    space.write("raw.log", r#"{"user":7,"product":9,"at":"2025-08-16T12:00:00Z","item_id":"not this"}"#);
    let fields = ["--field", "customer_id=user", "--field", "item_id=product", "--field", "timestamp=at"];
    read(&space, "clicks", &["raw.log"], &fields).with(1).says("cannot read raw.log: its name does not say its format");
    read(&space, "clicks", &["raw.log"], &[&fields[..], &["--format", "json"]].concat()).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 2025-08-16 12:00:00"]);
    read(&space, "clicks", &["raw.log"], &["--field", "day=dt"]).with(1).says("this source has no `day`");
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
    assert!(!space.exists("rows.parquet"));
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_an_error_that_names_it() {
    let space = Space::new("broken_files");
    spell_clicks(&space);
    let packed = std::fs::read(space.path("raw.json.gz")).unwrap();
    space.write("short.json.gz", &packed[..packed.len() - 9]);
    read(&space, "clicks", &["short.json.gz"], &[]).with(1).says("error: cannot read short.json.gz: line ");
    space.write("not.parquet", "PAR1 no PAR1").write("not.json.gz", "no").write("not.json.zst", "no");
    for file in ["not.parquet", "not.json.gz", "not.json.zst", "absent.json"] {
        let ended = read(&space, "clicks", &[file], &[]).with(1).says(&format!("error: cannot read {file}: "));
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

#[test]
fn a_damaged_parquet_file_is_an_error_and_never_the_end_of_the_program() {
    let space = Space::new("damaged_parquet");
    let customers = Column::new("customer_id".into(), (1..500_i64).collect::<Vec<_>>());
    let items = Column::new("item_id".into(), (1..500_i32).collect::<Vec<_>>());
    let times = Int64Chunked::from_vec("click_time".into(), (1..500).collect());
    let times = times.into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)).into_column();
    write_parquet(&space, "whole.parquet", vec![customers, items, times]);
    let whole = std::fs::read(space.path("whole.parquet")).unwrap();
    let mut chance = support::Chance(41);
    for round in 0..200 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            let place = chance.below(bytes.len() as u64) as usize;
            bytes[place] = chance.next() as u8;
        }
        bytes.truncate(bytes.len() - if round % 4 == 0 { chance.below(100) as usize } else { 0 });
        space.write("raw.parquet", bytes);
        let ended = read(&space, "clicks", &["raw.parquet"], &["--max-reject-fraction", "1"]);
        assert!([0, 1].contains(&ended.status), "round {round} of seed 41: {}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "round {round} of seed 41: {}", ended.stderr);
    }
}

#[test]
fn an_order_is_not_taken_for_the_day_of_its_file() {
    let space = Space::new("orders_with_day");
    read(&space, "previous_orders", &[], &["--day", "2025-08-16"]).with(1).says("an order belongs to its own day");
}
