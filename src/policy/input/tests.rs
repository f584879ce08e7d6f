use super::*;
use crate::policy::Source;
use crate::policy::arguments::{Absence, read};
use crate::policy::code::Code;
use crate::policy::diagnostic::Findings;
use crate::policy::parts::Effect;
use crate::policy::yaml::{self, Content};

const ORDERS: &str = r##"{
    "type": "object",
    "required": ["database", "limit"],
    "additionalProperties": false,
    "properties": {
        "database": { "type": "string", "enum": ["analytics", "reporting"] },
        "limit": { "type": "integer", "minimum": 1, "maximum": 1000 },
        "ratio": { "type": "number", "exclusiveMinimum": 0 },
        "sql": { "type": "string", "maxLength": 4000 },
        "tags": { "type": "array", "maxItems": 8, "items": { "type": "string", "enum": ["a", "b"] } },
        "note": { "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null },
        "colour": { "$ref": "#/$defs/Colour" },
        "shade": { "anyOf": [{ "$ref": "#/$defs/Colour" }, { "type": "null" }] },
        "filter": {
            "type": "object", "required": ["owner"],
            "properties": { "owner": { "type": "string" }, "since": { "type": "string" } }
        },
        "free": { "type": "object" },
        "any": {},
        "tree": { "$ref": "#/$defs/Tree" }
    },
    "$defs": {
        "Colour": { "enum": ["red", "blue"], "type": "string" },
        "Tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/Tree" }, "right": { "$ref": "#/$defs/Tree" } } }
    }
}"##;

/// The codes that `yaml`, the arguments of a rule, gets before the tools.
fn codes(schemas: &[Option<&str>], effect: Effect, text: &str) -> Vec<&'static str> {
    let source = Source { name: "policy.yaml".into(), text: text.into() };
    let mut findings = Findings::default();
    let root = yaml::parse(0, &source, &mut findings).expect("a tree");
    let Content::Map(entries) = &root.content else { unreachable!("a map was written") };
    let schemas: Vec<_> = schemas.iter().map(|schema| schema.map(InputSchema::parse)).collect();
    let tools: Vec<_> = schemas.iter().map(|schema| ("db_query", schema.as_ref())).collect();
    for entry in entries {
        let constraint = read::constraint(entry, effect, Absence::Counts, &mut findings).expect("readable");
        check(&constraint, &tools, &mut findings);
    }
    findings.settle(&[source]).iter().map(|fault| fault.code.as_str()).collect()
}

#[track_caller]
fn expect(text: &str, wanted: &[Code]) {
    let wanted: Vec<_> = wanted.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes(&[Some(ORDERS)], Effect::Allow, text), wanted, "{text}");
}

#[test]
fn says_nothing_of_what_fits() {
    for text in [
        "database: { in: [analytics, reporting] }",
        "limit: { min: 1, max: 1000, required: true }",
        "limit: { equals: 5 }",
        "limit: { in: [1.0] }",
        "ratio: { max: 0.5 }",
        "sql: { sql: { read_only: true, dialect: postgres }, length: { max: 4000 } }",
        "tags: { length: { max: 8 }, each: { in: [a] } }",
        "note: { prefix: a, required: false }",
        "note: { type: [string, \"null\"] }",
        "colour: { equals: red }",
        "shade: { equals: blue }",
        "filter.owner: { equals: me }",
        "free.of.all: { max: 1 }",
        "any: { regex: a }",
        "any.thing: { max: 1 }",
        "tree.left.right.left: { type: object }",
    ] {
        expect(text, &[]);
    }
}

#[test]
fn finds_what_cannot_be() {
    for (text, wanted) in [
        ("databse: { equals: analytics }", Code::UnknownArgument),
        ("filter.ower: { equals: me }", Code::UnknownArgument),
        ("filter.owner.name: { equals: me }", Code::UnknownArgument),
        ("tree.left.lft: { type: object }", Code::UnknownArgument),
        ("database: { max: 5 }", Code::ArgumentType),
        ("limit: { prefix: a }", Code::ArgumentType),
        ("limit: { equals: \"5\" }", Code::ArgumentType),
        ("limit: { equals: 1.5 }", Code::ArgumentType),
        ("sql: { equals: 5 }", Code::ArgumentType),
        ("tags: { prefix: a }", Code::ArgumentType),
        ("tags: { each: { max: 5 } }", Code::ArgumentType),
        ("note: { max: 5 }", Code::ArgumentType),
        ("colour: { min: 5 }", Code::ArgumentType),
        ("limit: { length: { max: 5 } }", Code::ArgumentType),
        ("limit: { type: string }", Code::ArgumentType),
        ("database: { in: [analytics, reportign] }", Code::NotInEnum),
        ("colour: { equals: green }", Code::NotInEnum),
        ("shade: { equals: green }", Code::NotInEnum),
        ("tags: { any: { equals: c } }", Code::NotInEnum),
        ("limit: { max: 1001 }", Code::ImpossibleBound),
        ("limit: { max: 0 }", Code::ImpossibleBound),
        ("limit: { equals: 0 }", Code::ImpossibleBound),
        ("sql: { length: { max: 4001 } }", Code::ImpossibleBound),
        ("tags: { length: { min: 9 } }", Code::ImpossibleBound),
        ("database: { prefix: prod }", Code::ImpossibleBound),
        ("any: { min: 5, max: 4 }", Code::ImpossibleBound),
        ("any: { min: 5, prefix: a }", Code::ImpossibleBound),
        ("any: { equals: a, prefix: b }", Code::ImpossibleBound),
        ("limit: { max: 5, required: false }", Code::RequiredAsOptional),
    ] {
        expect(text, &[wanted]);
    }
    expect("filter.owner: { equals: me, required: false }", &[]);
    expect("limit: { min: 1, max: 1000 }", &[]);
}

#[test]
fn a_pattern_need_fit_some_tool_only() {
    let other = r#"{ "type": "object", "properties": { "project": { "type": "string" } } }"#;
    let none = r#"{ "type": "object", "properties": {} }"#;
    let unknown = [Code::UnknownArgument.as_str()];
    let cases: [(&[Option<&str>], &[&str]); 5] = [
        (&[Some(ORDERS), Some(other)], &[]),
        (&[Some(ORDERS), Some(none)], &unknown),
        (&[Some(none)], &unknown),
        (&[Some(none), None], &[]),
        (&[Some(r#"{ "type": "object" }"#)], &[]),
    ];
    for (schemas, wanted) in cases {
        assert_eq!(codes(schemas, Effect::Deny, "project: { equals: prod }"), wanted, "{schemas:?}");
    }
    let number = r#"{ "type": "object", "properties": { "project": { "type": "number" } } }"#;
    assert_eq!(
        codes(&[Some(other), Some(number)], Effect::Deny, "project: { equals: prod }"),
        [Code::ArgumentType.as_str()]
    );
}

#[test]
fn what_is_not_understood_says_nothing() {
    for schema in [
        "true",
        "{}",
        "not json",
        "[]",
        r#"{ "$ref": "https://acme.example/a" }"#,
        r##"{ "$ref": "#" }"##,
        r#"{ "properties": { "b": {} }, "additionalProperties": { "type": "string" } }"#,
        r#"{ "properties": { "b": {} }, "patternProperties": { "^a": {} } }"#,
        r#"{ "anyOf": [{ "properties": { "a": {} } }, {}] }"#,
        r#"{ "properties": { "a": { "type": "text" } } }"#,
        r#"{ "properties": { "a": { "not": { "type": "string" } } } }"#,
        r#"{ "properties": { "a": { "anyOf": [{ "enum": ["b"] }, { "type": "string" }] } } }"#,
        r#"{ "allOf": [{ "properties": { "a": { "type": "string" } } }, { "properties": { "b": {} } }] }"#,
    ] {
        assert_eq!(codes(&[Some(schema)], Effect::Allow, "a: { equals: x }"), Vec::<&str>::new(), "{schema}");
    }
    let wide = format!(
        r##"{{ "$ref": "#/$defs/a", "$defs": {{ "a": {{ "properties": {{ {} }} }} }} }}"##,
        (0..20)
            .map(|index| format!(r##""p{index}": {{ "$ref": "#/$defs/a" }}"##))
            .collect::<Vec<_>>()
            .join(",")
    );
    assert_eq!(codes(&[Some(&wide)], Effect::Allow, "p1: { equals: x }"), Vec::<&str>::new());
}
