//! What becomes of days that another run has published since this one looked at its inputs.
//!
//! Which of the two results is right is found by looking again: it is the one that the raw files of now give. Nothing is
//! made here; a day that nobody has made from the raw files of now is left as the other run has published it.

use std::path::PathBuf;

use super::project::Project;
use super::{CommandError, tell};
use crate::engine::Summary;
use crate::graph::NodeId;
use crate::journal::Command;
use crate::plan::{Plan, Request};
use crate::predict::predict;
use crate::resolve::{self, Glancing};
use crate::store::{Check, Publication, RunFolders, Store};

/// How often it is looked again before a day is left to the next run.
const LOOKS: usize = 3;

/// What a run that is over was about.
pub struct Ended<'a> {
    pub project: &'a Project,
    pub command: &'a Command,
    pub request: &'a Request,
    pub store: &'a Store,
    pub run: &'a RunFolders,
}

impl Ended<'_> {
    /// Looks again at the days that were not published, publishes those that are right, and says why others stay.
    pub fn settle(&self, plan: &Plan, summary: &mut Summary) -> Result<(), CommandError> {
        let mut open: Vec<_> = summary.overtaken.iter().filter_map(|id| self.target(plan, *id)).collect();
        for _ in 0..LOOKS {
            if open.is_empty() {
                return Ok(());
            }
            self.run.look_again(open.iter().map(|(_, target)| target.clone()));
            open = self.look(open, summary)?;
        }
        for (name, _) in open {
            tell(&format!("{name} is not published: other runs publish it all the time; run again when they are over"));
        }
        Ok(())
    }

    /// Where a node is published, and its name.
    fn target(&self, plan: &Plan, id: NodeId) -> Option<(String, PathBuf)> {
        let node = plan.graph.node(id);
        let target = resolve::published(self.project.spec.task(node.task), node.day?, &self.command.outputs)?;
        Some((plan.graph.name(id).to_string(), target))
    }

    /// Publishes what the raw files of now give; gives the days that were overtaken once more.
    fn look(
        &self,
        open: Vec<(String, PathBuf)>,
        summary: &mut Summary,
    ) -> Result<Vec<(String, PathBuf)>, CommandError> {
        let plan = self.project.plan(self.request)?;
        let programs = self.project.programs(&plan)?;
        let resolver = self.project.resolver(&plan, self.store, &programs);
        let predictions = predict(&resolver, &Glancing::at_all(self.store), Check::Stamps, &|_| false);
        let mut again = Vec::new();
        for (name, target) in open {
            let id = plan.graph.ids().find(|id| plan.graph.name(*id) == name);
            let kept = id.and_then(|id| predictions[id.index()].result());
            let Some(kept) = kept else {
                tell(&format!(
                    "{name} stays as another run has published it meanwhile, for its raw files have changed since this \
                     run read them; run again to make it from those of now"
                ));
                continue;
            };
            let output = target.parent().unwrap_or(&target);
            match self.store.publish(self.run, kept, output, &target, Check::Stamps)? {
                Publication::Unchanged => tell(&format!(
                    "{name} stays as another run has published it meanwhile: it read newer raw files than this one"
                )),
                Publication::Published => drop(summary.published.insert(name)),
                Publication::Overtaken => again.push((name, target)),
            }
        }
        Ok(again)
    }
}
