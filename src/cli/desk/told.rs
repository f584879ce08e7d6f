//! What `/status` tells, by name: whatever is missing reads as nothing, so that another version can be asked.

use serde_json::Value;

use crate::report::legible;

/// How a gate stands, as it told.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Told(pub Value);

impl Told {
    /// Whether a gate told it.
    pub fn is_of_a_gate(&self) -> bool {
        self.0["policy"]["sha256"].is_string()
    }

    /// A text at a path such as `/policy/sha256`, with nothing hidden in it; empty where there is none.
    pub fn text(&self, path: &str) -> String {
        text(self.0.pointer(path))
    }

    /// A whole number.
    pub fn number(&self, path: &str) -> u64 {
        number(self.0.pointer(path))
    }

    /// Whether it says so.
    pub fn is(&self, path: &str) -> bool {
        self.0.pointer(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The rows of a table.
    pub fn rows(&self, path: &str) -> &[Value] {
        self.0.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// How much of the messages of the last minute `part` is, in percent.
    pub fn percent(&self, part: &str) -> f64 {
        share(&self.0["traffic"]["window"], part)
    }
}

/// How much of the messages of a count `part` is, in percent.
pub(in crate::cli) fn share(count: &Value, part: &str) -> f64 {
    let (part, all) = (number(count.get(part)), number(count.get("messages")));
    if all == 0 { 0.0 } else { part as f64 * 100.0 / all as f64 }
}

/// A text, with nothing hidden in it.
pub(in crate::cli) fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).map(legible).unwrap_or_default()
}

/// A whole number; 0 where there is none.
pub(in crate::cli) fn number(value: Option<&Value>) -> u64 {
    value.and_then(Value::as_u64).unwrap_or_default()
}
