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

mod address;
mod fuzz;
mod literal;
mod paths;
pub(super) mod read;
mod schema;
mod sql;
mod text;
mod types;
mod url;

use std::fmt;

pub(super) use address::is_private;
pub use fuzz::fuzz_arguments;
pub(super) use literal::Literal;
pub(super) use paths::may_lead_elsewhere;
pub(super) use read::ConstraintPart;
pub use schema::fits;
pub(super) use schema::{Formats, Schema, is_valid};
pub(super) use sql::Dialect;
pub use types::Kinds;
pub(super) use types::{TypeName, type_kinds};
pub(super) use url::Private;

use ipnet::IpNet;

use self::literal::Word;
use self::sql::SqlTest;
use self::text::{Length, Pattern};
use self::url::UrlTest;
use super::glob::Glob;
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
    /// It is an array, and some element meets all of these.
    Any(Box<[Test]>),
    /// It is an address or a network inside one of these.
    Cidr(Box<[IpNet]>),
    /// It is an array, and every element meets all of these.
    Each(Box<[Test]>),
    /// It is this.
    Equals(Literal),
    /// It is a string that fits.
    Glob(Glob),
    /// It is one of these.
    In(Box<[Literal]>),
    /// It is valid.
    JsonSchema(Schema),
    /// It is a string or an array of such a length.
    Length(Length),
    /// It is a number up to this one.
    Max(Box<str>),
    /// It is a number from this one on.
    Min(Box<str>),
    /// It is a path at or below one of these directories.
    PathUnder(Box<[Box<str>]>),
    /// It is a string that begins so.
    Prefix(Box<str>),
    /// It is there and not null.
    Present,
    /// It is a string that matches as a whole.
    Regex(Pattern),
    /// It is one query that only reads.
    Sql(Box<SqlTest>),
    /// It is a string that ends so.
    Suffix(Box<str>),
    /// It is of one of these types.
    Type(Box<[TypeName]>),
    /// It is a URL that leads where it may.
    Url(Box<UrlTest>),
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
            Self::Any(tests) => judge_any(tests, value),
            Self::Cidr(networks) => address::judge_cidr(networks, value),
            Self::Each(tests) => judge_each(tests, value),
            Self::Equals(literal) => literal::judge_membership(std::slice::from_ref(literal), value),
            Self::Glob(glob) => text::judge_glob(glob, value),
            Self::In(literals) => literal::judge_membership(literals, value),
            Self::JsonSchema(schema) => schema.judge(value),
            Self::Length(length) => length.judge(value),
            Self::Max(bound) => literal::judge_max(bound, value),
            Self::Min(bound) => literal::judge_min(bound, value),
            Self::PathUnder(roots) => paths::judge_path_under(roots, value),
            Self::Prefix(prefix) => text::judge_prefix(prefix, value),
            Self::Present if value.kind() == Kind::Null => Standing::Unknown,
            Self::Present => Standing::Meets,
            Self::Regex(pattern) => pattern.judge(value),
            Self::Sql(sql) => sql.judge(value),
            Self::Suffix(suffix) => text::judge_suffix(suffix, value),
            Self::Type(types) => types::judge_types(types, value),
            Self::Url(url) => url.judge(value),
        }
    }

    /// The kinds of values that can meet it.
    pub fn kinds(&self) -> Kinds {
        match self {
            Self::Any(_) | Self::Each(_) => Kinds::ARRAY,
            Self::Equals(literal) => literal.kinds(),
            Self::In(literals) => literals.iter().fold(Kinds::NONE, |kinds, one| kinds.or(one.kinds())),
            Self::JsonSchema(_) => Kinds::ALL,
            Self::Length(_) => Kinds::ARRAY.or(Kinds::STRING),
            Self::Max(_) | Self::Min(_) => Kinds::NUMBER,
            Self::Present => Kinds::NULL.others(),
            Self::Type(types) => types::kinds(types),
            Self::Cidr(_)
            | Self::Glob(_)
            | Self::PathUnder(_)
            | Self::Prefix(_)
            | Self::Regex(_)
            | Self::Sql(_)
            | Self::Suffix(_)
            | Self::Url(_) => Kinds::STRING,
        }
    }

    /// The key that a policy gives it by.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Any(_) => "any",
            Self::Cidr(_) => "cidr",
            Self::Each(_) => "each",
            Self::Equals(_) => "equals",
            Self::Glob(_) => "glob",
            Self::In(_) => "in",
            Self::JsonSchema(_) => "json_schema",
            Self::Length(_) => "length",
            Self::Max(_) => "max",
            Self::Min(_) => "min",
            Self::PathUnder(_) => "path_under",
            Self::Prefix(_) => "prefix",
            Self::Present => "required",
            Self::Regex(_) => "regex",
            Self::Sql(_) => "sql",
            Self::Suffix(_) => "suffix",
            Self::Type(_) => "type",
            Self::Url(_) => "url",
        }
    }
}

/// A clear no of any element is a no.
fn judge_each(tests: &[Test], value: Value<'_>) -> Standing {
    if value.kind() != Kind::Array {
        return Standing::Unknown;
    }
    let mut worst = Standing::Meets;
    for element in value.elements() {
        match judge_all(tests, element) {
            Standing::Fails => return Standing::Fails,
            Standing::Meets => {}
            Standing::Absent | Standing::Unknown => worst = Standing::Unknown,
        }
    }
    worst
}

/// A clear yes of any element is a yes.
fn judge_any(tests: &[Test], value: Value<'_>) -> Standing {
    if value.kind() != Kind::Array {
        return Standing::Unknown;
    }
    let mut best = Standing::Fails;
    for element in value.elements() {
        match judge_all(tests, element) {
            Standing::Meets => return Standing::Meets,
            Standing::Fails => {}
            Standing::Absent | Standing::Unknown => best = Standing::Unknown,
        }
    }
    best
}

/// As a policy spells it: `max: 1000`, `in: [a, b]`.
impl fmt::Display for Test {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: ", self.key())?;
        match self {
            Self::Any(tests) | Self::Each(tests) => {
                for (index, test) in tests.iter().enumerate() {
                    write!(to, "{}{test}", if index == 0 { "{ " } else { ", " })?;
                }
                to.write_str(" }")
            }
            Self::Cidr(networks) => show_list(networks.iter().map(|network| format!("\"{network}\"")), to),
            Self::Equals(literal) => literal.fmt(to),
            Self::Glob(glob) => Word(glob.as_str()).fmt(to),
            Self::In(literals) => show_list(literals, to),
            Self::JsonSchema(schema) => schema.fmt(to),
            Self::Length(length) => length.fmt(to),
            Self::Max(bound) | Self::Min(bound) => to.write_str(bound),
            Self::PathUnder(roots) => show_list(roots.iter().map(|root| Word(root)), to),
            Self::Prefix(text) | Self::Suffix(text) => Word(text).fmt(to),
            Self::Present => to.write_str("true"),
            Self::Regex(pattern) => Word(pattern.as_str()).fmt(to),
            Self::Sql(sql) => sql.fmt(to),
            Self::Type(types) => show_list(types, to),
            Self::Url(url) => url.fmt(to),
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
mod tests;
