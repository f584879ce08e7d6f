//! What a case expects: every key is optional, and one at least is there.

use std::time::Duration;

use super::read::Reader;
use super::{DeniedBy, Expected, Http, Mark, Path, Redacted, Verdict, Wanted};
use crate::bounds::POLICY_MESSAGE_BYTES_MAX;
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::compile::{BUILT_IN, BUILT_IN_SCHEMA};
use crate::policy::diagnostic::{Findings, did_you_mean, shown};
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};
use crate::scan::{Detector, Direction};

/// The keys of what is expected.
pub(in crate::policy) const EXPECT_KEYS: &[&str] = &[
    "decision",
    "rule",
    "nearest",
    "reason",
    "failed",
    "message",
    "scopes",
    "shadow",
    "redacted",
    "found",
    "as_http",
    "lists",
    "allowed",
    "denied_by",
    "retry_after",
];

/// The keys of how a refusal looks on the wire.
pub(in crate::policy) const HTTP_KEYS: &[&str] = &["status", "code", "challenge"];

/// The keys of how long refused callers are told to wait.
pub(in crate::policy) const WAIT_KEYS: &[&str] = &["between"];

/// Every word that the `reason` of a refused message may be.
pub const REASONS: &[&str] = &[
    "argument",
    "budget",
    "drift",
    "flow",
    "internal",
    "overload",
    "pii",
    "protocol",
    "rate_limit",
    "schema",
    "scope",
    "secret",
    "size",
    "tool_not_allowed",
    "unavailable",
    "upstream",
];

/// Keys that say that something is refused.
const OF_REFUSALS: &[&str] = &["nearest", "reason", "message", "scopes", "as_http"];

/// Keys that are about a message that is sent more than once.
const OF_REPEATS: &[&str] = &["allowed", "retry_after"];

impl Reader<'_> {
    pub(super) fn expected(
        &self,
        node: &Node,
        is_repeated: bool,
        findings: &mut Findings,
    ) -> Option<Expected> {
        let fields = Fields::open(node, "`expect`", EXPECT_KEYS, findings)?;
        if fields.is_empty() {
            let help = "write `decision: allow` or `decision: deny`";
            findings.advise(Code::CaseSaysNothing, node.span, "`expect` expects nothing", help);
            return None;
        }
        let before = findings.len();
        let decision = wanted(&fields, "decision", findings, |node, findings| {
            walker::word(node, "a decision", &[Verdict::Allow, Verdict::Deny], Verdict::as_str, findings)
        });
        let mut rule = |key| wanted(&fields, key, findings, |node, findings| self.rule(node, findings));
        let (rule_id, nearest, shadow) = (rule("rule"), rule("nearest"), rule("shadow"));
        let expected = Expected {
            decision,
            rule: rule_id,
            nearest,
            shadow,
            reason: wanted(&fields, "reason", findings, |node, findings| {
                walker::word(node, "a reason", REASONS, |word| word, findings)
            }),
            failed: wanted(&fields, "failed", findings, read_failed),
            message: wanted(&fields, "message", findings, |node, findings| {
                Some(walker::line(node, "a part of a message", POLICY_MESSAGE_BYTES_MAX, findings)?.value)
            }),
            scopes: wanted(&fields, "scopes", findings, |node, findings| self.scopes(node, findings)),
            redacted: each(&fields, "redacted", findings, read_redacted),
            found: each(&fields, "found", findings, read_found),
            http: fields.get("as_http").map(|node| read_http(node, findings)).unwrap_or_default(),
            lists: wanted(&fields, "lists", findings, |node, findings| self.tools(node, findings)),
            allowed: wanted(&fields, "allowed", findings, |node, findings| {
                let number = read_number(node, "how many go through", findings)?;
                note_range(u32::try_from(number).ok(), node, findings)
            }),
            denied_by: wanted(&fields, "denied_by", findings, |node, findings| self.denier(node, findings)),
            retry_after: wanted(&fields, "retry_after", findings, read_waits),
        };
        check_agreement(&fields, &expected, is_repeated, findings);
        (findings.len() == before).then_some(expected)
    }

    /// A rule that the policy has; a case about any other can only be a typo.
    fn rule(&self, node: &Node, findings: &mut Findings) -> Option<Label> {
        let id = walker::label(node, "a rule id", findings)?;
        let is_built_in = [BUILT_IN, BUILT_IN_SCHEMA].contains(&id.value.as_str());
        let known = || self.policy.rule_ids().chain(self.policy.flows().iter().map(|flow| &flow.id));
        if is_built_in || known().any(|known| *known == id.value) {
            return Some(id.value);
        }
        let help = did_you_mean(id.value.as_str(), "rules", known().map(Label::as_str));
        findings.advise(Code::UnknownRule, id.span, format!("there is no rule `{}`", id.value), help);
        None
    }

    /// `limit/ID` or the id of a rule.
    fn denier(&self, node: &Node, findings: &mut Findings) -> Option<DeniedBy> {
        let text = walker::text(node, "a rule or `limit/ID`", findings)?;
        let Some(id) = text.strip_prefix("limit/") else {
            return self.rule(node, findings).map(DeniedBy::Rule);
        };
        let known = self.policy.limits.iter().map(|limit| limit.id());
        let found = known.clone().find(|known| known.as_str() == id).cloned();
        if found.is_none() {
            let help = did_you_mean(id, "limits", known.map(Label::as_str));
            findings.advise(Code::UnknownRule, node.span, format!("there is no limit `{}`", shown(id)), help);
        }
        found.map(DeniedBy::Limit)
    }

    fn scopes(&self, node: &Node, findings: &mut Findings) -> Option<Vec<Box<str>>> {
        let texts = walker::texts(node, "a scope", findings);
        let roles = self.policy.book.roles.iter().flat_map(|role| &role.scopes).map(Label::as_str);
        for text in &texts {
            if !roles.clone().any(|known| *known == *text.value) {
                let help = did_you_mean(&text.value, "scopes", roles.clone());
                let message = format!("no role has the scope `{}`", shown(&text.value));
                findings.advise(Code::UnknownScope, text.span, message, help);
            }
        }
        Some(sorted(texts.into_iter().map(|text| text.value).collect()))
    }

    fn tools(&self, node: &Node, findings: &mut Findings) -> Option<Vec<Box<str>>> {
        let items = walker::list(node, "`lists`", findings)?;
        let texts = items.iter().filter_map(|item| walker::line(item, "a tool", 512, findings));
        let texts: Vec<_> = texts.collect();
        for text in &texts {
            if self.policy.tool(&text.value).is_none() {
                let known = self.policy.tools().iter().map(|tool| tool.name.as_str());
                let help = did_you_mean(&text.value, "tools", known);
                let message = format!("there is no tool `{}`", shown(&text.value));
                findings.advise(Code::UnknownTool, text.span, message, help);
            }
        }
        Some(sorted(texts.into_iter().map(|text| text.value).collect()))
    }
}

/// Reads one key, if it is there; `None` also where it cannot be read, which has been noted.
fn wanted<T>(
    fields: &Fields<'_>,
    key: &str,
    findings: &mut Findings,
    read: impl FnOnce(&Node, &mut Findings) -> Option<T>,
) -> Option<Wanted<T>> {
    let entry = fields.entry(key)?;
    Some(Wanted { value: read(&entry.value, findings)?, mark: Mark(entry.key_span) })
}

/// Reads each entry of a map.
fn each<T>(
    fields: &Fields<'_>,
    key: &'static str,
    findings: &mut Findings,
    read: impl Fn(&Entry, &mut Findings) -> Option<T>,
) -> Vec<Wanted<T>> {
    let Some(node) = fields.get(key) else { return Vec::new() };
    let entries = walker::map(node, &format!("`{key}`"), findings).unwrap_or_default();
    let read = |entry: &Entry| Some(Wanted { value: read(entry, findings)?, mark: Mark(entry.key_span) });
    entries.iter().filter_map(read).collect()
}

fn sorted(mut names: Vec<Box<str>>) -> Vec<Box<str>> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Notes what cannot come true together.
fn check_agreement(fields: &Fields<'_>, expected: &Expected, is_repeated: bool, findings: &mut Findings) {
    let is_allowed = expected.decision.as_ref().is_some_and(|decision| decision.value == Verdict::Allow);
    for key in OF_REFUSALS {
        if let (true, false, Some(entry)) = (is_allowed, is_repeated, fields.entry(key)) {
            let message = format!("what is allowed has no `{key}`");
            findings.raise(Code::CaseContradicts, entry.key_span, message);
        }
    }
    for key in OF_REPEATS {
        if let (false, Some(entry)) = (is_repeated, fields.entry(key)) {
            let message = format!("`{key}` is about a message that is sent more than once");
            findings.advise(
                Code::CaseContradicts,
                entry.key_span,
                message,
                "add `repeat: { times: 61, every: 1s }`",
            );
        }
    }
}

/// `limit`, `args.limit`, or a list of these.
fn read_failed(node: &Node, findings: &mut Findings) -> Option<Vec<Box<str>>> {
    let texts = walker::texts(node, "an argument", findings);
    let names = texts.iter().map(|text| text.value.strip_prefix("args.").unwrap_or(&text.value).into());
    Some(sorted(names.collect()))
}

/// `args.note: "..."` of what is sent, `content[0].text: "..."` of the answer.
fn read_redacted(entry: &Entry, findings: &mut Findings) -> Option<Redacted> {
    let path = Path::parse(&entry.key);
    let Some((path, (root, rest))) = path.as_ref().and_then(|path| Some((path, path.split()?))) else {
        let message = format!("`{}` is no path", shown(&entry.key));
        findings.advise(Code::CasePath, entry.key_span, message, "write `args.note` or `content[0].text`");
        return None;
    };
    let value = entry.value.json().into();
    Some(match root {
        "args" => Redacted { direction: Direction::Arguments, path: Path::of(rest), value },
        "result" => Redacted { direction: Direction::Results, path: Path::of(rest), value },
        _ => Redacted { direction: Direction::Results, path: path.clone(), value },
    })
}

fn read_found(entry: &Entry, findings: &mut Findings) -> Option<(Detector, u32)> {
    let Some(detector) = Detector::parse(&entry.key) else {
        let help = did_you_mean(&entry.key, "detectors", Detector::ALL.iter().map(|known| known.as_str()));
        let message = format!("there is no detector `{}`", shown(&entry.key));
        findings.advise(Code::UnknownDetector, entry.key_span, message, help);
        return None;
    };
    let count = read_number(&entry.value, "how many are found", findings)?;
    Some((detector, note_range(u32::try_from(count).ok(), &entry.value, findings)?))
}

fn read_http(node: &Node, findings: &mut Findings) -> Http {
    let Some(fields) = Fields::open(node, "`as_http`", HTTP_KEYS, findings) else {
        return Http::default();
    };
    Http {
        status: wanted(&fields, "status", findings, |node, findings| {
            let number = read_number(node, "an HTTP status", findings)?;
            note_range(u16::try_from(number).ok(), node, findings)
        }),
        code: wanted(&fields, "code", findings, |node, findings| {
            read_number(node, "a JSON-RPC error code", findings)
        }),
        challenge: wanted(&fields, "challenge", findings, |node, findings| {
            Some(walker::line(node, "a part of a challenge", POLICY_MESSAGE_BYTES_MAX, findings)?.value)
        }),
    }
}

/// `{ between: [0s, 60s] }`.
fn read_waits(node: &Node, findings: &mut Findings) -> Option<(Duration, Duration)> {
    let fields = Fields::open(node, "`retry_after`", WAIT_KEYS, findings)?;
    let between = fields.need("between", findings)?;
    let items = walker::list(between, "`between`", findings)?;
    let [from, to] = items else {
        let help = "write `[0s, 60s]`";
        findings.advise(Code::BadValue, between.span, "`between` is two spans of time", help);
        return None;
    };
    let (from, to) = (read_wait(from, findings)?, read_wait(to, findings)?);
    if from > to {
        findings.raise(Code::CaseContradicts, between.span, "no wait lies between these two");
        return None;
    }
    Some((from, to))
}

/// A span of time, or none at all.
fn read_wait(node: &Node, findings: &mut Findings) -> Option<Duration> {
    if matches!(&node.content, Content::Scalar(Scalar::Text(text)) if **text == *"0s") {
        return Some(Duration::ZERO);
    }
    walker::duration(node, "span of time", findings)
}

fn read_number(node: &Node, what: &str, findings: &mut Findings) -> Option<i64> {
    let found = match &node.content {
        Content::Scalar(Scalar::Number(text)) => text.parse().ok(),
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => None,
    };
    if found.is_none() {
        findings.raise(
            Code::WrongType,
            node.span,
            format!("{what} must be a whole number, not {}", node.kind()),
        );
    }
    found
}

fn note_range<T>(number: Option<T>, node: &Node, findings: &mut Findings) -> Option<T> {
    if number.is_none() {
        findings.raise(Code::BadValue, node.span, "the number is out of range");
    }
    number
}
