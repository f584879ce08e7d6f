//! What a value may look like, form by form; each stands for one reader of the walker.

use serde_json::{Value, json};

use super::Tools;

/// A map that has a shape of its own.
pub(super) fn shape(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A name of a rule, a role, a scope.
pub(super) fn label() -> Value {
    json!({ "type": "string", "pattern": "^[!#-&(-\\[\\]-_a-~]{1,128}$" })
}

pub(super) fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// The path of a file outside of the bundle.
pub(super) fn rooted() -> Value {
    json!({ "type": "string", "pattern": "^/" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn number() -> Value {
    json!({ "type": "number" })
}

/// A number of things, of which there may be none.
pub(super) fn size() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
}

pub(super) fn duration() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+(ms|s|min|hour)$", "examples": ["500ms", "10s"] })
}

pub(super) fn rate() -> Value {
    json!({ "type": "string", "pattern": "^ *[0-9][0-9_]* */ *(s|min|hour|day) *$", "examples": ["60/min"] })
}

pub(super) fn budget() -> Value {
    let pattern = "^ *[0-9][0-9_]* */ *(hour|day|week|month) *$";
    json!({ "type": "string", "pattern": pattern, "examples": ["2_000_000/day"] })
}

pub(super) fn date() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2027-01-31"] })
}

pub(super) fn sha256() -> Value {
    json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" })
}

/// The only version there is.
pub(super) fn version() -> Value {
    json!({ "const": 1 })
}

/// A text, a number or a boolean, to compare an argument with.
pub(super) fn literal() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// One of a closed set of words.
pub(super) fn word<T: Copy>(known: &[T], spell: impl Fn(T) -> &'static str) -> Value {
    json!({ "enum": known.iter().map(|&word| spell(word)).collect::<Vec<_>>() })
}

/// A list.
pub(super) fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

/// A list that is not empty; one text stands for a list of one.
pub(super) fn some(of: &Value) -> Value {
    json!({ "anyOf": [of, { "type": "array", "minItems": 1, "items": of }] })
}

/// A map whose keys are names that the author chooses.
pub(super) fn map(of: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

/// A tool, or a pattern over tools.
pub(super) fn tool(tools: &Tools) -> Value {
    match &tools.names {
        None => text(),
        Some(names) => {
            let names: Vec<&str> = names.iter().map(crate::names::ToolName::as_str).collect();
            json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": "[*@]" }] })
        }
    }
}

/// A map from the tools that are known to something.
pub(super) fn by_tool(tools: &Tools, of: &Value) -> Value {
    match &tools.names {
        None => map(of),
        Some(names) => {
            let each = names.iter().map(|name| (name.as_str().to_owned(), of.clone()));
            json!({
                "type": "object",
                "properties": each.collect::<serde_json::Map<_, _>>(),
                "additionalProperties": false,
            })
        }
    }
}

/// What is asked of arguments, by tool and argument; `constraint` is the shape of one.
pub(super) fn args(tools: &Tools, constraint: &'static str) -> Value {
    let open = map(&shape(constraint));
    let Some(names) = &tools.names else { return map(&open) };
    let each = names.iter().map(|name| {
        let known = tools.arguments.iter().find(|(tool, _)| tool == name).map(|(_, arguments)| arguments);
        let form = known.map_or_else(
            || open.clone(),
            |arguments| {
                let each = arguments.iter().map(|argument| {
                    let mut form = shape(constraint);
                    form["description"] = json!(argument.says);
                    if let Some(words) = &argument.words {
                        form["properties"] =
                            json!({ "equals": { "enum": words }, "in": some(&json!({ "enum": words })) });
                    }
                    (argument.name.clone(), form)
                });
                json!({
                    "type": "object",
                    "properties": each.collect::<serde_json::Map<_, _>>(),
                    // What lies inside an argument is named by a path.
                    "patternProperties": { "\\.": shape(constraint) },
                    "additionalProperties": false,
                })
            },
        );
        (name.as_str().to_owned(), form)
    });
    json!({
        "type": "object",
        "properties": each.collect::<serde_json::Map<_, _>>(),
        "patternProperties": { "\\*": open },
        "additionalProperties": false,
    })
}
