use super::*;
use crate::json::{Document, DuplicateKeys};

fn text(text: &str) -> Literal {
    Literal::Text(text.into())
}

/// How a value, as JSON, stands to a test.
pub(super) fn judge(test: &Test, value: &str) -> Standing {
    let document = Document::parse(value.as_bytes()).expect("a test is JSON");
    assert_eq!(*test, test.clone(), "what is written alike is alike");
    test.judge(document.root())
}

fn judge_at(path: &str, tests: &[Test], arguments: &str) -> Standing {
    let document = Document::parse_with(arguments.as_bytes(), DuplicateKeys::RejectProtocol);
    let document = document.expect("a test is JSON");
    match find(path, Some(document.root())) {
        Found::Absent => Standing::Absent,
        Found::Unknown => Standing::Unknown,
        Found::Value(value) => judge_all(tests, value),
    }
}

#[test]
fn tells_missing_and_ill_typed_from_outside() {
    let max = || vec![Test::Max("200".into())];
    let one_of = || vec![Test::In([text("a"), Literal::Number("1".into())].into())];
    let cases = [
        (max(), r#"{"x":200}"#, Standing::Meets),
        (max(), r#"{"x":200.0000000000000000001}"#, Standing::Fails),
        (max(), r#"{"x":"200"}"#, Standing::Unknown),
        (max(), r#"{"x":null}"#, Standing::Unknown),
        (max(), r#"{"x":[1]}"#, Standing::Unknown),
        (max(), r#"{"X":1}"#, Standing::Absent),
        (one_of(), r#"{"x":"a"}"#, Standing::Meets),
        (one_of(), r#"{"\u0078":"\u0061"}"#, Standing::Meets),
        (one_of(), r#"{"x":1.0}"#, Standing::Meets),
        (one_of(), r#"{"x":"1"}"#, Standing::Fails),
        (one_of(), r#"{"x":true}"#, Standing::Unknown),
        (vec![Test::In([Literal::Boolean(true)].into())], r#"{"x":false}"#, Standing::Fails),
        (vec![Test::Min("1".into()), Test::Max("3".into())], r#"{"x":4}"#, Standing::Fails),
        (vec![Test::Present], r#"{"x":{}}"#, Standing::Meets),
        (vec![Test::Present], r#"{"x":null}"#, Standing::Unknown),
    ];
    for (tests, arguments, wanted) in cases {
        assert_eq!(judge_at("x", &tests, arguments), wanted, "{tests:?} on {arguments}");
    }
}

#[test]
fn is_shown_as_a_policy_spells_it() {
    let literals = [text("a"), text("no"), text("1"), text("two words"), Literal::Number("1".into())];
    let cases = [
        (Test::Equals(Literal::Boolean(true)), "equals: true"),
        (Test::Type([TypeName::String, TypeName::Null].into()), "type: [string, null]"),
        (Test::PathUnder(["/data".into(), "a b".into()].into()), r#"path_under: [/data, "a b"]"#),
        (Test::Each([Test::Min("1".into()), Test::Max("2".into())].into()), "each: { min: 1, max: 2 }"),
        (Test::Length(Length { min: None, max: Some(3) }), "length: { max: 3 }"),
        (Test::Regex(Pattern::new("a+").expect("a pattern")), r#"regex: "a+""#),
        (Test::In(literals.into()), r#"in: [a, "no", "1", "two words", 1]"#),
        (Test::Max("1e3".into()), "max: 1e3"),
        (Test::Min("-1".into()), "min: -1"),
        (Test::Prefix("/data/".into()), "prefix: /data/"),
        (Test::Present, "required: true"),
    ];
    for (test, wanted) in cases {
        assert_eq!(test.to_string(), wanted);
    }
}

#[test]
fn follows_a_dotted_path() {
    let tests = || vec![Test::Max("5".into())];
    assert_eq!(judge_at("a.b", &tests(), r#"{"a":{"b":5}}"#), Standing::Meets);
    assert_eq!(judge_at("a.b", &tests(), r#"{"a":{}}"#), Standing::Absent);
    assert_eq!(judge_at("a.b", &tests(), r#"{"a":[{"b":5}]}"#), Standing::Unknown);
    assert_eq!(judge_at("a.b", &tests(), r#"{"a.b":5}"#), Standing::Absent);
}

#[test]
fn does_not_choose_between_two_of_a_name() {
    let tests = || vec![Test::Max("5".into())];
    let cases = [
        ("x", r#"{"x":1,"x":9}"#, Standing::Unknown),
        ("x", r#"{"x":9,"\u0078":1}"#, Standing::Unknown),
        ("a.b", r#"{"a":{"b":1},"a":{"b":9}}"#, Standing::Unknown),
        ("a.b", r#"{"a":{"b":1,"b":1}}"#, Standing::Unknown),
        ("a.b", r#"{"a":{"b":1},"c":1,"c":2}"#, Standing::Meets),
        ("x", r#"{"x":1,"y":{"x":1,"x":9}}"#, Standing::Meets),
        ("x", r#"{"y":1,"y":2}"#, Standing::Absent),
    ];
    for (path, arguments, wanted) in cases {
        assert_eq!(judge_at(path, &tests(), arguments), wanted, "{path} of {arguments}");
    }
}

#[test]
fn does_not_trust_a_path_that_may_lead_elsewhere() {
    let cases = [
        ("/data/", "/data/a/b", Standing::Meets),
        ("/data/", "/etc/passwd", Standing::Fails),
        ("/data/", "/data/../etc/passwd", Standing::Unknown),
        ("/data/", "/data/%2e%2E/etc", Standing::Unknown),
        ("/data/", "/data/..\\\\etc", Standing::Unknown),
        ("/data/", "/data//etc", Standing::Unknown),
        ("https://api.acme.example/", "https://api.acme.example/v1", Standing::Meets),
        ("https://api.acme.example/", "https://api.acme.example/../x", Standing::Unknown),
        ("ord-", "ord-..", Standing::Meets),
    ];
    for (prefix, value, wanted) in cases {
        let arguments = format!(r#"{{"p":"{value}"}}"#);
        assert_eq!(judge_at("p", &[Test::Prefix(prefix.into())], &arguments), wanted, "{prefix} on {value}");
    }
}

#[test]
fn asks_every_element_or_some() {
    let small = || -> Box<[Test]> { [Test::Max("5".into())].into() };
    let cases = [
        ("[]", Standing::Meets, Standing::Fails),
        ("[1,5]", Standing::Meets, Standing::Meets),
        ("[1,6]", Standing::Fails, Standing::Meets),
        ("[6,7]", Standing::Fails, Standing::Fails),
        (r#"[1,"1"]"#, Standing::Unknown, Standing::Meets),
        (r#"[6,"1"]"#, Standing::Fails, Standing::Unknown),
        ("5", Standing::Unknown, Standing::Unknown),
        (r#"{"0":5}"#, Standing::Unknown, Standing::Unknown),
    ];
    for (value, each, any) in cases {
        assert_eq!(judge(&Test::Each(small()), value), each, "each of {value}");
        assert_eq!(judge(&Test::Any(small()), value), any, "any of {value}");
    }
}
