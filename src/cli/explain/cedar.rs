//! A rule in the words of Cedar, and the schema that these words are validated against.

use serde_json::json;

use super::{Format, human};
use crate::names::Label;
use crate::policy::{Policy, nearest, schema_text};

/// The Cedar policy that says the same as the rule called `id`.
///
/// # Errors
/// Why there is none, in one line.
pub(super) fn rule(policy: &Policy, id: &str, format: Format) -> Result<String, String> {
    let text = policy.cedar(id).ok_or_else(|| unknown(policy, id))?;
    Ok(match format {
        Format::Human => text,
        Format::Json => format!("{:#}\n", json!({ "version": 1, "rule": id, "cedar": text })),
    })
}

/// The schema of everything that rules may look at.
pub(super) fn schema(policy: &Policy, format: Format) -> String {
    let text = schema_text(policy);
    match format {
        Format::Human => text,
        Format::Json => format!("{:#}\n", json!({ "version": 1, "cedar_schema": text })),
    }
}

fn unknown(policy: &Policy, id: &str) -> String {
    let known = policy.rule_ids().find(|known| known.as_str() == id);
    match known.map(|known| policy.rule_place(known)) {
        Some(Some(at)) => {
            format!("the rule `{id}` ({}) is about no tool or method that there is", human::place(policy, at))
        }
        Some(None) => format!("the rule `{id}` is written in Cedar already"),
        None => match nearest(id, policy.rule_ids().map(Label::as_str)) {
            Some(meant) => format!("there is no rule `{id}`; did you mean `{meant}`?"),
            None => format!("there is no rule `{id}`"),
        },
    }
}
