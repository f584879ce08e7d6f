//! Tests of strings by what they look like.

use super::{Standing, may_lead_elsewhere};
use crate::json::Value;

/// Whether a string begins with `prefix`; unknown where a path may lead out of it again.
pub(super) fn judge_prefix(prefix: &str, value: Value<'_>) -> Standing {
    let Some(text) = value.string() else { return Standing::Unknown };
    if prefix.contains('/') && may_lead_elsewhere(&text) {
        return Standing::Unknown;
    }
    if text.starts_with(prefix) { Standing::Meets } else { Standing::Fails }
}
