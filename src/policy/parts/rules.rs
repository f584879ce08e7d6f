//! Allow and deny rules, and what they ask of arguments.

use super::conditions::{ReleasePart, read_exceptions, read_unless};
use super::{Bundle, ModePart};
use crate::bounds::{CLAIM_BYTES_MAX, POLICY_MESSAGE_BYTES_MAX};
use crate::names::{Label, Mode};
use crate::policy::arguments::{self, Absence, ConstraintPart};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned};
use crate::policy::hours::Window;
use crate::policy::lock::Hint;
use crate::policy::snapshot::Class;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

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
    /// Since which day it is in shadow; see [`ModePart`].
    pub since: Option<Spanned<u64>>,
    /// When it applies at all; `None` for always.
    pub time: Option<Window>,
    /// What takes it back.
    pub releases: Vec<ReleasePart>,
    /// Whether the author said what a missing argument means.
    pub is_absence_said: bool,
}

/// Which messages a rule, a limit or anything else is about.
#[derive(Debug, Default)]
pub(in crate::policy) struct Selector {
    pub tools: Option<Vec<Spanned<Box<str>>>>,
    /// What the approved annotations of a tool must say.
    pub annotations: Option<Spanned<Vec<(Hint, bool)>>>,
    pub classes: Option<Vec<Spanned<Class>>>,
    pub methods: Option<Vec<Spanned<Box<str>>>>,
}

/// Constraints for one tool, or for those that a pattern matches.
#[derive(Debug)]
pub(in crate::policy) struct ArgsPart {
    pub tool: Spanned<Box<str>>,
    pub constraints: Vec<ConstraintPart>,
}

/// The keys of an allow.
pub(in crate::policy) const ALLOW_KEYS: &[&str] = &[
    "id", "roles", "tools", "classes", "methods", "targets", "args", "time", "unless", "message", "owner",
    "mode", "since",
];

/// The keys of a deny.
pub(in crate::policy) const DENY_KEYS: &[&str] = &[
    "id",
    "roles",
    "tools",
    "classes",
    "methods",
    "targets",
    "args",
    "when_missing",
    "time",
    "unless",
    "exceptions",
    "message",
    "owner",
    "mode",
    "since",
];

/// The keys of tools that are selected by their annotations.
pub(in crate::policy) const MARKED_KEYS: &[&str] = &["names", "annotations"];

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
    let is_by_tools = selector.tools.is_some() || selector.annotations.is_some();
    if !is_by_tools && selector.classes.is_none() && selector.methods.is_none() {
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
    let ModePart { mode, since } = ModePart::read(&fields, findings);
    let time = fields.get("time").and_then(|node| Window::read(node, findings));
    let mut releases = fields.get("unless").map_or_else(Vec::new, |node| read_unless(node, effect, findings));
    releases.extend(fields.get("exceptions").map_or_else(Vec::new, |node| read_exceptions(node, findings)));
    Some(RulePart {
        effect,
        id,
        span,
        roles,
        selector,
        args,
        targets,
        message,
        owner,
        mode,
        since,
        time,
        releases,
        is_absence_said,
    })
}

impl Selector {
    /// Reads `tools`, `classes` and `methods`, whichever are there.
    pub(in crate::policy) fn read(fields: &Fields<'_>, findings: &mut Findings) -> Self {
        let methods = fields.get("methods").map(|node| walker::texts(node, "a method", findings));
        let (tools, annotations) = match fields.get("tools") {
            None => (None, None),
            Some(node) if matches!(node.content, Content::Map(_)) => read_marked(node, findings),
            Some(node) => (Some(walker::texts(node, "a tool", findings)), None),
        };
        let classes = fields.get("classes").map(|node| {
            let items = walker::some(node, "`classes`", findings).unwrap_or_default();
            let read = |item: &Node| {
                let value = walker::word(item, "a class", Class::ALL, Class::as_str, findings)?;
                Some(Spanned { span: item.span, value })
            };
            items.iter().filter_map(read).collect()
        });
        Self { tools, annotations, classes, methods }
    }
}

type Marked = (Option<Vec<Spanned<Box<str>>>>, Option<Spanned<Vec<(Hint, bool)>>>);

/// Reads tools that are selected by their approved annotations, and perhaps by name too.
fn read_marked(node: &Node, findings: &mut Findings) -> Marked {
    let Some(fields) = Fields::open(node, "`tools`", MARKED_KEYS, findings) else {
        return (None, None);
    };
    let names = fields.get("names").map(|node| walker::texts(node, "a tool", findings));
    let Some(node) = fields.need("annotations", findings) else { return (names, None) };
    let spelled: Vec<&str> = Hint::ALL.iter().map(|hint| hint.as_str()).collect();
    let Some(hints) = Fields::open(node, "`annotations`", &spelled, findings) else { return (names, None) };
    let mut read =
        |hint: &Hint| Some((*hint, walker::boolean(hints.get(hint.as_str())?, "an annotation", findings)?));
    let wanted: Vec<_> = Hint::ALL.iter().filter_map(&mut read).collect();
    if hints.is_empty() {
        findings.advise(
            Code::MissingKey,
            node.span,
            "`annotations` names none",
            "write `{ readOnlyHint: true }`",
        );
    }
    (names, Some(Spanned { span: node.span, value: wanted }))
}

pub(super) fn read_args(
    node: &Node,
    effect: Effect,
    absence: Absence,
    findings: &mut Findings,
) -> Vec<ArgsPart> {
    let mut parts = Vec::new();
    for entry in walker::map(node, "`args`", findings).unwrap_or_default() {
        let tool = Spanned { span: entry.key_span, value: entry.key.clone() };
        let arguments = walker::map(&entry.value, "the arguments of a tool", findings).unwrap_or_default();
        let read = |argument| arguments::read::constraint(argument, effect, absence, findings);
        parts.push(ArgsPart { tool, constraints: arguments.iter().filter_map(read).collect() });
    }
    parts
}
