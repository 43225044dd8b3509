//! The picture of a pipeline and of the nodes of some days: what is in it, in each format, and that hostile texts do no
//! harm there.

#[path = "support/pictures.rs"]
mod pictures;
mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use std::collections::BTreeSet;
use std::path::Path;

use pictures::{dot_arrows, mermaid_arrows};
use support::{Ended, Space, end};
use text_pipeline::new;

const DAYS: [&str; 4] = ["--from", "2025-01-01", "--to", "2025-01-03"];

fn graph(space: &Space, arguments: &[&str]) -> Ended {
    let mut command = space.command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.arg("graph").args(arguments);
    end(command)
}

fn draw(space: &Space, format: &str, arguments: &[&str]) -> String {
    graph(space, &[&["--format", format], arguments].concat()).with(0).stdout
}

#[test]
fn the_sample_pipeline_reads_well_in_a_terminal() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let shown = graph(&Space { folder: repository.to_path_buf() }, &[]).with(0).stdout;
    let expected = "\
Sources of raw files
  impressions           impressions/dt={day}/*
  clicks                clicks/dt={day}/*
  add_to_carts          add_to_carts/dt={day}/*
  previous_orders       previous_orders/**

Tasks, and what each reads
  read_impressions      <- source impressions
  read_clicks           <- source clicks
  read_add_to_carts     <- source add_to_carts
  read_previous_orders  once for all days
                        <- source previous_orders
  unify                 <- read_clicks
                        <- read_add_to_carts
  unify_orders          once for all days
                        <- read_previous_orders
  impressions           <- read_impressions
  merge                 once a month
                        <- unify, the days of the month
                        <- unify_orders, the days of the month
  history               <- impressions
                        <- merge, months in 365 days before
                        <- unify, 365 days before without months
                        <- unify_orders, 365 days before without months
  join                  <- impressions
                        <- history
                        -> published as dt={day}
  compact               <- impressions
                        <- history
                        -> published as dt={day}, compact
";
    assert_eq!(shown, expected);
}

#[test]
fn a_pipeline_is_shown_without_raw_files_and_nothing_is_written() {
    let space = new("graph_without_files");
    space.remove("data");
    let before = space.tree(".");
    for format in ["text", "dot", "mermaid"] {
        let shown = draw(&space, format, &[]);
        assert!(["words", "names", "take", "recent", "page"].iter().all(|name| shown.contains(name)), "{shown}");
        graph(&space, &[&["--format", format][..], &DAYS].concat()).with(3).says("words: not a single file");
    }
    assert!(space.tree(".") == before);
}

#[test]
fn the_arrows_of_a_pipeline_are_its_inputs() {
    let space = new("graph_arrows");
    let dot = draw(&space, "dot", &[]);
    let arrows = [
        "recent -> page",
        "source:names -> page",
        "source:words -> take",
        "take -> recent",
        "take -> recent: 2 days before",
    ];
    assert_eq!(dot_arrows(&dot), arrows);
    let mermaid = draw(&space, "mermaid", &[]);
    assert!(mermaid.starts_with("flowchart LR\n"), "{mermaid}");
    let named: BTreeSet<String> = arrows.iter().map(|arrow| arrow.replace("source:", "")).collect();
    assert_eq!(mermaid_arrows(&mermaid), named.into_iter().collect::<Vec<_>>());
}

#[test]
fn two_outputs_of_a_task_are_one_arrow_and_a_source_and_a_task_of_one_name_are_two_boxes() {
    let space = new("graph_names");
    let pipeline = space.read("pipeline.yaml").replace("  take:", "  words:").replace("from: take.", "from: words.");
    let pipeline = pipeline.replacen("outputs: {text: text.txt}", "outputs: {text: text.txt, more: more.txt}", 1);
    let pipeline = pipeline.replace("      today:", "      more: {from: words.more}\n      today:");
    space.write("pipeline.yaml", pipeline);
    let arrows = dot_arrows(&draw(&space, "dot", &[]));
    assert_eq!(
        arrows,
        [
            "recent -> page",
            "source:names -> page",
            "source:words -> words",
            "words -> recent",
            "words -> recent: 2 days before"
        ]
    );
    assert!(draw(&space, "text", &[]).contains("\n  words   <- source words\n  recent  <- words, 2 days before\n"));
}

#[test]
fn the_nodes_of_days_are_those_of_a_run_with_what_each_reads() {
    let space = new("graph_days");
    space.write("data/words/2025-01-04.txt", "four\n").write("data/names.txt", "Ada\n");
    let days = ["--from", "2025-01-03", "--to", "2025-01-04"];
    let arrows = [
        "recent@2025-01-03 -> page@2025-01-03",
        "recent@2025-01-04 -> page@2025-01-04",
        "take@2025-01-01 -> recent@2025-01-03",
        "take@2025-01-02 -> recent@2025-01-03",
        "take@2025-01-02 -> recent@2025-01-04",
        "take@2025-01-03 -> recent@2025-01-03",
        "take@2025-01-03 -> recent@2025-01-04",
        "take@2025-01-04 -> recent@2025-01-04",
    ];
    assert_eq!(dot_arrows(&draw(&space, "dot", &days)), arrows);
    assert_eq!(mermaid_arrows(&draw(&space, "mermaid", &days)), arrows);
    let expected = "\
Tasks, on which days, and what each day reads: 8 nodes
  take    4 days: 2025-01-01..2025-01-04
          <- source words
  recent  2 days: 2025-01-03..2025-01-04
          <- take, 2 days before (2 nodes)
          <- take
  page    2 days: 2025-01-03..2025-01-04
          <- source names
          <- recent
          -> published as dt={day}
";
    assert_eq!(draw(&space, "text", &days), expected);
    let plan = text_pipeline::run_days(&space, "2025-01-03", "2025-01-04", &["--dry-run"]);
    plan.with(0).says("8 nodes: ");
}

#[test]
fn where_nodes_of_a_task_differ_it_is_said_how() {
    let space = new("graph_differences");
    space.write("data/words/2024-12-20.txt", "early\n");
    space.write("pipeline.yaml", space.read("pipeline.yaml").replace("words: {", "words: {gaps: allow, "));
    let shown = draw(&space, "text", &DAYS);
    assert!(shown.contains("  take    3 days: 2025-01-01..2025-01-03\n"), "{shown}");
    assert!(shown.contains("          <- take, 2 days before (1 to 2 nodes, on 2 of 3 days)\n"), "{shown}");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("lookback_days: 2", "lookback_days: null"));
    let shown = draw(&space, "text", &DAYS);
    assert!(shown.contains("  take    4 days: 2024-12-20, 2025-01-01..2025-01-03\n"), "{shown}");
    assert!(shown.contains("          <- take, every earlier day (1 to 3 nodes)\n"), "{shown}");
}

#[test]
fn many_separate_days_are_broken_into_lines_that_fit_a_terminal() {
    let space = new("graph_many_days");
    for day in ["01", "03", "05", "07", "09", "11", "13", "15", "17"] {
        space.write(&format!("data/words/2024-12-{day}.txt"), "early\n");
    }
    let pipeline = space.read("pipeline.yaml").replace("words: {", "words: {gaps: allow, ");
    space.write("pipeline.yaml", pipeline.replace("lookback_days: 2", "lookback_days: null"));
    let shown = draw(&space, "text", &DAYS);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let days = "\
  take    12 days: 2024-12-01, 2024-12-03, 2024-12-05, 2024-12-07, 2024-12-09,
          2024-12-11, 2024-12-13, 2024-12-15, 2024-12-17, 2025-01-01..2025-01-03
";
    assert!(shown.contains(days), "{shown}");
}

#[test]
fn a_task_that_runs_once_is_marked() {
    let space = new("graph_once");
    let pipeline = space.read("pipeline.yaml").replace(
        "tasks:",
        "tasks:\n  lists:\n    run: ./take.sh\n    once: true\n    inputs: {raw: {source: names, optional: true}}\n    \
         outputs: {list: 'list/{day}.txt'}",
    );
    let pipeline = pipeline.replace("      today:", "      lists: {from: lists.list, lookback_days: 7}\n      today:");
    space.write("pipeline.yaml", pipeline).write("data/names.txt", "Ada\n");
    let marks = [
        ("text", "  lists   once for all days\n          <- source names\n"),
        ("dot", "  \"lists\" [label=\"lists\\nonce for all days\", style=\"rounded,dashed\"];\n"),
        ("mermaid", "([\"lists<br/>once for all days\"])\n"),
    ];
    for (format, mark) in marks {
        for days in [&[][..], &DAYS] {
            let shown = draw(&space, format, days);
            assert!(shown.contains(mark), "{shown}");
        }
    }
    let arrows = dot_arrows(&draw(&space, "dot", &DAYS));
    assert!(arrows.contains(&"lists -> recent@2025-01-02: 7 days before".to_string()), "{arrows:?}");
}

#[test]
fn paths_that_mean_something_to_a_format_are_escaped_in_it() {
    let space = new("graph_hostile");
    let pipeline = space.read("pipeline.yaml");
    let hostile = r#"path: "a\"]; <b>&amp; #35; \\N 'x' `y` |z| *w*\e\x9b\n\uFFFE/{day}""#;
    let pipeline = pipeline.replace("path: 'words/{day}.txt'", hostile);
    space.write("pipeline.yaml", pipeline.replace("publish: dt={day}", "publish: '<&\">{day}'"));
    let shown = draw(&space, "text", &[]);
    let words = r#"  words   a"]; <b>&amp; #35; \N 'x' `y` |z| *w*\u{1b}\u{9b}\n\u{fffe}/{day}"#;
    assert!(shown.lines().any(|line| line == words), "{shown}");
    let dot = draw(&space, "dot", &[]);
    let label = r#"[label="words\na\"]; <b>&amp;amp; #35; \\N 'x' `y` |z| *w*\\u{1b}\\u{9b}\\n\\u{fffe}/{day}", "#;
    assert!(dot.contains(label) && dot.contains(r#"published as <&amp;\">{day}""#), "{dot}");
    let mermaid = draw(&space, "mermaid", &[]);
    let label = "[(\"words<br/>a#34;#93;#59; #60;b#62;#38;amp#59; #35;35#59; #92;N #39;x#39; #96;y#96; #124;z#124; \
                 #42;w#42;#92;u{1b}#92;u{9b}#92;n#92;u{fffe}/{day}\")]";
    assert!(mermaid.contains(label), "{mermaid}");
}

#[test]
fn a_flowchart_that_github_would_not_draw_is_given_with_a_note() {
    let space = new("graph_too_large");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replace("lookback_days: 2", "lookback_days: null"));
    for day in 1..=28 {
        space.write(&format!("data/words/2025-02-{day:02}.txt"), "more\n");
    }
    let arguments = ["--format", "mermaid", "--from", "2025-02-02", "--to", "2025-02-28"];
    let ended = graph(&space, &arguments).with(0);
    let arrows = mermaid_arrows(&ended.stdout).len();
    assert!(arrows > 500);
    ended.says(&format!("note: GitHub draws at most 500 arrows, this has {arrows}"));
    graph(&space, &["--format", "mermaid", "--from", "2025-02-02", "--to", "2025-02-09"]).with(0).does_not_say("note");
}

#[test]
fn days_are_given_both_or_not_at_all_and_in_order() {
    let space = new("graph_usage");
    graph(&space, &DAYS[..2]).with(2).says("required arguments were not provided:\n  --to <DAY>");
    graph(&space, &DAYS[2..]).with(2).says("required arguments were not provided:\n  --from <DAY>");
    let wrong = graph(&space, &["--from", "2025-01-03", "--to", "2025-01-01"]).with(2);
    wrong.says("--from 2025-01-03 is after --to 2025-01-01");
    graph(&space, &["--format", "png"]).with(2).says("[possible values: text, dot, mermaid]");
}
