//! No task may need itself, directly or through others.

use std::collections::VecDeque;

use super::super::error::Problem;
use super::super::yaml::{self, Ordered};
use super::super::{PipelineSpec, TaskId};

/// Fails with the path of a cycle, if there is one.
pub fn check(spec: &PipelineSpec, parsed: &Ordered<yaml::Task>) -> Result<(), Problem> {
    let mut graph = petgraph::graph::DiGraph::<TaskId, ()>::new();
    let nodes: Vec<_> = spec.task_ids().map(|id| graph.add_node(id)).collect();
    for id in spec.task_ids() {
        for needed in spec.needs(id) {
            graph.update_edge(nodes[needed.0], nodes[id.0], ());
        }
    }
    let Err(cycle) = petgraph::algo::toposort(&graph, None) else { return Ok(()) };
    let start = graph[cycle.node_id()];
    let mut path = path_back(spec, start);
    // Any of its tasks could be shown first; the one that the file has first makes the message the same every time.
    let first = (0..path.len()).min_by_key(|place| path[*place]).unwrap_or(0);
    path.rotate_left(first);
    path.extend(path.first().copied());
    let names: Vec<&str> = path.iter().map(|id| spec.task(*id).name.as_str()).collect();
    let place = path.first().map_or(start, |first| *first);
    Err(Problem::at(&parsed.0[place.0].0, format!("a cycle: {}", names.join(" -> ")))
        .hint("read `->` as `needs`; one of these inputs has to go"))
}

/// The tasks from `start` along what each needs until `start` is needed again: a shortest such path.
fn path_back(spec: &PipelineSpec, start: TaskId) -> Vec<TaskId> {
    let mut came_from: Vec<Option<TaskId>> = vec![None; spec.tasks.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(task) = queue.pop_front() {
        for needed in spec.needs(task) {
            if needed == start {
                let mut path: Vec<TaskId> =
                    std::iter::successors(Some(task), |task| came_from[task.0].filter(|_| *task != start)).collect();
                path.reverse();
                return path;
            }
            if came_from[needed.0].is_none() {
                came_from[needed.0] = Some(task);
                queue.push_back(needed);
            }
        }
    }
    Vec::new()
}
