//! What is said when somebody asks why: one sentence, and the chain back to the first cause.

mod support;
#[path = "support/text_pipeline.rs"]
mod text_pipeline;

use serde_json::Value;
use support::Space;
use text_pipeline::{new, ran, run, runner};

fn why(space: &Space, node: &str) -> String {
    runner(space, &format!("why {node}")).with(0).stdout
}

fn sentence(space: &Space, node: &str) -> String {
    why(space, node).lines().next().unwrap().to_string()
}

#[test]
fn a_change_is_followed_back_to_the_file_that_began_it_before_and_after_it_ran() {
    let space = new("why_file");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-01.txt", "eins\n");
    assert_eq!(
        why(&space, "page@2025-01-03"),
        "page@2025-01-03 may run because words/2025-01-01.txt changed\n\n\
         page@2025-01-03 may run\n    reads recent@2025-01-03, which would run\n\
         recent@2025-01-03 may run\n    reads take@2025-01-01, which would run\n\
         take@2025-01-01 would run\n    changed words/2025-01-01.txt: content 4bbdf0a76e33 -> d5f5f53ea0f4\n"
            .replace("4bbdf0a76e33", &short("one\n"))
            .replace("d5f5f53ea0f4", &short("eins\n"))
    );
    run(&space, &[]).with(0);
    let after = why(&space, "page@2025-01-03");
    let lines: Vec<&str> = after.lines().collect();
    assert!(lines[0].starts_with("page@2025-01-03 is up to date; run 20"), "{after}");
    assert!(lines[0].ends_with(" made it because words/2025-01-01.txt changed"), "{after}");
    let changes: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("    ")).collect();
    let content = |old: &str, new: &str| format!(": content {} -> {}", short(old), short(new));
    assert_eq!(
        changes,
        [
            format!("changed recent@2025-01-03{}", content("one\ntwo\nthree\n", "eins\ntwo\nthree\n")),
            format!("changed take@2025-01-01{}", content("one\n", "eins\n")),
            format!("changed words/2025-01-01.txt{}", content("one\n", "eins\n")),
        ]
    );
}

/// How a content is shown.
fn short(content: &str) -> String {
    blake3::hash(content.as_bytes()).to_hex()[..12].to_string()
}

#[test]
fn every_kind_of_cause_is_named() {
    let space = new("why_causes");
    assert_eq!(sentence(&space, "take@2025-01-02"), "take@2025-01-02 would run because it never ran before");
    run(&space, &[]).with(0);
    let program = space.read("recent.sh");
    space.write_program("recent.sh", &format!("{program}# a remark\n"));
    assert_eq!(sentence(&space, "recent@2025-01-02"), "recent@2025-01-02 would run because the program changed");
    assert_eq!(
        sentence(&space, "page@2025-01-02"),
        "page@2025-01-02 may run because the program of recent@2025-01-02 changed"
    );
    space.write_program("recent.sh", &program);
    let pipeline = space.read("pipeline.yaml");
    space.write("pipeline.yaml", pipeline.replacen("params: {", "params: {more: 1, ", 1));
    let said = sentence(&space, "take@2025-01-02");
    assert!(
        said.contains("because arguments changed from `--note ") && said.contains("to `--more 1 --note "),
        "{said}"
    );
    space.write("pipeline.yaml", pipeline.replacen("    params", "    env: {GREETING: hello}\n    params", 1));
    let said = why(&space, "take@2025-01-02");
    assert!(said.contains("the variable GREETING changed: not set -> `hello`"), "{said}");
    space.write("pipeline.yaml", &pipeline);
    space.write("data/names.txt", "names\n");
    assert_eq!(sentence(&space, "page@2025-01-02"), "page@2025-01-02 would run because names.txt was added");
    run(&space, &[]).with(0);
    space.remove("data/names.txt");
    run(&space, &["--task", "page", "--force"]).with(0);
    let said = sentence(&space, "page@2025-01-02");
    assert!(said.ends_with("made it because it was forced"), "{said}");
    space.write("data/words/2025-01-02.txt", "zwei\n").write("data/words/2025-01-01.txt", "eins\n");
    let said = sentence(&space, "recent@2025-01-02");
    assert!(said.ends_with("because words/2025-01-02.txt changed (and 1 other cause)"), "{said}");
    space.remove("data/words/2025-01-02.txt");
    runner(&space, "why recent@2025-01-02").with(3).says("words: no file for 2025-01-02");
}

#[test]
fn a_script_gets_the_chain_as_json() {
    let space = new("why_json");
    run(&space, &[]).with(0);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    let said: Value = serde_json::from_str(&runner(&space, "why recent@2025-01-03 --json").with(0).stdout).unwrap();
    assert_eq!(said["state"], "may_run");
    assert_eq!(said["chains"][0][1]["node"], "take@2025-01-02");
    let change = &said["chains"][0][1]["change"]["input"];
    assert_eq!(change["item"], "words/2025-01-02.txt");
    assert_eq!(change["old"], blake3::hash(b"two\n").to_hex().as_str());
    assert_eq!(change["new"], blake3::hash(b"zwei\n").to_hex().as_str());
}

#[test]
fn asking_changes_nothing_and_a_typo_gets_a_suggestion() {
    let space = new("why_writes_nothing");
    run(&space, &[]).with(0);
    ran(&space);
    space.write("data/words/2025-01-02.txt", "zwei\n");
    let before = space.tree(".");
    for verb in ["why page@2025-01-03", "plan --from 2025-01-01 --to 2025-01-03", "path take@2025-01-01"] {
        runner(&space, verb).with(0);
    }
    assert!(space.tree(".") == before);
    runner(&space, "why pge@2025-01-03").with(2).says("did you mean `page`?");
}

#[test]
fn a_result_that_was_removed_is_told_from_one_that_was_never_there() {
    let space = new("why_removed");
    assert!(sentence(&space, "take@2025-01-02").contains("it never ran before"));
    run(&space, &[]).with(0);
    let runs = std::fs::read_dir(space.path(".cache/v1/runs")).unwrap();
    let made: Vec<String> = runs.map(|run| run.unwrap().file_name().into_string().unwrap()).collect();
    space.remove(".cache/v1/results");
    let removed = format!("the result, which run {} made, was removed", made[0]);
    assert!(sentence(&space, "take@2025-01-02").contains(&removed), "{}", sentence(&space, "take@2025-01-02"));
    assert!(why(&space, "page@2025-01-03").contains(&format!("its result, which run {} made, was removed", made[0])));
    run(&space, &[]).with(0).says("9 ran");
    assert!(sentence(&space, "take@2025-01-02").contains(&removed));
}
