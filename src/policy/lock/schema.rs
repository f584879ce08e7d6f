//! What changed between two JSON Schemas, keyword by keyword, and how bad that is.
//!
//! A model reads texts wherever they stand, so a changed text is worse than a changed type: the second
//! breaks a call, the first may turn what the model does. What is not known is taken for the worst.
//!
//! Source: JSON Schema 2020-12, core 10 and validation 6, 9.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::drift::{Change, DriftClass};
use super::spelling::quoted;
use crate::json::{Kind, Value, write_jcs};

/// Keywords whose value is one schema.
const SCHEMAS: &[&str] = &[
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose value is a list of schemas.
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords whose value has a schema for each name.
const NAMED: &[&str] = &["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// Keywords that say which values are taken, and that no model is led by.
const BOUNDS: &[&str] = &[
    "$ref",
    "$schema",
    "dependentRequired",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "type",
    "uniqueItems",
];

/// Notes every difference between two values; `path` says where they stand.
pub(super) fn compare(path: &str, before: Value<'_>, after: Value<'_>, changes: &mut Vec<Change>) {
    if canonical(before) == canonical(after) {
        return;
    }
    if before.kind() != Kind::Object || after.kind() != Kind::Object {
        return changes.push(change(path, DriftClass::Breaking, Some(before), Some(after)));
    }
    for (key, before, after) in pairs(before, after) {
        keyword(&key, &join(path, &key), before, after, changes);
    }
}

/// Every name of two objects, by name, with the value in each.
type Pair<'v> = (Cow<'v, str>, Option<Value<'v>>, Option<Value<'v>>);

fn pairs<'v>(before: Value<'v>, after: Value<'v>) -> Vec<Pair<'v>> {
    let mut pairs: BTreeMap<Cow<'v, str>, (Option<Value<'v>>, Option<Value<'v>>)> = BTreeMap::new();
    before.members().for_each(|(key, value)| pairs.entry(key.name()).or_default().0 = Some(value));
    after.members().for_each(|(key, value)| pairs.entry(key.name()).or_default().1 = Some(value));
    pairs.into_iter().map(|(name, (before, after))| (name, before, after)).collect()
}

fn keyword(
    key: &str,
    path: &str,
    before: Option<Value<'_>>,
    after: Option<Value<'_>>,
    changes: &mut Vec<Change>,
) {
    if before.map(canonical) == after.map(canonical) {
        return;
    }
    let are = |kind: Kind| [before, after].iter().flatten().all(|value| value.kind() == kind);
    match (before, after) {
        (Some(before), Some(after)) if SCHEMAS.contains(&key) => compare(path, before, after, changes),
        (Some(before), Some(after)) if NAMED.contains(&key) && are(Kind::Object) => {
            named(path, before, after, changes);
        }
        (None, Some(after)) if NAMED.contains(&key) && are(Kind::Object) => {
            after.members().for_each(|(name, value)| {
                changes.push(change(&join(path, &name.name()), DriftClass::Low, None, Some(value)));
            });
        }
        (Some(before), Some(after)) if LISTS.contains(&key) && are(Kind::Array) => {
            listed(path, before, after, changes);
        }
        _ if key == "required" && are(Kind::Array) => {
            set(path, (before, after), (DriftClass::Low, DriftClass::Breaking), changes);
        }
        _ if key == "enum" && are(Kind::Array) => {
            set(path, (before, after), (DriftClass::Breaking, DriftClass::High), changes);
        }
        _ => {
            let is_bound = BOUNDS.contains(&key) || SCHEMAS.contains(&key);
            let class = if is_bound { DriftClass::Breaking } else { DriftClass::High };
            changes.push(change(path, class, before, after));
        }
    }
}

fn named(path: &str, before: Value<'_>, after: Value<'_>, changes: &mut Vec<Change>) {
    for (name, before, after) in pairs(before, after) {
        let path = join(path, &name);
        match (before, after) {
            (Some(before), Some(after)) => compare(&path, before, after, changes),
            // Where it is required, that is a change of its own.
            (None, added) => changes.push(change(&path, DriftClass::Low, None, added)),
            (removed, None) => changes.push(change(&path, DriftClass::Breaking, removed, None)),
        }
    }
}

fn listed(path: &str, before: Value<'_>, after: Value<'_>, changes: &mut Vec<Change>) {
    let (mut befores, mut afters) = (before.elements(), after.elements());
    for index in 0.. {
        let path = format!("{path}[{index}]");
        match (befores.next(), afters.next()) {
            (None, None) => break,
            (Some(before), Some(after)) => compare(&path, before, after, changes),
            (before, after) => changes.push(change(&path, DriftClass::Breaking, before, after)),
        }
    }
}

/// A list whose order means nothing: what went, what came, each of its class. Where only the order or a
/// double changed, a text did.
fn set(
    path: &str,
    (before, after): (Option<Value<'_>>, Option<Value<'_>>),
    (went, came): (DriftClass, DriftClass),
    changes: &mut Vec<Change>,
) {
    let items = |list: Option<Value<'_>>| -> Vec<String> {
        list.map(|list| list.elements().map(canonical).collect()).unwrap_or_default()
    };
    let (befores, afters) = (items(before), items(after));
    let count = changes.len();
    for (list, known, class) in [(before, &afters, went), (after, &befores, came)] {
        let others =
            list.iter().flat_map(Value::elements).filter(|value| !known.contains(&canonical(*value)));
        for value in others {
            let (before, after) = if class == went { (Some(value), None) } else { (None, Some(value)) };
            changes.push(change(path, class, before, after));
        }
    }
    if changes.len() == count {
        changes.push(change(path, DriftClass::High, before, after));
    }
}

fn canonical(value: Value<'_>) -> String {
    let mut text = String::new();
    write_jcs(value, &mut text);
    text
}

/// One difference, with both values as they are spelled.
pub(super) fn change(
    path: &str,
    class: DriftClass,
    before: Option<Value<'_>>,
    after: Option<Value<'_>>,
) -> Change {
    let text = |value: Option<Value<'_>>| value.map(|value| value.raw().to_owned());
    Change { path: path.to_owned(), class, before: text(before), after: text(after) }
}

/// A path with one more name: after a dot where it is a plain word.
pub(super) fn join(path: &str, name: &str) -> String {
    let is_plain = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-'));
    if is_plain { format!("{path}.{name}") } else { format!("{path}[{}]", quoted(name)) }
}
