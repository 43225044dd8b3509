//! For want of which raw files a node cannot be.

use super::unfolding::Unfolding;
use crate::day::Day;
use crate::span::Span;
use crate::spec::{Days, Origin, SourceId, TaskId};

impl Unfolding<'_> {
    /// Notes the raw files for want of which a task has no node of a day: all of them for the task that was asked for,
    /// and the first for each node that lacks it.
    pub fn tell_lacking(&mut self, task: TaskId, day: Day) {
        let span = self.spec.task(task).span(day);
        self.lacks(task, span);
    }

    /// The first line about what a task lacks for all days of a span.
    fn lacks(&mut self, id: TaskId, span: Option<Span>) -> Option<String> {
        let (spec, day) = (self.spec, span.map(|span| span.first));
        let task = spec.task(id);
        // A day in a month that has nothing is no node that anybody asked for.
        let is_node = day.and_then(|day| task.span(day)) == span;
        if let Some(line) = self.lacking.get(&(id, day)).filter(|_| is_node) {
            return Some(line.clone());
        }
        let mut first = None;
        for input in task.inputs.iter().filter(|input| input.days == Days::Own) {
            let line = match (input.from, span) {
                (Origin::Source(source), Some(span)) => self.lacks_files(source, span),
                (Origin::Output(from, _), _) if self.is_nothing(from, span) => self.lacks(from, span),
                _ => None,
            };
            first = first.or(line);
        }
        if let Some(line) = first.as_ref().filter(|_| is_node) {
            self.lacking.insert((id, day), line.clone());
        }
        first
    }

    /// Whether a task was asked about and has no node in a span.
    fn is_nothing(&self, task: TaskId, span: Option<Span>) -> bool {
        let is_nothing = |day: Option<Day>| self.known.get(&(task, day)).is_some_and(Option::is_none);
        match span {
            Some(span) => {
                span.days().all(|day| self.spec.task(task).node_day(day).is_some_and(|day| is_nothing(Some(day))))
            }
            None => is_nothing(None),
        }
    }

    fn lacks_files(&mut self, id: SourceId, span: Span) -> Option<String> {
        let source = self.spec.source(id);
        let found = &self.survey.source(id).days;
        if !source.path.has_day() || span.days().any(|day| found.contains_key(&day)) {
            return None;
        }
        let (days, looked_for) = if span.first == span.last {
            (span.first.to_string(), source.path.on(span.first))
        } else {
            (span.first.month(), source.path.in_month(span.first))
        };
        let line = format!("{}: no file for {days}; looked for {looked_for}", source.name);
        if !self.missing.contains(&line) {
            self.missing.push(line.clone());
        }
        Some(line)
    }
}
