//! What takes a rule back: `unless`, and exceptions that end on a day.

use super::rules::{ArgsPart, Effect, read_args};
use crate::bounds::{CLAIM_BYTES_MAX, POLICY_MESSAGE_BYTES_MAX};
use crate::names::Label;
use crate::policy::arguments::Absence;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned};
use crate::policy::hours::{self, Window};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

/// Something that takes a rule back where all of it holds.
#[derive(Debug)]
pub(in crate::policy) struct ReleasePart {
    pub kind: ReleaseKind,
    pub span: Span,
    /// `None` for everyone.
    pub roles: Option<Vec<Spanned<Label>>>,
    /// `None` for all tools of the rule.
    pub tools: Option<Vec<Spanned<Box<str>>>>,
    pub args: Vec<ArgsPart>,
    pub time: Option<Window>,
}

/// Whose word it is.
#[derive(Debug)]
pub(in crate::policy) enum ReleaseKind {
    /// Somebody's exception, until a day.
    Exception {
        id: Spanned<Label>,
        /// The last day, and the first millisecond after it.
        expires: Spanned<u64>,
    },
    /// The rule's own.
    Unless,
}

/// The keys of one `unless`.
pub(in crate::policy) const UNLESS_KEYS: &[&str] = &["roles", "args", "time"];

/// The keys of one exception.
pub(in crate::policy) const EXCEPTION_KEYS: &[&str] =
    &["id", "roles", "tools", "args", "time", "expires", "owner", "reason"];

/// Reads `unless`: one condition, or a list of them, any of which takes the rule back.
pub(super) fn read_unless(node: &Node, effect: Effect, findings: &mut Findings) -> Vec<ReleasePart> {
    let items = match &node.content {
        Content::List(_) => walker::some(node, "`unless`", findings).unwrap_or_default(),
        Content::Map(_) | Content::Scalar(_) | Content::Unreadable => std::slice::from_ref(node),
    };
    let mut read = |node: &Node| {
        let fields = Fields::open(node, "`unless`", UNLESS_KEYS, findings)?;
        if UNLESS_KEYS.iter().all(|key| fields.get(key).is_none()) {
            let help = "name `roles`, `args` or a `time`; a rule that never applies is better removed";
            findings.advise(Code::MissingKey, node.span, "`unless` has no condition", help);
        }
        Some(read_release(ReleaseKind::Unless, node.span, &fields, effect, findings))
    };
    items.iter().filter_map(&mut read).collect()
}

/// Reads `exceptions` of a deny.
pub(super) fn read_exceptions(node: &Node, findings: &mut Findings) -> Vec<ReleasePart> {
    let items = walker::list(node, "`exceptions`", findings).unwrap_or_default();
    items.iter().filter_map(|item| read_exception(item, findings)).collect()
}

fn read_exception(node: &Node, findings: &mut Findings) -> Option<ReleasePart> {
    let fields = Fields::open(node, "an exception", EXCEPTION_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "an exception", findings));
    let expires = fields.need("expires", findings).and_then(|node| {
        let date = hours::date(node, "expires", findings)?;
        Some(Spanned { span: node.span, value: hours::end_of(date).unwrap_or_default() })
    });
    for (key, bytes_max) in [("owner", CLAIM_BYTES_MAX), ("reason", POLICY_MESSAGE_BYTES_MAX)] {
        let node = if key == "owner" { fields.need(key, findings) } else { fields.get(key) };
        node.and_then(|node| walker::line(node, &format!("`{key}`"), bytes_max, findings));
    }
    let conditions = ["roles", "args", "time", "tools"];
    if conditions.iter().all(|key| fields.get(key).is_none()) {
        let help = "name `roles`, `tools`, `args` or a `time`";
        findings.advise(Code::MissingKey, node.span, "an exception for everybody and everything", help);
    }
    let (id, expires) = (id?, expires?);
    let span = id.span;
    Some(read_release(ReleaseKind::Exception { id, expires }, span, &fields, Effect::Deny, findings))
}

/// What is asked of arguments here is asked as by an allow: only a clear yes takes a deny back. An `unless`
/// of an allow is asked as by a deny, for the same reason.
fn read_release(
    kind: ReleaseKind,
    span: Span,
    fields: &Fields<'_>,
    effect: Effect,
    findings: &mut Findings,
) -> ReleasePart {
    let asked_by = match effect {
        Effect::Allow => Effect::Deny,
        Effect::Deny => Effect::Allow,
    };
    let roles = fields.get("roles").map(|node| walker::labels(node, "a role", findings));
    let tools = fields.get("tools").map(|node| walker::texts(node, "a tool", findings));
    let args = fields.get("args").map(|node| read_args(node, asked_by, Absence::Counts, findings));
    let time = fields.get("time").and_then(|node| Window::read(node, findings));
    ReleasePart { kind, span, roles, tools, args: args.unwrap_or_default(), time }
}
