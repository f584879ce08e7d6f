use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::policy::arguments::is_valid;

const ORDERS: &str = r##"{
    "type": "object", "required": ["database", "limit"], "additionalProperties": false,
    "properties": {
        "database": { "enum": ["analytics", "r\u00e9f", "a\"b"] },
        "limit": { "type": "integer", "maximum": 10 },
        "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
        "level": { "enum": [1, 2.50, null, true, "1"] },
        "colour": { "$ref": "#/$defs/Colour" },
        "filter": { "type": "object", "required": ["owner"], "properties": { "owner": { "type": "string" } } },
        "tags": { "type": "array", "items": { "type": "object", "properties": { "on": { "type": "boolean" } } } },
        "odd": { "enum": [{ "a": 1 }, 5] },
        "free": {}
    },
    "$defs": { "Colour": { "const": "red" } }
}"##;

#[track_caller]
fn admit(schema: &str, arguments: &str) -> Result<(), String> {
    let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
    let admission = Admission::parse(schema).expect("a schema that asks for something");
    admission.admit(Some(document.root())).map_err(|doubt| format!("{} {doubt}", doubt.path()))
}

#[test]
fn lets_pass_what_fits_and_what_it_does_not_understand() {
    for rest in [
        "",
        r#","note":null"#,
        r#","note":"x","more":1"#,
        r#","level":1.0"#,
        r#","level":2.5"#,
        r#","level":null"#,
        r#","level":true"#,
        r#","level":"1""#,
        r#","colour":"red""#,
        r#","colour":"\u0072ed""#,
        r#","filter":{"owner":"me","more":{}}"#,
        r#","tags":[]"#,
        r#","tags":[{},{"on":true}]"#,
        r#","odd":{"b":2}"#,
        r#","free":[{}]"#,
    ] {
        let arguments = format!(r#"{{"database":"analytics","limit":5{rest}}}"#);
        assert_eq!(admit(ORDERS, &arguments), Ok(()), "{arguments}");
    }
    for arguments in [
        r#"{"database":"r\u00e9f","limit":5000}"#,
        r#"{"database":"réf","limit":1.0}"#,
        r#"{"database":"a\"b","limit":1e3}"#,
    ] {
        assert_eq!(admit(ORDERS, arguments), Ok(()), "{arguments}");
    }
}

#[test]
fn names_the_argument_and_what_it_must_be_and_never_its_value() {
    let known = r#"must be one of "analytics", "r\u00e9f", "a\"b""#;
    for (arguments, wanted) in [
        ("{}", "database argument `database` is missing".to_owned()),
        (r#"{"database":"analytics"}"#, "limit argument `limit` is missing".to_owned()),
        (r#"{"database":"secret-1","limit":5}"#, format!("database argument `database` {known}")),
        (r#"{"database":7,"limit":5}"#, "database argument `database` must be a string".to_owned()),
        (r#"{"database":"analytics","limit":"5"}"#, "limit argument `limit` must be an integer".to_owned()),
        (r#"{"database":"analytics","limit":1.5}"#, "limit argument `limit` must be an integer".to_owned()),
    ] {
        assert_eq!(admit(ORDERS, arguments), Err(wanted), "{arguments}");
    }
    for (rest, wanted) in [
        (r#""note":1"#, "note argument `note` must be null or a string"),
        (r#""level":3"#, r#"level argument `level` must be one of 1, 2.50, null, true, "1""#),
        (r#""colour":"blue""#, r#"colour argument `colour` must be one of "red""#),
        (r#""filter":{}"#, "filter.owner argument `filter.owner` is missing"),
        (r#""filter":{"owner":[]}"#, "filter.owner argument `filter.owner` must be a string"),
        (r#""tags":[{},{"on":"secret-1"}]"#, "tags[1].on argument `tags[1].on` must be a boolean"),
        (r#""tags":{"secret-1":1}"#, "tags argument `tags` must be an array"),
    ] {
        let arguments = format!(r#"{{"database":"analytics","limit":5,{rest}}}"#);
        assert_eq!(admit(ORDERS, &arguments), Err(wanted.to_owned()), "{arguments}");
    }
    assert!(Admission::parse(ORDERS).expect("a schema").admit(None).is_err());
}

#[test]
fn tells_a_dozen_values_and_how_many_more() {
    let schema = |count: usize| {
        let values: Vec<String> = (0..count).map(|value| value.to_string()).collect();
        format!(r#"{{"properties":{{"a":{{"enum":[{}]}}}}}}"#, values.join(","))
    };
    let told = |count| admit(&schema(count), r#"{"a":99}"#).expect_err("it is not in the list");
    assert!(told(11).ends_with("9, 10"), "{}", told(11));
    assert!(told(12).ends_with("10, 11"), "{}", told(12));
    assert!(told(13).ends_with("10, 11 and 1 more"), "{}", told(13));
}

#[test]
fn a_schema_that_asks_for_nothing_is_none() {
    for schema in ["{}", "true", "not json", r#"{"type":"object"}"#, r#"{"properties":{"a":{},"b":true}}"#] {
        assert!(Admission::parse(schema).is_none(), "{schema}");
    }
}

/// A branch that says nothing of a member lets any value stand there.
#[test]
fn what_one_branch_leaves_open_is_open() {
    let schema = r#"{"anyOf":[{"properties":{"a":{"type":"string"},"c":{"type":"string"}}},
        {"properties":{"b":{},"c":{"type":"null"}}}]}"#;
    assert_eq!(admit(schema, r#"{"a":1,"c":null}"#), Ok(()));
    assert!(admit(schema, r#"{"c":1}"#).is_err());
}

fn schemas() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let value = || prop::sample::select(vec![json!(1), json!(1.5), json!("a"), json!(null), json!([1])]);
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        prop::sample::select(vec!["string", "integer", "number", "null", "array", "boolean"])
            .prop_map(|name| json!({ "type": name })),
        Just(json!({ "type": ["string", "null"] })),
        prop::collection::vec(value(), 1..3).prop_map(|values| json!({ "enum": values })),
        value().prop_map(|value| json!({ "const": value })),
        Just(json!({ "$ref": "#/$defs/d" })),
        Just(json!({ "$ref": "#/$defs/e", "type": "object" })),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let members = prop::collection::btree_map("[abc]", inner.clone(), 0..3);
        let required = prop::collection::vec("[abc]", 0..2);
        let closing = prop::sample::select(vec![None, Some(json!(false)), Some(json!(true))]);
        let object = (members, required, closing).prop_map(|(properties, required, closing)| {
            let mut schema = json!({ "properties": properties, "required": required });
            if let Some(closing) = closing {
                schema["additionalProperties"] = closing;
            }
            schema
        });
        let several = prop::collection::vec(inner.clone(), 1..3);
        let word = prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]);
        let not = inner.clone().prop_map(|inner| json!({ "not": inner }));
        let items = inner.clone().prop_map(|inner| json!({ "type": "array", "items": inner }));
        let joined = (word, several).prop_map(|(word, parts)| json!({ word: parts }));
        let both = (object.clone(), inner).prop_map(|(mut object, inner)| {
            object["anyOf"] = json!([inner, { "type": "object", "properties": { "a": { "type": "null" } } }]);
            object
        });
        prop_oneof![3 => object, 2 => joined, 1 => not, 1 => items, 2 => both]
    })
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let leaf =
        prop::sample::select(vec![json!(1), json!(1.5), json!(2), json!("a"), json!("b"), json!(null)]);
    let leaf = prop_oneof![leaf, Just(json!(true))];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

/// Held against a validator: what is valid is admitted, and much of what is not is refused.
#[test]
fn never_refuses_what_the_schema_allows() {
    let (valid, refused) = (Cell::new(0), Cell::new(0));
    let arguments = prop::collection::btree_map("[abc]", values(), 0..4);
    let mut runner = TestRunner::new(Config::with_cases(20_000));
    let check =
        |(mut schema, d, e, arguments): (serde_json::Value, serde_json::Value, serde_json::Value, _)| {
            if schema.is_object() {
                schema["$defs"] = serde_json::json!({ "d": d, "e": e });
            }
            let (schema, arguments) = (schema.to_string(), serde_json::json!(arguments).to_string());
            let document = Document::parse(arguments.as_bytes()).expect("JSON");
            let Some(admission) = Admission::parse(&schema) else { return Ok(()) };
            let answer = admission.admit(Some(document.root()));
            if is_valid(&schema, document.root()) {
                valid.set(valid.get() + 1);
                prop_assert_eq!(answer, Ok(()), "{} before {}", arguments, schema);
            } else if answer.is_err() {
                refused.set(refused.get() + 1);
            }
            Ok(())
        };
    runner.run(&(schemas(), schemas(), schemas(), arguments), check).expect("nothing valid is refused");
    let (valid, refused) = (valid.get(), refused.get());
    assert!(valid > 1_000 && refused > 1_000, "{valid} valid, {refused} refused");
}
