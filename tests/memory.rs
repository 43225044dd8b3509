//! Memory does not grow with the data: `read`, `history`, `merge` and `join` run in a fraction of what their tables take.

#[path = "support/memory.rs"]
mod memory;
mod support;
#[path = "support/tables.rs"]
mod tables;

use memory::within;
use support::Space;
use tables::{task, write_impressions};
use tasks::actions::{Action, ActionFile, ActionWriter, Block};
use tasks::histories::{Histories, HistoryFile, HistoryWriter};

const CUSTOMERS: i64 = 10_000;
const DAYS: i64 = 60;
/// Actions of a customer on a day.
const ACTIVITY: i64 = 100;
/// In KB. The actions are 720 MB of items, types and timestamps.
const MEMORY: u32 = 400_000;

/// The item of a customer's `number`th action, counted through all days.
fn item(customer: i64, number: i64) -> i32 {
    (1 + (customer * 31 + number) % 1_000_003) as i32
}

/// A table for each day, in which every customer acts; `apart` is the time between the first actions of two days. Gives
/// them back as arguments.
fn write_days(space: &Space, apart: i64) -> String {
    let mut arguments = String::new();
    for day in 0..DAYS {
        let mut writer = ActionWriter::create(&space.path(&format!("{day}.parquet"))).unwrap();
        for customer in 1..=CUSTOMERS {
            writer.customer(customer).unwrap();
            let numbers = (day * ACTIVITY..(day + 1) * ACTIVITY).rev();
            let timestamp = |number: i64| day * apart + (number % ACTIVITY) * 10;
            let actions = numbers.map(|number| Action::new(timestamp(number), item(customer, number), 1));
            writer.actions(&actions.collect::<Vec<_>>());
        }
        writer.finish().unwrap();
        arguments.push_str(&format!(" --in actions={day}.parquet"));
    }
    arguments
}

#[test]
fn read_needs_less_memory_than_its_rows() {
    let space = Space::new("memory_read");
    const ROWS: usize = 100_000;
    const FILES: usize = 60;
    let line = |row: usize| {
        format!(
            "{{\"customer_id\":{},\"item_id\":{},\"click_time\":\"2025-08-16T12:00:00.{row:06}Z\"}}\n",
            row + 1,
            row + 7
        )
    };
    space.write("clicks.json", (0..ROWS).map(line).collect::<String>());
    let files = " --in raw=clicks.json".repeat(FILES);
    // 6 million rows are 120 MB as columns.
    let arguments = format!("--source clicks{files} --out rows=rows.parquet --out rejected=rejected.parquet");
    within(&space, env!("CARGO_BIN_EXE_read"), 80_000, &arguments).with(0);
    let rows = tables::table(&space, "rows.parquet");
    let items = rows.column("item_id").unwrap().i32().unwrap();
    assert!(items.into_no_null_iter().eq((0..ROWS * FILES).map(|row| (row % ROWS) as i32 + 7)));
}

#[test]
fn read_needs_little_memory_for_rows_that_it_does_not_let_through() {
    let space = Space::new("memory_rejects");
    let entries: Vec<String> =
        (1..=100).map(|item| format!(r#"{{"item_id":"sku-{item}","is_order":false}}"#)).collect();
    let row = format!(r#"{{"customer_id":7,"impressions":[{}]}}"#, entries.join(","));
    // 120 MB, in which every entry is bad, and one line of all of them.
    space.write("raw.json", format!("{row}\n").repeat(120_000_000 / row.len()));
    space.write(
        "line.json",
        format!(r#"{{"customer_id":7,"impressions":[{}]}}"#, vec![entries.join(","); 1_000].join(",")),
    );
    let arguments = "--source impressions --out rows=rows.parquet --out rejected=rejected.parquet --in raw=";
    let read = |file: &str| within(&space, env!("CARGO_BIN_EXE_read"), 80_000, &format!("{arguments}{file}"));
    read("raw.json").with(1).says(" entries rejected (100.00 %)");
    let rejected = tables::table(&space, "rejected.parquet");
    let raw = rejected.column("raw").unwrap().str().unwrap();
    assert_eq!(rejected.height(), 120_000_000 / row.len());
    assert!(raw.iter().all(|raw| raw == Some(row.as_str())));
    read("line.json").with(1).says("100000 x impressions[].item_id has the wrong type");
}

#[test]
fn read_needs_little_memory_for_lines_without_an_end() {
    let space = Space::new("memory_bombs");
    // 2 GB, in 2 MB.
    let part = zstd::encode_all(&vec![b'['; 1 << 20][..], 3).unwrap();
    space.write("bomb.json.zst", part.repeat(2_000));
    let row = r#"{"customer_id":7,"item_id":9,"click_time":"2025-08-16T12:00:00Z"}"#;
    // 130 MB on one line.
    space.write("line.json", row.repeat(2_000_000));
    let arguments = "--source clicks --out rows=rows.parquet --out rejected=rejected.parquet --in raw=";
    let read = |file: &str| within(&space, env!("CARGO_BIN_EXE_read"), 100_000, &format!("{arguments}{file}"));
    read("bomb.json.zst").with(1).says("error: 1 of 1 rows rejected (100.00 %)").says("1 x longer than 8 MiB, e.g. ");
    read("line.json").with(0).does_not_say("warning");
    assert_eq!(tables::table(&space, "rows.parquet").height(), 2_000_000);
}

#[test]
fn history_needs_less_memory_than_its_actions() {
    let shown: Vec<_> = (1..=CUSTOMERS).map(|customer| (customer, 1, false)).collect();
    // One table after the other, and all of them at the same time.
    for apart in [ACTIVITY * 10, 0] {
        let space = Space::new("memory_history");
        write_impressions(&space, "impressions.parquet", &shown);
        let days = write_days(&space, apart);
        let arguments =
            format!("--day 2025-08-16 --in impressions=impressions.parquet{days} --out histories=h.parquet");
        within(&space, env!("CARGO_BIN_EXE_history"), MEMORY, &arguments).with(0);
        let file = HistoryFile::open(&space.path("h.parquet")).unwrap();
        let mut histories = Histories::default();
        (0..file.groups()).for_each(|group| histories.append(&file.read(group).unwrap()));
        assert!(histories.customers.iter().copied().eq(1..=CUSTOMERS));
        for customer in [1, 2, CUSTOMERS / 2, CUSTOMERS] {
            let mut newest: Vec<(i64, i32)> = (0..DAYS * ACTIVITY)
                .map(|number| (number / ACTIVITY * apart + number % ACTIVITY * 10, item(customer, number)))
                .collect();
            newest.sort_unstable_by(|a, b| b.cmp(a));
            let found = &histories.items[(customer as usize - 1) * 1000..customer as usize * 1000];
            assert!(found.iter().eq(newest[..1000].iter().map(|(_, item)| item)), "{customer}, {apart} apart");
        }
    }
}

#[test]
fn merge_needs_less_memory_than_its_actions() {
    let space = Space::new("memory_merge");
    let days = write_days(&space, ACTIVITY * 10);
    within(&space, env!("CARGO_BIN_EXE_merge"), MEMORY, &format!("{days} --out actions=all.parquet")).with(0);
    let file = ActionFile::open(&space.path("all.parquet")).unwrap();
    assert_eq!(file.rows() as i64, CUSTOMERS * DAYS * ACTIVITY);
    let mut block = Block::default();
    file.read(file.groups().len() - 1, false, &mut block).unwrap();
    let last = block.customers.len() - 1;
    assert_eq!(block.customers[last], CUSTOMERS);
    assert!(block.items(block.rows(last)).eq((0..DAYS * ACTIVITY).rev().map(|number| item(CUSTOMERS, number))));
}

#[test]
fn join_and_compact_need_less_memory_than_their_rows() {
    let space = Space::new("memory_join");
    let mut writer = HistoryWriter::create(&space.path("h.parquet")).unwrap();
    // 60 million actions: 300 MB of items and types as they are, and a gigabyte as rows.
    for first in (1..=6 * CUSTOMERS).step_by(4_000) {
        let customers: Vec<i64> = (first..first + 4_000).collect();
        let items = customers.iter().flat_map(|customer| (0..1000).map(|number| item(*customer, number)));
        let (offsets, items) = ((0..=4_000).map(|place| place * 1000).collect(), items.collect());
        writer.write(&Histories { customers, offsets, items, action_types: vec![2; 4_000_000] }).unwrap();
    }
    writer.finish().unwrap();
    let shown: Vec<_> = (0..20 * CUSTOMERS).map(|row| (1 + row * 3 / 10, (1 + row) as i32, false)).collect();
    write_impressions(&space, "impressions.parquet", &shown);
    let inputs = "--in impressions=impressions.parquet --in histories=h.parquet";
    within(&space, env!("CARGO_BIN_EXE_join"), MEMORY, &format!("{inputs} --out rows=rows.parquet")).with(0);
    let outputs = "--out histories=ch.parquet --out samples=cs.parquet";
    within(&space, env!("CARGO_BIN_EXE_compact"), MEMORY, &format!("{inputs} {outputs}")).with(0);
    let shown = task(&space, "show", "rows.parquet --customer 59999 --json --rows 1").with(0).stdout;
    let row: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    let items: Vec<_> = (0..1000).map(|number| item(59_999, number)).collect();
    assert_eq!((&row["customer_id"], &row["actions"]), (&serde_json::json!(59_999), &serde_json::json!(items)));
    assert_eq!(tables::table(&space, "cs.parquet").height(), 200_000);
}
