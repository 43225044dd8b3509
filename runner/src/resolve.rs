//! What a node would be run with, and the manifest of it: the one place where both are put together.
//!
//! A run and a plan both ask here, so neither can know more than the other. It reads digests and runs nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::day::Day;
use crate::graph::{Graph, NodeId, Read};
use crate::layout::Outputs;
use crate::pattern;
use crate::program::Program;
use crate::spec::{Output, PipelineSpec, Task, TaskId};
use crate::store::{Digest, Kept, Manifest, ManifestInput, Seen, Store};

/// All that it takes to look at a node.
pub struct Resolver<'a> {
    pub spec: &'a PipelineSpec,
    pub graph: &'a Graph,
    pub store: &'a Store,
    /// The raw files' folder; absolute, since programs run in it.
    pub data: &'a Path,
    /// The program of each task that has nodes.
    pub programs: &'a HashMap<TaskId, Program>,
}

/// A node whose inputs are all there.
pub struct Resolved {
    pub manifest: Manifest,
    /// The program, what belongs to it, and the raw files, as they were when they were looked at.
    pub seen: Vec<(PathBuf, Seen)>,
    /// The files of results that it reads.
    pub kept: Vec<KeptFile>,
    /// `--in` arguments in the order of the manifest's inputs.
    inputs: Vec<OsString>,
}

/// A file of a node's result.
#[derive(Clone, Debug)]
pub struct KeptFile {
    pub node: NodeId,
    pub result: Arc<Kept>,
    /// Its place in [`Kept::files`].
    pub place: usize,
}

/// How the content of programs and raw files is found out.
pub trait Sight {
    /// The file as it is; `None` if that would take too long to find out.
    fn see(&self, path: &Path) -> Result<Option<Seen>>;
}

/// Looks each time, and reads what is not remembered.
pub struct Reading<'a>(pub &'a Store);

/// Looks at each file once, and reads what is not remembered if it is small enough.
pub struct Glancing<'a> {
    store: &'a Store,
    largest: u64,
    seen: RefCell<HashMap<PathBuf, Option<Seen>>>,
}

/// Files up to this size, in bytes, are read at once rather than left for later.
pub const SMALL: u64 = 1 << 20;

impl<'a> Glancing<'a> {
    /// Reads whatever is not remembered.
    pub fn at_all(store: &'a Store) -> Self {
        Glancing { store, largest: u64::MAX, seen: RefCell::default() }
    }

    /// Leaves large files alone.
    pub fn at_small(store: &'a Store) -> Self {
        Glancing { store, largest: SMALL, seen: RefCell::default() }
    }
}

impl Sight for Reading<'_> {
    fn see(&self, path: &Path) -> Result<Option<Seen>> {
        self.0.index.see(path, u64::MAX).with_context(|| format!("cannot read {}", path.display()))
    }
}

impl Sight for Glancing<'_> {
    fn see(&self, path: &Path) -> Result<Option<Seen>> {
        if let Some(seen) = self.seen.borrow().get(path) {
            return Ok(*seen);
        }
        let seen = self.store.index.see(path, self.largest);
        let seen = seen.with_context(|| format!("cannot read {}", path.display()))?;
        self.seen.borrow_mut().insert(path.to_path_buf(), seen);
        Ok(seen)
    }
}

/// The result of a node, if it has one.
pub type ResultOf<'a> = &'a dyn Fn(NodeId) -> Option<Arc<Kept>>;

impl Resolver<'_> {
    /// Where the result of a node is published, if its task is one that is.
    pub fn published(&self, id: NodeId, outputs: &Outputs) -> Option<PathBuf> {
        let node = self.graph.node(id);
        published(self.spec.task(node.task), node.day?, outputs)
    }

    /// Finds what a node reads. `results` gives the results of the nodes that it reads from; `None` means that `sight`
    /// does not know what is in a file.
    pub fn resolve(&self, id: NodeId, results: ResultOf, sight: &dyn Sight) -> Result<Option<Resolved>> {
        let node = self.graph.node(id);
        let task = self.spec.task(node.task);
        let program = &self.programs[&node.task];
        let Some(seen) = sight.see(&program.path)? else { return Ok(None) };
        let seen_first = vec![(program.path.clone(), seen)];
        let mut gathered = Gathered { inputs: Vec::new(), arguments: Vec::new(), seen: seen_first, kept: Vec::new() };
        let mut with = BTreeMap::new();
        for (name, path) in &program.with {
            let Some(seen) = sight.see(path)? else { return Ok(None) };
            with.insert(name.clone(), seen.digest);
            gathered.seen.push((path.clone(), seen));
        }
        for node_input in &node.inputs {
            let input = &task.inputs[node_input.input];
            match &node_input.what {
                Read::Files(paths) => {
                    for path in paths {
                        let full = self.data.join(path);
                        let Some(seen) = sight.see(&full)? else { return Ok(None) };
                        gathered.take(&input.name, path.clone(), path.as_ref(), seen.digest);
                        gathered.seen.push((full, seen));
                    }
                }
                Read::Output { nodes, output, parts } => {
                    for from in nodes {
                        let name = self.graph.name(*from);
                        let result = results(*from).with_context(|| format!("{name} has no result"))?;
                        let output = &self.spec.task(self.graph.node(*from).task).outputs[*output].name;
                        let mut found = false;
                        let files = result.files.iter().enumerate();
                        for (place, file) in files.filter(|(_, file)| file.output == *output && parts.take(file.part)) {
                            let part = file.part.map_or(String::new(), |part| format!("/{part}"));
                            gathered.take(&input.name, format!("{name}{part}"), &result.path(file), file.digest);
                            gathered.kept.push(KeptFile { node: *from, result: Arc::clone(&result), place });
                            found = true;
                        }
                        if !found && !input.optional {
                            bail!("its input `{}` is missing: {name} wrote no `{output}` for this day", input.name);
                        }
                    }
                }
            }
        }
        let manifest = Manifest {
            format: Manifest::FORMAT,
            task: task.name.clone(),
            day: node.day,
            program: seen.digest,
            with,
            arguments: task.arguments.clone(),
            environment: task.environment.clone(),
            inputs: gathered.inputs,
            outputs: task.outputs.iter().map(|output| (output.name.clone(), declared(output))).collect(),
        };
        Ok(Some(Resolved { manifest, seen: gathered.seen, kept: gathered.kept, inputs: gathered.arguments }))
    }
}

/// Where a day of a task is published, if the task is one that is.
pub fn published(task: &Task, day: Day, outputs: &Outputs) -> Option<PathBuf> {
    let publish = task.publish.as_ref()?;
    Some(outputs.of(task.layout, publish).join(publish.day.replace(pattern::DAY, &day.to_string())))
}

/// The inputs of a node while they are put together.
struct Gathered {
    inputs: Vec<ManifestInput>,
    arguments: Vec<OsString>,
    seen: Vec<(PathBuf, Seen)>,
    kept: Vec<KeptFile>,
}

impl Gathered {
    fn take(&mut self, name: &str, item: String, path: &Path, digest: Digest) {
        let mut argument = OsString::from(format!("{name}="));
        argument.push(path);
        self.arguments.push(argument);
        self.inputs.push(ManifestInput { name: name.to_string(), item, digest });
    }
}

impl KeptFile {
    pub fn path(&self) -> PathBuf {
        self.result.path(&self.result.files[self.place])
    }

    /// Its name below the folder of the result.
    pub fn name(&self) -> &str {
        &self.result.files[self.place].path
    }

    /// Whether it is there, by its size and time.
    pub fn is_there(&self) -> bool {
        self.result.is_as_written(self.place, false)
    }

    /// Whether it is there and holds what was written; all of it is read.
    pub fn is_as_written(&self) -> bool {
        self.result.is_as_written(self.place, true)
    }
}

/// How an output was declared: its file, or the files that it is split into.
fn declared(output: &Output) -> String {
    output.parts.as_ref().map_or(output.file.clone(), |parts| format!("{}/{parts}", output.file))
}

impl Resolved {
    /// The first file that is no longer what it was when it was looked at.
    pub fn moved(&self) -> Option<&Path> {
        self.seen.iter().find(|(path, seen)| !seen.is_still(path)).map(|(path, _)| path.as_path())
    }

    /// The arguments of the program: parameters, day, inputs, and outputs where `output` puts them.
    pub fn arguments(&self, task: &Task, output: impl Fn(&Output) -> PathBuf) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = self.manifest.arguments.iter().map(OsString::from).collect();
        if let Some(day) = self.manifest.day {
            arguments.extend(["--day".into(), day.to_string().into()]);
        }
        for input in &self.inputs {
            arguments.extend(["--in".into(), input.clone()]);
        }
        for declared in &task.outputs {
            let mut argument = OsString::from(format!("{}=", declared.name));
            argument.push(output(declared));
            arguments.extend(["--out".into(), argument]);
        }
        arguments
    }
}
