//! Which sources stand behind a task, and the newest day of each that a look-back needs.
//!
//! It knows the pipeline alone, and no files.

use std::collections::BTreeMap;

use crate::day::Day;
use crate::span::Span;
use crate::spec::{Days, Origin, PipelineSpec, Rhythm, SourceId, Task};

/// For each task the sources with days that it reads on its own day, directly or through others.
#[derive(Debug)]
pub struct Reach(Vec<Vec<SourceId>>);

impl Reach {
    pub fn new(spec: &PipelineSpec) -> Self {
        let mut reach = Reach(vec![Vec::new(); spec.tasks.len()]);
        // As often as there are tasks is enough, for a pipeline has no cycles.
        for _ in spec.task_ids() {
            for id in spec.task_ids() {
                let own = spec.task(id).inputs.iter().filter(|input| input.days == Days::Own);
                let mut sources: Vec<SourceId> = own.flat_map(|input| reach.through(spec, input.from)).collect();
                sources.sort();
                sources.dedup();
                reach.0[id.0] = sources;
            }
        }
        reach
    }

    /// The sources with days that a day of an origin comes from.
    pub fn through(&self, spec: &PipelineSpec, origin: Origin) -> Vec<SourceId> {
        match origin {
            Origin::Source(source) if spec.source(source).path.has_day() => vec![source],
            Origin::Source(_) => Vec::new(),
            Origin::Output(task, _) if spec.task(task).is_once() => Vec::new(),
            Origin::Output(task, _) => self.0[task.0].clone(),
        }
    }

    /// The newest day of each source that a task looks back on from a day.
    pub fn newest(&self, spec: &PipelineSpec, task: &Task, day: Day) -> BTreeMap<SourceId, Day> {
        let mut newest = BTreeMap::new();
        for input in &task.inputs {
            let Days::Before(lookback) = input.days else { continue };
            let window = Span::before(day, lookback);
            let last = match input.from {
                Origin::Output(from, _) if spec.task(from).rhythm == Rhythm::Monthly => {
                    let month = Span::month(day).first.plus(-1);
                    Some(month).filter(|_| window.first <= month.first_of_month())
                }
                _ => Some(window.last),
            };
            for source in self.through(spec, input.from) {
                let known = newest.entry(source).or_insert(Day::EARLIEST);
                *known = last.map_or(*known, |last| last.max(*known));
            }
        }
        newest
    }
}
