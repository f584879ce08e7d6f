use std::sync::OnceLock;

use serde_json::json;

use super::*;
use crate::json::Document;
use crate::names::{Label, Mode};
use crate::scan::{Action, Confidence, Desk, Detector, FieldPattern, Plan, Rule};

mod random;

/// A rule for the field `v`, and for every detector.
fn plan(action: Action) -> &'static Plan {
    static PLANS: [OnceLock<Plan>; 7] = [const { OnceLock::new() }; 7];
    PLANS[action as usize].get_or_init(|| new_plan(action))
}

fn new_plan(action: Action) -> Plan {
    let detectors = Detector::ALL.iter().copied().filter(|it| *it != Detector::FIELD).collect();
    let rule = Rule {
        id: Label::parse("r").unwrap(),
        on: Direction::Results,
        detectors,
        fields: vec![FieldPattern::parse("v").unwrap()],
        action,
        keep_last: None,
        confidence: Confidence::Possible,
        allow_pan: false,
        mode: Mode::Enforce,
    };
    Plan::new(vec![rule]).unwrap()
}

/// A result redacted; `None` where it is blocked.
fn fitted(schema: &str, action: Action, result: &str) -> (Option<String>, Fitting) {
    let output = OutputSchema::parse(schema);
    let document = Document::parse(result.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {result}"));
    let check = |json: &str| output.is_met(json);
    let (sighting, fitting) =
        plan(action).scan_fitted(&Desk::default(), document.root(), &output.molds, &check);
    assert_eq!(sighting.blocked.is_some(), fitting.blocked == 1, "{result}");
    if let Some(finding) = sighting.blocked {
        assert!(sighting.findings.get(finding).is_some(), "{result}");
        return (None, fitting);
    }
    let edited = String::from_utf8(sighting.splice.apply(result.as_bytes())).unwrap();
    assert!(Document::parse(edited.as_bytes()).is_ok(), "{result}\n{edited}");
    (Some(edited), fitting)
}

fn is_valid(schema: &str, value: &serde_json::Value) -> bool {
    let schema = serde_json::from_str(schema).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap().is_valid(value)
}

/// What becomes of `value` as the member `v`, beside one that stays; `-` where the member goes, `!` where the
/// answer is blocked. A second scan changes nothing, and the result is valid.
fn leaf(leaf: &str, required: &str, action: Action, value: &str) -> String {
    let schema = format!(
        r#"{{"type":"object","additionalProperties":false,"required":["a"{required}],"properties":{{"a":{{"type":"integer"}},"v":{leaf}}}}}"#
    );
    let result = format!(r#"{{"content":[],"structuredContent":{{"a":1,"v":{value}}}}}"#);
    let Some(edited) = fitted(&schema, action, &result).0 else { return "!".into() };
    let again = fitted(&schema, action, &edited).0;
    assert_eq!(again.as_deref(), Some(&*edited), "twice: {leaf} {value}");
    let parsed: serde_json::Value = serde_json::from_str(&edited).unwrap();
    assert!(is_valid(&schema, &parsed["structuredContent"]), "{leaf}: {edited}");
    let inner = edited.split_once(r#"{"a":1"#).unwrap().1.strip_suffix("}}").unwrap();
    inner.strip_prefix(r#","v":"#).unwrap_or("-").to_owned()
}

/// Schema of a leaf, action, value, and what is written; `-` where the member goes.
const RUNGS: &[(&str, Action, &str, &str)] = {
    use Action::{Drop, Mask, Replace};
    let long = r#""Ann-Lee-7""#;
    &[
        // A free string takes what the action writes.
        (r#"{"type":"string"}"#, Replace, long, r#""[REDACTED]""#),
        (r#"{"type":["string","null"],"minLength":2}"#, Mask, long, r#""***-***-*""#),
        (r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, Replace, long, r#""[REDACTED]""#),
        // What is too long, or too short, is stars.
        (r#"{"type":"string","maxLength":9}"#, Replace, long, r#""*********""#),
        (r#"{"type":"string","maxLength":10}"#, Replace, long, r#""[REDACTED]""#),
        (r#"{"type":"string","minLength":11}"#, Replace, r#""Ann-Lee-700""#, r#""***********""#),
        // A format takes what is nobody's.
        (r#"{"type":"string","format":"email"}"#, Replace, r#""a.b@acme.com""#, r#""r1@redacted.invalid""#),
        (
            r#"{"type":"string","format":"uri"}"#,
            Mask,
            r#""https://a.io/u""#,
            r#""https://redacted.invalid/r1""#,
        ),
        (r#"{"type":"string","format":"ipv4"}"#, Mask, r#""8.8.4.4""#, r#""203.0.113.1""#),
        (r#"{"type":"string","format":"ipv6"}"#, Mask, r#""2a00::8a2e""#, r#""2001:db8::1""#),
        (r#"{"type":"string","format":"hostname"}"#, Replace, r#""a.acme.com""#, r#""r1.redacted.invalid""#),
        (r#"{"type":"string","format":"date"}"#, Mask, r#""1980-05-17""#, r#""1980-01-01""#),
        (r#"{"type":"string","format":"date"}"#, Replace, r#""1980-05-17""#, r#""0001-01-01""#),
        (
            r#"{"type":"string","format":"date-time"}"#,
            Mask,
            r#""1980-05-17T10:11:12+02:00""#,
            r#""1980-01-01T00:00:00Z""#,
        ),
        (
            r#"{"type":"string","format":"uuid"}"#,
            Mask,
            r#""0f8fad5b-d9cb-469f-a165-70867728950e""#,
            r#""00000000-0000-8000-8000-000000000001""#,
        ),
        // A pattern keeps the shape, and what it spells out itself.
        (
            r#"{"type":"string","pattern":"^\\d{3}-\\d{2}-\\d{4}$"}"#,
            Mask,
            r#""123-45-6789""#,
            r#""000-00-0000""#,
        ),
        (r#"{"type":"string","pattern":"^MRN-\\d{6}$"}"#, Mask, r#""MRN-481516""#, r#""MRN-000000""#),
        (
            r#"{"type":"string","pattern":"^\\+[1-9]\\d{6,14}$"}"#,
            Mask,
            r#""+4420794609""#,
            r#""+9000000000""#,
        ),
        (
            r#"{"type":"string","pattern":"^\\d{16}$"}"#,
            Replace,
            r#""4111111111111111""#,
            r#""9999999999999999""#,
        ),
        (
            r#"{"type":"string","format":"email","pattern":"@a\\.io$"}"#,
            Replace,
            r#""ann.lee7@a.io""#,
            r#""xxx.xxx0@a.io""#,
        ),
        // What is mostly spelled out by the pattern is as good as listed.
        (
            r#"{"type":"string","format":"email","pattern":"@acme\\.com$"}"#,
            Replace,
            r#""a.b7@acme.com""#,
            "-",
        ),
        // A number stays one, inside of its range; a token where a string may stand, null where null may.
        (r#"{"type":"integer"}"#, Mask, "123456789", "999999999"),
        (r#"{"type":"integer","maximum":500000000}"#, Mask, "123456789", "111111111"),
        (r#"{"type":"integer","minimum":100,"maximum":120}"#, Mask, "115", "111"),
        (r#"{"type":"integer","minimum":112,"maximum":120}"#, Mask, "115", "120"),
        (r#"{"type":"integer","exclusiveMaximum":120,"multipleOf":7}"#, Replace, "119", "105"),
        (
            r#"{"type":"integer","minimum":-9223372036854775808,"maximum":100,"multipleOf":7}"#,
            Replace,
            "63",
            "98",
        ),
        (r#"{"type":"number","maximum":1}"#, Replace, "0.25", "1"),
        (r#"{"type":["integer","string"]}"#, Replace, "123456789", r#""[REDACTED]""#),
        (r#"{"type":["integer","null"]}"#, Replace, "123456789", "null"),
        (r#"{"type":"integer"}"#, Replace, "4111111111111111", "8999999999999999"),
        // Of few values, each says too much under a name that tells: null, or the member goes.
        (r#"{"enum":["hiv","none",null]}"#, Mask, r#""hiv""#, "null"),
        (r#"{"enum":["hiv","none"]}"#, Mask, r#""hiv""#, "-"),
        (r#"{"type":"boolean"}"#, Mask, "true", "-"),
        // Drop takes out what may go, and null what may be null.
        (r#"{"type":"string"}"#, Drop, long, "-"),
        (r#"{"type":["string","null"]}"#, Drop, long, "null"),
        // What nothing is known of may be anything.
        ("{}", Replace, "7", r#""[REDACTED]""#),
        ("true", Replace, long, r#""[REDACTED]""#),
    ]
};

#[test]
fn takes_the_first_rung_that_fits() {
    for &(schema, action, value, wanted) in RUNGS {
        assert_eq!(leaf(schema, "", action, value), wanted, "{schema} {action:?} {value}");
    }
}

#[test]
fn blocks_the_answer_where_nothing_fits_and_the_member_must_be_there() {
    use Action::{Drop, Mask, Replace};
    for (schema, action, value, optional, required) in [
        (r#"{"enum":["hiv","none"]}"#, Mask, r#""hiv""#, "-", "!"),
        (r#"{"type":"boolean"}"#, Replace, "true", "-", "!"),
        (r#"{"type":"string","pattern":"^(ann|bob)$"}"#, Replace, r#""bob""#, "-", "!"),
        (r#"{"type":"string"}"#, Drop, r#""Ann-Lee-7""#, "-", r#""*********""#),
        (r#"{"type":"integer"}"#, Drop, "1234567", "-", "9999999"),
        // A pattern that looks around can be read by nobody here.
        (r#"{"type":"string","pattern":"^(?=.*7)[A-Z]{3}\\d$"}"#, Mask, r#""ABC7""#, "!", "!"),
    ] {
        assert_eq!(leaf(schema, "", action, value), optional, "{schema}");
        assert_eq!(leaf(schema, r#","v""#, action, value), required, "{schema}");
    }
}

#[test]
fn leaves_what_the_schema_lists_where_only_its_form_is_found() {
    let schema =
        r#"{"properties":{"help":{"enum":["help@acme.com","none@acme.com"]},"to":{"type":"string"}}}"#;
    let result = r#"{"structuredContent":{"help":"help@acme.com","to":"ann@acme.com"}}"#;
    let (edited, fitting) = fitted(schema, Action::Replace, result);
    assert_eq!(edited.unwrap(), result.replace("ann@acme.com", "[EMAIL]"));
    assert_eq!(fitting.fitted, 1);
}

#[test]
fn writes_the_same_into_every_copy() {
    let schema = r##"{
        "type": "object", "required": ["ssn", "mail", "level"],
        "properties": {
            "ssn": { "type": "string", "pattern": "^\\d{3}-\\d{2}-\\d{4}$" },
            "mail": { "$ref": "#/$defs/Mail" },
            "other": { "$ref": "#/$defs/Mail" },
            "level": { "type": "integer", "maximum": 10 },
            "v": { "enum": ["hiv", "none"] }
        },
        "$defs": { "Mail": { "type": "string", "format": "email" } }
    }"##;
    let record = json!({
        "ssn": "123-45-6789", "mail": "ann@acme.com", "other": "bob@acme.com", "level": 3, "v": "hiv",
    });
    let copy = serde_json::to_string_pretty(&record).unwrap();
    let result = json!({
        "content": [
            { "type": "text", "text": "SSN 123-45-6789, mail ann@acme.com" },
            { "type": "text", "text": copy },
        ],
        "structuredContent": record,
        "_meta": { "acme/who": "bob@acme.com" },
    });
    let (edited, fitting) = fitted(schema, Action::Replace, &result.to_string());
    let edited: serde_json::Value = serde_json::from_str(&edited.unwrap()).unwrap();
    let wanted = json!({
        "ssn": "000-00-0000", "mail": "r1@redacted.invalid", "other": "r2@redacted.invalid", "level": 3,
    });
    assert_eq!(edited["structuredContent"], wanted);
    let copied: serde_json::Value =
        serde_json::from_str(edited["content"][1]["text"].as_str().unwrap()).unwrap();
    assert_eq!(copied, wanted);
    assert_eq!(edited["content"][0]["text"], "SSN 000-00-0000, mail r1@redacted.invalid");
    assert_eq!(edited["_meta"]["acme/who"], "r2@redacted.invalid");
    assert_eq!(fitting, Fitting { fitted: 3, dropped: 1, blocked: 0, unsatisfied: 0 });
    let again = fitted(schema, Action::Replace, &edited.to_string()).0.unwrap();
    assert_eq!(again, edited.to_string());
}

#[test]
fn asks_the_whole_where_one_value_cannot_tell() {
    let card = r#"{"type":"object","required":["kind","v"],"properties":{"kind":{"const":"card"},"v":{"type":"string","pattern":"^\\d{4}$"}}}"#;
    let mail = r#"{"type":"object","required":["kind","v"],"properties":{"kind":{"const":"mail"},"v":{"type":"string","format":"email"}}}"#;
    let either = format!(r#"{{"oneOf":[{card},{mail}]}}"#);
    let of = |schema: &str, result: &str| fitted(schema, Action::Replace, result).0;
    let card = r#"{"structuredContent":{"kind":"card","v":"1234"}}"#;
    assert!(of(&either, card).is_none_or(|edited| !edited.contains("1234")));
    let strict =
        r#"{"properties":{"v":{"type":"string"}},"not":{"properties":{"v":{"const":"[REDACTED]"}}}}"#;
    assert_eq!(of(strict, r#"{"structuredContent":{"v":"secret-1"}}"#), None);
    let loose = strict.replace("[REDACTED]", "[OTHER]");
    assert!(of(&loose, r#"{"structuredContent":{"v":"secret-1"}}"#).is_some());
    let remote = r#"{"properties":{"v":{"$ref":"https://acme.example/schema.json"}}}"#;
    assert_eq!(of(remote, r#"{"structuredContent":{"v":"secret-1"}}"#), None);
    let own = r#"{"structuredContent":{"w":"x"}}"#;
    assert_eq!(of(remote, own).as_deref(), Some(own), "what is not edited is not judged");
}

#[test]
fn follows_references_beside_a_property_that_is_called_id() {
    let schema = r##"{"properties":{"id":{"type":"string"},"to":{"$ref":"#/$defs/Mail"}},"$defs":{"Mail":{"format":"email"}}}"##;
    let result = r#"{"structuredContent":{"id":"7","to":"ann@acme.com"}}"#;
    let of = |schema: &str| fitted(schema, Action::Replace, result).0;
    assert_eq!(of(schema), Some(result.replace("ann@acme.com", "r1@redacted.invalid")));
    // A part with a name of its own: where references lead from there is another question.
    let named = schema.replace(r#"{"format""#, r#"{"$id":"https://acme.example/mail","format""#);
    assert!(of(&named).is_none_or(|edited| edited.contains("redacted.invalid")));
}

#[test]
fn hands_over_what_did_not_fit_before() {
    let schema = r#"{"required":["gone"],"properties":{"v":{"type":"string"}},"not":{"required":["odd"]}}"#;
    let (edited, fitting) = fitted(schema, Action::Replace, r#"{"structuredContent":{"v":"secret-1"}}"#);
    assert_eq!(edited.as_deref(), Some(r#"{"structuredContent":{"v":"[REDACTED]"}}"#));
    assert_eq!(fitting.unsatisfied, 1);
}

#[test]
fn writes_keys_that_are_data_where_keys_are_free() {
    let result = r#"{"structuredContent":{"ann@acme.com":1}}"#;
    for (schema, wanted) in [
        (
            r#"{"type":"object","additionalProperties":{"type":"integer"}}"#,
            Some(r#"{"structuredContent":{"[EMAIL_1]":1}}"#),
        ),
        (r#"{"type":"object","propertyNames":{"format":"email"}}"#, None),
        (r#"{"type":"object","properties":{"ann@acme.com":{}},"additionalProperties":false}"#, None),
    ] {
        assert_eq!(fitted(schema, Action::Replace, result).0.as_deref(), wanted, "{schema}");
    }
}

#[test]
fn ends_on_schemas_that_lead_to_themselves() {
    for schema in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##,
        r##"{"properties":{"x":{"$ref":"#"},"v":{"type":"string"}}}"##,
        r##"{"anyOf":[{"properties":{"x":{"$ref":"#"}}},{"properties":{"x":{"$ref":"#"},"v":{"type":"string"}}}]}"##,
    ] {
        let deep = format!("{}{{\"v\":\"secret-1\"}}{}", r#"{"x":"#.repeat(9), "}".repeat(9));
        let result = format!(r#"{{"structuredContent":{deep}}}"#);
        let edited = fitted(schema, Action::Replace, &result).0;
        assert!(edited.is_none_or(|edited| edited == result.replace("secret-1", "[REDACTED]")), "{schema}");
    }
}

#[test]
fn takes_a_text_of_its_own_for_nobodys_wherever_it_stands() {
    let result = r#"{"content":[{"type":"text","text":"mail r1@redacted.invalid or ann@acme.com"}]}"#;
    let (edited, _) = fitted("{}", Action::Replace, result);
    assert_eq!(edited.unwrap(), result.replace("ann@acme.com", "[EMAIL]"));
}
