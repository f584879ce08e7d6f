//! Keys that stand twice, where a policy lets data repeat them.
//!
//! Arguments and structured results are data: their server may have a reason. Everything else is the
//! protocol's, and there a reader of the first and a reader of the last would see two messages.
//! Source: rule S4 of the strict profile, `duplicate_keys: reject_protocol`.

use crate::json::{Key, Value};

/// Finds the first key outside of data that an earlier one in its object equals.
///
/// Nothing to do, and nothing done, for a message in which no key stands twice.
pub(super) fn in_protocol(root: Value<'_>) -> Option<Key<'_>> {
    if !root.repeats() {
        return None;
    }
    root.repeated_key().or_else(|| {
        root.members().find_map(|(key, value)| match &*key.name() {
            "params" => around(value, "arguments"),
            "result" => around(value, "structuredContent"),
            _ => anywhere(value),
        })
    })
}

/// In `object`, but not in its member `data`.
fn around<'d>(object: Value<'d>, data: &str) -> Option<Key<'d>> {
    let others = object.members().filter(|(key, _)| !key.is(data));
    object.repeated_key().or_else(|| others.map(|(_, value)| value).find_map(anywhere))
}

fn anywhere(value: Value<'_>) -> Option<Key<'_>> {
    if !value.repeats() {
        return None;
    }
    let mut inner = value.members().map(|(_, value)| value).chain(value.elements());
    value.repeated_key().or_else(|| inner.find_map(anywhere))
}
