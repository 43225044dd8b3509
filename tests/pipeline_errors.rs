//! What is said about a wrong `pipeline.yaml`: file, line, column, the line itself, and what to do.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use text_pipeline::{new, ran, run};

/// Puts `wrong` in the place of `right` and expects the error to stand at `wrong` itself, or at `at` within it.
#[track_caller]
fn refused(name: &str, right: &str, wrong: &str, at: &str, expected: &[&str]) {
    let space = new(&format!("refused_{name}"));
    let pipeline = space.read("pipeline.yaml");
    assert!(pipeline.contains(right), "{right:?} is not in the pipeline");
    let pipeline = pipeline.replacen(right, wrong, 1);
    space.write("pipeline.yaml", &pipeline);
    let start = pipeline.find(wrong).unwrap();
    let place = start + wrong.find(at).unwrap();
    let line = pipeline[..place].matches('\n').count() + 1;
    let column = place - pipeline[..place].rfind('\n').map_or(0, |end| end + 1) + 1;
    let ended = run(&space, &[]).with(2).says(&format!("pipeline.yaml:{line}:{column}: {}\n", expected[0]));
    let shown = pipeline.lines().nth(line - 1).unwrap();
    let ended = ended.says(&format!("{line:>5} | {shown}\n      | {}^", " ".repeat(column - 1)));
    expected[1..].iter().fold(ended, |ended, text| ended.says(text));
    assert!(ran(&space).is_empty() && !space.exists(".cache"));
}

#[test]
fn an_unknown_key() {
    refused("unknown_key", "inputs: {raw", "input: {raw", "input", &["unknown key `input`", "did you mean `inputs`?"]);
    refused(
        "unknown_value",
        "words: {",
        "words: {gaps: refused, ",
        "refused",
        &["unknown value `refused`", "did you mean `refuse`?"],
    );
}

#[test]
fn an_unknown_task_output_or_source() {
    refused(
        "unknown_task",
        "from: recent.text",
        "from: recnt.text",
        "recnt",
        &["unknown task `recnt`", "did you mean `recent`?"],
    );
    refused(
        "unknown_output",
        "from: recent.text",
        "from: recent.txt",
        "recent.txt",
        &["`recent` has no output `txt`", "did you mean `recent.text`?"],
    );
    refused(
        "no_output",
        "from: recent.text",
        "from: recent",
        "recent",
        &["`recent` has no output ``", "what it has: recent.text"],
    );
    refused(
        "unknown_source",
        "source: words",
        "source: word",
        "word",
        &["unknown source `word`", "did you mean `words`?"],
    );
}

#[test]
fn a_duplicate_key() {
    refused(
        "duplicate_key",
        "    params: {note",
        "    run: ./other.sh\n    params: {note",
        "run",
        &["the key `run` is there already", "keep one of the two"],
    );
}

#[test]
fn a_wrong_type() {
    refused("wrong_number", "lookback_days: 2", "lookback_days: two", "two", &["expected a whole number, found `two`"]);
    refused("negative_number", "lookback_days: 2", "lookback_days: -2", "-2", &["expected a whole number, found `-2`"]);
    refused("wrong_bool", "words: {", "words: {optional: often, ", "often", &["expected true or false, found `often`"]);
    refused(
        "wrong_list",
        "inputs: {raw: {source: words}}",
        "inputs: [words]",
        "[words]",
        &["expected a mapping (`key: value` lines), found `[words]`"],
    );
}

#[test]
fn a_missing_key() {
    refused("missing_run", "  take:\n    run: ./take.sh\n", "  take:\n", "take", &["`take` has no `run`"]);
    refused(
        "missing_path",
        "words: {path: 'words/{day}.txt'}",
        "words: {gaps: warn}",
        "words",
        &["`words` has no `path`"],
    );
    refused(
        "missing_origin",
        "{text: {from: recent.text}",
        "{text: {optional: true}",
        "text",
        &["the input `text` needs one origin", "write either `source: SOURCE` or `from: TASK.OUTPUT`"],
    );
}

#[test]
fn a_cycle_with_its_path() {
    refused(
        "cycle",
        "  take:\n    run: ./take.sh\n    inputs: {raw",
        "  take:\n    run: ./take.sh\n    inputs: {page: {from: page.text}, raw",
        "take",
        &["a cycle: take -> page -> recent -> take", "one of these inputs has to go"],
    );
}

#[test]
fn a_look_back_where_there_are_no_days() {
    refused(
        "window_without_days",
        "{source: names, whole: true, optional: true}",
        "{source: names, lookback_days: 7}",
        "7",
        &["no days to look back over in the source `names`, whose path has no `{day}`", "leave lookback_days out"],
    );
    refused("window_of_nothing", "lookback_days: 2", "lookback_days: 0", "0", &["a look-back of 0 days takes nothing"]);
}

#[test]
fn a_task_that_runs_once_and_needs_a_day() {
    refused(
        "once_looks_back",
        "    inputs:\n      before: {from: take.text, lookback_days: 2}",
        "    once: true\n    inputs:\n      before: {from: take.text, lookback_days: 2}",
        "2}",
        &["a task that runs once for all days has no day to look back from"],
    );
    refused(
        "once_reads_days",
        "    inputs:\n      before: {from: take.text, lookback_days: 2}",
        "    once: true\n    inputs:\n      before: {from: take.text}",
        "before",
        &["`recent` runs once for all days, but `take` runs once a day"],
    );
    refused(
        "once_publishes",
        "    publish: dt={day}",
        "    once: true\n    publish: dt={day}",
        "dt=",
        &["a task that runs once for all days has no day to publish"],
    );
}

#[test]
fn a_month_that_has_no_day_or_is_not_over() {
    let looks_back = "inputs:\n      before: {from: take.text, lookback_days: 2}";
    refused("other_rhythm", "run: ./take.sh", "every: week\n    run: ./take.sh", "week", &["unknown value `week`"]);
    refused(
        "month_and_once",
        "run: ./take.sh",
        "every: month\n    once: true\n    run: ./take.sh",
        "month",
        &["a task runs once for all days or every so often, not both", "leave out `once` or `every`"],
    );
    refused(
        "month_publishes",
        "publish: dt={day}",
        "every: month\n    publish: dt={day}",
        "dt=",
        &["a task that runs once a month has no day to publish"],
    );
    refused(
        "month_point_in_time",
        "run: ./take.sh",
        "every: month\n    point_in_time: true\n    run: ./take.sh",
        "true",
        &["a task that runs once a month has no day to hold its events against"],
    );
    refused(
        "month_looks_back",
        looks_back,
        &format!("every: month\n    {looks_back}"),
        "2}",
        &["a task that runs once a month has no day to look back from"],
    );
}

/// The pipeline with a task `month` in it, refused for what `recent` reads.
#[track_caller]
fn month_refused(name: &str, inputs: &str, at: &str, expected: &[&str]) {
    let month = "  month:\n    run: ./take.sh\n    every: month\n    inputs: {raw: {source: words}}\n    outputs: {text: \
                 text.txt}\n  recent:\n    run: ./recent.sh\n    inputs:\n";
    let right = "  recent:\n    run: ./recent.sh\n    inputs:\n      before: {from: take.text, lookback_days: 2}\n";
    refused(name, right, &format!("{month}      {inputs}\n"), at, expected);
}

#[test]
fn a_day_that_takes_the_wrong_days_of_a_month() {
    month_refused(
        "day_reads_month",
        "before: {from: month.text}",
        "before",
        &["`recent` runs once a day, but `month` runs once a month", "a month is complete only when it is over"],
    );
    let months = "months: {from: month.text, lookback_days: 40}\n      ";
    month_refused(
        "without_unknown",
        &format!("{months}before: {{from: take.text, lookback_days: 40, without: mnths}}"),
        "mnths",
        &["unknown input `mnths`", "did you mean `months`?"],
    );
    month_refused(
        "without_days",
        "before: {from: take.text, lookback_days: 40, without: today}",
        "today",
        &["`today` has no months: it is from no task with `every: month`", "it leaves out the months"],
    );
    month_refused(
        "without_other_days",
        &format!("{months}before: {{from: take.text, lookback_days: 41, without: months}}"),
        "months}",
        &["`before` and `months` look back on different days"],
    );
    month_refused(
        "without_look_back",
        &format!("{months}before: {{from: take.text, without: months}}"),
        "months}",
        &["`before` and `months` look back on different days"],
    );
    month_refused(
        "months_without",
        &format!("{months}before: {{from: month.text, lookback_days: 40, without: months}}"),
        "months}",
        &["`before` has months itself, and no days that could be left out"],
    );
    month_refused(
        "once_reads_months",
        "today: {from: take.text}\n    outputs: {text: text.txt}\n  once:\n    run: ./take.sh\n    once: true\n    outputs: {text: text.txt}\n    \
         inputs:\n      text: {from: month.text}\n  other:\n    run: ./take.sh\n    inputs:",
        "text: {from: month",
        &["`once` runs once for all days, but `month` runs once a month"],
    );
}

#[test]
fn a_path_that_leaves_its_folder() {
    for (name, path) in [("up", "'../{day}.txt'"), ("absolute", "'/etc/{day}'")] {
        refused(
            &format!("path_{name}"),
            "'words/{day}.txt'",
            path,
            path,
            &["a path goes down from its folder: no leading or double `/`, no `.` or `..`"],
        );
    }
    refused(
        "output_path",
        "outputs: {text: text.txt}",
        "outputs: {text: ../text.txt}",
        "../text.txt",
        &["a path goes down from its folder: no leading or double `/`, no `.` or `..`"],
    );
    refused(
        "publish_path",
        "publish: dt={day}",
        "publish: ../dt={day}",
        "../dt",
        &["a path goes down from its folder: no leading or double `/`, no `.` or `..`"],
    );
    refused(
        "task_name",
        "  page:",
        "  ../page:",
        "../page",
        &["`../page` cannot be a name", "a name is made of letters"],
    );
}

#[test]
fn two_tasks_that_publish_into_one_folder() {
    let space = new("published_twice");
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replacen("\n  recent:", "\n    publish: dt={day}\n  recent:", 1));
    run(&space, &[])
        .with(2)
        .says("`take` publishes into this folder already")
        .says("give each task a folder of its own: `page/dt={day}` lies beside the output folder");
}

#[test]
fn what_is_published_lies_in_no_other_table() {
    for (name, publish) in [("nested", "dt={day}/b"), ("deep", "a/b/dt={day}"), ("day_first", "dt={day}/page")] {
        refused(
            &format!("publish_{name}"),
            "publish: dt={day}",
            &format!("publish: {publish}"),
            publish,
            &["`{day}` is the last folder, below one other at most", "`NAME/dt={day}` for a folder beside it"],
        );
    }
    let more = "publish: lists/dt={day}\n  other:\n    run: ./take.sh\n    inputs: {raw: {source: words}}\n    outputs: \
                {text: text.txt}\n    publish: lists/day={day}";
    let at = "lists/day={day}";
    refused("publish_beside_twice", "publish: dt={day}", more, at, &["`page` publishes into this folder already"]);
}

#[test]
fn two_outputs_with_one_file_name() {
    refused(
        "one_file_name",
        "outputs: {text: text.txt}",
        "outputs: {text: same.txt, more: same.txt}",
        "same.txt}",
        &["the output `text` is written to `same.txt` already", "give each output a name of its own"],
    );
}

#[test]
fn what_has_no_days_is_taken_whole_only_where_that_is_said() {
    let takes_all = |what: &str| format!("but {what} has no days: each day would take all of it");
    let whole = "names: {source: names, whole: true, optional: true}";
    refused(
        "whole_source",
        whole,
        "names: {source: names, optional: true}",
        "names: {",
        &[
            &format!("`page` runs once a day, {}", takes_all("the source `names`")),
            "give its path a `{day}`, such as clicks/dt={day}/*",
            "`once: true` write a file a day",
            "`whole: true`",
        ],
    );
    let list = "  list:\n    run: ./take.sh\n    once: true\n    inputs: {raw: {source: names}}\n    outputs: {text: \
                text.txt}\n  page:";
    let space = new("refused_whole_output");
    let pipeline = space.read("pipeline.yaml").replace("  page:", list).replace(whole, "names: {from: list.text}");
    space.write("pipeline.yaml", &pipeline);
    run(&space, &[])
        .with(2)
        .says(&takes_all("`list.text`"))
        .says("let it write a file a day, `FOLDER/dt={day}.parquet`");
    space.write("pipeline.yaml", pipeline.replace("{from: list.text}", "{from: list.text, whole: true}"));
    space.write("data/names.txt", "Ada\n");
    run(&space, &[]).with(0);
    refused(
        "whole_days",
        "today: {from: take.text}",
        "today: {from: take.text, whole: true}",
        "true",
        &["`take.text` has days of its own", "leave out `whole`"],
    );
}

#[test]
fn a_file_that_makes_a_day_ready_needs_a_folder_of_the_day() {
    refused(
        "ready_without_folder",
        "words: {",
        "words: {ready: _SUCCESS, ",
        "_SUCCESS",
        &["there is no folder of a day in `words/{day}.txt` in which it could lie", "such as clicks/dt={day}/*"],
    );
    refused(
        "ready_wild",
        "words: {",
        "words: {ready: '*.ok', ",
        "'*.ok'",
        &["it is the name of one file, such as _SUCCESS, without wildcards"],
    );
}

#[test]
fn months_that_do_not_read_what_is_left_out_for_them() {
    let months = "months: {from: month.text, lookback_days: 40}\n      ";
    month_refused(
        "without_loses",
        &format!("{months}before: {{from: take.text, lookback_days: 40, without: months}}"),
        "months}",
        &[
            "what is left out here would be lost: `month` does not read `take.text`",
            "make `take.text` an input of `month`, or take `without` away",
        ],
    );
}

#[test]
fn what_is_not_yaml_at_all() {
    let space = new("not_yaml");
    space.write("pipeline.yaml", "sources:\n  words: {path: 'words'\n  names: {}\n");
    run(&space, &[]).with(2).says("pipeline.yaml:3:");
    space.write("pipeline.yaml", "sources: {}\ntasks: {}\n");
    run(&space, &[]).with(2).says("pipeline.yaml: it names no tasks");
    space.write("pipeline.yaml", "");
    run(&space, &[]).with(2).says("pipeline.yaml");
}
