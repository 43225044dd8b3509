//! What each task makes of small tables, and that the bytes do not depend on the number of threads.

mod support;
#[path = "support/tables.rs"]
mod tables;

use polars::prelude::*;
use support::{Chance, Space, end};
use tables::{list_rows, table, task, write_actions, write_histories, write_impressions};

/// 2025-08-10 00:00 UTC.
const MIDNIGHT: i64 = 1_754_784_000_000_000;

#[test]
fn arguments_can_come_in_a_file() {
    let space = Space::new("arguments_in_a_file");
    write_impressions(&space, "name with spaces.parquet", &[(9, 1, true)]);
    space.write("arguments", "--in\nshown=name with spaces.parquet\n--out\nimpressions=out.parquet\n");
    task(&space, "impressions", "@arguments").with(0);
    assert_eq!(table(&space, "out.parquet").height(), 1);
    task(&space, "impressions", "@nowhere").with(1).says("error: cannot read nowhere");
}

#[test]
fn impressions_are_ordered_by_customer_and_then_as_they_came() {
    let space = Space::new("impressions_order");
    write_impressions(
        &space,
        "shown.parquet",
        &[(9, 1, true), (7, 5, false), (9, 1, false), (7, 4, true), (7, 5, false)],
    );
    task(&space, "impressions", "--in shown=shown.parquet --out impressions=out.parquet").with(0);
    let out = table(&space, "out.parquet");
    let items: Vec<_> = out.column("item_id").unwrap().i32().unwrap().iter().flatten().collect();
    let labels: Vec<_> = out.column("is_order").unwrap().bool().unwrap().iter().flatten().collect();
    assert_eq!(items, [5, 4, 5, 1, 1]);
    assert_eq!(labels, [false, true, false, true, false]);
}

#[test]
fn unify_marks_where_events_came_from_and_sorts_newest_first() {
    let space = Space::new("unify_order");
    for (name, rows) in [("clicks", [(7, 1, 5), (7, 1, 5), (3, 2, 9)]), ("carts", [(7, 1, 5), (7, 2, 5), (7, 1, 6)])] {
        tables::write(
            &space,
            &format!("{name}.parquet"),
            vec![
                Column::new("customer_id".into(), rows.map(|row| i64::from(row.0))),
                Column::new("item_id".into(), rows.map(|row| row.1)),
                tables::times("timestamp", rows.map(|row| i64::from(row.2)).into()),
            ],
        );
    }
    let inputs = "--day 2025-08-10 --in clicks=clicks.parquet --in add_to_carts=carts.parquet";
    task(&space, "unify", &format!("{inputs} --out actions=out.parquet")).with(0);
    let out = table(&space, "out.parquet");
    let column = |name: &str| {
        out.column(name).unwrap().cast(&DataType::Int64).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>()
    };
    assert_eq!(column("customer_id"), [3, 7, 7, 7, 7, 7]);
    assert_eq!(column("timestamp"), [9, 6, 5, 5, 5, 5]);
    assert_eq!(column("item_id"), [2, 1, 2, 1, 1, 1]);
    assert_eq!(column("action_type"), [1, 2, 2, 2, 1, 1]);
}

#[test]
fn orders_are_split_by_their_day() {
    let space = Space::new("orders_by_day");
    tables::write(
        &space,
        "orders.parquet",
        vec![
            Column::new("customer_id".into(), [7_i64, 8, 7]),
            Column::new("item_id".into(), [1, 2, 3]),
            tables::times("timestamp", vec![86_400_000_000, 0, 86_400_000_000]),
            Int32Chunked::from_vec("day".into(), vec![1, 0, 1]).into_date().into_column(),
        ],
    );
    task(&space, "unify", "--in previous_orders=orders.parquet --out actions=out").with(0);
    let names: Vec<String> = space.tree("out").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["dt=1970-01-01.parquet", "dt=1970-01-02.parquet"]);
    assert_eq!(table(&space, "out/dt=1970-01-02.parquet").height(), 2);
}

#[test]
fn a_history_holds_the_newest_before_midnight_with_ties_by_item_and_type() {
    let space = Space::new("history_rules");
    write_impressions(&space, "impressions.parquet", &[(2, 1, false), (2, 2, false), (5, 1, true), (9, 1, true)]);
    write_actions(
        &space,
        "late.parquet",
        &[(2, 40, 1, MIDNIGHT), (2, 41, 1, MIDNIGHT - 1), (3, 1, 1, 7), (9, 1, 1, MIDNIGHT + 5)],
    );
    write_actions(&space, "old.parquet", &[(2, 50, 1, 9), (2, 51, 1, 9), (2, 51, 2, 9), (2, 51, 2, 9), (2, 60, 1, 8)]);
    write_actions(&space, "orders.parquet", &[(2, 51, 3, 9), (5, 1, 3, i64::MIN)]);
    let inputs = "--day 2025-08-10 --in impressions=impressions.parquet --in actions=old.parquet --in actions=late.parquet \
                  --in orders=orders.parquet --out histories=out.parquet --report report.json";
    task(&space, "history", &format!("{inputs} --history-length 5")).with(0);
    assert_eq!(
        list_rows(&space, "out.parquet"),
        [
            (2, None, vec![41, 51, 51, 51, 51], vec![1, 3, 2, 2, 1].into_iter().take(5).collect::<Vec<i8>>()),
            (5, None, vec![1], vec![3]),
            (9, None, vec![], vec![]),
        ]
    );
    let report: serde_json::Value = serde_json::from_str(&space.read("report.json")).unwrap();
    assert_eq!(report["largest_timestamp"], MIDNIGHT - 1);
    assert_eq!(report["smallest_timestamp"], i64::MIN);
}

#[test]
fn a_history_that_rests_on_no_action_says_so_and_who_has_no_times_says_nothing() {
    let space = Space::new("history_without_actions");
    write_impressions(&space, "impressions.parquet", &[(2, 1, false)]);
    write_actions(&space, "late.parquet", &[(2, 40, 1, MIDNIGHT)]);
    let inputs = "--day 2025-08-10 --in impressions=impressions.parquet --in actions=late.parquet";
    task(&space, "history", &format!("{inputs} --out histories=out.parquet --report report.json")).with(0);
    assert_eq!(
        space.read("report.json"),
        r#"{"rows_in":1,"rows_out":1,"smallest_timestamp":null,"largest_timestamp":null}"#
    );
    let inputs = "--in impressions=impressions.parquet --in histories=out.parquet";
    task(&space, "join", &format!("{inputs} --out rows=rows.parquet --report report.json")).with(0);
    assert!(!space.read("report.json").contains("timestamp"), "{}", space.read("report.json"));
}

#[test]
fn join_pads_every_history_to_its_length() {
    let space = Space::new("join_pads");
    write_impressions(&space, "impressions.parquet", &[(2, 1, false), (2, 2, true), (4, 3, false), (5, 1, true)]);
    write_histories(
        &space,
        "histories.parquet",
        &[(1, vec![9], vec![1]), (2, vec![7, 8], vec![3, 1]), (4, vec![], vec![]), (5, vec![], vec![])],
    );
    let inputs = "--in impressions=impressions.parquet --in histories=histories.parquet --out rows=out.parquet";
    task(&space, "join", &format!("{inputs} --history-length 3")).with(0);
    assert_eq!(
        list_rows(&space, "out.parquet"),
        [
            (2, Some((1, false)), vec![7, 8, 0], vec![3, 1, 0]),
            (2, Some((2, true)), vec![7, 8, 0], vec![3, 1, 0]),
            (4, Some((3, false)), vec![0; 3], vec![0; 3]),
            (5, Some((1, true)), vec![0; 3], vec![0; 3]),
        ]
    );
    task(&space, "join", &format!("{inputs} --history-length 1"))
        .with(1)
        .says("a history of 2 actions does not fit into 1: both tasks need the same history_length");
}

#[test]
fn the_number_of_threads_changes_no_byte_of_any_table() {
    let mut chance = Chance(7);
    let space = Space::new("threads");
    let mut clicks = String::new();
    let mut shown = String::new();
    for _ in 0..20_000 {
        let (customer, item, second) = (1 + chance.below(300), 1 + chance.below(50), chance.below(60));
        clicks.push_str(&format!(
            "{{\"customer_id\":{customer},\"item_id\":{item},\"click_time\":\"2025-08-09T12:00:{second:02}Z\"}}\n"
        ));
        shown.push_str(&format!(
            "{{\"customer_id\":{customer},\"impressions\":[{{\"item_id\":{item},\"is_order\":false}}]}}\n"
        ));
    }
    space.write("clicks.json", clicks).write("impressions.json", shown);
    let steps = [
        ("read", "--source clicks --in raw=clicks.json --out rows=OUT/clicks --out rejected=OUT/rejected1"),
        ("read", "--source impressions --in raw=impressions.json --out rows=OUT/shown --out rejected=OUT/rejected2"),
        ("unify", "--day 2025-08-09 --in clicks=OUT/clicks --out actions=OUT/actions"),
        ("impressions", "--in shown=OUT/shown --out impressions=OUT/impressions"),
        (
            "history",
            "--day 2025-08-10 --in impressions=OUT/impressions --in actions=OUT/actions --out histories=OUT/histories",
        ),
        ("merge", "--in actions=OUT/actions --out actions=OUT/month"),
        ("join", "--in impressions=OUT/impressions --in histories=OUT/histories --out rows=OUT/rows"),
        (
            "compact",
            "--in impressions=OUT/impressions --in histories=OUT/histories --out histories=OUT/compact --out samples=OUT/samples",
        ),
    ];
    for threads in ["1", "2", "5"] {
        std::fs::create_dir(space.path(threads)).unwrap();
        for (name, arguments) in steps {
            let mut command = space.command(env!("CARGO_BIN_EXE_read"), name);
            command.env("POLARS_MAX_THREADS", threads).args(arguments.replace("OUT", threads).split(' '));
            end(command).with(0);
        }
        assert_eq!(space.tree(threads).len(), 11);
        assert!(space.tree(threads) == space.tree("1"), "{threads} threads");
    }
}

#[test]
fn a_table_that_is_not_what_it_is_taken_for_is_refused_by_name() {
    let space = Space::new("wrong_tables");
    write_impressions(&space, "impressions.parquet", &[(2, 1, false)]);
    tables::write(
        &space,
        "narrow.parquet",
        vec![
            Column::new("customer_id".into(), [1_i32]),
            Column::new("item_id".into(), [1]),
            Column::new("is_order".into(), [true]),
        ],
    );
    write_actions(&space, "unsorted.parquet", &[(2, 1, 1, 1), (1, 1, 1, 1)]);
    space.write("garbage.parquet", "PAR1 this is no table at all PAR1");
    let cases = [
        (
            "unify --day 2025-08-09 --in clicks=impressions.parquet --out actions=x",
            "cannot read impressions.parquet as a table of events: no column `timestamp`",
        ),
        (
            "impressions --in shown=narrow.parquet --out impressions=x",
            "cannot read narrow.parquet as a table of impressions: column `customer_id` is i32, not i64",
        ),
        ("impressions --in shown=garbage.parquet --out impressions=x", "cannot read garbage.parquet"),
        (
            "history --day 2025-08-09 --in impressions=impressions.parquet --in actions=unsorted.parquet --out histories=x",
            "cannot read unsorted.parquet as a table of actions: the actions are not sorted by customer_id",
        ),
        ("join --in impressions=impressions.parquet --out rows=x", "--in histories=PATH is missing"),
        (
            "join --in shown=impressions.parquet --out rows=x",
            "--in shown=... is not used here; the names are impressions, histories",
        ),
    ];
    for (line, message) in cases {
        let (name, arguments) = line.split_once(' ').unwrap();
        task(&space, name, arguments).with(1).says(&format!("error: {message}")).does_not_say("panicked");
    }
}

#[test]
fn a_null_in_a_table_between_tasks_is_refused_by_its_column() {
    let space = Space::new("null_tables");
    write_impressions(&space, "impressions.parquet", &[(2, 1, false), (3, 1, true)]);
    let numbers = |name: &str, null: &str| Column::new(name.into(), [Some(2_i64), Some(3).filter(|_| name != null)]);
    let items = |name: &str, null: &str| Column::new(name.into(), [Some(1_i32), Some(1).filter(|_| name != null)]);
    let types = |null: &str| Column::new("action_type".into(), [Some(1_i8), Some(1).filter(|_| null != "action_type")]);
    let labels = |null: &str| Column::new("is_order".into(), [Some(true), Some(true).filter(|_| null != "is_order")]);
    let times = |null: &str| {
        let dtype = DataType::Datetime(TimeUnit::Microseconds, None);
        numbers("timestamp", null).cast(&dtype).unwrap()
    };
    for null in ["customer_id", "item_id", "action_type", "timestamp", "is_order"] {
        let (customers, items) = (numbers("customer_id", null), items("item_id", null));
        tables::write(&space, "shown.parquet", vec![customers.clone(), items.clone(), labels(null)]);
        tables::write(&space, "events.parquet", vec![customers.clone(), items.clone(), times(null)]);
        tables::write(&space, "actions.parquet", vec![customers, items, types(null), times(null)]);
        let message = format!("column `{null}` holds 1 nulls");
        let cases = [
            ("impressions --in shown=shown.parquet --out impressions=x", ["customer_id", "item_id", "is_order"]),
            (
                "unify --day 2025-08-09 --in clicks=events.parquet --out actions=x",
                ["customer_id", "item_id", "timestamp"],
            ),
            ("merge --in actions=actions.parquet --out actions=x", ["customer_id", "item_id", "timestamp"]),
            ("merge --in actions=actions.parquet --out actions=x", ["customer_id", "item_id", "action_type"]),
            (
                "history --day 2025-08-09 --in impressions=impressions.parquet --in actions=actions.parquet --out histories=x",
                ["item_id", "action_type", "timestamp"],
            ),
        ];
        for (line, _) in cases.iter().filter(|(_, columns)| columns.contains(&null)) {
            let (name, arguments) = line.split_once(' ').unwrap();
            task(&space, name, arguments).with(1).says(&message);
        }
    }
}

#[test]
fn orders_of_the_first_and_of_the_last_day_are_orders() {
    let space = Space::new("last_day");
    let order = |day: &str| format!("{{\"order_date\":\"{day}\",\"customer_id\":7,\"config_id\":9}}\n");
    let days = ["0001-01-01", "1969-12-31", "1970-01-01", "9999-12-30", "9999-12-31"];
    // Of JSON, only the first row is read in the way of every row of CSV.
    let cells = days.map(|day| format!("{day},7,8\n")).concat();
    space.write("orders.json", days.map(order).concat());
    space.write("orders.csv", format!("order_date,customer_id,config_id\n{cells}"));
    let raw = "--in raw=orders.json --in raw=orders.csv";
    let read = &format!("--source previous_orders {raw} --out rows=rows.parquet --out rejected=rejected.parquet");
    task(&space, "read", read).with(0);
    task(&space, "unify", "--in previous_orders=rows.parquet --out actions=orders").with(0);
    let files: Vec<String> = space.tree("orders").into_iter().map(|(name, _)| name).collect();
    assert_eq!(files, days.map(|day| format!("dt={day}.parquet")));
    write_impressions(&space, "impressions.parquet", &[(7, 1, false)]);
    let orders: String = days.iter().map(|day| format!(" --in orders=orders/dt={day}.parquet")).collect();
    let history = |day: &str| {
        let arguments = format!("--day {day} --in impressions=impressions.parquet{orders} --out histories=h.parquet");
        task(&space, "history", &arguments).with(0);
        list_rows(&space, "h.parquet")[0].2.len()
    };
    // The day itself does not count.
    let found = ["0001-01-01", "0001-01-02", "1970-01-01", "1970-01-02", "9999-12-31"].map(history);
    assert_eq!(found, [0, 2, 4, 6, 8]);
}

#[test]
fn generated_files_depend_on_the_arguments_alone() {
    let space = Space::new("generate");
    let shape = "--customers 50 --days 9 --impression-days 2 --actions-per-day 300 --impression-rows-per-day 20 --format mixed --bad 0.01";
    for (out, more) in
        [("a", "--seed 1"), ("b", "--seed 1 --taste 0"), ("c", "--seed 2"), ("d", "--seed 1 --taste 0.5")]
    {
        task(&space, "generate", &format!("--out {out} {more} {shape}")).with(0).says("2700 events");
    }
    assert!(space.tree("a") == space.tree("b"));
    assert!(space.tree("a") != space.tree("c"));
    assert!(space.tree("a") != space.tree("d"));
    let names: Vec<String> = space.tree("a").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 9 + 9 + 2 + 1);
    for ending in [".json", ".json.gz", ".json.zst", ".csv", ".parquet"] {
        assert!(names.iter().any(|name| name.ends_with(ending)), "{ending}");
    }
    task(&space, "generate", &format!("--out a {shape}")).with(1).says("is there already");
    task(&space, "generate", "--out e --taste 1.5").with(2).says("it must be from 0 to 1");
}
