//! Random schemas of a small grammar, with a valid result for each: redacted, it is valid or blocked.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{fitted, is_valid};
use crate::scan::Action;

/// A schema and a value that it allows.
type Pair = (Value, Value);

fn scalar() -> impl Strategy<Value = Pair> {
    let text = |schema: Value, value: &str| (schema, json!(value));
    let texts = vec![
        text(json!({ "type": "string" }), "call ann@acme.com or 123-45-6789"),
        text(json!({ "type": "string", "maxLength": 12 }), "ann@acme.com"),
        text(json!({ "type": "string", "format": "email" }), "ann@acme.com"),
        text(json!({ "type": "string", "format": "email", "maxLength": 14 }), "ann@acme.com"),
        text(json!({ "type": "string", "format": "date" }), "1980-05-17"),
        text(json!({ "type": "string", "format": "uuid" }), "0f8fad5b-d9cb-469f-a165-70867728950e"),
        text(json!({ "type": "string", "format": "ipv4" }), "8.8.4.4"),
        text(json!({ "type": "string", "pattern": "^\\d{3}-\\d{2}-\\d{4}$" }), "123-45-6789"),
        text(json!({ "type": "string", "pattern": "^(ann|bob)@acme\\.com$" }), "bob@acme.com"),
        text(
            json!({ "type": "string", "pattern": "^[A-Z]{2}\\d{2}( ?[A-Z0-9]{4}){4,7}$" }),
            "DE89 3704 0044 0532 0130",
        ),
        text(json!({ "enum": ["ann@acme.com", "none"] }), "ann@acme.com"),
        text(json!({ "const": "123-45-6789" }), "123-45-6789"),
        text(json!({ "type": "string", "format": "duration" }), "P3D"),
        text(json!({ "type": "string", "not": { "const": "[SSN]" } }), "123-45-6789"),
        text(json!({ "oneOf": [{ "type": "string", "maxLength": 7 }, { "minLength": 8 }] }), "bob@a.io"),
    ];
    let numbers = vec![
        (json!({ "type": "integer" }), json!(4_111_111_111_111_111_i64)),
        (
            json!({ "type": "integer", "maximum": 5_000_000_000_000_000_i64 }),
            json!(4_111_111_111_111_111_i64),
        ),
        (json!({ "type": "integer", "multipleOf": 3, "maximum": 200_000_000 }), json!(123_456_789)),
        (json!({ "type": ["integer", "null"] }), json!(123_456_789)),
        (json!({ "type": ["number", "string"], "minimum": 0, "exclusiveMaximum": 1 }), json!(0.25)),
        (json!({ "type": "boolean" }), json!(true)),
        (json!({ "type": "null" }), json!(null)),
        (json!({}), json!(["ann@acme.com", { "ssn": "123-45-6789" }])),
    ];
    proptest::sample::select([texts, numbers].concat())
}

fn schema() -> impl Strategy<Value = Pair> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        let names = proptest::sample::subsequence(vec!["v", "ssn", "email", "note", "dob", "x"], 1..5);
        let member = (inner.clone(), any::<bool>());
        let object = (names, proptest::collection::vec(member, 5), any::<bool>()).prop_map(object);
        let array = (inner.clone(), 0..3_usize).prop_map(|((schema, value), count)| {
            (json!({ "type": "array", "items": schema, "minItems": count }), json!(vec![value; count]))
        });
        let tuple = (inner.clone(), inner.clone()).prop_map(|(one, two)| {
            (json!({ "type": "array", "prefixItems": [one.0, two.0] }), json!([one.1, two.1]))
        });
        let nullable = inner
            .clone()
            .prop_map(|(schema, value)| (json!({ "anyOf": [schema, { "type": "null" }] }), value));
        let either =
            (inner.clone(), inner.clone()).prop_map(|(one, two)| (json!({ "anyOf": [two.0, one.0] }), one.1));
        let both = inner.prop_map(|(schema, value)| (json!({ "allOf": [schema, {}] }), value));
        prop_oneof![4 => object, 1 => array, 1 => tuple, 1 => nullable, 1 => either, 1 => both]
    })
}

fn object((names, members, is_open): (Vec<&'static str>, Vec<(Pair, bool)>, bool)) -> Pair {
    let (mut properties, mut value) = (serde_json::Map::new(), serde_json::Map::new());
    let mut required = Vec::new();
    for (name, ((schema, inner), is_required)) in names.into_iter().zip(members) {
        properties.insert(name.into(), schema);
        value.insert(name.into(), inner);
        if is_required {
            required.push(name);
        }
    }
    let schema = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": is_open,
    });
    (schema, Value::Object(value))
}

#[test]
fn a_redacted_result_is_valid_or_blocked_and_is_redacted_once() {
    let actions = vec![Action::Mask, Action::Replace, Action::Drop];
    let cases = (schema(), proptest::sample::select(actions));
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 1_000, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let counts = std::cell::Cell::new((0, 0));
    let outcome = runner.run(&cases, |((schema, value), action)| {
        let text = schema.to_string();
        prop_assert!(is_valid(&text, &value), "the grammar makes valid values: {schema} {value}");
        let copy = json!({ "type": "text", "text": value.to_string() });
        let result = json!({ "content": [copy], "structuredContent": value }).to_string();
        let Some(edited) = fitted(&text, action, &result).0 else {
            counts.set((counts.get().0, counts.get().1 + 1));
            return Ok(());
        };
        counts.set((counts.get().0 + 1, counts.get().1));
        let parsed: Value = serde_json::from_str(&edited).unwrap();
        let structured = &parsed["structuredContent"];
        prop_assert!(is_valid(&text, structured), "{action:?} {schema}\n{value}\n{structured}");
        // A number or a text alone is no JSON in a string, but words.
        if value.is_object() || value.is_array() {
            let copied: Value = serde_json::from_str(parsed["content"][0]["text"].as_str().unwrap()).unwrap();
            prop_assert_eq!(&copied, structured, "{:?} {}", action, schema);
        }
        let again = fitted(&text, action, &edited).0;
        prop_assert_eq!(again, Some(edited), "twice: {:?} {}", action, schema);
        Ok(())
    });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
    let (passed, blocked) = counts.get();
    assert!(passed > blocked * 4, "most results are of use: {passed} passed, {blocked} blocked");
}
