//! Reading what a policy asks of one argument.

use super::{Absence, Literal, Test};
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
    pub absence: Absence,
}

const ALLOW_TESTS: &[&str] = &["equals", "in", "min", "max", "prefix", "required"];
const DENY_TESTS: &[&str] = &["equals", "in", "min", "max", "prefix"];

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
    let mut reader = Reader { fields, findings, tests: Vec::new() };
    reader.read_membership();
    reader.read_bounds(entry.key_span);
    reader.read_texts();
    let absence = reader.read_absence(absence);
    let Reader { tests, .. } = reader;
    check_tests(&tests, entry, &fields, findings);
    let path = Spanned { span: entry.key_span, value: entry.key.clone() };
    Some(ConstraintPart { path, tests, absence })
}

/// The fields of one constraint, and what has been read of them.
struct Reader<'n, 'f> {
    fields: Fields<'n>,
    findings: &'f mut Findings,
    tests: Vec<Spanned<Test>>,
}

impl Reader<'_, '_> {
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
        match &node.content {
            Content::Scalar(Scalar::Boolean(value)) => Some(Literal::Boolean(*value)),
            Content::Scalar(Scalar::Number(text)) => Some(Literal::Number(text.clone())),
            Content::Scalar(Scalar::Text(text)) => Some(Literal::Text(text.clone())),
            Content::Unreadable => None,
            Content::Scalar(Scalar::Null) | Content::List(_) | Content::Map(_) => {
                let message = format!(
                    "an argument is compared with a text, a number or a boolean, not {}",
                    node.kind()
                );
                self.findings.raise(Code::WrongType, node.span, message);
                None
            }
        }
    }

    fn read_bounds(&mut self, span: Span) {
        let (min, max) = (self.read_bound("min"), self.read_bound("max"));
        if let (Some(min), Some(max)) = (&min, &max)
            && decimal::compare(&min.value, &max.value).is_gt()
        {
            let message = format!("no number is from {} to {}", min.value, max.value);
            self.findings.raise(Code::BadValue, span, message);
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

    fn read_texts(&mut self) {
        if let Some(node) = self.fields.get("prefix")
            && let Some(prefix) = walker::text(node, "`prefix`", self.findings)
        {
            self.push(node.span, Test::Prefix(prefix.into()));
        }
    }

    fn read_absence(&mut self, absence: Absence) -> Absence {
        let Some(node) = self.fields.get("required") else { return absence };
        match walker::boolean(node, "`required`", self.findings) {
            Some(true) => {
                self.push(node.span, Test::Present);
                Absence::Counts
            }
            Some(false) => Absence::Ignored,
            None => absence,
        }
    }
}

/// Refuses tests that no value can meet together, and none at all.
fn check_tests(tests: &[Spanned<Test>], entry: &Entry, fields: &Fields<'_>, findings: &mut Findings) {
    let is_bound = |test: &Spanned<Test>| matches!(test.value, Test::Max(_) | Test::Min(_));
    let is_text = |test: &Spanned<Test>| matches!(test.value, Test::Prefix(_));
    if tests.iter().any(is_bound) && tests.iter().any(is_text) {
        let message = format!("`{}` cannot be a number and a text at once", shown(&entry.key));
        findings.raise(Code::BadValue, entry.key_span, message);
    }
    if tests.is_empty() && fields.is_empty() {
        let message = format!("nothing is asked of `{}`", shown(&entry.key));
        let help = "write at least one of `equals`, `in`, `min`, `max`, `prefix`";
        findings.advise(Code::MissingKey, entry.key_span, message, help);
    }
}
