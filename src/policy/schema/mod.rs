//! JSON Schema of the files of a bundle, for editors: completion, a word on each key, red lines while typing.
//!
//! **How.** A [`Shape`] is one map of the language. Its keys are the very list that the reader of that map
//! goes by, so a key cannot be in one and not in the other; a test holds that each has a row here with its
//! form and a sentence. With a lock file, tools and their arguments become closed lists, too.
//!
//! **What it is not.** No second judge: whether a bundle holds is said by [`compile`](fn@super::compile), which
//! knows what a schema cannot, such as whether a role is declared. What compiles is valid here, and that is
//! tested with every bundle in the repository; what is valid here need not compile.
//!
//! Source: JSON Schema 2020-12.

mod beside;
mod callers;
mod care;
mod conversation;
mod describe;
mod flows;
mod forms;
mod limits;
mod rules;
mod sandbox;
mod sections;
mod sharing;
mod upstream;
mod versions;

use serde_json::{Map, Value, json};

use super::lock::Lock;
use crate::names::ToolName;

/// Which file of a bundle a schema is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOf {
    /// `tools.lock.yaml`.
    Lock,
    /// Every other `*.yaml`.
    Policy,
    /// `*.test.yaml`.
    Tests,
}

/// The JSON Schema of one kind of file; with the tools of `lock` and their arguments, where one is given.
///
/// Stable for the same input, byte for byte.
pub fn schema(of: SchemaOf, lock: Option<&Lock>) -> Value {
    let tools = Tools::new(lock);
    let (title, root, shapes) = match of {
        SchemaOf::Lock => ("sluicegate tools.lock.yaml", "lock", beside::lock()),
        SchemaOf::Policy => ("sluicegate policy", "policy", sections::shapes(&tools)),
        SchemaOf::Tests => ("sluicegate policy tests", "tests", beside::tests(&tools)),
    };
    let definitions: Map<String, Value> =
        shapes.iter().map(|shape| (shape.name.to_owned(), shape.schema())).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$ref": format!("#/$defs/{root}"),
        "$defs": definitions,
    })
}

/// One map of the language: which keys it may have, and what they take.
struct Shape {
    /// By which others refer to it.
    name: &'static str,
    /// The keys that its reader knows.
    keys: &'static [&'static str],
    /// Those that must be there.
    needed: &'static [&'static str],
    /// Sets of keys of which one at least must be there.
    some_of: &'static [&'static [&'static str]],
    rows: Vec<Row>,
}

/// What a key takes, and what it is for.
struct Row {
    key: &'static str,
    form: Value,
    says: &'static str,
}

impl Shape {
    fn new(name: &'static str, keys: &'static [&'static str], needed: &'static [&'static str]) -> Self {
        Self { name, keys, needed, some_of: &[], rows: Vec::new() }
    }

    /// Adds what a key takes and what it is for.
    fn row(mut self, key: &'static str, form: Value, says: &'static str) -> Self {
        self.rows.push(Row { key, form, says });
        self
    }

    fn some_of(self, some_of: &'static [&'static [&'static str]]) -> Self {
        Self { some_of, ..self }
    }

    fn schema(&self) -> Value {
        let property = |key: &&str| {
            let row = self.rows.iter().find(|row| row.key == *key);
            let form = row.map_or_else(|| json!({}), |row| described(row.form.clone(), row.says));
            ((*key).to_owned(), form)
        };
        let mut schema = json!({
            "type": "object",
            "properties": self.keys.iter().map(property).collect::<Map<_, _>>(),
            "additionalProperties": false,
        });
        if !self.needed.is_empty() {
            schema["required"] = json!(self.needed);
        }
        if let [keys] = self.some_of {
            let each = keys.iter().map(|key| json!({ "required": [key] }));
            schema["anyOf"] = each.collect();
        }
        schema
    }
}

fn described(mut form: Value, says: &str) -> Value {
    form["description"] = json!(says);
    form
}

/// The tools that an editor may offer; all names are good where there is no lock file.
struct Tools {
    names: Option<Vec<ToolName>>,
    /// Each with the names of its arguments, their types and what is said of them.
    arguments: Vec<(ToolName, Vec<Argument>)>,
}

/// An argument as the approved schema of its tool describes it.
struct Argument {
    name: String,
    says: String,
    words: Option<Value>,
}

impl Tools {
    fn new(lock: Option<&Lock>) -> Self {
        let Some(lock) = lock else { return Self { names: None, arguments: Vec::new() } };
        let arguments = lock.tools.iter().filter_map(|tool| {
            let schema = tool.definition.as_ref()?.input_schema.as_ref()?;
            let schema: Value = serde_json::from_str(schema).ok()?;
            let properties = schema.get("properties")?.as_object()?;
            let each = properties.iter().map(|(name, form)| Argument::new(name, form));
            Some((tool.name.clone(), each.collect()))
        });
        Self {
            names: Some(lock.tools.iter().map(|tool| tool.name.clone()).collect()),
            arguments: arguments.collect(),
        }
    }
}

impl Argument {
    fn new(name: &str, form: &Value) -> Self {
        let text = |key: &str| form.get(key).and_then(Value::as_str).unwrap_or_default();
        let says = [text("type"), text("description")];
        let says: Vec<&str> = says.into_iter().filter(|text| !text.is_empty()).collect();
        Self { name: name.to_owned(), says: says.join(": "), words: form.get("enum").cloned() }
    }
}

#[cfg(test)]
mod tests;
