//! `runner completions` and `runner man`: the command line described for shells and for man, from its one definition.

use std::io;

use anyhow::{Context, anyhow};
use clap::Command;
use clap_mangen::Man;

use super::{CommandError, print};
use crate::cli::{CompletionsArguments, ManArguments, described};
use crate::exit::Exit;

/// Prints the script that completes what is typed.
pub fn completions(arguments: &CompletionsArguments) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut described(), "runner", &mut script);
    print(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}

/// Prints the pages of the manual, one after another.
pub fn man(arguments: &ManArguments) -> Result<Exit, CommandError> {
    let mut runner = described().disable_help_subcommand(true);
    // Until then a verb does not know what stands before it.
    runner.build();
    let verbs = || runner.get_subcommands();
    let pages: Vec<&Command> = match &arguments.verb {
        None => [&runner].into_iter().chain(verbs()).collect(),
        Some(name) => verbs().filter(|verb| verb.get_name() == name).collect(),
    };
    if pages.is_empty() {
        let known: Vec<&str> = verbs().map(Command::get_name).collect();
        let name = arguments.verb.as_deref().unwrap_or_default();
        let message = format!("unknown verb `{name}`\nthe verbs are {}", known.join(", "));
        return Err(CommandError::new(Exit::Usage, anyhow!(message)));
    }
    let mut text = Vec::new();
    for page in pages {
        write_page(page, &mut text).context("cannot write the manual")?;
    }
    print(String::from_utf8_lossy(&text).trim_end());
    Ok(Exit::Done)
}

fn write_page(command: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    let page = Man::new(command.clone());
    page.render_title(text)?;
    page.render_name_section(text)?;
    page.render_synopsis_section(text)?;
    page.render_description_section(text)?;
    page.render_options_section(text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(text)?;
    }
    if let Some(examples) = command.get_after_help() {
        text.extend(section(&examples.to_string()).into_bytes());
    }
    Ok(())
}

/// What stands below the options of a verb (`Examples:` and lines of them) as a section whose lines stay as they are.
fn section(text: &str) -> String {
    let (title, lines) = text.split_once(":\n").unwrap_or(("Examples", text));
    let mut section = format!(".SH {}\n.nf\n", title.to_uppercase());
    for line in lines.lines() {
        // At the beginning of a line a dot or a quote would be an order to roff.
        section.push_str(&format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")));
    }
    section.push_str(".fi\n");
    section
}
