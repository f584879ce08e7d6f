//! What a rule asks of the arguments of a call.
//!
//! ```text
//! args: { db_query: { limit: { max: 1000 } } }
//!                     path     test        └─read─▶ ConstraintPart ──judge(value)──▶ Standing
//! ```
//!
//! **Three-valued.** An argument meets a constraint, or does not, or nobody can say, because it is
//! of another type than the constraint speaks of, or written in a way that a server may read
//! differently. An allow needs a clear yes; a deny needs a clear no to stand back. A missing argument
//! is the fourth case, for a rule may say what it means ([`Absence`]).
//!
//! **How.** Compares the bytes that are forwarded: numbers by their digits, strings unescaped. One file
//! for each family of tests, each with its reader of policies beside its judge.
//!
//! **What it is not.** It resolves no names, opens no files and runs no SQL: what only the server can
//! know (where a link leads, which address a name has, what a view does) is beyond it.

mod literal;
mod paths;
pub(super) mod read;
mod text;

use std::fmt;

pub(super) use literal::Literal;
pub(super) use paths::may_lead_elsewhere;
pub(super) use read::ConstraintPart;

use crate::json::{Kind, Value};

/// What it means when the argument is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// As good as an unknown value: an allow does not apply, a deny does.
    Counts,
    /// As good as a value that meets the constraint in an allow, and that does not in a deny.
    Ignored,
}

/// One thing that is asked of a value.
///
/// Two are equal when they are written alike, and then they judge alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// It is this.
    Equals(Literal),
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

/// What stands at a path of the arguments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'d> {
    /// Nothing.
    Absent,
    /// One of two values of a name, or something inside what is no object.
    Unknown,
    Value(Value<'d>),
}

/// Follows a dotted path, outermost key first. Allocates nothing.
pub(super) fn find<'d>(path: &str, arguments: Option<Value<'d>>) -> Found<'d> {
    let Some(mut value) = arguments else { return Found::Absent };
    for step in path.split('.') {
        if value.kind() != Kind::Object {
            return Found::Unknown;
        }
        if value.repeats() && value.members().filter(|(key, _)| key.is(step)).nth(1).is_some() {
            return Found::Unknown;
        }
        value = match value.get(step) {
            Some(value) => value,
            None => return Found::Absent,
        };
    }
    Found::Value(value)
}

/// A clear no of any test is a no, whatever the others say.
fn judge_all(tests: &[Test], value: Value<'_>) -> Standing {
    let mut worst = Standing::Meets;
    for test in tests {
        match test.judge(value) {
            Standing::Fails => return Standing::Fails,
            Standing::Meets => {}
            Standing::Absent | Standing::Unknown => worst = Standing::Unknown,
        }
    }
    worst
}

impl Test {
    /// How a value that is there stands to it; never [`Standing::Absent`].
    pub fn judge(&self, value: Value<'_>) -> Standing {
        match self {
            Self::Equals(literal) => literal::judge_membership(std::slice::from_ref(literal), value),
            Self::In(literals) => literal::judge_membership(literals, value),
            Self::Max(bound) => literal::judge_max(bound, value),
            Self::Min(bound) => literal::judge_min(bound, value),
            Self::Prefix(prefix) => text::judge_prefix(prefix, value),
            Self::Present if value.kind() == Kind::Null => Standing::Unknown,
            Self::Present => Standing::Meets,
        }
    }
}

/// As a policy spells it: `max: 1000`, `in: [a, b]`.
impl fmt::Display for Test {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(literal) => write!(to, "equals: {literal}"),
            Self::In(literals) => {
                to.write_str("in: ")?;
                show_list(literals, to)
            }
            Self::Max(bound) => write!(to, "max: {bound}"),
            Self::Min(bound) => write!(to, "min: {bound}"),
            Self::Prefix(prefix) => write!(to, "prefix: {}", literal::Word(prefix)),
            Self::Present => to.write_str("required: true"),
        }
    }
}

/// A list as YAML writes it on one line.
fn show_list<T: fmt::Display>(
    items: impl IntoIterator<Item = T>,
    to: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        write!(to, "{}{item}", if index == 0 { "[" } else { ", " })?;
    }
    to.write_str("]")
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
        match find(path, Some(document.root())) {
            Found::Absent => Standing::Absent,
            Found::Unknown => Standing::Unknown,
            Found::Value(value) => judge_all(&tests, value),
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
            assert_eq!(judge("x", tests.clone(), arguments), wanted, "{tests:?} on {arguments}");
        }
    }

    #[test]
    fn is_shown_as_a_policy_spells_it() {
        let literals = [text("a"), text("no"), text("1"), text("two words"), Literal::Number("1".into())];
        let cases = [
            (Test::Equals(Literal::Boolean(true)), "equals: true"),
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
}
