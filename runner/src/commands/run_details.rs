//! `runner runs RUN`: what one run did, node by node.

use std::collections::BTreeMap;

use serde_json::json;

use super::history::{outcome, skipped, usage};
use super::print;
use super::runs::{Overview, asked};
use crate::columns::align;
use crate::journal::{NodeRecord, Outcome, Record};
use crate::text;
use crate::usage::Usage;

/// Shows a run.
pub fn show(overview: &Overview, json: bool) {
    if json {
        return print_json(overview);
    }
    let record = &overview.record;
    print(&format!("run      {}, {}", record.id, overview.end.word()));
    print(&format!("began    {} UTC, took {}", overview.began(), overview.took()));
    print(&format!("asked    {}", asked(&record.command)));
    print(&format!("nodes    {}", overview.came_out()));
    if let Some(Usage { cpu_seconds, peak_memory, .. }) = total(record) {
        print(&format!(
            "took     {cpu_seconds:.2} s of CPU, {} of memory at most in a program",
            text::size(peak_memory)
        ));
    }
    print_nodes(overview);
    print_rejected(record);
    let skipped = skipped(record);
    if !skipped.is_empty() {
        print("");
    }
    for (because, count) in skipped {
        print(&format!("skipped {count:>6}  {because}"));
    }
}

/// The nodes whose programs were started, in the order of that.
fn started(record: &Record) -> Vec<(&String, &NodeRecord)> {
    let mut nodes: Vec<_> = record.nodes.iter().filter(|(_, node)| !node.attempts.is_empty()).collect();
    nodes.sort_by_key(|(_, node)| node.attempts.first().map(|attempt| &attempt.at));
    nodes
}

/// What all programs of a run took.
fn total(record: &Record) -> Option<Usage> {
    let attempts: Vec<_> = record.nodes.values().flat_map(|node| node.attempts.clone()).collect();
    usage(&attempts)
}

/// Why a node ran: what was found when it was tried first.
fn reason(node: &NodeRecord) -> &str {
    node.attempts.first().map_or("", |attempt| &attempt.reason)
}

fn print_nodes(overview: &Overview) {
    let nodes = started(&overview.record);
    if nodes.is_empty() {
        return;
    }
    let header = ["node", "outcome", "tries", "seconds", "CPU", "memory", "reason"];
    let mut rows = vec![header.map(str::to_string).to_vec()];
    for (name, node) in &nodes {
        let mut row = vec![name.to_string(), outcome(&node.attempts, overview.end).to_string()];
        row.push(node.attempts.len().to_string());
        row.extend(match usage(&node.attempts) {
            Some(usage) => {
                [format!("{:.2}", usage.seconds), format!("{:.2}", usage.cpu_seconds), text::size(usage.peak_memory)]
            }
            None => ["", "", ""].map(str::to_string),
        });
        row.push(reason(node).to_string());
        rows.push(row);
    }
    print("");
    let mut lines = align(&rows, &[2, 3, 4, 5]).into_iter();
    if let Some(header) = lines.next() {
        print(&header);
    }
    for (line, (_, node)) in lines.zip(nodes) {
        print(&line);
        if let Some(message) = node.failure() {
            print(&format!("    {message}"));
        }
    }
}

/// The rows that a node did not let through, by reason.
fn rejected(node: &NodeRecord) -> BTreeMap<&str, u64> {
    match node.attempts.last().and_then(|attempt| attempt.outcome.as_ref()) {
        Some(Outcome::Ran { rejected, .. }) => rejected.iter().map(|(reason, rows)| (reason.as_str(), *rows)).collect(),
        _ => BTreeMap::new(),
    }
}

fn print_rejected(record: &Record) {
    let mut rows = Vec::new();
    let mut sum = 0;
    for (name, node) in &record.nodes {
        for (reason, count) in rejected(node) {
            rows.push(vec![format!("rejected {count:>5}"), name.clone(), reason.to_string()]);
            sum += count;
        }
    }
    if rows.is_empty() {
        return;
    }
    print("");
    align(&rows, &[]).iter().for_each(|line| print(line));
    print(&format!("rejected {sum:>5}  rows in all"));
}

fn print_json(overview: &Overview) {
    let node = |(name, node): (&String, &NodeRecord)| {
        let usage = usage(&node.attempts);
        json!({
            "node": name, "outcome": outcome(&node.attempts, overview.end), "attempts": node.attempts.len(),
            "seconds": usage.map(|usage| usage.seconds), "cpu_seconds": usage.map(|usage| usage.cpu_seconds),
            "peak_memory": usage.map(|usage| usage.peak_memory), "reason": reason(node), "message": node.failure(),
            "rejected": rejected(node),
        })
    };
    let mut whole = overview.json();
    whole["programs"] = started(&overview.record).into_iter().map(node).collect();
    whole["skipped_because"] = json!(skipped(&overview.record));
    print(&whole.to_string());
}
