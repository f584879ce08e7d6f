//! The difference between two JSON values, as a patch that the API server applies (RFC 6902).
//!
//! **Why by difference.** A pod is edited as raw JSON, and what changed is found afterwards: fields that are newer than
//! this program are never read, so they are never dropped.
//!
//! **Lists.** What both begin and end with is kept. What is left between is taken out or put in where only one has
//! something, and compared item by item where both have as much. So a container that is put first is one operation,
//! not one for each container behind it.

use serde_json::{Map, Value, json};

/// One step of a patch.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Puts a value in: a member, or an item before the one that stands there.
    Add {
        /// Where, as a JSON pointer (RFC 6901).
        path: String,
        /// What.
        value: Value,
    },
    /// Takes a value out.
    Remove {
        /// Where, as a JSON pointer.
        path: String,
    },
    /// Puts a value in the place of another.
    Replace {
        /// Where, as a JSON pointer.
        path: String,
        /// What.
        value: Value,
    },
}

impl Operation {
    /// The step as a patch document has it.
    pub fn json(&self) -> Value {
        match self {
            Self::Add { path, value } => json!({ "op": "add", "path": path, "value": value }),
            Self::Remove { path } => json!({ "op": "remove", "path": path }),
            Self::Replace { path, value } => json!({ "op": "replace", "path": path, "value": value }),
        }
    }
}

/// A patch as a document.
pub fn document(patch: &[Operation]) -> Value {
    patch.iter().map(Operation::json).collect()
}

/// The steps from one value to another; none where they are equal.
pub fn diff(from: &Value, to: &Value) -> Vec<Operation> {
    let mut steps = Vec::new();
    compare(String::new(), from, to, &mut steps);
    steps
}

fn compare(path: String, from: &Value, to: &Value, steps: &mut Vec<Operation>) {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => members(&path, from, to, steps),
        (Value::Array(from), Value::Array(to)) => items(&path, from, to, steps),
        _ if from == to => {}
        _ => steps.push(Operation::Replace { path, value: to.clone() }),
    }
}

fn members(path: &str, from: &Map<String, Value>, to: &Map<String, Value>, steps: &mut Vec<Operation>) {
    let place = |key: &str| format!("{path}/{}", escape(key));
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        steps.push(Operation::Remove { path: place(key) });
    }
    for (key, value) in to {
        match from.get(key) {
            Some(old) => compare(place(key), old, value, steps),
            None => steps.push(Operation::Add { path: place(key), value: value.clone() }),
        }
    }
}

fn items(path: &str, from: &[Value], to: &[Value], steps: &mut Vec<Operation>) {
    let shorter = from.len().min(to.len());
    let head = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    let tail = from.iter().rev().zip(to.iter().rev()).take(shorter - head);
    let tail = tail.take_while(|(from, to)| from == to).count();
    let (from, to) = (&from[head..from.len() - tail], &to[head..to.len() - tail]);
    let both = from.len().min(to.len());
    // Where one list is longer, what it has more stands first: that is where a gate is put.
    let (surplus, missing) = (from.len() - both, to.len() - both);
    for _ in 0..surplus {
        steps.push(Operation::Remove { path: format!("{path}/{head}") });
    }
    for (index, value) in to.iter().take(missing).enumerate() {
        steps.push(Operation::Add { path: format!("{path}/{}", head + index), value: value.clone() });
    }
    for (index, (from, to)) in from[surplus..].iter().zip(&to[missing..]).enumerate() {
        compare(format!("{path}/{}", head + missing + index), from, to, steps);
    }
}

/// Source: RFC 6901, section 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_changed_and_no_more() {
        let cases = [
            (json!({"a": 1}), json!({"a": 1}), json!([])),
            (json!({"a": 1}), json!({"a": 2}), json!([{"op": "replace", "path": "/a", "value": 2}])),
            (json!({"a": 1}), json!({}), json!([{"op": "remove", "path": "/a"}])),
            (json!({}), json!({"a/b~": 1}), json!([{"op": "add", "path": "/a~1b~0", "value": 1}])),
            (json!([1, 2]), json!([0, 1, 2]), json!([{"op": "add", "path": "/0", "value": 0}])),
            (json!([1, 2]), json!([1, 2, 3]), json!([{"op": "add", "path": "/2", "value": 3}])),
            (json!([0, 1, 2]), json!([1, 2]), json!([{"op": "remove", "path": "/0"}])),
            (json!([1, 1]), json!([1]), json!([{"op": "remove", "path": "/1"}])),
            (json!([1, 2, 3]), json!([1, 4, 3]), json!([{"op": "replace", "path": "/1", "value": 4}])),
            (json!([{"a": 1}]), json!({"a": 1}), json!([{"op": "replace", "path": "", "value": {"a": 1}}])),
            (
                json!([{"a": 1, "b": 2}]),
                json!([{"c": 0}, {"a": 1, "b": 3}]),
                json!([
                    {"op": "add", "path": "/0", "value": {"c": 0}},
                    {"op": "replace", "path": "/1/b", "value": 3},
                ]),
            ),
        ];
        for (from, to, wanted) in cases {
            assert_eq!(document(&diff(&from, &to)), wanted, "{from} to {to}");
        }
    }
}
