//! From a JSON Schema to [`Molds`].

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use crate::bounds::{FIT_MOLDS_MAX, REGEX_CACHE_BYTES_MAX, REGEX_NESTING_MAX, REGEX_PROGRAM_BYTES_MAX};
use crate::json::{Document, Kind, Value};
use crate::policy::arguments::Kinds;
use crate::policy::input::{follow, has_inner_names, named_kinds, number, values};
use crate::scan::fit::{Format, Mold, MoldId, Molds, NumberMold, Rest, Slot, TextMold, Types};

/// Words that are understood, or say nothing of values.
const UNDERSTOOD: &[&str] = &[
    "$comment",
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "definitions",
    "deprecated",
    "description",
    "discriminator",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "prefixItems",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "writeOnly",
];

/// Words whose value is a number.
const NUMBERS: &[&str] =
    &["exclusiveMaximum", "exclusiveMinimum", "maxLength", "maximum", "minLength", "minimum", "multipleOf"];

/// How deep schemas may lie in each other, and references lead on: further ones are not understood.
const NESTING_MAX: usize = 64;

/// Reads a schema; of what is no JSON, nothing is understood.
pub(super) fn molds(json: &str) -> Molds {
    let Ok(document) = Document::parse(json.as_bytes()) else { return Molds::new(vec![Mold::opaque()]) };
    let root = document.root();
    let has_names = has_inner_names(root);
    let mut reader = Reader { root, has_names, molds: Vec::new(), known: HashMap::new() };
    reader.mold(root, 0);
    Molds::new(reader.molds)
}

struct Reader<'d> {
    root: Value<'d>,
    /// Whether parts have names of their own, which references may start from.
    has_names: bool,
    molds: Vec<Mold>,
    /// By where a schema begins: each is read once, so that those that refer to themselves end.
    known: HashMap<usize, MoldId>,
}

impl<'d> Reader<'d> {
    fn mold(&mut self, schema: Value<'d>, depth: usize) -> MoldId {
        let at = schema.span().start;
        if let Some(id) = self.known.get(&at) {
            return *id;
        }
        let id = MoldId(self.molds.len());
        self.molds.push(Mold::opaque());
        if self.molds.len() > FIT_MOLDS_MAX || depth > NESTING_MAX {
            return id;
        }
        self.known.insert(at, id);
        let mold = match schema.kind() {
            Kind::True => Mold::default(),
            Kind::False => Mold { types: Some(Types::default()), ..Mold::default() },
            Kind::Object => self.read(schema, depth + 1),
            Kind::Array | Kind::Key | Kind::Null | Kind::Number | Kind::String => Mold::opaque(),
        };
        self.molds[id.0] = mold;
        id
    }

    fn read(&mut self, schema: Value<'d>, depth: usize) -> Mold {
        let mut all = self.each(schema, "allOf", depth);
        let mut is_opaque = !schema.members().all(|(key, _)| {
            let name = key.name();
            UNDERSTOOD.contains(&&*name) || name.starts_with("x-")
        });
        is_opaque |=
            NUMBERS.iter().any(|name| schema.get(name).is_some_and(|value| value.kind() != Kind::Number));
        if let Some(reference) = schema.get("$ref") {
            match follow(self.root, reference).filter(|_| !self.has_names) {
                Some(target) => all.push(self.mold(target, depth)),
                None => is_opaque = true,
            }
        }
        let items = schema.get("items");
        let prefix = match items {
            Some(items) if items.kind() == Kind::Array => {
                is_opaque = true;
                items.elements().map(|item| self.mold(item, depth)).collect()
            }
            Some(_) | None => self.each(schema, "prefixItems", depth),
        };
        Mold {
            types: schema.get("type").map(|_| types(named_kinds(schema))),
            listed: values(schema).map(Vec::into_boxed_slice),
            text: text(schema),
            number: NumberMold {
                min: number(schema, "minimum"),
                max: number(schema, "maximum"),
                above: number(schema, "exclusiveMinimum"),
                below: number(schema, "exclusiveMaximum"),
                multiple_of: number(schema, "multipleOf"),
            },
            members: self.members(schema, depth),
            others: self.rest(schema.get("additionalProperties"), depth),
            prefix: prefix.into(),
            items: self.rest(items.filter(|items| items.kind() != Kind::Array), depth),
            all: all.into(),
            any: self.each(schema, "anyOf", depth).into(),
            one: self.each(schema, "oneOf", depth).into(),
            is_opaque,
        }
    }

    fn each(&mut self, schema: Value<'d>, keyword: &str, depth: usize) -> Vec<MoldId> {
        let parts = schema.get(keyword).into_iter().flat_map(|parts| parts.elements());
        parts.map(|part| self.mold(part, depth)).collect()
    }

    fn rest(&mut self, rest: Option<Value<'d>>, depth: usize) -> Rest {
        match rest.map(|rest| (rest.kind(), rest)) {
            None | Some((Kind::True, _)) => Rest::Any,
            Some((Kind::False, _)) => Rest::Never,
            Some((_, schema)) => Rest::Mold(self.mold(schema, depth)),
        }
    }

    fn members(&mut self, schema: Value<'d>, depth: usize) -> Box<[Slot]> {
        let required: Vec<_> = schema
            .get("required")
            .into_iter()
            .flat_map(|names| names.elements())
            .filter_map(|name| name.string())
            .collect();
        let mut slots = Vec::new();
        let properties = schema.get("properties").into_iter().flat_map(|properties| properties.members());
        for (key, value) in properties {
            let name = key.name();
            let is_required = required.contains(&name);
            slots.push(Slot { name: name.into(), is_required, mold: Some(self.mold(value, depth)) });
        }
        for name in required {
            if slots.iter().all(|slot| *slot.name != *name) {
                slots.push(Slot { name: name.into(), is_required: true, mold: None });
            }
        }
        slots.into()
    }
}

fn text(schema: Value<'_>) -> TextMold {
    let format = schema.get("format").and_then(|format| format.string());
    TextMold {
        length_min: number(schema, "minLength"),
        length_max: number(schema, "maxLength"),
        format: format.and_then(|format| Format::parse(&format)),
        pattern: schema.get("pattern").map(|pattern| pattern.string().and_then(|pattern| regex(&pattern))),
    }
}

/// A pattern of ECMA-262 that is one of ours too; `None` for what only looks around can tell.
fn regex(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern)
        .size_limit(REGEX_PROGRAM_BYTES_MAX)
        .dfa_size_limit(REGEX_CACHE_BYTES_MAX)
        .nest_limit(REGEX_NESTING_MAX)
        .build()
        .ok()
}

fn types(kinds: Kinds) -> Types {
    let pairs = [
        (Kinds::ARRAY, Types::ARRAY),
        (Kinds::BOOLEAN, Types::BOOLEAN),
        (Kinds::INTEGER, Types::INTEGER),
        (Kinds::FRACTION, Types::FRACTION),
        (Kinds::NULL, Types::NULL),
        (Kinds::OBJECT, Types::OBJECT),
        (Kinds::STRING, Types::STRING),
    ];
    let named = pairs.iter().filter(|(kind, _)| !kinds.and(*kind).is_empty());
    Types(named.fold(0, |bits, (_, of)| bits | of.0))
}
