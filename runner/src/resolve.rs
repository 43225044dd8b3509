//! What a node would be run with, and the manifest of it: the one place where both are put together.
//!
//! A run and a dry run both ask here, so neither can know more than the other. It reads digests and runs nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::graph::{Graph, NodeId, Read};
use crate::spec::{Days, Output, PipelineSpec, Task};
use crate::store::{Manifest, ManifestInput, Store, StoredEntry};

/// All that it takes to look at a node.
pub struct Resolver<'a> {
    pub spec: &'a PipelineSpec,
    pub graph: &'a Graph,
    pub store: &'a Store,
    /// The raw files' folder; absolute, since programs run in it.
    pub data: &'a Path,
    /// The program of each task.
    pub programs: &'a [PathBuf],
}

/// A node whose inputs are all there.
pub struct Resolved {
    pub manifest: Manifest,
    /// `--in` arguments in the order of the manifest's inputs.
    inputs: Vec<OsString>,
}

impl Resolver<'_> {
    /// Finds what a node reads. `results` gives the results of the nodes that it reads from.
    pub fn resolve(&self, id: NodeId, results: impl Fn(NodeId) -> Option<Arc<StoredEntry>>) -> Result<Resolved> {
        let node = self.graph.node(id);
        let task = self.spec.task(node.task);
        let program = &self.programs[node.task.0];
        let program =
            self.store.digests.digest(program).with_context(|| format!("cannot read {}", program.display()))?;
        let (mut manifest_inputs, mut inputs) = (Vec::new(), Vec::new());
        for node_input in &node.inputs {
            let input = &task.inputs[node_input.input];
            let mut take = |item: String, path: OsString, digest| {
                let mut argument = OsString::from(format!("{}=", input.name));
                argument.push(path);
                inputs.push(argument);
                manifest_inputs.push(ManifestInput { name: input.name.clone(), item, digest });
            };
            match &node_input.what {
                Read::Files(paths) => {
                    for path in paths {
                        let full = self.data.join(path);
                        let digest = self.store.digests.digest(&full);
                        take(
                            path.clone(),
                            path.into(),
                            digest.with_context(|| format!("cannot read {}", full.display()))?,
                        );
                    }
                }
                Read::Output { node: from, output, parts } => {
                    let result = results(*from).with_context(|| format!("{} has no result", self.graph.name(*from)))?;
                    let output = &self.spec.task(self.graph.node(*from).task).outputs[*output].name;
                    let mut found = false;
                    for file in result.files(output).filter(|file| parts.take(file.part)) {
                        let part = file.part.map_or(String::new(), |part| format!("/{part}"));
                        take(format!("{}{part}", self.graph.name(*from)), result.path(file).into(), file.digest);
                        found = true;
                    }
                    if !found && input.days == Days::Own && !input.optional {
                        bail!(
                            "its input `{}` is missing: {} wrote no `{output}` for this day",
                            input.name,
                            self.graph.name(*from)
                        );
                    }
                }
            }
        }
        let manifest = Manifest {
            format: Manifest::FORMAT,
            task: task.name.clone(),
            day: node.day,
            program,
            arguments: task.arguments.clone(),
            environment: task.environment.clone(),
            inputs: manifest_inputs,
            outputs: task.outputs.iter().map(|output| (output.name.clone(), declared(output))).collect(),
        };
        Ok(Resolved { manifest, inputs })
    }
}

/// How an output was declared: its file, or the files that it is split into.
fn declared(output: &Output) -> String {
    output.parts.as_ref().map_or(output.file.clone(), |parts| format!("{}/{parts}", output.file))
}

impl Resolved {
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
