//! Where in an object there is a pod.

use std::fmt;

use serde_json::Value;

/// A pod, or the template of pods, in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The kind of the object that it belongs to.
    pub kind: Box<str>,
    /// The name of the object; empty where it has none yet.
    pub name: Box<str>,
    /// The namespace that the object names, if it does.
    pub namespace: Option<Box<str>>,
}

/// Where kinds have their pods.
const KINDS: &[(&str, &str)] = &[
    ("CronJob", "/spec/jobTemplate/spec/template"),
    ("DaemonSet", "/spec/template"),
    ("Deployment", "/spec/template"),
    ("Job", "/spec/template"),
    ("Pod", ""),
    ("PodTemplate", "/template"),
    ("ReplicaSet", "/spec/template"),
    ("ReplicationController", "/spec/template"),
    ("StatefulSet", "/spec/template"),
];

/// Finds the pods of a document: in an object that is or has one, and in lists of objects.
///
/// A kind that is not known has none, also where it looks as if it had: what its controller does with it, nobody here
/// knows.
pub fn pods(document: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    find(document, "", &mut places);
    places
}

/// The objects of one kind in a document, also in lists.
pub(super) fn of_kind<'d>(document: &'d Value, kind: &str) -> Vec<&'d Value> {
    match document.get("kind").and_then(Value::as_str) {
        Some(found) if found == kind => vec![document],
        Some(found) if found.ends_with("List") => {
            let items = document.get("items").and_then(Value::as_array).into_iter().flatten();
            items.flat_map(|item| of_kind(item, kind)).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, namespace, .. } = self;
        match namespace {
            Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
            None => write!(f, "{kind} {name}"),
        }
    }
}

fn find(object: &Value, pointer: &str, places: &mut Vec<Place>) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let Some(kind) = text("/kind") else { return };
    if kind.ends_with("List")
        && let Some(items) = object.get("items").and_then(Value::as_array)
    {
        for (index, item) in items.iter().enumerate() {
            find(item, &format!("{pointer}/items/{index}"), places);
        }
        return;
    }
    let Some((_, path)) = KINDS.iter().find(|(known, _)| *known == kind) else { return };
    if object.pointer(path).is_none() {
        return;
    }
    places.push(Place {
        pointer: format!("{pointer}{path}"),
        kind: kind.into(),
        name: text("/metadata/name").or_else(|| text("/metadata/generateName")).unwrap_or_default().into(),
        namespace: text("/metadata/namespace").map(Into::into),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_pods_where_they_are() {
        let template = json!({ "spec": {} });
        let job = json!({ "template": template });
        let cron = json!({ "jobTemplate": { "spec": job } });
        for (object, wanted) in [
            (json!({ "kind": "Pod" }), vec![""]),
            (json!({ "kind": "Deployment", "spec": job }), vec!["/spec/template"]),
            (json!({ "kind": "CronJob", "spec": cron }), vec!["/spec/jobTemplate/spec/template"]),
            (json!({ "kind": "Service", "spec": job }), vec![]),
            (json!({ "kind": "Deployment" }), vec![]),
            (
                json!({ "kind": "List", "items": [{ "kind": "Pod" }, { "kind": "Job", "spec": job }] }),
                vec!["/items/0", "/items/1/spec/template"],
            ),
            (json!({ "spec": {} }), vec![]),
            (json!(null), vec![]),
        ] {
            let found: Vec<_> = pods(&object).into_iter().map(|place| place.pointer).collect();
            assert_eq!(found, wanted, "{object}");
        }
    }
}
