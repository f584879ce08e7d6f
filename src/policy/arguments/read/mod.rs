//! Reading what a policy asks of one argument.

mod nested;
mod texts;

pub(in crate::policy) use nested::{SQL_KEYS, URL_KEYS};
pub(in crate::policy) use texts::LENGTH_KEYS;

use super::{Absence, Kinds, Literal, Standing, Test};
use crate::json::decimal;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::parts::Effect;
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};

/// What a rule asks of one argument, as it is written.
#[derive(Debug, Clone)]
pub(in crate::policy) struct ConstraintPart {
    pub path: Spanned<Box<str>>,
    /// Each where its value is written.
    pub tests: Vec<Spanned<Test>>,
    /// The values that the argument is compared with, each where it is written.
    pub literals: Vec<Spanned<Literal>>,
    pub absence: Absence,
}

/// What an allow may ask of an argument; the last is an allow's alone.
pub(in crate::policy) const ALLOW_TESTS: &[&str] = &[
    "equals",
    "in",
    "min",
    "max",
    "prefix",
    "suffix",
    "glob",
    "regex",
    "length",
    "type",
    "path_under",
    "url",
    "cidr",
    "sql",
    "json_schema",
    "each",
    "any",
    "required",
];

/// What a deny may ask of an argument.
pub(in crate::policy) const DENY_TESTS: &[&str] = ALLOW_TESTS.split_at(ALLOW_TESTS.len() - 1).0;

/// Reads the constraint at `entry` of a rule; `absence` is what the rule says of missing arguments.
pub(in crate::policy) fn constraint(
    entry: &Entry,
    effect: Effect,
    absence: Absence,
    findings: &mut Findings,
) -> Option<ConstraintPart> {
    if entry.key.split('.').any(str::is_empty) {
        let message = format!("`{}` is no name of an argument", shown(&entry.key));
        let help = "write `limit`, or `filter.limit` for an object inside";
        findings.advise(Code::BadName, entry.key_span, message, help);
    }
    let known = match effect {
        Effect::Allow => ALLOW_TESTS,
        Effect::Deny => DENY_TESTS,
    };
    let fields = Fields::open(&entry.value, "a constraint", known, findings)?;
    let mut reader = Reader { fields, effect, findings, tests: Vec::new(), literals: Vec::new() };
    reader.read_all(&entry.key, entry.key_span);
    let absence = reader.read_absence(absence);
    let Reader { tests, literals, .. } = reader;
    if tests.is_empty() && fields.is_empty() {
        let message = format!("nothing is asked of `{}`", shown(&entry.key));
        let help = "write at least one test, such as `equals`, `in`, `max`, `prefix`";
        findings.advise(Code::MissingKey, entry.key_span, message, help);
    }
    let path = Spanned { span: entry.key_span, value: entry.key.clone() };
    Some(ConstraintPart { path, tests, literals, absence })
}

/// The fields of one constraint, and what has been read of them.
struct Reader<'n, 'f> {
    fields: Fields<'n>,
    effect: Effect,
    findings: &'f mut Findings,
    tests: Vec<Spanned<Test>>,
    literals: Vec<Spanned<Literal>>,
}

impl Reader<'_, '_> {
    /// Reads every test of the value called `name`, the cheapest to judge first.
    fn read_all(&mut self, name: &str, span: Span) {
        self.read_type();
        self.read_membership();
        self.read_bounds(span);
        self.read_length();
        self.read_ends();
        self.read_glob();
        self.read_cidr();
        self.read_path_under();
        self.read_url();
        self.read_regex();
        self.read_elements("each", Test::Each);
        self.read_elements("any", Test::Any);
        self.read_sql();
        self.read_json_schema();
        self.check_kinds(name, span);
    }

    fn push(&mut self, span: Span, test: Test) {
        self.tests.push(Spanned { span, value: test });
    }

    fn read_membership(&mut self) {
        if let Some(node) = self.fields.get("equals")
            && let Some(literal) = self.read_literal(node)
        {
            self.push(node.span, Test::Equals(literal));
        }
        if let Some(node) = self.fields.get("in") {
            let items = walker::some(node, "`in`", self.findings).unwrap_or_default();
            let literals = items.iter().filter_map(|item| self.read_literal(item)).collect();
            self.push(node.span, Test::In(literals));
        }
    }

    fn read_literal(&mut self, node: &Node) -> Option<Literal> {
        let literal = match &node.content {
            Content::Scalar(Scalar::Boolean(value)) => Literal::Boolean(*value),
            Content::Scalar(Scalar::Number(text)) => Literal::Number(text.clone()),
            Content::Scalar(Scalar::Text(text)) => Literal::Text(text.clone()),
            Content::Unreadable => return None,
            Content::Scalar(Scalar::Null) | Content::List(_) | Content::Map(_) => {
                let message = format!(
                    "an argument is compared with a text, a number or a boolean, not {}",
                    node.kind()
                );
                self.findings.raise(Code::WrongType, node.span, message);
                return None;
            }
        };
        self.literals.push(Spanned { span: node.span, value: literal.clone() });
        Some(literal)
    }

    fn read_bounds(&mut self, span: Span) {
        let (min, max) = (self.read_bound("min"), self.read_bound("max"));
        if let (Some(min), Some(max)) = (&min, &max)
            && decimal::compare(&min.value, &max.value).is_gt()
        {
            let message = format!("no number is from {} to {}", min.value, max.value);
            self.findings.advise(
                Code::ImpossibleBound,
                span,
                message,
                "exchange `min` and `max`, or correct one",
            );
        }
        self.tests.extend(min.map(|min| Spanned { span: min.span, value: Test::Min(min.value) }));
        self.tests.extend(max.map(|max| Spanned { span: max.span, value: Test::Max(max.value) }));
    }

    fn read_bound(&mut self, key: &str) -> Option<Spanned<Box<str>>> {
        let node = self.fields.get(key)?;
        match &node.content {
            Content::Scalar(Scalar::Number(text)) => Some(Spanned { span: node.span, value: text.clone() }),
            Content::Unreadable => None,
            Content::Scalar(_) | Content::List(_) | Content::Map(_) => {
                let message = format!("`{key}` must be a number, not {}", node.kind());
                self.findings.raise(Code::WrongType, node.span, message);
                None
            }
        }
    }

    fn read_absence(&mut self, absence: Absence) -> Absence {
        let Some(node) = self.fields.get("required").filter(|_| self.effect == Effect::Allow) else {
            return absence;
        };
        match walker::boolean(node, "`required`", self.findings) {
            Some(true) => {
                self.push(node.span, Test::Present);
                Absence::Counts
            }
            Some(false) => Absence::Ignored,
            None => absence,
        }
    }

    /// Refuses tests of which no value can meet two at once, by its kind or because it would have to be
    /// two values.
    fn check_kinds(&mut self, name: &str, span: Span) {
        let mut kinds = Kinds::ALL;
        for test in &self.tests {
            let own = test.value.kinds();
            if kinds.and(own).is_empty() && !own.is_empty() {
                let message = format!("`{}` cannot be {own} and {kinds} at once", shown(name));
                let help = format!("keep `{}` or what it contradicts", test.value.key());
                self.findings.advise(Code::ImpossibleBound, span, message, help);
                return;
            }
            kinds = kinds.and(own);
        }
        let is_met = |literal: &Spanned<Literal>| {
            self.tests.iter().all(|test| literal.value.judged_by(&test.value) != Standing::Fails)
        };
        if let [first, ..] = self.literals.as_slice()
            && !self.literals.iter().any(is_met)
        {
            let message = format!("no value of `{}` meets all that is asked of it", shown(name));
            let help = "the values that are named are outside of its other tests";
            self.findings.advise(Code::ImpossibleBound, first.span, message, help);
        }
    }
}
