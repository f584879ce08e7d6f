//! Guards for what is not there: `context.args has databse`.
//!
//! To Cedar such a guard is false, and no fault: records are closed, so it knows the answer. What stands behind
//! it would never be asked, in silence, and a `forbid` would let through what it was written for. So whatever
//! a policy asks `has` of must be there for some tool or method that it can apply to.

use cedar_policy::ActionConstraint;
use serde_json::Value;

use super::read::Reading;
use super::subject::{Kind, Subject};
use super::{request, schema};
use crate::policy::Source;
use crate::policy::advice::Help;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, did_you_mean, shown};

/// Notes every guard of a policy that no message can meet.
pub(super) fn check(
    reading: &Reading,
    at: Span,
    subjects: &[&Subject<'_>],
    sources: &[Source],
    findings: &mut Findings,
) {
    let Ok(json) = reading.policy.to_json() else { return };
    let mut guards = Vec::new();
    gather(&json, &mut guards);
    guards.sort();
    guards.dedup();
    for (path, name) in guards {
        let Some((root, path)) = path.split_first() else { continue };
        let known: Vec<Vec<String>> = match root.as_str() {
            "context" => subjects.iter().filter_map(|subject| schema::members(subject, path)).collect(),
            "principal" if path.is_empty() => vec![schema::caller_attributes()],
            _ => continue,
        };
        // A record that is not there is told by Cedar itself.
        if known.is_empty() || known.iter().flatten().any(|known| *known == name) {
            continue;
        }
        let holder = std::iter::once(root).chain(path).cloned().collect::<Vec<_>>().join(".");
        let message = format!("`{}` has no attribute `{}`", shown(&holder), shown(&name));
        let known: Vec<&str> = known.iter().flatten().map(String::as_str).collect();
        let help = did_you_mean(&name, "attributes", known);
        findings.advise(Code::CedarUnfit, place(&name, at, sources), message, help);
    }
}

/// The subjects that a policy is about.
pub(super) fn concerned<'s, 'p>(
    policy: &cedar_policy::Policy,
    subjects: &'s [Subject<'p>],
) -> Vec<&'s Subject<'p>> {
    let actions = match policy.action_constraint() {
        ActionConstraint::Any => return subjects.iter().collect(),
        ActionConstraint::Eq(action) => vec![action],
        ActionConstraint::In(actions) => actions,
    };
    let is_it = |subject: &&Subject<'_>| {
        let of = format!("{}::Action", subject.kind.namespace());
        request::uid(&of, subject.kind.name()).is_ok_and(|action| actions.contains(&action))
    };
    subjects.iter().filter(is_it).collect()
}

/// What was meant by a tool or a method that is not there.
pub(super) fn meant(name: &str, subjects: &[Subject<'_>]) -> Help {
    let (_, id) = name.split_once("Action::\"").unwrap_or(("", name));
    let id = id.trim_end_matches('"');
    let is_method = name.starts_with("Mcp::Method");
    let alike = subjects.iter().filter(|subject| matches!(subject.kind, Kind::Tool(_)) != is_method);
    let kind = if is_method { "methods" } else { "tools" };
    did_you_mean(id, kind, alike.map(|subject| subject.kind.name()))
}

/// Where a guard is written, or else its policy.
fn place(name: &str, policy: Span, sources: &[Source]) -> Span {
    let text = sources.get(policy.file).and_then(|source| source.text.get(policy.start..policy.end));
    let text = text.unwrap_or_default();
    let found = text.match_indices("has").find_map(|(at, word)| {
        let rest = text.get(at + word.len()..)?;
        let start = at + word.len() + rest.len() - rest.trim_start().len();
        let quote = usize::from(text.get(start..)?.starts_with('"'));
        text.get(start + quote..)?.starts_with(name).then_some(start + quote)
    });
    found.map_or(policy, |at| Span {
        start: policy.start + at,
        end: policy.start + at + name.len(),
        ..policy
    })
}

fn gather(json: &Value, guards: &mut Vec<(Vec<String>, String)>) {
    match json {
        Value::Object(members) => {
            if let Some(has) = members.get("has")
                && let (Some(left), Some(name)) =
                    (has.get("left").and_then(path), has.get("attr").and_then(Value::as_str))
            {
                guards.push((left, name.to_owned()));
            }
            members.values().for_each(|value| gather(value, guards));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, guards)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `context.args.filter` as its steps; `None` for anything that is no such path.
fn path(json: &Value) -> Option<Vec<String>> {
    if let Some(root) = json.get("Var") {
        return Some(vec![root.as_str()?.to_owned()]);
    }
    let access = json.get(".")?;
    let mut steps = path(access.get("left")?)?;
    steps.push(access.get("attr")?.as_str()?.to_owned());
    Some(steps)
}
