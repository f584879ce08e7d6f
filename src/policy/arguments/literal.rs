//! Values that are written in a policy, and how an argument compares with them.

use std::cmp::Ordering;
use std::fmt;

use super::{Kinds, Standing, Test};
use crate::json::{self, Document, Kind, Value, decimal};
use crate::policy::scalar::Scalar;

/// A value written in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum Literal {
    Boolean(bool),
    /// As it is spelled.
    Number(Box<str>),
    Text(Box<str>),
}

impl Literal {
    /// The kinds of values that can be the same.
    pub fn kinds(&self) -> Kinds {
        match self {
            Self::Boolean(_) => Kinds::BOOLEAN,
            Self::Number(text) if decimal::is_integral(text) => Kinds::INTEGER,
            Self::Number(_) => Kinds::FRACTION,
            Self::Text(_) => Kinds::STRING,
        }
    }

    /// How an argument with this value stands to a test; for the author, not for calls.
    pub fn judged_by(&self, test: &Test) -> Standing {
        let text = match self {
            Self::Boolean(value) => value.to_string(),
            Self::Number(text) => text.to_string(),
            Self::Text(text) => json::quote(text),
        };
        Document::parse(text.as_bytes()).map_or(Standing::Unknown, |document| test.judge(document.root()))
    }

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

/// As a policy spells it.
impl fmt::Display for Literal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(to, "{value}"),
            Self::Number(text) => to.write_str(text),
            Self::Text(text) => Word(text).fmt(to),
        }
    }
}

/// A text as YAML writes it: bare where it may be.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Word<'t>(pub &'t str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = *self;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '-' | ':');
        let is_bare = text.chars().all(is_plain)
            && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
            && !text.ends_with(':')
            && matches!(Scalar::plain(text), Ok(Scalar::Text(_)));
        if is_bare { to.write_str(text) } else { to.write_str(&json::quote(text)) }
    }
}

/// Whether a value is one of `literals`; unknown where it is of a type that none of them has.
pub(super) fn judge_membership(literals: &[Literal], value: Value<'_>) -> Standing {
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

/// Whether a number is not above `bound`.
pub(super) fn judge_max(bound: &str, value: Value<'_>) -> Standing {
    judge_bound(bound, value, Ordering::Greater)
}

/// Whether a number is not below `bound`.
pub(super) fn judge_min(bound: &str, value: Value<'_>) -> Standing {
    judge_bound(bound, value, Ordering::Less)
}

fn judge_bound(bound: &str, value: Value<'_>, outside: Ordering) -> Standing {
    if value.kind() != Kind::Number {
        return Standing::Unknown;
    }
    if decimal::compare(value.raw(), bound) == outside { Standing::Fails } else { Standing::Meets }
}
