//! Allow and deny rules, and what they ask of arguments.

use super::Bundle;
use crate::bounds::{CLAIM_BYTES_MAX, POLICY_MESSAGE_BYTES_MAX};
use crate::json::decimal;
use crate::names::{Label, Mode};
use crate::policy::arguments::{Absence, Constraint, Literal, Test};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::scalar::Scalar;
use crate::policy::snapshot::Class;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};

/// What a rule does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Effect {
    Allow,
    Deny,
}

/// A rule, with the names in it not yet looked up.
#[derive(Debug)]
pub(in crate::policy) struct RulePart {
    pub effect: Effect,
    pub id: Option<Spanned<Label>>,
    /// Where the rule begins.
    pub span: Span,
    /// `None` for everyone.
    pub roles: Option<Vec<Spanned<Label>>>,
    pub selector: Selector,
    pub args: Vec<ArgsPart>,
    pub targets: Option<Vec<Spanned<Box<str>>>>,
    pub message: Option<Box<str>>,
    pub owner: Option<Box<str>>,
    pub mode: Mode,
    /// Whether the author said what a missing argument means.
    pub is_absence_said: bool,
}

/// Which messages a rule, a limit or anything else is about.
#[derive(Debug, Default)]
pub(in crate::policy) struct Selector {
    pub tools: Option<Vec<Spanned<Box<str>>>>,
    pub classes: Option<Vec<Spanned<Class>>>,
    pub methods: Option<Vec<Spanned<Box<str>>>>,
}

/// Constraints for one tool, or for those that a pattern matches.
#[derive(Debug)]
pub(in crate::policy) struct ArgsPart {
    pub tool: Spanned<Box<str>>,
    pub constraints: Vec<Constraint>,
}

const ALLOW_KEYS: &[&str] =
    &["id", "roles", "tools", "classes", "methods", "targets", "args", "message", "owner", "mode"];
const DENY_KEYS: &[&str] = &[
    "id",
    "roles",
    "tools",
    "classes",
    "methods",
    "targets",
    "args",
    "when_missing",
    "message",
    "owner",
    "mode",
];
const ALLOW_TESTS: &[&str] = &["equals", "in", "min", "max", "prefix", "required"];
const DENY_TESTS: &[&str] = &["equals", "in", "min", "max", "prefix"];

impl Bundle {
    pub(super) fn read_rules(&mut self, node: &Node, effect: Effect, findings: &mut Findings) {
        let items = walker::list(node, effect.section(), findings).unwrap_or_default();
        self.rules.extend(items.iter().filter_map(|item| read_rule(item, effect, findings)));
    }
}

impl Effect {
    fn section(self) -> &'static str {
        match self {
            Self::Allow => "`allow`",
            Self::Deny => "`deny`",
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Allow => "an allow rule",
            Self::Deny => "a deny rule",
        }
    }
}

fn read_rule(node: &Node, effect: Effect, findings: &mut Findings) -> Option<RulePart> {
    let keys = match effect {
        Effect::Allow => ALLOW_KEYS,
        Effect::Deny => DENY_KEYS,
    };
    let fields = Fields::open(node, effect.rule(), keys, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a rule id", findings));
    let span = id.as_ref().map_or(fields.span(), |id| id.span);
    let selector = Selector::read(&fields, findings);
    if selector.tools.is_none() && selector.classes.is_none() && selector.methods.is_none() {
        let message = format!("{} needs `tools`, `classes` or `methods`", effect.rule());
        findings.advise(Code::MissingKey, span, message, "write `tools: \"*\"` for every tool");
    }
    let absence = fields.get("when_missing").and_then(|node| {
        let spell = |absence| match absence {
            Absence::Counts => "apply",
            Absence::Ignored => "ignore",
        };
        walker::word(node, "a word for `when_missing`", &[Absence::Counts, Absence::Ignored], spell, findings)
    });
    let is_absence_said = absence.is_some();
    let absence = absence.unwrap_or(Absence::Counts);
    let args = fields.get("args").map(|node| read_args(node, effect, absence, findings)).unwrap_or_default();
    let mut line = |key: &str, bytes_max| {
        let node = fields.get(key)?;
        Some(walker::line(node, &format!("`{key}`"), bytes_max, findings)?.value)
    };
    let (message, owner) = (line("message", POLICY_MESSAGE_BYTES_MAX), line("owner", CLAIM_BYTES_MAX));
    let roles = fields.get("roles").map(|node| walker::labels(node, "a role", findings));
    let targets = fields.get("targets").map(|node| walker::texts(node, "a target", findings));
    let mode = walker::mode(&fields, findings);
    Some(RulePart { effect, id, span, roles, selector, args, targets, message, owner, mode, is_absence_said })
}

impl Selector {
    /// Reads `tools`, `classes` and `methods`, whichever are there.
    pub(in crate::policy) fn read(fields: &Fields<'_>, findings: &mut Findings) -> Self {
        let mut texts =
            |key: &str, what: &str| fields.get(key).map(|node| walker::texts(node, what, findings));
        let (tools, methods) = (texts("tools", "a tool"), texts("methods", "a method"));
        let classes = fields.get("classes").map(|node| {
            let items = walker::some(node, "`classes`", findings).unwrap_or_default();
            let read = |item: &Node| {
                let value = walker::word(item, "a class", Class::ALL, Class::as_str, findings)?;
                Some(Spanned { span: item.span, value })
            };
            items.iter().filter_map(read).collect()
        });
        Self { tools, classes, methods }
    }
}

fn read_args(node: &Node, effect: Effect, absence: Absence, findings: &mut Findings) -> Vec<ArgsPart> {
    let mut parts = Vec::new();
    for entry in walker::map(node, "`args`", findings).unwrap_or_default() {
        let tool = Spanned { span: entry.key_span, value: entry.key.clone() };
        let arguments = walker::map(&entry.value, "the arguments of a tool", findings).unwrap_or_default();
        let read = |argument| read_constraint(argument, effect, absence, findings);
        parts.push(ArgsPart { tool, constraints: arguments.iter().filter_map(read).collect() });
    }
    parts
}

fn read_constraint(
    entry: &Entry,
    effect: Effect,
    absence: Absence,
    findings: &mut Findings,
) -> Option<Constraint> {
    if entry.key.split('.').any(str::is_empty) {
        let message = format!("`{}` is no name of an argument", shown(&entry.key));
        findings.advise(
            Code::BadName,
            entry.key_span,
            message,
            "write `limit`, or `filter.limit` for an object inside",
        );
    }
    let known = match effect {
        Effect::Allow => ALLOW_TESTS,
        Effect::Deny => DENY_TESTS,
    };
    let fields = Fields::open(&entry.value, "a constraint", known, findings)?;
    let mut tests = Vec::new();
    if let Some(node) = fields.get("equals") {
        tests.extend(read_literal(node, findings).map(|literal| Test::In([literal].into())));
    }
    if let Some(node) = fields.get("in") {
        let items = walker::some(node, "`in`", findings).unwrap_or_default();
        let literals: Vec<_> = items.iter().filter_map(|item| read_literal(item, findings)).collect();
        tests.push(Test::In(literals.into()));
    }
    let bounds = (read_bound(&fields, "min", findings), read_bound(&fields, "max", findings));
    if let (Some(min), Some(max)) = &bounds
        && decimal::compare(min, max).is_gt()
    {
        findings.raise(Code::BadValue, entry.key_span, format!("no number is from {min} to {max}"));
    }
    tests.extend(bounds.0.map(Test::Min));
    tests.extend(bounds.1.map(Test::Max));
    if let Some(prefix) = fields.get("prefix").and_then(|node| walker::text(node, "`prefix`", findings)) {
        tests.push(Test::Prefix(prefix.into()));
    }
    let required = fields.get("required").and_then(|node| walker::boolean(node, "`required`", findings));
    let absence = match required {
        Some(true) => {
            tests.push(Test::Present);
            Absence::Counts
        }
        Some(false) => Absence::Ignored,
        None => absence,
    };
    check_tests(&tests, entry, &fields, findings);
    Some(Constraint { path: entry.key.clone(), tests: tests.into(), absence })
}

/// Refuses tests that no value can meet together, and none at all.
fn check_tests(tests: &[Test], entry: &Entry, fields: &Fields<'_>, findings: &mut Findings) {
    let is_bound = |test: &Test| matches!(test, Test::Max(_) | Test::Min(_));
    let is_text = |test: &Test| matches!(test, Test::Prefix(_));
    if tests.iter().any(is_bound) && tests.iter().any(is_text) {
        let message = format!("`{}` cannot be a number and a text at once", shown(&entry.key));
        findings.raise(Code::BadValue, entry.key_span, message);
    }
    if tests.is_empty() && fields.is_empty() {
        let message = format!("nothing is asked of `{}`", shown(&entry.key));
        findings.advise(
            Code::MissingKey,
            entry.key_span,
            message,
            "write at least one of `equals`, `in`, `min`, `max`, `prefix`",
        );
    }
}

fn read_bound(fields: &Fields<'_>, key: &str, findings: &mut Findings) -> Option<Box<str>> {
    let node = fields.get(key)?;
    match &node.content {
        Content::Scalar(Scalar::Number(text)) => Some(text.clone()),
        Content::Unreadable => None,
        Content::Scalar(_) | Content::List(_) | Content::Map(_) => {
            findings.raise(
                Code::WrongType,
                node.span,
                format!("`{key}` must be a number, not {}", node.kind()),
            );
            None
        }
    }
}

fn read_literal(node: &Node, findings: &mut Findings) -> Option<Literal> {
    match &node.content {
        Content::Scalar(Scalar::Boolean(value)) => Some(Literal::Boolean(*value)),
        Content::Scalar(Scalar::Number(text)) => Some(Literal::Number(text.clone())),
        Content::Scalar(Scalar::Text(text)) => Some(Literal::Text(text.clone())),
        Content::Unreadable => None,
        Content::Scalar(Scalar::Null) | Content::List(_) | Content::Map(_) => {
            let message =
                format!("an argument is compared with a text, a number or a boolean, not {}", node.kind());
            findings.raise(Code::WrongType, node.span, message);
            None
        }
    }
}
