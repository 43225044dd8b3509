//! `runner graph`: the pipeline, or the nodes of some days, as a picture.

use super::project::Project;
use super::selection::Selection;
use super::{CommandError, print, raw_files, tell};
use crate::cli::{GraphArguments, PictureFormat, Range};
use crate::exit::Exit;
use crate::picture::{Picture, dot, mermaid, text};

pub fn graph(arguments: &GraphArguments) -> Result<Exit, CommandError> {
    let project = Project::open(&arguments.places)?;
    let picture = match (arguments.from, arguments.to) {
        (Some(from), Some(to)) => {
            let command = project.command(&Range {
                from: Some(from),
                to: Some(to),
                last: None,
                tasks: Vec::new(),
                layout: None,
            })?;
            let plan = project.plan(&Selection::of(&command, &project.spec)?.request)?;
            raw_files::check(&project, &plan, false)?;
            Picture::of_days(&project.spec, &plan.graph)
        }
        // The command line has both or neither.
        _ => Picture::of_pipeline(&project.spec),
    };
    let drawn = match arguments.format {
        PictureFormat::Text => text::draw(&picture),
        PictureFormat::Dot => dot::draw(&picture),
        PictureFormat::Mermaid => mermaid::draw(&picture),
    };
    print(&drawn);
    let arrows = picture.arrows.len();
    if arguments.format == PictureFormat::Mermaid && arrows > mermaid::MOST_ARROWS {
        let most = mermaid::MOST_ARROWS;
        tell(&format!("note: GitHub draws at most {most} arrows, this has {arrows}; take fewer days, or --format dot"));
    }
    Ok(Exit::Done)
}
