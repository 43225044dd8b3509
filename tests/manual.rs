//! The command line described: completions and the manual know every verb that people can type, and no other.

mod support;

use support::{Ended, Space, end};

fn runner(name: &str, arguments: &[&str]) -> Ended {
    let mut command = Space::new(name).command(env!("CARGO_BIN_EXE_runner"), "runner");
    command.args(arguments);
    end(command)
}

/// The verbs that `runner --help` lists, asked for in a folder of this name.
fn verbs(name: &str) -> Vec<String> {
    let help = runner(name, &["--help"]).with(0).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verb =
        |line: &str| line.strip_prefix("  ")?.split(' ').next().filter(|verb| !verb.is_empty()).map(str::to_string);
    let verbs: Vec<String> = listed.filter_map(verb).filter(|verb| verb != "help").collect();
    assert!(verbs.len() >= 10 && verbs.contains(&"status".to_string()), "{verbs:?}");
    verbs
}

#[test]
fn completions_know_every_verb_and_its_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = runner("manual_completions", &["completions", shell]).with(0).stdout;
        for verb in verbs("manual_completions") {
            assert!(script.contains(&verb), "{shell} does not know {verb}");
        }
        assert!(script.contains("fail-fast") && !script.contains("guard"), "{shell}");
    }
    runner("manual_completions", &["completions", "sh"]).with(2).says("possible values: bash");
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let manual = runner("manual_man", &["man"]).with(0).stdout;
    let verbs = verbs("manual_man");
    for verb in &verbs {
        assert!(manual.contains(&format!(".TH runner-{verb} 1")), "no page for {verb}\n{manual}");
    }
    let pages = manual.lines().filter(|line| line.starts_with(".TH ")).count();
    assert_eq!(pages, verbs.len() + 1, "a page for each verb, and one for them all");
    assert!(!manual.contains("guard"));
}

#[test]
fn a_page_of_one_verb_has_its_options_and_its_examples_as_they_are() {
    let page = runner("manual_page", &["man", "status"]).with(0).stdout;
    assert_eq!(page.lines().filter(|line| line.starts_with(".TH ")).count(), 1);
    assert!(page.contains("\\-\\-from"), "{page}");
    let examples = page.split_once(".SH EXAMPLES\n.nf\n").unwrap().1;
    assert!(examples.contains("runner status \\-\\-from 2025\\-08\\-03 \\-\\-to 2025\\-08\\-16\n"), "{examples}");
    runner("manual_page", &["man", "sttus"]).with(2).says("unknown verb `sttus`").says("the verbs are run, ");
}
