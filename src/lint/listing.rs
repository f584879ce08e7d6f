//! A list as a server gives it, taken apart into the places that a model reads.

use serde_json::{Map, Value};

/// What a server offers, as far as it is words.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// Its tools, prompts and resources, and what it says of itself, in the order of the list.
    pub items: Vec<Item>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// What a server says for a prompt of a model.
    Instructions,
    /// A prompt.
    Prompt,
    /// A resource, or a template of them.
    Resource,
    /// A tool.
    Tool,
}

/// One thing that a server offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its name; of a resource its URI.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// What it claims to do to the world.
    pub hints: Hints,
    /// The schema of its arguments, where it is a tool.
    pub input_schema: Option<Value>,
    /// Every text in it that a model may read.
    pub leaves: Vec<Leaf>,
}

/// One argument of a tool or prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What is said of it.
    pub description: Option<String>,
    /// Whether what it takes is told by its description, its words or those of its parts.
    pub is_told: bool,
}

/// What a tool claims to do to the world. Source: MCP 2026-07-28, `ToolAnnotations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// What it changes cannot be got back.
    pub destructive: Option<bool>,
    /// It deals with things beyond its server.
    pub open_world: Option<bool>,
}

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// A JSON Pointer inside of the item, as `/inputSchema/properties/path/description`.
    pub pointer: String,
    /// The text.
    pub text: String,
}

/// Keys of a schema whose texts are words of JSON Schema, or repeat names that stand elsewhere.
const GRAMMAR: &[&str] = &["$ref", "$schema", "format", "required", "type"];

impl Listing {
    /// Takes a list apart: an object with `tools`, and with `prompts`, `resources`, `resourceTemplates` and
    /// `instructions` where they are at hand. What is no item of the protocol is left out.
    pub fn read(list: &Value) -> Self {
        let mut items = Vec::new();
        if let Some(text) = list.get("instructions").and_then(Value::as_str) {
            items.push(Item::instructions(text));
        }
        let kinds = [
            ("tools", ItemKind::Tool),
            ("prompts", ItemKind::Prompt),
            ("resources", ItemKind::Resource),
            ("resourceTemplates", ItemKind::Resource),
        ];
        for (key, kind) in kinds {
            let list = list.get(key).and_then(Value::as_array).into_iter().flatten();
            items.extend(list.filter_map(|item| Item::read(kind, item)));
        }
        Self { items }
    }

    /// The tools.
    pub fn tools(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.kind == ItemKind::Tool)
    }
}

impl Item {
    /// What a server says for a prompt of a model.
    pub fn instructions(text: &str) -> Self {
        Self {
            kind: ItemKind::Instructions,
            name: "instructions".to_owned(),
            title: None,
            description: Some(text.to_owned()),
            parameters: Vec::new(),
            hints: Hints::default(),
            input_schema: None,
            leaves: vec![Leaf { pointer: String::new(), text: text.to_owned() }],
        }
    }

    /// Takes one item apart; `None` where it has no name.
    pub fn read(kind: ItemKind, item: &Value) -> Option<Self> {
        let item = item.as_object()?;
        let text = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = match kind {
            ItemKind::Resource => text("uri").or_else(|| text("uriTemplate")).or_else(|| text("name"))?,
            ItemKind::Instructions | ItemKind::Prompt | ItemKind::Tool => text("name")?,
        };
        let mut leaves = Vec::new();
        for (key, value) in item.iter().filter(|(key, _)| !matches!(key.as_str(), "_meta" | "icons")) {
            collect(&format!("/{}", escaped(key)), key, value, &mut leaves);
        }
        let annotations = item.get("annotations").and_then(Value::as_object);
        let hint = |key: &str| annotations.and_then(|hints| hints.get(key)).and_then(Value::as_bool);
        Some(Self {
            kind,
            name,
            title: text("title")
                .or_else(|| annotations.and_then(|hints| hints.get("title")?.as_str().map(str::to_owned))),
            description: text("description"),
            parameters: parameters(item),
            hints: Hints {
                read_only: hint("readOnlyHint"),
                destructive: hint("destructiveHint"),
                open_world: hint("openWorldHint"),
            },
            input_schema: item.get("inputSchema").cloned(),
            leaves,
        })
    }
}

/// Every text below `value`, and every key that an author chose.
fn collect(pointer: &str, key: &str, value: &Value, leaves: &mut Vec<Leaf>) {
    match value {
        Value::String(text) => leaves.push(Leaf { pointer: pointer.to_owned(), text: text.clone() }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{pointer}/{index}"), "", item, leaves);
            }
        }
        Value::Object(members) => {
            let is_named = matches!(key, "properties" | "$defs" | "definitions" | "patternProperties");
            for (name, member) in members {
                let place = format!("{pointer}/{}", escaped(name));
                if is_named {
                    leaves.push(Leaf { pointer: place.clone(), text: name.clone() });
                } else if GRAMMAR.contains(&name.as_str()) {
                    continue;
                }
                collect(&place, if is_named { "" } else { name }, member, leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A key as a token of a JSON Pointer. Source: RFC 6901, section 3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn parameters(item: &Map<String, Value>) -> Vec<Parameter> {
    let words = |value: &Value| value.get("description").and_then(Value::as_str).map(str::to_owned);
    if let Some(properties) =
        item.get("inputSchema").and_then(|schema| schema.get("properties")).and_then(Value::as_object)
    {
        let each = properties.iter().map(|(name, schema)| Parameter {
            name: name.clone(),
            description: words(schema),
            is_told: is_told(schema),
        });
        return each.collect();
    }
    let arguments = item.get("arguments").and_then(Value::as_array).into_iter().flatten();
    let each = arguments.filter_map(|argument| {
        let description = words(argument);
        let is_told = description.is_some();
        Some(Parameter { name: argument.get("name")?.as_str()?.to_owned(), description, is_told })
    });
    each.collect()
}

/// Whether somebody who reads a schema learns what to write: by a description, by words to choose from, or by
/// the descriptions of all its parts.
fn is_told(schema: &Value) -> bool {
    let has_words = schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if has_words || schema.get("enum").is_some() || schema.get("const").is_some() {
        return true;
    }
    if schema.get("type").and_then(Value::as_str) == Some("boolean") {
        return true;
    }
    let parts = schema.get("properties").or_else(|| schema.get("items")?.get("properties"));
    let parts = parts.and_then(Value::as_object).filter(|parts| !parts.is_empty());
    parts.is_some_and(|parts| parts.values().all(is_told)) || schema.get("items").is_some_and(is_told)
}
