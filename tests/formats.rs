//! Every format and spelling of a raw file that `read` takes, and files that are none of them.

#[path = "support/reading.rs"]
mod reading;
mod support;
#[path = "support/tables.rs"]
mod tables;

use std::io::Write;

use polars::prelude::*;
use reading::{read, rows};
use support::Space;

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
        tables::write(
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
    tables::write(
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
fn endings_may_be_capitals_and_a_byte_order_mark_is_no_part_of_a_text() {
    let space = Space::new("marks_and_capitals");
    spell_clicks(&space);
    let marked = |name: &str| [b"\xef\xbb\xbf", space.read(name).as_bytes()].concat();
    space.write("raw.JSON", CLICKS).write("marked.json", marked("raw.json")).write("marked.CSV", marked("raw.csv"));
    let packed = std::fs::read(space.path("raw.json.gz")).unwrap();
    space.write("RAW.JSON.GZ", [packed, vec![0; 512]].concat());
    space.write("marked.json.Zst", zstd::encode_all(&marked("raw.json")[..], 3).unwrap());
    for file in ["raw.JSON", "marked.json", "marked.CSV", "RAW.JSON.GZ", "marked.json.Zst"] {
        read(&space, "clicks", &[file], &[]).with(0).does_not_say("warning");
        assert_eq!(rows(&space, "rows.parquet").len(), 3, "{file}");
    }
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let space = Space::new("pipes");
    spell_clicks(&space);
    let times = Column::new("click_time".into(), ["2025-08-16T12:00:00Z"; 3]);
    let ids = |name: &str| Column::new(name.into(), [7, 8, 9]);
    tables::write(&space, "raw.parquet", vec![times, ids("customer_id"), ids("item_id")]);
    space.write("empty", "");
    for (file, format, count) in
        [("raw.json", "json", 3), ("raw.csv", "csv", 3), ("raw.parquet", "parquet", 3), ("empty", "json", 0)]
    {
        let program = env!("CARGO_BIN_EXE_read");
        let outputs = "--out rows=rows.parquet --out rejected=rejected.parquet";
        let read = format!("{program} --source clicks --format {format} --in raw=/dev/stdin {outputs}");
        let mut command = space.command("/bin/sh", "sh");
        command.args(["-c", &format!("cat {file} | {read}")]);
        support::end(command).with(0);
        assert_eq!(rows(&space, "rows.parquet").len(), count, "{file}");
    }
}

#[test]
fn several_files_are_one_table_in_the_order_given() {
    let space = Space::new("several_files");
    spell_clicks(&space);
    space.write("empty.json", "");
    read(&space, "clicks", &["raw.csv", "empty.json", "raw.json.gz"], &["--report", "report.json"]).with(0);
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
    assert_eq!(tables::table(&space, "rows.parquet").height(), 0);
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
    tables::write(&space, "raw.parquet", vec![impressions, Column::new("customer_id".into(), [7_i64])]);
    for file in ["raw.json", "raw.csv", "raw.parquet"] {
        read(&space, "impressions", &[file], &[]).with(0);
        assert_eq!(rows(&space, "rows.parquet"), ["7 | 1 | true", "7 | 2 | false"], "{file}");
    }
    space.write("bad.csv", "customer_id,impressions\n7,\"[{\"\n7,\n");
    read(&space, "impressions", &["bad.csv"], &["--max-reject-fraction", "1"]).with(0);
    let reasons: Vec<String> =
        rows(&space, "rejected.parquet").iter().map(|row| row.split(" | ").nth(3).unwrap().into()).collect();
    assert_eq!(reasons, ["impressions is unreadable", "impressions is null"]);
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
    tables::write(&space, "whole.parquet", vec![customers, items, times]);
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
