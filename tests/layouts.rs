//! Days in one form, in another, or in both: which tasks a run makes, and where each publishes.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use support::Space;
use text_pipeline::{add_to_task, new, ran, run, runner};

const COMPACT: &str = "  compact:
    run: ./compact.sh
    layout: compact
    inputs: {text: {from: recent.text}}
    params: {note: NOTE}
    outputs: {lines: lines.txt, words: words.txt}
    publish: dt={day}
";

/// Writes what it reads into its first output, and how many words that has into the second.
const PROGRAM: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --note) note=$2 ;;
    --day) echo "compact@$2" >> "$note" ;;
    --in) text=${2#*=} ;;
    --out) case $2 in lines=*) lines=${2#*=} ;; *) words=${2#*=} ;; esac ;;
  esac
  shift 2
done
cat "$text" > "$lines"
if grep -q FAIL "$text"; then exit 7; fi
wc -w < "$text" | tr -d ' ' > "$words"
"#;

/// The pipeline with `page` in the wide layout and `compact` in the compact one.
fn layouts(name: &str, more: &str) -> Space {
    let space = new(name);
    add_to_task(&space, "page", "layout: wide");
    let note = space.path("ran").display().to_string();
    let pipeline = format!("{more}{}{}", space.read("pipeline.yaml"), COMPACT.replace("NOTE", &note));
    space.write("pipeline.yaml", pipeline).write_program("compact.sh", PROGRAM);
    space
}

/// The names of what was published in a folder, in order, hidden names among them.
fn published(space: &Space, folder: &str) -> Vec<String> {
    space.tree(folder).into_iter().map(|(name, _)| name).collect()
}

const WIDE: [&str; 3] = ["dt=2025-01-01/text.txt", "dt=2025-01-02/text.txt", "dt=2025-01-03/text.txt"];

/// How many days have both files of the compact layout.
fn compact_days(space: &Space, folder: &str) -> usize {
    let names = published(space, folder);
    let days = names.chunks(2).filter(|day| day[0].ends_with("/lines.txt") && day[1].ends_with("/words.txt"));
    let days = days.count();
    assert_eq!(days * 2, names.len(), "{names:?}");
    days
}

#[test]
fn a_run_makes_the_layout_that_the_pipeline_says_and_no_other() {
    let space = layouts("layout_wide", "");
    run(&space, &[]).with(0);
    assert!(ran(&space).iter().all(|node| !node.starts_with("compact")));
    assert_eq!(published(&space, "data/output"), WIDE);
    assert!(!space.exists("data/compact"));
    let space = layouts("layout_compact", "layout: compact\ncompact: small\n");
    run(&space, &[]).with(0);
    assert!(ran(&space).iter().all(|node| !node.starts_with("page")));
    assert_eq!(compact_days(&space, "small"), 3);
    assert_eq!(space.read("small/dt=2025-01-02/lines.txt"), "one\ntwo\n");
    assert_eq!(space.read("small/dt=2025-01-02/words.txt"), "2\n");
    assert!(!space.exists("data/output") && !space.exists("data/compact"));
}

#[test]
fn the_command_line_chooses_another_layout() {
    let space = layouts("layout_both", "");
    let plan = runner(&space, "plan --from 2025-01-01 --to 2025-01-03 --layout both").with(0).stdout;
    assert!(plan.contains("page@2025-01-02") && plan.contains("compact@2025-01-02"), "{plan}");
    run(&space, &["--layout", "both"]).with(0);
    assert_eq!(published(&space, "data/output"), WIDE);
    assert_eq!(compact_days(&space, "data/compact"), 3);
    let again = run(&space, &["--layout", "both"]).with(0);
    again.says("12 nodes: 0 ran, 12 cached");
    run(&space, &["--layout", "compact"]).with(0).says("9 nodes: 0 ran, 9 cached");
    run(&space, &["--layout", "tall"]).with(2).says("[possible values: wide, compact, both]");
}

#[test]
fn a_task_that_is_named_is_made_whatever_the_layout_and_what_follows_only_in_it() {
    let space = layouts("layout_named", "");
    run(&space, &["--task", "compact"]).with(0);
    assert_eq!(compact_days(&space, "data/compact"), 3);
    assert!(!space.exists("data/output"));
    ran(&space);
    run(&space, &["--task", "recent+", "--force"]).with(0);
    let forced = ran(&space);
    assert!(forced.contains(&"page@2025-01-01".to_string()), "{forced:?}");
    assert!(!forced.iter().any(|node| node.starts_with("compact")), "{forced:?}");
}

#[test]
fn a_run_into_a_folder_of_its_own_leaves_the_compact_days_of_the_project_alone() {
    let space = layouts("layout_elsewhere", "layout: both\n");
    run(&space, &["--output", "try/out"]).with(0);
    assert_eq!(published(&space, "try/out"), WIDE);
    assert_eq!(compact_days(&space, "try/compact"), 3);
    assert!(!space.exists("data/output") && !space.exists("data/compact"));
    run(&space, &["--output", "try/out", "--compact", "small"]).with(0);
    assert_eq!(compact_days(&space, "small"), 3);
    run(&space, &["--compact", "other"]).with(0);
    assert_eq!(published(&space, "data/output"), WIDE, "the usual place of what was not said");
    assert!(space.exists("other") && !space.exists("data/compact"));
    run(&space, &["--output", "compact"])
        .with(2)
        .says("`compact` would publish into ")
        .says("among the days of `page`");
    // The next run into the usual folder would take it for a part of a day.
    let before = published(&space, "data/output");
    for within in ["data/output/dt=2025-01-02", "data/output/try"] {
        run(&space, &["--output", within]).with(2).says("among the days that are published in ").says("data/output");
    }
    assert_eq!(published(&space, "data/output"), before);
}

#[test]
fn a_compact_day_is_replaced_whole_and_a_failed_rerun_leaves_it() {
    let space = layouts("layout_whole", "layout: compact\n");
    run(&space, &[]).with(0);
    let before = space.tree("data/compact");
    space.write("data/words/2025-01-03.txt", "xFAIL\n");
    run(&space, &[]).with(1);
    assert!(space.tree("data/compact") == before);
    space.write("data/words/2025-01-03.txt", "four five\n");
    run(&space, &[]).with(0);
    assert_eq!(space.read("data/compact/dt=2025-01-03/lines.txt"), "one\ntwo\nfour five\n");
    assert_eq!(space.read("data/compact/dt=2025-01-03/words.txt"), "4\n");
    assert_eq!(compact_days(&space, "data/compact"), 3);
}

#[test]
fn a_compact_day_that_was_damaged_is_noticed_and_published_again() {
    let space = layouts("layout_damaged", "layout: both\n");
    run(&space, &[]).with(0);
    ran(&space);
    space.remove("data/compact/dt=2025-01-02/words.txt");
    let status = runner(&space, "status --from 2025-01-01 --to 2025-01-03").with(0).stdout;
    assert!(status.contains("compact  .~.\n") && status.contains("page     ...\n"), "{status}");
    assert!(status.contains("compact@2025-01-02  not published"), "{status}");
    run(&space, &[]).with(0).says("0 ran");
    assert_eq!(compact_days(&space, "data/compact"), 3);
}

#[test]
fn what_compact_days_show_stays_in_the_cache() {
    let space = layouts("layout_gc", "layout: both\n");
    // With names, a page is larger than the compact file that was written in the same moment, and no copy of it.
    space.write("data/names.txt", "Ada\n");
    run(&space, &["--output", "try/out"]).with(0);
    run(&space, &["--layout", "compact"]).with(0);
    space.remove("try/out").remove("try/compact");
    let forget = "cache gc --keep-runs 0 --delete --forget try/out --forget try/compact";
    runner(&space, forget).with(0).says("removed 3 results");
    ran(&space);
    run(&space, &["--layout", "compact"]).with(0).says("9 nodes: 0 ran, 9 cached");
    run(&space, &["--layout", "wide"]).with(0).says("3 ran");
}

#[test]
fn a_pipeline_without_the_layout_that_is_asked_for_has_nothing_to_make() {
    let space = new("layout_none");
    add_to_task(&space, "page", "layout: wide");
    run(&space, &["--layout", "compact"]).with(2).says("no task makes days of this layout");
    let pipeline = space.read("pipeline.yaml").replace("layout: wide", "layout: both");
    space.write("pipeline.yaml", pipeline);
    run(&space, &[]).with(2).says("unknown value `both`").says("what may stand here: wide, compact");
}

#[test]
fn a_picture_says_which_days_are_compact() {
    let space = layouts("layout_graph", "");
    let shown = runner(&space, "graph").with(0).stdout;
    assert!(
        shown.contains("-> published as dt={day}\n") && shown.contains("-> published as dt={day}, compact\n"),
        "{shown}"
    );
}

#[test]
fn a_task_that_publishes_beside_leaves_the_output_folder_one_table() {
    let space = new("layout_beside");
    add_to_task(&space, "take", "publish: popularity/dt={day}");
    for (arguments, output, beside) in
        [(&[][..], "data/output", "data/popularity"), (&["--output", "try/out"][..], "try/out", "try/popularity")]
    {
        run(&space, &[arguments, &["--task", "take+"]].concat()).with(0);
        assert_eq!(published(&space, output), WIDE);
        assert_eq!(published(&space, beside), WIDE);
        run(&space, &[arguments, &["--task", "take+"]].concat()).with(0).says("0 ran");
    }
    space.remove("data/popularity/dt=2025-01-02");
    run(&space, &["--task", "take"]).with(0);
    assert_eq!(published(&space, "data/popularity"), WIDE, "what was removed is put back");
    ran(&space);
    // What is shown beside stays in the cache too.
    space.remove("data/output").remove("try");
    runner(&space, "cache gc --keep-runs 0 --delete").with(0);
    run(&space, &["--task", "take"]).with(0).says("0 ran");
    run(&space, &["--output", "data/popularity"])
        .with(2)
        .says("`page` would publish into ")
        .says("among the days of `take`");
    space.write("pipeline.yaml", space.read("pipeline.yaml").replace("popularity/", "words/"));
    run(&space, &[]).with(2).says("`take` would publish into ").says("among the raw files of `words`");
}
