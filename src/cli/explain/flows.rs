//! What flows have to do with a tool: by what it is closed, and what its answers are remembered as.

use serde_json::{Value, json};

use crate::names::{Label, Mode};
use crate::policy::{Flow, Policy, Tool};

/// A line for each flow that closes the tool to somebody, and one for what its answers are remembered as.
pub(super) fn lines(policy: &Policy, tool: &Tool) -> Vec<String> {
    let closing = policy.flows().iter().filter(|flow| flow.closes(tool));
    let mut lines: Vec<String> = closing.map(closed).collect();
    let marks = listed(policy.marks(tool));
    if !marks.is_empty() {
        lines.push(format!("an answer is remembered of its conversation as {marks}, for `flows`"));
    }
    let found = listed(policy.content_marks().iter().map(|mark| &mark.label));
    if !found.is_empty() {
        lines.push(format!(
            "an answer may be remembered as {found}, by what is found in it (`results.labels`)"
        ));
    }
    lines
}

fn closed(flow: &Flow) -> String {
    let mode = if flow.mode == Mode::Shadow { ", in shadow" } else { "" };
    let seen = listed(flow.after.iter());
    format!(
        "flow `{}`{mode}: closed to a conversation that has seen {seen}; none is taken to have here",
        flow.id
    )
}

fn listed<'l>(labels: impl Iterator<Item = &'l Label>) -> String {
    let mut named: Vec<String> = labels.map(|label| format!("`{label}`")).collect();
    named.sort();
    named.dedup();
    named.join(" and ")
}

/// The flows that are about a tool, and what each does.
pub(super) fn json(policy: &Policy, tool: Option<&Tool>) -> Value {
    let Some(tool) = tool else { return json!([]) };
    let is_awaited = |flow: &Flow| flow.after.iter().any(|label| tool.labels().contains(label));
    let about = policy.flows().iter().filter(|flow| flow.closes(tool) || is_awaited(flow));
    let each = about.map(|flow| {
        let after: Vec<&str> = flow.after.iter().map(Label::as_str).collect();
        json!({
            "flow": flow.id.as_str(),
            "mode": flow.mode.as_str(),
            "after": after,
            "closes": flow.closes(tool),
            "marks": is_awaited(flow),
        })
    });
    each.collect()
}
