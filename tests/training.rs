//! The two layouts of training rows, through the real programs: both say what a plain reference says, and so the same.

mod support;
#[path = "support/tables.rs"]
mod tables;
#[path = "support/training.rs"]
mod training;

use polars::prelude::*;
use support::{Chance, Space};
use tables::{ListRow, list_rows, table, task, write_histories, write_impressions};
use training::Shop;

/// The wide rows that a compact day stands for: each sample with the history it refers to, padded.
fn widened(space: &Space, length: usize) -> Vec<ListRow> {
    let histories = list_rows(space, "compact/histories.parquet");
    let samples = table(space, "compact/samples.parquet");
    let column = |name: &str| samples.column(name).unwrap().clone();
    let (customers, items, labels) = (column("customer_id"), column("item_id"), column("is_order"));
    let history_rows = column("history_row");
    let history_rows = history_rows.u32().unwrap();
    (0..samples.height())
        .map(|row| {
            let (customer, _, mut actions, mut types) = histories[history_rows.get(row).unwrap() as usize].clone();
            assert_eq!(customers.i64().unwrap().get(row), Some(customer));
            actions.resize(length, 0);
            types.resize(length, 0);
            let shown = (items.i32().unwrap().get(row).unwrap(), labels.bool().unwrap().get(row).unwrap());
            (customer, Some(shown), actions, types)
        })
        .collect()
}

fn schema(space: &Space, name: &str) -> Vec<(String, DataType)> {
    let schema = ParquetReader::new(std::fs::File::open(space.path(name)).unwrap()).schema().unwrap();
    assert!(schema.iter_values().all(|field| !field.is_nullable), "{schema:?}");
    schema.iter_values().map(|field| (field.name.to_string(), DataType::from_arrow_field(field))).collect()
}

#[test]
fn both_layouts_say_the_same_as_the_reference() {
    for seed in 1..=8 {
        let mut chance = Chance(seed);
        let length = [1, 7, 8, 30, 1000][chance.below(5) as usize];
        let rows = [0, 1, 100, 700][chance.below(4) as usize];
        let shop = Shop::random(&mut chance, rows, &[0, 1, length / 2, length]);
        let space = Space::new(&format!("layouts_{seed}"));
        let inputs = shop.write(&space);
        std::fs::create_dir(space.path("compact")).unwrap();
        task(&space, "join", &format!("{inputs} --out rows=wide.parquet --history-length {length}")).with(0);
        let outputs = "--out histories=compact/histories.parquet --out samples=compact/samples.parquet";
        task(&space, "compact", &format!("{inputs} {outputs}")).with(0);
        let expected = shop.wide(length);
        assert!(list_rows(&space, "wide.parquet") == expected, "seed {seed}: {rows} rows of length {length}, wide");
        assert!(widened(&space, length) == expected, "seed {seed}: {rows} rows of length {length}, compact");
    }
}

#[test]
fn the_columns_are_those_of_the_contract() {
    let space = Space::new("layouts_columns");
    let inputs = Shop { impressions: vec![(2, 1, true)], histories: vec![(2, vec![5], vec![1])] }.write(&space);
    task(&space, "join", &format!("{inputs} --out rows=wide.parquet")).with(0);
    task(&space, "compact", &format!("{inputs} --out histories=h.parquet --out samples=s.parquet")).with(0);
    let named = |names: &[(&str, DataType)]| names.iter().map(|(n, d)| (n.to_string(), d.clone())).collect::<Vec<_>>();
    let customer = ("customer_id", DataType::Int64);
    let shown = [customer.clone(), ("item_id", DataType::Int32), ("is_order", DataType::Boolean)];
    let lists = [
        ("actions", DataType::List(Box::new(DataType::Int32))),
        ("action_types", DataType::List(Box::new(DataType::Int8))),
    ];
    assert_eq!(schema(&space, "wide.parquet"), named(&[&shown[..], &lists].concat()));
    assert_eq!(schema(&space, "h.parquet"), named(&[&[customer][..], &lists].concat()));
    assert_eq!(schema(&space, "s.parquet"), named(&[&shown[..], &[("history_row", DataType::UInt32)]].concat()));
}

#[test]
fn compact_keeps_a_history_for_everyone_shown_and_for_nobody_else() {
    let space = Space::new("compact_histories");
    let histories =
        vec![(1, vec![9], vec![1]), (2, vec![7, 8], vec![3, 1]), (5, vec![], vec![]), (6, vec![4], vec![2])];
    let impressions = vec![(2, 1, false), (2, 2, true), (5, 1, true)];
    let inputs = Shop { impressions, histories }.write(&space);
    task(&space, "compact", &format!("{inputs} --out histories=h.parquet --out samples=s.parquet")).with(0);
    let kept = list_rows(&space, "h.parquet");
    assert_eq!(kept, [(2, None, vec![7, 8], vec![3, 1]), (5, None, vec![], vec![])]);
    let samples = table(&space, "s.parquet");
    assert_eq!(samples.column("history_row").unwrap().u32().unwrap().to_vec(), [Some(0), Some(0), Some(1)]);
}

#[test]
fn a_customer_who_has_no_history_is_named() {
    let one = |customer| (customer, vec![5], vec![1]);
    // In the middle, before all, behind all; and nobody at all.
    for (number, known) in [vec![1, 9], vec![5, 9], vec![1, 2], vec![]].into_iter().enumerate() {
        let space = Space::new(&format!("training_missing_{number}"));
        let known: Vec<i64> = known;
        let impressions = vec![(1, 1, false), (4, 1, true), (9, 1, true)];
        let missing = impressions.iter().map(|impression| impression.0).find(|shown| !known.contains(shown)).unwrap();
        let inputs = Shop { impressions, histories: known.into_iter().map(one).collect() }.write(&space);
        let message = format!(
            "error: customer {missing} was shown something and has no history, not even an empty one: histories.parquet was \
             not made for these impressions"
        );
        task(&space, "join", &format!("{inputs} --out rows=rows.parquet")).with(1).says(&message);
        let outputs = "--out histories=h.parquet --out samples=s.parquet";
        task(&space, "compact", &format!("{inputs} {outputs}")).with(1).says(&message);
    }
}

#[test]
fn tables_that_are_not_sorted_or_hold_strange_actions_are_refused() {
    let sorted = "impressions and histories must be sorted by customer_id, histories with each customer once";
    let (one, two) = ((1, vec![5], vec![1]), (2, vec![5], vec![1]));
    let cases = [
        (vec![(2, 1, true), (1, 1, true)], vec![one.clone(), two.clone()], sorted),
        (vec![(1, 1, true)], vec![two.clone(), one.clone()], sorted),
        (vec![(1, 1, true)], vec![one.clone(), one.clone()], sorted),
        (vec![(1, 1, true)], vec![(1, vec![5], vec![4])], "an action of type 4, which is not one of 1, 2 and 3"),
        (vec![(1, 1, true)], vec![(1, vec![5, 6], vec![1, 0])], "an action of type 0, which is not one of 1, 2 and 3"),
        (vec![(1, 1, true)], vec![(1, vec![5], vec![-1])], "an action of type -1, which is not one of 1, 2 and 3"),
        (
            vec![(1, 1, true)],
            vec![(1, vec![5, 6], vec![1])],
            "actions and action_types of the histories differ in length",
        ),
    ];
    for (number, (impressions, histories, message)) in cases.into_iter().enumerate() {
        let space = Space::new(&format!("training_refused_{number}"));
        write_impressions(&space, "impressions.parquet", &impressions);
        write_histories(&space, "histories.parquet", &histories);
        let inputs = "--in impressions=impressions.parquet --in histories=histories.parquet";
        task(&space, "join", &format!("{inputs} --out rows=rows.parquet")).with(1).says(message);
        task(&space, "compact", &format!("{inputs} --out histories=h --out samples=s")).with(1).says(message);
    }
}
