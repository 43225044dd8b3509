//! Tasks that run once a month: what a month takes, what takes months, and what is left alone when days come and change.

#[path = "support/pictures.rs"]
mod pictures;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use pictures::dot_arrows;
use support::Space;
use text_pipeline::{new, page, ran, run_days, runner};

const TASKS: &str = "
  list:
    run: ./list.sh
    once: true
    inputs: {raw: {source: births}}
    params: {note: NOTE}
    outputs: {names: 'names/{day}.txt'}
  merge:
    run: ./merge.sh
    every: month
    inputs: {words: {from: take.text}, names: {from: list.names}}
    params: {note: NOTE}
    outputs: {text: text.txt}
  recent:
    run: ./recent.sh
    inputs:
      today: {from: take.text}
      months: {from: merge.text, lookback_days: &days 70}
      before: {from: take.text, lookback_days: *days, without: months}
      names: {from: list.names, lookback_days: *days, without: months}
    params: {note: NOTE}
    outputs: {text: text.txt}
";

/// Writes a file for each day of the names that it reads, which are lines such as `2025-01-31 Ada`.
const LIST: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --note) note=$2 ;;
    --in) raw=${2#*=} ;;
    --out) out=${2#*=} ;;
  esac
  shift 2
done
echo list@once >> "$note"
mkdir "$out"
while read -r day name; do echo "$name" >> "$out/$day.txt"; done < "$raw"
"#;

/// An input that reads names day by day.
const NAMES_OF_DAYS: &str = "names: {from: list.names, lookback_days: *days}";

const DECEMBER: i64 = -31;

/// So many days after the first of January, as `2025-01-01`.
fn day(number: i64) -> String {
    let months = [("2024-12", 31), ("2025-01", 31), ("2025-02", 28), ("2025-03", 31), ("2025-04", 30)];
    let mut rest = number - DECEMBER;
    for (month, days) in months {
        if rest < days {
            return format!("{month}-{:02}", rest + 1);
        }
        rest -= days;
    }
    panic!("{number} is after April");
}

/// Words on every day from 20 December to 10 March, and a name on some days, the first of them long before.
fn months(name: &str) -> Space {
    let space = new(name);
    let pipeline = space.read("pipeline.yaml");
    let pipeline = pipeline.replace("  names: {", "  births: {path: 'births.txt'}\n  names: {");
    let (before, rest) = pipeline.split_once("\n  recent:").unwrap();
    let page = &rest[rest.find("\n  page:").unwrap()..];
    let note = space.path("ran").display().to_string();
    space.write("pipeline.yaml", format!("{before}{}{}", TASKS.replace("NOTE", &note).trim_end(), page));
    space.write_program("list.sh", LIST);
    space.write_program("merge.sh", &space.read("take.sh").replace("name=take", "name=merge"));
    for number in -12..=68 {
        space.write(&format!("data/words/{}.txt", day(number)), format!("{}\n", day(number)));
    }
    space.write("data/births.txt", "2024-01-01 Eve\n2024-12-20 Bob\n2025-01-31 Ada\n2025-02-01 Kim\n2025-03-01 Lin\n");
    space
}

/// The published lines of a day, in order.
fn lines(space: &Space, day: &str) -> Vec<String> {
    let mut lines: Vec<String> = page(space, day).lines().map(str::to_string).collect();
    lines.sort();
    lines
}

/// What a node reads.
fn read_by(space: &Space, node: &str, from: &str, to: &str) -> Vec<String> {
    let drawn = runner(space, &format!("graph --format dot --from {from} --to {to}")).with(0).stdout;
    let arrows = dot_arrows(&drawn).into_iter();
    let read = arrows.filter_map(|arrow| arrow.strip_suffix(&format!(" -> {node}")).map(str::to_string));
    read.collect()
}

#[test]
fn the_months_that_lie_wholly_in_a_look_back_are_read_and_the_days_that_they_leave_over() {
    let space = months("months_whole");
    let read = read_by(&space, "recent@2025-03-03", "2025-03-03", "2025-03-03");
    let days = (-9..0).chain([59, 60, 61]).map(|number| format!("take@{}", day(number)));
    let months = ["merge@2025-01-01", "merge@2025-02-01"].map(str::to_string);
    assert_eq!(read, months.into_iter().chain(days).collect::<Vec<_>>(), "70 days before 3 March begin on 23 December");
    let pipeline = space.read("pipeline.yaml").replace("&days 70", "&days 120");
    space.write("pipeline.yaml", pipeline);
    let read = read_by(&space, "recent@2025-03-03", "2025-03-03", "2025-03-03");
    let months = read.iter().filter(|node| node.starts_with("merge")).collect::<Vec<_>>();
    assert_eq!(months, ["merge@2024-12-01", "merge@2025-01-01", "merge@2025-02-01"], "files begin in December");
    let january: Vec<String> = (0..31).map(|number| format!("take@{}", day(number))).collect();
    assert_eq!(read_by(&space, "merge@2025-01-01", "2025-03-03", "2025-03-03"), january);
}

#[test]
fn whatever_the_look_back_each_day_is_taken_once() {
    let space = months("months_once_each");
    let names = [("2024-01-01", "Eve"), ("2024-12-20", "Bob"), ("2025-01-31", "Ada"), ("2025-02-01", "Kim")];
    let names = names.into_iter().chain([("2025-03-01", "Lin")]);
    let pipeline = space.read("pipeline.yaml");
    for lookback in ["1", "28", "31", "32", "59", "60", "90", "365", "null"] {
        space.write("pipeline.yaml", pipeline.replace("&days 70", &format!("&days {lookback}")));
        run_days(&space, "2025-02-28", "2025-03-03", &[]).with(0);
        for number in 58..=61 {
            let first =
                lookback.parse::<i64>().map_or("2020-01-01".to_string(), |days| day((number - days).max(DECEMBER)));
            let first = if lookback == "365" { "2024-02-28".to_string() } else { first };
            let taken = |of: &str| *of >= *first && *of < *day(number);
            let words = (-12..number).map(day).filter(|of| taken(of)).chain([day(number)]);
            let names = names.clone().filter(|(of, _)| taken(of)).map(|(_, name)| name.to_string());
            let mut expected: Vec<String> = words.chain(names).collect();
            expected.sort();
            assert_eq!(lines(&space, &day(number)), expected, "{lookback} days before {}", day(number));
        }
    }
}

#[test]
fn a_change_reaches_what_comes_after_through_its_month_once_that_is_over() {
    let space = months("months_change");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-15.txt", "other\n");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0).says("changed merge@2025-01-01");
    assert_eq!(ran(&space), ["merge@2025-01-01", "page@2025-03-03", "recent@2025-03-03", "take@2025-01-15"]);
    space.write("data/words/2025-03-02.txt", "new\n");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    assert_eq!(ran(&space), ["page@2025-03-03", "recent@2025-03-03", "take@2025-03-02"]);
    space.write("data/births.txt", format!("{}2025-02-14 Val\n", space.read("data/births.txt")));
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    assert_eq!(ran(&space), ["list@once", "merge@2025-02-01", "page@2025-03-03", "recent@2025-03-03"]);
}

#[test]
fn a_change_that_makes_no_difference_to_its_month_ends_there() {
    let space = months("months_cutoff");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-15.txt", "# a remark\n2025-01-15\n");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    assert_eq!(ran(&space), ["take@2025-01-15"]);
    space.write("data/words/2025-01-15.txt", "2025-01-15\n2025-01-16\n").write("data/words/2025-01-16.txt", "#\n");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    assert_eq!(ran(&space), ["merge@2025-01-01", "take@2025-01-15", "take@2025-01-16"]);
}

#[test]
fn a_new_day_costs_its_own_nodes_and_the_first_of_a_month_the_month_before() {
    let space = months("months_new_day");
    run_days(&space, "2025-01-30", "2025-01-30", &[]).with(0);
    ran(&space);
    run_days(&space, "2025-01-31", "2025-01-31", &[]).with(0);
    assert_eq!(ran(&space), ["page@2025-01-31", "recent@2025-01-31", "take@2025-01-31"]);
    run_days(&space, "2025-02-01", "2025-02-01", &[]).with(0);
    assert_eq!(ran(&space), ["merge@2025-01-01", "page@2025-02-01", "recent@2025-02-01", "take@2025-02-01"]);
    run_days(&space, "2025-02-02", "2025-02-02", &[]).with(0);
    assert_eq!(ran(&space), ["page@2025-02-02", "recent@2025-02-02", "take@2025-02-02"]);
}

#[test]
fn a_month_with_nothing_has_no_node_and_what_else_there_is_of_its_days_is_taken_all_the_same() {
    let space = months("months_empty");
    let pipeline = space.read("pipeline.yaml").replace(", names: {from: list.names}}", "}");
    // What no month reads is not left out for one.
    let pipeline = pipeline.replace("names: {from: list.names, lookback_days: *days, without: months}", NAMES_OF_DAYS);
    space.write("pipeline.yaml", pipeline);
    for number in 0..31 {
        space.remove(&format!("data/words/{}.txt", day(number)));
    }
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0).says("words: no files for 2025-01-01..2025-01-31");
    let months = |nodes: Vec<String>| nodes.into_iter().filter(|node| node.starts_with("merge")).collect::<Vec<_>>();
    assert_eq!(months(ran(&space)), ["merge@2025-02-01"]);
    let lines = lines(&space, "2025-03-03");
    for (name, month) in [("Ada", "January"), ("Kim", "February")] {
        assert!(lines.contains(&name.to_string()), "a name of {month}: {lines:?}");
    }
}

#[test]
fn a_month_goes_without_what_none_of_its_days_has() {
    let space = months("months_without");
    space.write("data/births.txt", "2025-01-31 Ada\n");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0);
    assert!(ran(&space).contains(&"merge@2025-02-01".to_string()), "which has words and no names");
    space.write("data/births.txt", "2025-01-31 Ada\n2025-04-01 Jo\n");
    run_days(&space, "2025-04-01", "2025-04-01", &["--task", "merge"]).with(0);
    assert_eq!(ran(&space), ["list@once", "merge@2025-04-01"], "which has a name and no words");
}

#[test]
fn any_day_of_a_month_means_the_month() {
    let space = months("months_addresses");
    runner(&space, "plan --task merge --from 2025-01-20 --to 2025-02-10").with(0).says("62 nodes:");
    run_days(&space, "2025-01-20", "2025-02-10", &["--task", "merge"]).with(0);
    let merges = |nodes: Vec<String>| nodes.into_iter().filter(|node| node.starts_with("merge")).collect::<Vec<_>>();
    assert_eq!(merges(ran(&space)), ["merge@2025-01-01", "merge@2025-02-01"]);
    let path = runner(&space, "path merge@2025-01-20").with(0).stdout;
    assert!(path.contains("2025-01-01") && path == runner(&space, "path merge@2025-01-01").with(0).stdout, "{path}");
    let why = runner(&space, "why merge@2025-02-28").with(0).stdout;
    assert!(why.starts_with("merge@2025-02-01 is up to date; "), "{why}");
    runner(&space, "log merge@2025-02-28").with(0).says("merge@2025-02-01 said nothing");
    runner(&space, "why merge").with(2).says("`merge` runs once a month: name a day of it, such as merge@2025-08-16");
    run_days(&space, "2025-02-05", "2025-02-10", &["--task", "merge", "--force"]).with(0).says("forced");
    assert_eq!(ran(&space), ["merge@2025-02-01"]);
    space.write("data/words/2025-02-07.txt", "FAIL on purpose\n");
    run_days(&space, "2025-02-05", "2025-02-10", &["--task", "merge"]).with(1);
    space.write("data/words/2025-02-07.txt", "again\n");
    runner(&space, "retry").with(0);
    assert_eq!(merges(ran(&space)), ["merge@2025-02-01"]);
}

#[test]
fn a_month_that_is_going_on_is_made_when_it_is_asked_for_and_days_to_come_are_no_gap() {
    let space = months("months_going_on");
    run_days(&space, "2025-03-05", "2025-03-05", &["--task", "merge"]).with(0).does_not_say("warning");
    ran(&space);
    space.write("data/words/2025-03-11.txt", "eleventh\n");
    run_days(&space, "2025-03-05", "2025-03-05", &["--task", "merge"]).with(0);
    assert_eq!(ran(&space), ["merge@2025-03-01", "take@2025-03-11"]);
    space.write("data/words/2025-03-13.txt", "thirteenth\n");
    run_days(&space, "2025-03-05", "2025-03-05", &["--task", "merge"]).with(0).says("words: no files for 2025-03-12 ");
    run_days(&space, "2025-03-05", "2025-03-15", &["--task", "merge"])
        .with(0)
        .says("words: no files for 2025-03-12, 2025-03-14..2025-03-15 ");
}

#[test]
fn a_month_that_is_asked_for_and_has_nothing_is_an_error_that_names_the_files() {
    let space = months("months_missing");
    let pipeline = space.read("pipeline.yaml").replace(", names: {from: list.names}}", "}");
    let pipeline = pipeline.replace("names: {from: list.names, lookback_days: *days, without: months}", NAMES_OF_DAYS);
    space.write("pipeline.yaml", pipeline);
    run_days(&space, "2025-03-31", "2025-04-02", &["--task", "merge"])
        .with(3)
        .says("2025-04-01..2025-04-02  words: no file for 2025-04-01..2025-04-30; looked for words/{day}.txt\n");
    let status = runner(&space, "status --task merge --from 2025-04-02 --to 2025-04-03").with(0).stdout;
    assert!(!status.contains("take"), "nobody asked for its days: {status}");
    assert!(
        status.contains("merge  !!\n") && status.contains("no input  merge@2025-04-01  words: no file"),
        "{status}"
    );
}

#[test]
fn a_table_of_days_shows_a_month_on_each_of_its_days() {
    let space = months("months_status");
    run_days(&space, "2025-02-27", "2025-03-02", &["--task", "merge"]).with(0);
    space.write("data/words/2025-03-05.txt", "late\n");
    let status = runner(&space, "status --task merge --from 2025-02-27 --to 2025-03-02").with(0).stdout;
    assert!(status.contains("\nmerge  ..~~\n"), "{status}");
    assert!(status.contains("\ntake   ....\n") && status.contains("\n6 fresh, 1 stale\n"), "{status}");
    assert!(status.contains("and 34 nodes of other days: 33 fresh, 1 stale\n"), "{status}");
}

#[test]
fn a_picture_says_what_a_month_takes_and_what_takes_months() {
    let space = months("months_graph");
    let shown = runner(&space, "graph").with(0).stdout;
    let expected = "  merge   once a month
          <- take, the days of the month
          <- list, the days of the month
  recent  <- take
          <- merge, months in 70 days before
          <- take, 70 days before without months
          <- list, 70 days before without months
";
    assert!(shown.contains(expected), "{shown}");
    let shown = runner(&space, "graph --from 2025-03-02 --to 2025-03-03").with(0).stdout;
    let expected = "  merge   once a month
          2 months: 2025-01, 2025-02
          <- take, the days of the month (28 to 31 nodes)
          <- list, the days of the month
";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_month_reads_raw_files_and_other_months_of_its_own_days() {
    let space = months("months_of_files");
    let pipeline = space.read("pipeline.yaml");
    let pipeline = pipeline.replace("words: {from: take.text}", "words: {source: words}");
    let twice = "  twice:\n    run: ./merge.sh\n    every: month\n    inputs: {text: {from: merge.text}}\n    params: {note: \
                 NOTE}\n    outputs: {text: text.txt}\n  recent:";
    let note = space.path("ran").display().to_string();
    let pipeline = pipeline
        .replace("  recent:", &twice.replace("NOTE", &note))
        .replace("from: merge.text, look", "from: twice.text, look");
    space.write("pipeline.yaml", pipeline.replace("before: {from: take.text", "before: {source: words"));
    let whole = months("months_of_files_beside");
    for space in [&space, &whole] {
        run_days(space, "2025-03-02", "2025-03-03", &[]).with(0);
    }
    assert_eq!(lines(&space, "2025-03-02"), lines(&whole, "2025-03-02"));
    assert_eq!(read_by(&space, "twice@2025-02-01", "2025-03-03", "2025-03-03"), ["merge@2025-02-01"]);
    ran(&space);
    space.write("data/words/2025-02-20.txt", "changed\n");
    run_days(&space, "2025-03-03", "2025-03-03", &[]).with(0).says("changed words/2025-02-20.txt");
    assert_eq!(ran(&space).len(), 4, "both months of February, then the day");
}
