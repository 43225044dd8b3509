//! What the tasks take of the machine, and what they say where there is too little of it: bytes read, open files, threads,
//! room on the disk. Memory is in `memory.rs`.

mod support;
#[path = "support/tables.rs"]
mod tables;

use std::process::Command;

use support::{Chance, Ended, Space, end};
use tables::{list_rows, table, task, write_impressions};
use tasks::actions::{Action, ActionWriter};

/// Runs shell commands in the space, with the tasks by name on the path.
fn shell(space: &Space, script: &str) -> Ended {
    let task = space.command(env!("CARGO_BIN_EXE_read"), "read");
    let programs = std::path::Path::new(task.get_program()).parent().unwrap().display().to_string();
    let mut command = space.command("/bin/sh", "sh");
    command.args(["-c", script]).env("PATH", format!("{programs}:/usr/bin:/bin"));
    end(command)
}

/// A table of one action for each of the customers `first`, `first + step`, ... below `end`.
fn write_single_actions(space: &Space, name: &str, day: i64, customers: impl Iterator<Item = i64>) {
    let mut writer = ActionWriter::create(&space.path(name)).unwrap();
    for customer in customers {
        writer.customer(customer).unwrap();
        writer.actions(&[Action::new(day * 86_400_000_000 + customer, 1 + (customer % 1_000) as i32, 1)]);
    }
    writer.finish().unwrap();
}

fn size(space: &Space, name: &str) -> u64 {
    space.path(name).metadata().unwrap().len()
}

#[test]
fn a_history_of_customers_with_few_actions_reads_its_tables_once() {
    let space = Space::new("resources_reads");
    const CUSTOMERS: i64 = 400_000;
    let shown: Vec<_> = (1..=CUSTOMERS).map(|customer| (customer, 1, false)).collect();
    write_impressions(&space, "impressions.parquet", &shown);
    let (mut inputs, mut bytes) = (String::new(), size(&space, "impressions.parquet"));
    // Every customer in one table; and all over many tables, of which each has a few row groups.
    for (tables, expected) in [(1, 1), (8, 2)] {
        for number in 1..tables {
            let name = format!("{number}.parquet");
            write_single_actions(&space, &name, number, (1..=CUSTOMERS).filter(|customer| customer % 8 >= number));
            inputs.push_str(&format!(" --in actions={name}"));
            bytes += size(&space, &name);
        }
        if tables == 1 {
            write_single_actions(&space, "all.parquet", 100, 1..=CUSTOMERS);
            inputs.push_str(" --in months=all.parquet");
            bytes += size(&space, "all.parquet");
        }
        let arguments =
            format!("--day 2025-08-16 --in impressions=impressions.parquet{inputs} --out histories=h.parquet");
        // What a child has read counts with what the shell has read, once it has ended.
        let said = shell(&space, &format!("history {arguments} && cat /proc/$$/io")).with(0).stdout;
        let read: u64 = said.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap();
        // What is read by starting programs is next to nothing.
        assert!(read < expected * bytes + bytes / 2, "{tables} tables: {read} bytes read of {bytes}");
    }
    task(
        &space,
        "join",
        "--in impressions=impressions.parquet --in histories=h.parquet --out rows=r.parquet --history-length 9",
    )
    .with(0);
    let rows = list_rows(&space, "r.parquet");
    assert_eq!(rows.len() as i64, CUSTOMERS);
    for (customer, _, items, _) in rows {
        let actions = 1 + (1..8).filter(|number| customer % 8 >= *number).count();
        let expected: Vec<i32> =
            (0..9).map(|place| if place < actions { 1 + (customer % 1_000) as i32 } else { 0 }).collect();
        assert_eq!(items, expected, "customer {customer}");
    }
}

#[test]
fn more_tables_than_files_may_be_open_are_merged_and_looked_through() {
    let space = Space::new("resources_descriptors");
    write_impressions(&space, "impressions.parquet", &[(2, 1, false), (3, 1, true)]);
    let mut inputs = String::new();
    for day in 0..100 {
        let name = format!("day-{day}.parquet");
        write_single_actions(&space, &name, day, 1..=3);
        inputs.push_str(&format!(" --in actions={name}"));
    }
    shell(&space, &format!("ulimit -n 16; merge{inputs} --out actions=all.parquet")).with(0);
    assert_eq!(table(&space, "all.parquet").height(), 300);
    let arguments = "--day 2025-08-16 --in impressions=impressions.parquet --out histories=h.parquet";
    shell(&space, &format!("ulimit -n 16; history {arguments}{inputs}")).with(0);
    let histories = list_rows(&space, "h.parquet");
    assert_eq!(histories, [(2, None, vec![3; 100], vec![1; 100]), (3, None, vec![4; 100], vec![1; 100])]);
}

/// The inputs of every task, and each with its arguments, but for the outputs.
fn every_task(space: &Space) -> [(&'static str, &'static str, &'static [&'static str]); 7] {
    let mut chance = Chance(11);
    let (mut clicks, mut shown) = (String::new(), String::new());
    for number in 0..30_000 {
        let (customer, item) = (1 + chance.below(3_000), 1 + chance.below(50));
        let second = number % 60;
        clicks.push_str(&format!(
            "{{\"customer_id\":{customer},\"item_id\":{item},\"click_time\":\"2025-08-09T12:00:{second:02}Z\"}}\n"
        ));
        shown.push_str(&format!(
            "{{\"customer_id\":{customer},\"impressions\":[{{\"item_id\":{item},\"is_order\":false}}]}}\n"
        ));
    }
    space.write("clicks.json", clicks).write("impressions.json", shown);
    let tasks: [(&str, &str, &[&str]); 7] = [
        ("read", "--source clicks --in raw=clicks.json", &["rows", "rejected"]),
        ("unify", "--day 2025-08-09 --in clicks=read-rows", &["actions"]),
        ("merge", "--in actions=unify-actions", &["actions"]),
        ("impressions", "--in shown=shown", &["impressions"]),
        (
            "history",
            "--day 2025-08-10 --in impressions=impressions-impressions --in actions=unify-actions",
            &["histories"],
        ),
        ("join", "--in impressions=impressions-impressions --in histories=history-histories", &["rows"]),
        (
            "compact",
            "--in impressions=impressions-impressions --in histories=history-histories",
            &["histories", "samples"],
        ),
    ];
    task(space, "read", "--source impressions --in raw=impressions.json --out rows=shown --out rejected=none").with(0);
    for (name, arguments, outputs) in tasks {
        let outputs: Vec<String> = outputs.iter().map(|output| format!("--out {output}={name}-{output}")).collect();
        task(space, name, &format!("{arguments} {}", outputs.join(" "))).with(0);
    }
    tasks
}

#[test]
fn a_full_disk_is_told_with_the_file_in_the_words_of_the_system() {
    let space = Space::new("resources_full");
    for (name, arguments, outputs) in every_task(&space) {
        for full in outputs.iter() {
            let path = |output: &str| if output == *full { "/dev/full" } else { "spare" };
            let outputs: Vec<String> =
                outputs.iter().map(|output| format!("--out {output}={}", path(output))).collect();
            let ended = task(&space, name, &format!("{arguments} {}", outputs.join(" "))).with(1);
            assert_eq!(
                ended.stderr, "error: cannot write /dev/full: No space left on device (os error 28)\n",
                "{name}"
            );
        }
    }
}

#[test]
fn where_no_thread_can_be_started_one_does_everything() {
    let space = Space::new("resources_threads");
    let tasks = every_task(&space);
    space.write("none.c", "int pthread_create(void) { return 11; }\n");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).args([space.path("none.so"), space.path("none.c")]);
    assert!(compiler.status().unwrap().success());
    for (name, arguments, outputs) in tasks {
        let mut command = space.command(env!("CARGO_BIN_EXE_read"), name);
        command.args(arguments.split(' ')).env("LD_PRELOAD", space.path("none.so")).env("POLARS_MAX_THREADS", "4");
        for output in outputs {
            command.args(["--out", &format!("{output}=alone-{name}-{output}")]);
        }
        end(command).with(0).does_not_say("panicked");
        for output in outputs {
            let read = |path: String| std::fs::read(space.path(&path)).unwrap();
            assert!(read(format!("alone-{name}-{output}")) == read(format!("{name}-{output}")), "{name} {output}");
        }
    }
}
