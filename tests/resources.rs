//! What the tasks take of the machine, and what they say where there is too little of it: bytes read, open files, threads,
//! room on the disk. Memory is in `memory.rs`.

mod support;
#[path = "support/tables.rs"]
mod tables;

use std::io::Write;
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

/// How many bytes a command reads.
fn bytes_read_by(space: &Space, command: &str) -> u64 {
    // What a child has read counts with what the shell has read, once it has ended.
    let said = shell(space, &format!("{command} && cat /proc/$$/io")).with(0).stdout;
    said.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
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
        let read = bytes_read_by(&space, &format!("history {arguments}"));
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
fn a_history_of_few_of_many_customers_reads_its_tables_once() {
    let space = Space::new("resources_few");
    let mut writer = ActionWriter::create(&space.path("actions.parquet")).unwrap();
    for customer in 1..=20_000 {
        writer.customer(customer).unwrap();
        writer.actions(&[5, 4, 3, 2, 1].map(|number| Action::new(number * 1_000_000 + customer, number as i32, 1)));
    }
    writer.finish().unwrap();
    let shown: Vec<_> = (1..=20_000).step_by(12).map(|customer| (customer, 1, false)).collect();
    write_impressions(&space, "impressions.parquet", &shown);
    // Twenty tables with the same in each. Were all of a row group theirs, so few would already fill a range.
    let inputs = " --in actions=actions.parquet".repeat(20);
    let arguments = "--day 2025-08-16 --in impressions=impressions.parquet --out histories=h.parquet";
    let (read, bytes) =
        (bytes_read_by(&space, &format!("history {arguments}{inputs}")), 20 * size(&space, "actions.parquet"));
    assert!(read < bytes + bytes / 4, "{read} bytes read of {bytes}");
    let histories = list_rows(&space, "h.parquet");
    let expected: Vec<i32> = (1..=5).rev().flat_map(|number| [number; 20]).collect();
    assert_eq!(histories.len(), shown.len());
    assert!(histories.iter().zip(shown).all(|(row, (customer, ..))| row.0 == customer && row.2 == expected));
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

/// A task at work: its name and what sets it apart, its arguments but for the outputs, and these.
type Work = (&'static str, &'static str, &'static [&'static str]);

/// Every task, and `read` with every format and with rejects; their inputs are made here.
fn every_task(space: &Space) -> Vec<Work> {
    let mut chance = Chance(11);
    let (mut clicks, mut bad, mut shown) = (String::new(), String::new(), String::new());
    let mut cells = String::from("customer_id,item_id,click_time\n");
    // So many that every task has work for several threads.
    for number in 0..140_000 {
        let (customer, item) = (1 + chance.below(200_000), 1 + chance.below(50));
        let time = format!("2025-08-09T12:00:{:02}Z", number % 60);
        let click = |item| format!("{{\"customer_id\":{customer},\"item_id\":{item},\"click_time\":\"{time}\"}}\n");
        clicks.push_str(&click(item.to_string()));
        bad.push_str(&click("null".to_string()));
        cells.push_str(&format!("{customer},{item},{time}\n"));
        shown.push_str(&format!(
            "{{\"customer_id\":{customer},\"impressions\":[{{\"item_id\":{item},\"is_order\":false}}]}}\n"
        ));
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(clicks.as_bytes()).unwrap();
    space.write("clicks.json.gz", gzip.finish().unwrap());
    space.write("clicks.csv.zst", zstd::encode_all(cells.as_bytes(), 1).unwrap());
    space.write("clicks.json", clicks).write("bad.json", bad).write("impressions.json", shown);
    let tasks: [Work; 11] = [
        ("read", "--source clicks --in raw=clicks.json", &["rows", "rejected"]),
        ("read gzip", "--source clicks --in raw=clicks.json.gz", &["rows", "rejected"]),
        ("read csv", "--source clicks --in raw=clicks.csv.zst", &["rows", "rejected"]),
        (
            "read parquet",
            "--source clicks --format parquet --field timestamp=timestamp --in raw=read-rows",
            &["rows", "rejected"],
        ),
        ("read bad", "--source clicks --max-reject-fraction 1 --in raw=bad.json", &["rows", "rejected"]),
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
    for work in tasks {
        end(command(space, work, |output| file_of(work, output))).with(0);
    }
    tasks.to_vec()
}

/// The file in which the work of a task is found.
fn file_of((name, ..): Work, output: &str) -> String {
    format!("{}-{output}", name.replace(' ', "-"))
}

/// A task that writes each output where `place` says.
fn command(space: &Space, (name, arguments, outputs): Work, place: impl Fn(&str) -> String) -> Command {
    let program = name.split(' ').next().unwrap();
    let mut command = space.command(env!("CARGO_BIN_EXE_read"), program);
    command.args(arguments.split(' '));
    for output in outputs {
        command.args(["--out", &format!("{output}={}", place(output))]);
    }
    command
}

#[test]
fn a_full_disk_is_told_with_the_file_in_the_words_of_the_system() {
    let space = Space::new("resources_full");
    for work in every_task(&space) {
        for full in work.2 {
            let place = |output: &str| if output == *full { "/dev/full" } else { "spare" }.to_string();
            let ended = end(command(&space, work, place)).with(1);
            let errors: Vec<&str> = ended.stderr.lines().filter(|line| !line.starts_with("warning: ")).collect();
            let expected = ["error: cannot write /dev/full: No space left on device (os error 28)"];
            assert_eq!(errors, expected, "{} {full}", work.0);
        }
    }
}

#[test]
fn where_no_thread_can_be_started_one_does_everything() {
    let space = Space::new("resources_threads");
    let tasks = every_task(&space);
    space.write("none.c", "int pthread_create(void) { return 11; }\n");
    shell(&space, "cc -shared -fPIC -o none.so none.c").with(0);
    let alone = |mut command: Command| {
        command.env("LD_PRELOAD", space.path("none.so")).env("POLARS_MAX_THREADS", "4");
        end(command).with(0).does_not_say("panicked")
    };
    for work in tasks {
        alone(command(&space, work, |output| format!("alone-{output}")));
        for output in work.2 {
            let read = |name: &str| std::fs::read(space.path(name)).unwrap();
            assert!(read(&format!("alone-{output}")) == read(&file_of(work, output)), "{} {output}", work.0);
        }
    }
    for looking in [
        "show read-rows",
        "show --stats read-bad-rejected",
        "show --stats history-histories",
        "diff read-rows shown",
        "diff history-histories compact-histories",
    ] {
        let (name, arguments) = looking.split_once(' ').unwrap();
        let command = || {
            let mut command = space.command(env!("CARGO_BIN_EXE_read"), name);
            command.args(arguments.split(' '));
            command
        };
        assert_eq!(alone(command()).stdout, end(command()).with(0).stdout, "{looking}");
    }
}
