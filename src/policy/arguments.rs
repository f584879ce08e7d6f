//! What a rule asks of the arguments of a call.
//!
//! **Three-valued.** An argument meets a constraint, or does not, or nobody can say, because it is
//! of another type than the constraint speaks of, or written in a way that a server may read
//! differently. An allow needs a clear yes; a deny needs a clear no to stand back. A missing argument
//! is the fourth case, for a rule may say what it means ([`Absence`]).
//!
//! Compares the bytes that are forwarded: numbers by their digits, strings unescaped.

use std::cmp::Ordering;

use crate::json::{Kind, Value, decimal};

/// What one rule asks of one argument.
#[derive(Debug, Clone)]
pub(super) struct Constraint {
    /// As the policy names it: `limit`, or `filter.limit` for an object inside the arguments.
    pub path: Box<str>,
    pub tests: Box<[Test]>,
    pub absence: Absence,
}

/// What it means when the argument is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// As good as an unknown value: an allow does not apply, a deny does.
    Counts,
    /// As good as a value that meets the constraint in an allow, and that does not in a deny.
    Ignored,
}

/// One thing that is asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// It is one of these.
    In(Box<[Literal]>),
    /// It is a number up to this one.
    Max(Box<str>),
    /// It is a number from this one on.
    Min(Box<str>),
    /// It is a string that begins so.
    Prefix(Box<str>),
    /// It is there and not null.
    Present,
}

/// A value written in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Boolean(bool),
    /// As it is spelled.
    Number(Box<str>),
    Text(Box<str>),
}

/// How an argument stands to a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not there.
    Absent,
    /// It is outside.
    Fails,
    /// It is inside.
    Meets,
    /// It cannot be said.
    Unknown,
}

impl Constraint {
    /// The keys that lead to the argument, outermost first.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.path.split('.')
    }

    /// Whether an allow may rely on it.
    pub fn permits(&self, arguments: Option<Value<'_>>) -> bool {
        match self.judge(arguments) {
            Standing::Meets => true,
            Standing::Absent => self.absence == Absence::Ignored,
            Standing::Fails | Standing::Unknown => false,
        }
    }

    /// Whether it lets a deny apply.
    pub fn incriminates(&self, arguments: Option<Value<'_>>) -> bool {
        match self.judge(arguments) {
            Standing::Meets | Standing::Unknown => true,
            Standing::Absent => self.absence == Absence::Counts,
            Standing::Fails => false,
        }
    }

    fn judge(&self, arguments: Option<Value<'_>>) -> Standing {
        let mut value = match arguments {
            Some(value) => value,
            None => return Standing::Absent,
        };
        for step in self.steps() {
            if value.kind() != Kind::Object {
                return Standing::Unknown;
            }
            if value.repeats() && value.members().filter(|(key, _)| key.is(step)).nth(1).is_some() {
                return Standing::Unknown;
            }
            value = match value.get(step) {
                Some(value) => value,
                None => return Standing::Absent,
            };
        }
        let mut worst = Standing::Meets;
        for test in &self.tests {
            match test.judge(value) {
                Standing::Fails => return Standing::Fails,
                Standing::Meets => {}
                Standing::Absent | Standing::Unknown => worst = Standing::Unknown,
            }
        }
        worst
    }
}

impl Test {
    fn judge(&self, value: Value<'_>) -> Standing {
        match self {
            Self::In(literals) => judge_membership(literals, value),
            Self::Max(bound) => judge_bound(bound, value, Ordering::Greater),
            Self::Min(bound) => judge_bound(bound, value, Ordering::Less),
            Self::Prefix(prefix) => judge_prefix(prefix, value),
            Self::Present if value.kind() == Kind::Null => Standing::Unknown,
            Self::Present => Standing::Meets,
        }
    }
}

fn judge_membership(literals: &[Literal], value: Value<'_>) -> Standing {
    let mut is_comparable = false;
    for literal in literals {
        match literal.equals(value) {
            Some(true) => return Standing::Meets,
            Some(false) => is_comparable = true,
            None => {}
        }
    }
    if is_comparable { Standing::Fails } else { Standing::Unknown }
}

impl Literal {
    /// Whether `value` is the same; `None` when it is of another type.
    fn equals(&self, value: Value<'_>) -> Option<bool> {
        match self {
            Self::Boolean(wanted) => value.boolean().map(|found| found == *wanted),
            Self::Number(wanted) => (value.kind() == Kind::Number)
                .then(|| decimal::compare(value.raw(), wanted) == Ordering::Equal),
            Self::Text(wanted) => value.string().map(|found| *found == **wanted),
        }
    }
}

fn judge_bound(bound: &str, value: Value<'_>, outside: Ordering) -> Standing {
    if value.kind() != Kind::Number {
        return Standing::Unknown;
    }
    if decimal::compare(value.raw(), bound) == outside { Standing::Fails } else { Standing::Meets }
}

fn judge_prefix(prefix: &str, value: Value<'_>) -> Standing {
    let Some(text) = value.string() else { return Standing::Unknown };
    if prefix.contains('/') && may_lead_elsewhere(&text) {
        return Standing::Unknown;
    }
    if text.starts_with(prefix) { Standing::Meets } else { Standing::Fails }
}

/// Whether a path or URL may be read as another one: `.`, `..` and empty segments, backslashes,
/// percent-encoded separators and dots, control characters.
pub(super) fn may_lead_elsewhere(text: &str) -> bool {
    let path = text.split_once("://").map_or(text, |(_, path)| path);
    let lower = path.to_ascii_lowercase();
    let is_encoded = ["%2e", "%2f", "%5c", "%25", "%00"].iter().any(|code| lower.contains(code));
    if is_encoded || path.contains('\\') || path.chars().any(char::is_control) {
        return true;
    }
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    !inner.is_empty() && inner.split('/').any(|segment| matches!(segment, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, DuplicateKeys};

    fn text(text: &str) -> Literal {
        Literal::Text(text.into())
    }

    fn judge(path: &str, tests: Vec<Test>, arguments: &str) -> Standing {
        let document = Document::parse_with(arguments.as_bytes(), DuplicateKeys::RejectProtocol);
        let document = document.expect("a test is JSON");
        let constraint = Constraint { path: path.into(), tests: tests.into(), absence: Absence::Counts };
        constraint.judge(Some(document.root()))
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
            assert_eq!(judge("x", tests.clone(), arguments), wanted, "{tests:?} on {arguments}");
        }
    }

    #[test]
    fn follows_a_dotted_path() {
        let tests = || vec![Test::Max("5".into())];
        assert_eq!(judge("a.b", tests(), r#"{"a":{"b":5}}"#), Standing::Meets);
        assert_eq!(judge("a.b", tests(), r#"{"a":{}}"#), Standing::Absent);
        assert_eq!(judge("a.b", tests(), r#"{"a":[{"b":5}]}"#), Standing::Unknown);
        assert_eq!(judge("a.b", tests(), r#"{"a.b":5}"#), Standing::Absent);
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
            assert_eq!(judge(path, tests(), arguments), wanted, "{path} of {arguments}");
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
            assert_eq!(
                judge("p", vec![Test::Prefix(prefix.into())], &arguments),
                wanted,
                "{prefix} on {value}"
            );
        }
    }

    #[test]
    fn an_allow_needs_a_yes_and_a_deny_needs_a_no() {
        let constraint =
            |absence| Constraint { path: "x".into(), tests: [Test::Max("5".into())].into(), absence };
        let cases = [
            (Absence::Counts, r#"{"x":5}"#, true, true),
            (Absence::Counts, r#"{"x":6}"#, false, false),
            (Absence::Counts, r#"{"x":"5"}"#, false, true),
            (Absence::Counts, r"{}", false, true),
            (Absence::Ignored, r"{}", true, false),
            (Absence::Ignored, r#"{"x":null}"#, false, true),
        ];
        for (absence, arguments, permits, incriminates) in cases {
            let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
            let root = Some(document.root());
            let constraint = constraint(absence);
            assert_eq!(constraint.permits(root), permits, "{absence:?} {arguments}");
            assert_eq!(constraint.incriminates(root), incriminates, "{absence:?} {arguments}");
        }
    }
}
