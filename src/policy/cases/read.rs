//! Test files, read like every other file of a bundle.

use super::{Case, Expected, Message, Verdict};
use crate::identity::{Anonymous, Settings, StaticKey, digest};
use crate::mcp::{Method, Sender};
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::compile::BUILT_IN;
use crate::policy::decision::Why;
use crate::policy::diagnostic::{Findings, did_you_mean, shown};
use crate::policy::snapshot::Policy;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// The keys of a case.
pub(in crate::policy) const CASE_KEYS: &[&str] = &["name", "as", "call", "method", "target", "expect"];

/// The keys of `as`.
pub(in crate::policy) const CALLER_KEYS: &[&str] =
    &["user", "tenant", "agent", "workload", "scopes", "groups"];

/// The keys of a test file.
pub(in crate::policy) const TESTS_KEYS: &[&str] = &["cases"];

/// The keys of `call`.
pub(in crate::policy) const CALL_KEYS: &[&str] = &["tool", "args"];

/// The keys of `expect`.
pub(in crate::policy) const EXPECT_KEYS: &[&str] = &["decision", "rule", "reason"];

const TEXT_BYTES_MAX: usize = 512;

/// What the caller of a case presents; it opens the directory of this one case only.
const KEY: &str = "case";
const PRESENTED: &str = "Bearer case";

/// The cases of one file; those that cannot be read are left out, and noted.
pub(super) fn cases(root: &Node, policy: &Policy, findings: &mut Findings) -> Vec<Case> {
    let fields = Fields::open(root, "a test file", TESTS_KEYS, findings);
    let items = fields.and_then(|fields| fields.need("cases", findings));
    let items = items.and_then(|node| walker::list(node, "`cases`", findings)).unwrap_or_default();
    items.iter().filter_map(|item| case(item, policy, findings)).collect()
}

fn case(node: &Node, policy: &Policy, findings: &mut Findings) -> Option<Case> {
    let fields = Fields::open(node, "a case", CASE_KEYS, findings)?;
    let name = fields.need("name", findings);
    let name = name.and_then(|node| walker::line(node, "the name of a case", TEXT_BYTES_MAX, findings));
    let caller = match fields.get("as") {
        Some(node) => Some((caller(node, findings)?, Some(PRESENTED))),
        None => Some((Settings { anonymous: Anonymous::Allow, ..Settings::default() }, None)),
    };
    let message = message(&fields, findings);
    let expect = fields.need("expect", findings);
    let expected = expect.and_then(|node| expected(node, policy, findings));
    let (name, expect, (caller, authorization)) = (name?, expect?, caller?);
    let span = fields.entry("expect").map_or(expect.span, |entry| entry.key_span);
    Some(Case { name: name.value, span, caller, authorization, message: message?, expected: expected? })
}

fn caller(node: &Node, findings: &mut Findings) -> Option<Settings> {
    let fields = Fields::open(node, "`as`", CALLER_KEYS, findings)?;
    let mut line = |key: &str| {
        let node = fields.get(key)?;
        Some(walker::line(node, "part of a caller", TEXT_BYTES_MAX, findings)?.value)
    };
    let (user, tenant, agent, workload) = (line("user"), line("tenant"), line("agent"), line("workload"));
    let mut texts = |key: &str| {
        let listed = fields.get(key).map(|node| walker::texts(node, "part of a caller", findings));
        listed.unwrap_or_default().into_iter().map(|text| text.value).collect()
    };
    let key = StaticKey {
        // INVARIANT: the text is a constant that keeps to the alphabet.
        id: Label::parse(KEY).expect("a constant name"),
        sha256: digest(KEY),
        user: user.unwrap_or_else(|| "somebody".into()),
        tenant,
        agent,
        workload,
        scopes: texts("scopes"),
        groups: texts("groups"),
    };
    Some(Settings { keys: vec![key], ..Settings::default() })
}

fn message(fields: &Fields<'_>, findings: &mut Findings) -> Option<Message> {
    match (fields.entry("call"), fields.entry("method")) {
        (Some(_), Some(method)) => {
            findings.raise(Code::BadValue, method.key_span, "a case has `call` or `method`, not both");
            None
        }
        (Some(call), None) => {
            let inner = Fields::open(&call.value, "`call`", CALL_KEYS, findings)?;
            let tool = inner.need("tool", findings);
            let tool =
                tool.and_then(|node| walker::line(node, "the name of a tool", TEXT_BYTES_MAX, findings));
            let arguments = inner.get("args").map(Node::json);
            Some(Message::Call(tool?.value, arguments))
        }
        (None, Some(method)) => {
            let text = walker::text(&method.value, "a method", findings)?;
            let known = Method::ALL.iter().copied().filter(|method| method.is_sent_by(Sender::Client));
            let found = known.clone().find(|method| method.as_str() == text);
            if found.is_none() {
                let help = did_you_mean(text, "methods", known.map(Method::as_str));
                findings.advise(
                    Code::UnknownMethod,
                    method.value.span,
                    format!("there is no method `{}`", shown(text)),
                    help,
                );
            }
            let target = fields
                .get("target")
                .and_then(|node| walker::line(node, "a target", TEXT_BYTES_MAX, findings));
            Some(Message::Method(found?, target.map(|target| target.value)))
        }
        (None, None) => {
            findings.raise(Code::MissingKey, fields.span(), "a case needs `call` or `method`");
            None
        }
    }
}

fn expected(node: &Node, policy: &Policy, findings: &mut Findings) -> Option<Expected> {
    let fields = Fields::open(node, "`expect`", EXPECT_KEYS, findings)?;
    let spell = |verdict| match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
    };
    let verdict = fields.need("decision", findings);
    let known = &[Verdict::Allow, Verdict::Deny];
    let verdict = verdict.and_then(|node| walker::word(node, "a decision", known, spell, findings));
    let rule = fields.get("rule").map(|node| rule_id(node, policy, findings));
    let reason =
        fields.get("reason").map(|node| walker::word(node, "a reason", Why::REASONS, |word| word, findings));
    if let (Some(Verdict::Allow), Some(entry)) = (verdict, fields.entry("reason")) {
        findings.raise(Code::BadValue, entry.key_span, "what is allowed has no `reason`");
    }
    let (rule, reason) =
        (rule.map_or(Some(None), |rule| rule.map(Some))?, reason.map_or(Some(None), |word| word.map(Some))?);
    Some(Expected { verdict: verdict?, rule, reason })
}

/// A rule that the policy has; a case about any other can only be a typo.
fn rule_id(node: &Node, policy: &Policy, findings: &mut Findings) -> Option<Label> {
    let id = walker::label(node, "a rule id", findings)?;
    if policy.rule_ids().any(|known| *known == id.value) || id.value.as_str() == BUILT_IN {
        return Some(id.value);
    }
    let help = did_you_mean(id.value.as_str(), "rules", policy.rule_ids().map(Label::as_str));
    findings.advise(Code::UnknownRule, id.span, format!("there is no rule `{}`", id.value), help);
    None
}
