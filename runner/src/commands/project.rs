//! What every command starts from: the pipeline, the folders it is about, and a plan over them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::CommandError;
use crate::cli::{Places, Range};
use crate::day::Day;
use crate::exit::Exit;
use crate::journal::Command;
use crate::layout::{self, Outputs};
use crate::plan::{self, Plan, Request, SplitDays};
use crate::predict::predict;
use crate::program::Program;
use crate::resolve::{Glancing, Resolver};
use crate::spec::{self, PipelineSpec, TaskId};
use crate::store::{Check, Store};
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
        let (from, to) = range.days();
        Ok(Command {
            from,
            to,
            tasks: range.tasks.clone(),
            layout: range.layout,
            jobs: None,
            memory: None,
            force: false,
            fail_fast: false,
            strict: false,
            verify: false,
            only: None,
            pipeline: self.pipeline.clone(),
            data: self.data.clone(),
            outputs: self.outputs()?,
            cache: self.cache.clone(),
        })
    }

    /// Where days are published. Compact ones and those of other tasks go beside an output folder that was given: a run
    /// into a folder of its own leaves those of the project alone.
    pub fn outputs(&self) -> Result<Outputs, CommandError> {
        let (given, usual) = (&self.given, &self.spec.outputs);
        let output = absolute(given.output.as_deref(), &usual.output)?;
        let beside = Outputs::beside(&output, layout::COMPACT);
        let compact = if given.output.is_some() { &beside } else { &usual.compact };
        let compact = absolute(given.compact.as_deref(), compact)?;
        let published = || self.spec.tasks.iter().filter_map(|task| Some((task, task.publish.as_ref()?)));
        let named = published().filter_map(|(_, publish)| publish.beside.as_deref());
        let beside = named.map(|name| Outputs::beside(&output, name)).collect();
        let outputs = Outputs { output, compact, beside };
        let folders = published().map(|(task, publish)| (task.name.as_str(), outputs.of(task.layout, publish)));
        self.keep_apart(&folders.collect::<Vec<_>>())?;
        Ok(outputs)
    }

    /// Refuses a folder of published days that lies in another, or that holds raw files: each is a table of its own.
    fn keep_apart(&self, folders: &[(&str, PathBuf)]) -> Result<(), CommandError> {
        let within = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
        let refused = |task: &str, folder: &Path, what: String| {
            let folder = folder.display();
            let message = format!(
                "`{task}` would publish into {folder}, {what}\ngive it a folder of its own: with --output or --compact, or, \
                 in pipeline.yaml, with `output`, `compact` or another name in its `publish`"
            );
            Err(CommandError::new(Exit::Usage, anyhow!(message)))
        };
        let usual = &self.spec.outputs;
        let usual = [absolute(None, &usual.output)?, absolute(None, &usual.compact)?];
        for (place, (task, folder)) in folders.iter().enumerate() {
            // A run without `--output` would take it for a part of one of its own days, and remove it.
            if let Some(usual) = usual.iter().find(|usual| folder != *usual && folder.starts_with(usual)) {
                return refused(task, folder, format!("among the days that are published in {}", usual.display()));
            }
            if let Some((other, taken)) = folders[..place].iter().find(|(_, taken)| within(folder, taken)) {
                return refused(task, folder, format!("among the days of `{other}` in {}", taken.display()));
            }
            for source in &self.spec.sources {
                let (below, _) = source.path.fixed_folder();
                let raw = self.data.join(&below);
                if !below.is_empty() && folder.starts_with(&raw) {
                    return refused(task, folder, format!("among the raw files of `{}`", source.name));
                }
            }
        }
        Ok(())
    }

    /// Looks which raw files there are and unfolds the pipeline over them, as far as there are any.
    pub fn plan(&self, request: &Request) -> Result<Plan, CommandError> {
        let outputs = self.outputs()?;
        let apart = outputs.all().into_iter().map(Path::to_path_buf).chain([self.cache.clone()]);
        let survey = Survey::take(&self.spec, &self.data, &apart.collect::<Vec<_>>());
        let splits = request.splits(&self.spec);
        let (splits, unknown) = self.split_days(&survey, splits, request.nodes.first().map(|(_, day)| *day))?;
        let mut plan = plan::plan(&self.spec, &survey, &splits, request);
        plan.unknown_splits = unknown;
        Ok(plan)
    }

    /// The days of outputs that are split by day, where their results are there; and the tasks of the others.
    fn split_days(
        &self,
        survey: &Survey,
        splits: BTreeSet<(TaskId, usize)>,
        day: Option<Day>,
    ) -> Result<(SplitDays, BTreeSet<TaskId>), CommandError> {
        let (mut days, mut unknown) = (SplitDays::new(), BTreeSet::new());
        let Some(day) = day.filter(|_| !splits.is_empty()) else { return Ok((days, unknown)) };
        let nodes = splits.iter().map(|(task, _)| (*task, day)).collect();
        let plan = plan::plan(&self.spec, survey, &days, &Request { nodes });
        let programs = self.programs(&plan)?;
        let store = Store::open(&self.cache);
        let resolver = self.resolver(&plan, &store, &programs);
        let predictions = predict(&resolver, &Glancing::at_all(&store), Check::Stamps, &|_| false);
        for (id, prediction) in plan.graph.ids().zip(&predictions) {
            let task = plan.graph.node(id).task;
            for (_, output) in splits.iter().filter(|(split, _)| *split == task) {
                let name = &self.spec.task(task).outputs[*output].name;
                match prediction.result() {
                    Some(kept) => {
                        days.insert((task, *output), kept.files_of(name).filter_map(|file| file.part).collect());
                    }
                    None => drop(unknown.insert(task)),
                }
            }
        }
        Ok((days, unknown))
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
    if path.to_string_lossy().contains("://") {
        let message = format!(
            "{} is an address, and only folders of this machine are supported\ncopy it into one, or mount it as one",
            path.display()
        );
        return Err(CommandError::new(Exit::Usage, anyhow!(message)));
    }
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
