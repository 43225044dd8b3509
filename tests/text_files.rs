//! CSV and JSON files that are bent, cut, endless or of another shape: all rows that can be told apart are read, and what
//! cannot be read is rejected or refused, with words that say where it is and what to do.

#[path = "support/reading.rs"]
mod reading;
mod support;
#[path = "support/tables.rs"]
mod tables;

use reading::{read, reasons, rejects, rows};
use support::Space;

const HEADER: &str = "customer_id,item_id,click_time,query";

#[test]
fn a_csv_quote_that_is_never_closed_is_an_error_that_names_its_line() {
    let space = Space::new("open_quotes");
    let row = |query: &str| format!("7,9,2025-08-16T12:00:00Z,{query}\n");
    let rest = row("shoe").repeat(1_000);
    let good = row("\"a \"\"red\"\"\nshoe, 5\"\" \"") + &row("5\" tall");
    for (content, line) in [
        (format!("{HEADER}\n\n{good}{}{rest}", row("\"shoe")), 6),
        (format!("{HEADER}\n{good}{}", row("\"shoe")), 5),
        (format!("{HEADER}\n{good}7,9,\"\n2025"), 5),
        (format!("{HEADER}\n{good}\""), 5),
        (format!("\n{HEADER},\"more\n{rest}"), 2),
    ] {
        for (name, content) in [("raw.csv", content.clone()), ("returns.csv", content.replace('\n', "\r"))] {
            space.write(name, content);
            let message = format!("error: cannot read {name}: line {line}: a quote opens here and is not closed");
            read(&space, "clicks", &[name], &["--max-reject-fraction", "1"]).with(1).says(&message);
        }
    }
    space.write("raw.csv", format!("{HEADER}\n{good}"));
    read(&space, "clicks", &["raw.csv"], &[]).with(0).does_not_say("warning");
    assert_eq!(rows(&space, "rows.parquet").len(), 2);
}

#[test]
fn rows_between_a_quote_and_another_that_is_not_its_own_are_rejected_with_all_their_bytes() {
    let space = Space::new("torn_quotes");
    let row = |query: &str| format!("7,9,2025-08-16T12:00:00Z,{query}\n");
    let swallowed = row("\"shoe") + &row("boot").repeat(500) + &row("\"red\"");
    space.write("raw.csv", format!("{HEADER}\n{}{swallowed}", row("hat").repeat(1_000)));
    read(&space, "clicks", &["raw.csv"], &[])
        .with(1)
        .says(" bytes unreadable (34.15 %)")
        .says("1 x a quote that opens on one");
    read(&space, "clicks", &["raw.csv"], &["--max-reject-fraction", "0.5"]).with(0);
    let [file, line, .., raw] = &rejects(&space)[0];
    assert_eq!((file.as_str(), line.as_str(), raw.as_str()), ("raw.csv", "1002", swallowed.trim_end()));
}

#[test]
fn a_csv_header_says_once_and_clearly_which_column_is_which() {
    let space = Space::new("csv_headers");
    let rest = "\n7,9,2025-08-16T12:00:00Z\n";
    for (header, message) in [
        (
            "user,item_id,click_time",
            "its header has no `customer_id`, but `user`, `item_id`, `click_time`; name the right one in pipeline.yaml: \
             `field: {customer_id: NAME}`\n",
        ),
        (
            "customer_id;item_id;click_time",
            "its header is one cell, `customer_id;item_id;click_time`: cells are separated by commas, and not by ';'\n",
        ),
        (
            "customer_id\titem_id",
            "its header is one cell, `customer_id item_id`: cells are separated by commas, and not by '\\t'\n",
        ),
        (",,", "its header has no `customer_id`"),
        (
            "customer_id,item_id,click_time,\"a\nb\"c",
            "line 1: a quote of the header closes in the middle of a cell on another line",
        ),
        ("customer_id,item_id,item_id,click_time", "its header has `item_id` 2 times: which is meant?"),
    ] {
        space.write("raw.csv", [header, rest].concat());
        let ended = read(&space, "clicks", &["raw.csv"], &["--max-reject-fraction", "1"]).with(1);
        let ended = ended.says(&format!("error: cannot read raw.csv: {message}"));
        assert!(ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
    // What is not read may come twice.
    space.write("raw.csv", "\u{feff}customer_id,a,item_id,a,click_time\r7,,9,,2025-08-16T12:00:00Z\r\r7,,x,,\r");
    read(&space, "clicks", &["raw.csv"], &["--max-reject-fraction", "0.5"]).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 2025-08-16 12:00:00"]);
    assert_eq!(reasons(&space), ["4: item_id has the wrong type"]);
}

#[test]
fn json_objects_on_one_line_are_all_read_and_a_rejected_one_is_found_by_its_column() {
    let space = Space::new("one_line");
    let row = |item: usize| format!(r#"{{"customer_id":7,"item_id":{item},"click_time":"2025-08-16T12:00:00Z"}}"#);
    for between in ["", " ", "\t \r"] {
        // More than a block, on one line.
        let parts: Vec<String> = (1..=20_000).map(row).collect();
        let bad = r#"{"customer_id":7,"item_id":oops}"#;
        let before = parts[..15_000].join(between) + between;
        space.write("raw.json", format!("{}\n{before}{bad}{between}{}", row(1), parts[15_000..].join(between)));
        read(&space, "clicks", &["raw.json"], &[])
            .with(0)
            .says("warning: rejected 1 of 20002 rows: 1 x unreadable JSON");
        let column = before.len() + 1;
        assert_eq!(
            rows(&space, "rejected.parquet"),
            [format!("raw.json | 2 | {column} | unreadable JSON | 0 | {bad}")]
        );
        let table = tables::table(&space, "rows.parquet");
        let items = table.column("item_id").unwrap().i32().unwrap();
        assert!(items.into_no_null_iter().eq([1].into_iter().chain(1..=20_000)));
    }
}

#[test]
fn what_cannot_be_read_counts_for_its_bytes() {
    let space = Space::new("unreadable_bytes");
    let row = r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#;
    // A quote too many makes one unreadable row of all that follow.
    space.write("raw.json", format!("{}{{\"a\":\"\"\"}}{}", row.repeat(900), row.repeat(100)));
    read(&space, "clicks", &["raw.json"], &[])
        .with(1)
        .says("error: 6509 of 65009 bytes unreadable (10.01 %), more than the max_reject_fraction of 0.01\n")
        .says("  1 x unreadable JSON, e.g. raw.json:1:58501: {\"a\":");
    let [.., reason, _, raw] = &rejects(&space)[0];
    assert_eq!((reason.as_str(), raw.len()), ("unreadable JSON", 6_509));
}

#[test]
fn json_that_is_no_json_lines_is_refused_with_what_it_is() {
    let space = Space::new("other_shapes");
    let row = r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#;
    for (content, message) in [
        (
            format!("[{row}]"),
            "the file is one JSON list, and not an object a line; `jq -c '.[]' FILE` makes lines of it",
        ),
        (format!("\n [\n{row},\n{row}\n]\n"), "the file is one JSON list"),
        (format!("[{}{row}]", format!("{row},").repeat(200_000)), "the file is one JSON list"),
        ("{\n  \"customer_id\": 7\n}\n".to_string(), "its JSON objects go over several lines each"),
    ] {
        space.write("raw.json", content);
        let ended = read(&space, "clicks", &["raw.json"], &["--max-reject-fraction", "1"]).with(1);
        let ended = ended.says(&format!("error: cannot read raw.json: {message}"));
        assert!(ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
    let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
    let (marked, bare) = (units("\u{feff}{}"), units(row));
    for utf_16 in [
        marked.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>(),
        bare.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        bare.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
    ] {
        space.write("raw.json", utf_16);
        read(&space, "clicks", &["raw.json"], &[]).with(1).says("cannot read raw.json: its text is UTF-16");
    }
}

#[test]
fn a_name_that_does_not_say_how_a_file_is_packed_or_what_it_holds_is_told() {
    let space = Space::new("wrong_endings");
    let (gzip, zstd) = (b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd");
    space.write("gzip.json", gzip).write("zstd.csv", zstd).write("plain.json.gz", "{}\n").write("rows.txt", "{}\n");
    for (name, message) in [
        ("gzip.json", "it is packed with gzip: unpack it, or let its name end in .gz"),
        ("zstd.csv", "it is packed with zstd: unpack it, or let its name end in .zst"),
        ("plain.json.gz", "its name ends in .gz, but it is not packed with gzip"),
        ("rows.txt", "its name does not say its format: it must end in .json, "),
    ] {
        read(&space, "clicks", &[name], &[]).with(1).says(&format!("error: cannot read {name}: {message}"));
    }
    read(&space, "clicks", &["rows.txt"], &[]).with(1).says("say which in pipeline.yaml: `format: json`\n");
}

#[test]
fn a_field_that_has_another_name_is_told_with_the_names_that_there_are() {
    let space = Space::new("wrong_names");
    let row = r#"{"user":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#;
    space.write("raw.json", format!("oops\n{}", format!("{row}\n").repeat(10)));
    read(&space, "clicks", &["raw.json"], &[])
        .with(1)
        .says("  10 x customer_id is missing, e.g. raw.json:2: {\"user\":7,")
        .says("  it has the fields `click_time`, `item_id`, `user`; name the right one in pipeline.yaml: `field: {customer_id: NAME}`\n");
    let entry = r#"{"product":1,"is_order":true}"#;
    space.write("raw.json", format!(r#"{{"customer_id":7,"impressions":[{entry},{entry}]}}"#));
    read(&space, "impressions", &["raw.json"], &[])
        .with(1)
        .says("  2 x impressions[].item_id is missing, e.g. raw.json:1: ")
        .says("  it has the fields `is_order`, `product`; name the right one in pipeline.yaml: `field: {item_id: NAME}`\n");
}

#[test]
fn the_day_and_the_time_of_an_order_may_be_one_field() {
    let space = Space::new("one_field_twice");
    space.write("raw.json", r#"{"created_at":"2025-08-16 01:00:00+02:00","customer_id":7,"config_id":9}"#);
    space.write("raw.csv", "config_id,customer_id,created_at\n9,7,2025-08-15T23:00:00Z\n");
    for file in ["raw.json", "raw.csv"] {
        let fields = ["--field", "day=created_at", "--field", "timestamp=created_at"];
        read(&space, "previous_orders", &[file], &fields).with(0).does_not_say("warning");
        assert_eq!(rows(&space, "rows.parquet"), ["7 | 9 | 2025-08-15 23:00:00 | 2025-08-15"], "{file}");
    }
}

#[test]
fn a_long_row_is_kept_up_to_64_kib_and_one_that_is_too_long_is_rejected_unread() {
    let space = Space::new("long_rows");
    let row = |note: usize, item: usize| {
        let note = "x".repeat(note);
        format!(
            "{{\"note\":\"{note}\",\"customer_id\":7,\"item_id\":{item},\"click_time\":\"2025-08-16T12:00:00Z\"}}\n"
        )
    };
    let (long, too_long) = (row(100_000, 0), row(9 << 20, 1));
    space.write("raw.json", [row(100_000, 1), long.clone(), too_long.clone(), row(1, 2)].concat());
    read(&space, "clicks", &["raw.json"], &["--max-reject-fraction", "1"]).with(0);
    assert_eq!(rows(&space, "rows.parquet"), ["7 | 1 | 2025-08-16 12:00:00", "7 | 2 | 2025-08-16 12:00:00"]);
    assert_eq!(reasons(&space), ["2: item_id is out of range", "3: longer than 8 MiB"]);
    for ([.., raw], whole) in rejects(&space).iter().zip([long, too_long]) {
        let whole = whole.trim_end();
        assert_eq!(*raw, format!("{} [cut here: 65536 of {} bytes]", &whole[..1 << 16], whole.len()));
    }
    read(&space, "clicks", &["raw.json"], &["--max-reject-fraction", "0.5"]).with(1).says("bytes unreadable (97.");
    let header = "customer_id,item_id,click_time";
    space.write("raw.csv", format!("{header}\n\n{}", "x".repeat(9 << 20)));
    read(&space, "clicks", &["raw.csv"], &[]).with(1).says("raw.csv: line 3: a row that is longer than 8 MiB");
    space.write("raw.csv", format!("{header}\n7,9\n7,\"9,{}", "7,9\n".repeat(9 << 18)));
    read(&space, "clicks", &["raw.csv"], &[]).with(1).says("line 3: a quote opens here and is not closed within 8 MiB");
}
