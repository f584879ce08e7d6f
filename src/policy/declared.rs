//! What a tool's pinned `inputSchema` says of the type of its arguments.
//!
//! **Why.** A rule compares an argument as what it is declared to be. A value of another type may be
//! converted by the server in its own way, so nobody can say how it stands to the rule: it is unknown,
//! and counts against the caller.
//!
//! **How.** Only `type`, `properties`, `items` and a choice between one schema and `null` are read. All
//! keywords of a JSON Schema hold together, so whatever else it says cannot widen a `type` again. What is
//! not read is opaque: a value of any type may stand there.
//!
//! **What it is not.** No validator: ranges, patterns, enumerations and required members are not looked at.

use crate::json::{Document, Kind, Value};

/// The type that an argument is declared to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Declared {
    /// `true` or `false`.
    Boolean,
    /// A whole number; as far as rules go, one of 64 bits.
    Integer,
    /// A list, with the type of its elements.
    List(Box<Declared>),
    /// An object, with the members that are declared, each once.
    Object(Box<[(Box<str>, Declared)]>),
    /// Anything.
    #[default]
    Opaque,
    /// A string.
    Text,
}

impl Declared {
    /// Reads a pinned `inputSchema`; anything that cannot be read is opaque.
    pub fn read(schema: &str) -> Self {
        Document::parse(schema.as_bytes()).map_or(Self::Opaque, |document| Self::of(document.root()))
    }

    fn of(schema: Value<'_>) -> Self {
        match type_name(schema).as_deref() {
            Some("boolean") => Self::Boolean,
            Some("integer") => Self::Integer,
            Some("string") => Self::Text,
            Some("array") => Self::List(Box::new(schema.get("items").map_or(Self::Opaque, Self::of))),
            Some("object") => {
                let members = schema.get("properties").into_iter().flat_map(|all| all.members());
                Self::Object(members.map(|(key, value)| (key.name().into(), Self::of(value))).collect())
            }
            Some(_) => Self::Opaque,
            None => one_or_null(schema).map_or(Self::Opaque, Self::of),
        }
    }

    /// What stands at a dotted path of the arguments.
    pub fn at(&self, path: &str) -> &Self {
        path.split('.').fold(self, |declared, step| declared.member(step))
    }

    fn member(&self, name: &str) -> &Self {
        let Self::Object(members) = self else { return &Self::Opaque };
        members.iter().find(|(known, _)| **known == *name).map_or(&Self::Opaque, |(_, declared)| declared)
    }

    /// Whether a value is of this type, as far as rules compare it. Looks at no element or member; allocates
    /// nothing.
    pub fn admits(&self, value: Value<'_>) -> bool {
        match self {
            Self::Boolean => value.boolean().is_some(),
            Self::Integer => whole(value).is_some(),
            Self::Text => value.kind() == Kind::String,
            Self::List(_) | Self::Object(_) | Self::Opaque => true,
        }
    }
}

/// A whole number of 64 bits, with or without a fraction of zeros; `None` for anything else.
pub(super) fn whole(value: Value<'_>) -> Option<i64> {
    (value.kind() == Kind::Number).then(|| whole_number(value.raw()))?
}

/// As [`whole`], of a number as it is spelled.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
}

/// The one type that a schema names beside `null`.
fn type_name(schema: Value<'_>) -> Option<String> {
    let named = schema.get("type")?;
    if let Some(name) = named.string() {
        return Some(name.into_owned());
    }
    let mut names = named.elements().filter_map(|name| name.string()).filter(|name| name != "null");
    let first = names.next()?;
    names.next().is_none().then(|| first.into_owned())
}

/// The one schema of a choice between it and `null`.
fn one_or_null(schema: Value<'_>) -> Option<Value<'_>> {
    let choices = schema.get("anyOf").or_else(|| schema.get("oneOf"))?;
    let is_null = |choice: &Value<'_>| type_name(*choice).is_some_and(|name| name == "null");
    let mut others = choices.elements().filter(|choice| !is_null(choice));
    let first = others.next()?;
    others.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_types_and_leaves_the_rest_open() {
        let schema = r#"{ "type": "object", "properties": {
            "a": { "type": "integer", "maximum": 9 }, "b": { "type": ["string", "null"] },
            "c": { "anyOf": [{ "type": "boolean" }, { "type": "null" }] }, "d": { "type": ["string", "integer"] },
            "e": { "type": "number" }, "f": {}, "g": true, "x-y.z": { "type": "string" },
            "h": { "type": "object", "properties": { "i": { "type": "integer" } } },
            "l": { "type": "array", "items": { "type": "string" } }, "m": { "$ref": "\u0023/x" } } }"#;
        let declared = Declared::read(schema);
        let list = Declared::List(Box::new(Declared::Text));
        let cases = [
            ("a", &Declared::Integer),
            ("b", &Declared::Text),
            ("c", &Declared::Boolean),
            ("d", &Declared::Opaque),
            ("e", &Declared::Opaque),
            ("f", &Declared::Opaque),
            ("g", &Declared::Opaque),
            ("h.i", &Declared::Integer),
            ("h.j", &Declared::Opaque),
            ("a.i", &Declared::Opaque),
            ("l", &list),
            ("m", &Declared::Opaque),
            ("none", &Declared::Opaque),
        ];
        for (path, wanted) in cases {
            assert_eq!(declared.at(path), wanted, "{path}");
        }
        for nothing in ["", "[]", "7", "{}", r#"{"type":7}"#] {
            assert_eq!(Declared::read(nothing).at("a"), &Declared::Opaque, "{nothing}");
        }
    }

    #[test]
    fn a_whole_number_has_64_bits() {
        let cases = [
            ("5", Some(5)),
            ("-0", Some(0)),
            ("5.000", Some(5)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("5.001", None),
            ("5e0", None),
            ("5.0e1", None),
            ("\"5\"", None),
            ("null", None),
        ];
        for (json, wanted) in cases {
            let document = Document::parse(json.as_bytes()).expect("a test is JSON");
            assert_eq!(whole(document.root()), wanted, "{json}");
            assert_eq!(Declared::Integer.admits(document.root()), wanted.is_some(), "{json}");
        }
    }
}
