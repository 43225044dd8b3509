//! What every command starts from: the pipeline, the folders it is about, and a plan over them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::CommandError;
use crate::cli::{Places, Range};
use crate::exit::Exit;
use crate::journal::Command;
use crate::layout::{Layout, Outputs};
use crate::plan::{self, Plan, Request};
use crate::program::Program;
use crate::resolve::Resolver;
use crate::spec::{self, PipelineSpec, TaskId};
use crate::store::Store;
use crate::survey::Survey;

/// A pipeline and its folders, absolute: programs are started elsewhere.
pub struct Project {
    pub spec: PipelineSpec,
    /// The file of the pipeline.
    pub pipeline: PathBuf,
    pub data: PathBuf,
    pub cache: PathBuf,
    /// The places that the command line names.
    pub given: Places,
}

impl Project {
    /// Reads the pipeline; what the command line does not say of folders, the pipeline does.
    pub fn open(places: &Places) -> Result<Self, CommandError> {
        let given = &places.project;
        let file = given.pipeline.clone().unwrap_or_else(|| nearest(Path::new(spec::FILE)));
        let spec = PipelineSpec::load(&file).map_err(|error| CommandError::new(Exit::Usage, error))?;
        Ok(Project {
            pipeline: absolute(Some(&file), &file)?,
            data: absolute(given.data.as_deref(), &spec.data)?,
            cache: absolute(given.cache.as_deref(), &spec.cache)?,
            given: places.clone(),
            spec,
        })
    }

    /// A command that a person can type here and now.
    pub fn hint(&self, words: &str) -> String {
        self.given.hint(words)
    }

    /// The plainest command over some days: everything else as it usually is.
    pub fn command(&self, range: &Range) -> Result<Command, CommandError> {
        Ok(Command {
            from: range.from,
            to: range.to,
            tasks: range.tasks.clone(),
            layout: range.layout,
            jobs: None,
            memory: None,
            force: false,
            fail_fast: false,
            verify: false,
            only: None,
            pipeline: self.pipeline.clone(),
            data: self.data.clone(),
            outputs: self.outputs()?,
            cache: self.cache.clone(),
        })
    }

    /// Where days are published. Compact ones go beside an output folder that was given: a run into a folder of its own
    /// leaves those of the project alone.
    pub fn outputs(&self) -> Result<Outputs, CommandError> {
        let (given, usual) = (&self.given, &self.spec.outputs);
        let output = absolute(given.output.as_deref(), &usual.output)?;
        let beside = if given.output.is_some() { Outputs::beside(&output) } else { usual.compact.clone() };
        let compact = absolute(given.compact.as_deref(), &beside)?;
        let both = self.spec.tasks.iter().any(|task| task.layout == Some(Layout::Compact) && task.publish.is_some());
        if both && output == compact {
            let message = format!(
                "compact days would be published among the others, in {}\ngive them a folder of their own with --compact \
                 or, in pipeline.yaml, `compact`",
                output.display()
            );
            return Err(CommandError::new(Exit::Usage, anyhow!(message)));
        }
        Ok(Outputs { output, compact })
    }

    /// Looks which raw files there are and unfolds the pipeline over them.
    pub fn plan(&self, request: &Request) -> Result<Plan, CommandError> {
        plan::plan(&self.spec, &self.survey()?, request).map_err(|missing| {
            let place = self.data.display();
            CommandError::new(Exit::InputMissing, anyhow!("raw files are missing in {place}; nothing ran\n{missing}"))
        })
    }

    /// The same, as far as there are raw files.
    pub fn unfold(&self, request: &Request) -> Result<Plan, CommandError> {
        Ok(plan::unfold(&self.spec, &self.survey()?, request))
    }

    fn survey(&self) -> Result<Survey, CommandError> {
        Survey::take(&self.spec, &self.data).map_err(|error| CommandError::new(Exit::InputMissing, error))
    }

    pub fn resolver<'a>(
        &'a self,
        plan: &'a Plan,
        store: &'a Store,
        programs: &'a HashMap<TaskId, Program>,
    ) -> Resolver<'a> {
        Resolver { spec: &self.spec, graph: &plan.graph, store, data: &self.data, programs }
    }

    /// The program of each task that has nodes: a bare name is beside the runner itself, never looked up in PATH (where
    /// `join` and `read` are other programs).
    pub fn programs(&self, plan: &Plan) -> Result<HashMap<TaskId, Program>, CommandError> {
        let beside = beside()?;
        let folder = std::path::absolute(&self.spec.folder).context("cannot find the folder of the pipeline")?;
        let used: BTreeSet<TaskId> = plan.graph.ids().map(|id| plan.graph.node(id).task).collect();
        let program =
            |id: TaskId| Ok((id, Program::find(self.spec.task(id), &folder, &beside).map_err(CommandError::usage)?));
        used.into_iter().map(program).collect()
    }
}

/// The folder that was given, or the usual one; absolute.
pub fn absolute(given: Option<&Path>, usual: &Path) -> Result<PathBuf, CommandError> {
    let path = given.unwrap_or(usual);
    Ok(std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))?)
}

/// The folder of the runner itself, where the programs are that belong to it.
pub fn beside() -> Result<PathBuf, CommandError> {
    let own = std::env::current_exe().context("cannot find the runner's own folder")?;
    Ok(own.parent().unwrap_or(Path::new("/")).to_path_buf())
}

/// A file in this folder or the nearest one above; its plain name if there is none.
fn nearest(name: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().map(|folder| folder.join(name)).find(|file| file.is_file());
    match found {
        Some(file) if file.parent() == Some(here.as_path()) => name.to_path_buf(),
        found => found.unwrap_or_else(|| name.to_path_buf()),
    }
}
