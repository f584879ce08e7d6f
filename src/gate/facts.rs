//! What a record tells of the arguments of a call: answers to what rules ask, and values where the policy wants.
//!
//! Only at the audit level `facts`. A value is told only of arguments that the policy names, only if it is no
//! object or list, short, and nothing in it or beside its name is found by a redaction rule; calls that were refused
//! are searched for that too. So nothing that may not pass is written down.

use crate::bounds::{RECORD_FACTS_MAX, RECORD_VALUE_BYTES_MAX};
use crate::json::{Kind, Value};
use crate::mcp::Message;
use crate::mcp::call::ToolCall;
use crate::policy::{AuditLevel, Fact, Policy};
use crate::scan::Direction;

use super::rules::carrier;

/// What a record tells of the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Testimony {
    /// What rules asked, and the answers; at most `RECORD_FACTS_MAX`.
    pub answers: Vec<Fact>,
    /// Arguments and their values as JSON text.
    pub values: Vec<(Box<str>, Box<str>)>,
    /// Whether all arguments could be told of; else a record says less than it should.
    pub is_cut: bool,
}

/// Gathers what the policy wants to be told of a call.
pub(super) fn testify(policy: &Policy, call: &ToolCall<'_>, message: &Message<'_>) -> Option<Box<Testimony>> {
    if policy.audit.level != AuditLevel::Facts {
        return None;
    }
    let mut answers = policy.facts(&call.name, call.arguments);
    let is_cut = answers.len() > RECORD_FACTS_MAX;
    answers.truncate(RECORD_FACTS_MAX);
    let wanted = policy.audit.values.iter();
    let mut values: Vec<(Box<str>, Box<str>)> =
        wanted.filter_map(|path| Some((path.clone(), plain(path, call.arguments?)?))).collect();
    if !values.is_empty() {
        let found = found_at(policy, message);
        let is_found = |path: &str| found.iter().any(|at| is_at(at, path));
        values.retain(|(path, _)| !is_found(path));
    }
    Some(Box::new(Testimony { answers, values, is_cut }))
}

/// The value of an argument as JSON text, if it is plain, short, and the only one of its name.
fn plain(path: &str, arguments: Value<'_>) -> Option<Box<str>> {
    let mut value = arguments;
    for step in path.split('.') {
        if value.kind() != Kind::Object || value.repeats() {
            return None;
        }
        value = value.get(step)?;
    }
    let is_plain = !matches!(value.kind(), Kind::Array | Kind::Object);
    (is_plain && value.raw().len() <= RECORD_VALUE_BYTES_MAX).then(|| value.raw().into())
}

/// Where redaction finds something in what the client sent: `$.arguments.note`.
fn found_at(policy: &Policy, message: &Message<'_>) -> Vec<Box<str>> {
    let Some(carrier) = carrier(message) else { return Vec::new() };
    let both = [Direction::Arguments, Direction::Results];
    let scans = both.into_iter().filter(|direction| !policy.redaction.is_empty(*direction));
    scans
        .flat_map(|direction| policy.redaction.scan(direction, carrier).findings)
        .map(|finding| finding.path)
        .collect()
}

/// Whether a finding is at an argument, or inside of it, or anywhere that cannot be told.
fn is_at(found: &str, path: &str) -> bool {
    let Some(inner) = found.strip_prefix("$.arguments.") else {
        return found == "$" || found == "$.arguments";
    };
    inner.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
