//! Arbitrary text before every test, for fuzzers.

use std::fmt::Write;

use super::schema::Schema;
use super::sql::{Dialect, SqlTest};
use super::text::{Length, Pattern};
use super::types::TypeName;
use super::url::{HostPattern, Private, UrlTest, fuzz_url};
use super::{Literal, Standing, Test};
use crate::json::{self, Document};
use crate::policy::glob::Glob;

/// Judges arbitrary text as an argument, bare and as a string, by a test of each kind.
///
/// For fuzzers; panics only when an invariant of this room is broken.
pub fn fuzz_arguments(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    fuzz_url(&text);
    let (plain, escaped) = (json::quote(&text), escaped(&text));
    for test in tests_of_each_kind() {
        let judged =
            |text: &str| Document::parse(text.as_bytes()).map(|document| test.judge(document.root()));
        let standing = judged(&plain);
        assert_eq!(standing, judged(&escaped), "{test}: escapes change nothing");
        assert_ne!(standing, Ok(Standing::Absent), "{test}: a value is not absent");
        if let (Test::PathUnder(_), Ok(Standing::Meets)) = (&test, &standing) {
            assert!(text.split('/').all(|segment| segment != ".."), "{test}: goes nowhere else");
        }
        // Whatever else it is, it must be judged.
        assert_ne!(judged(&text), Ok(Standing::Absent), "{test}: a value is not absent");
    }
}

fn escaped(text: &str) -> String {
    let mut to = String::from("\"");
    for unit in text.encode_utf16() {
        // INVARIANT: writing to a string does not fail.
        write!(to, "\\u{unit:04x}").expect("a string grows");
    }
    to.push('"');
    to
}

fn tests_of_each_kind() -> Vec<Test> {
    let sql = |&dialect: &Dialect| {
        let tables = Some([Glob::new("orders"), Glob::new("mart.*")].into());
        Test::Sql(Box::new(SqlTest { dialect, tables, functions: Box::default() }))
    };
    let url = |private| {
        let hosts = HostPattern::read("*.acme.example").into_iter().collect();
        Test::Url(Box::new(UrlTest { schemes: ["https".into()].into(), hosts, ports: [443].into(), private }))
    };
    let mut tests = vec![
        Test::Any([Test::Max("5".into())].into()),
        Test::Cidr("10.0.0.0/8".parse().into_iter().collect()),
        Test::Each([Test::Min("5".into())].into()),
        Test::Equals(Literal::Text("a".into())),
        Test::Glob(Glob::new("/data/*.csv")),
        Test::In([Literal::Number("1.50".into()), Literal::Boolean(true)].into()),
        Test::Length(Length { min: Some(1), max: Some(9) }),
        Test::Max("5".into()),
        Test::Min("-1e3".into()),
        Test::PathUnder(["/data".into(), "reports".into()].into()),
        Test::Prefix("/data/".into()),
        Test::Present,
        Test::Suffix(".csv".into()),
        Test::Type(TypeName::ALL.into()),
        url(Private::Deny),
        url(Private::Only),
    ];
    tests.extend(Pattern::new("[a-z/]+|.{9}").ok().map(Test::Regex));
    // A schema takes longest to compile, and is fuzzed beside `inputSchema` too.
    let schema = serde_json::json!({ "type": ["string", "array"], "maxLength": 9, "uniqueItems": true });
    tests.extend(Schema::new(schema).ok().map(Test::JsonSchema));
    tests.extend(Dialect::ALL.iter().map(sql));
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_tried() {
        let mut keys: Vec<_> = tests_of_each_kind().iter().map(Test::key).collect();
        keys.dedup();
        assert_eq!(keys.len(), 18, "{keys:?}");
        fuzz_arguments(b"SELECT * FROM orders");
    }
}
