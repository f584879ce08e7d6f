//! What tells conversations apart, and what callers may know of the limits that they meet.

use std::time::Duration;

use super::Bundle;
use crate::limit::{Level, Rate};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Spanned, did_you_mean, shown};
use crate::policy::plans::{ConversationSource, HintHeaders, HintPlan};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// The section `conversation`.
#[derive(Debug)]
pub(in crate::policy) struct ConversationPart {
    /// `None` where the section names none.
    pub sources: Option<Vec<Spanned<ConversationSource>>>,
    pub idle_gap: Option<Duration>,
    pub new_max: Option<Rate>,
}

/// The keys of `conversation`.
pub(in crate::policy) const CONVERSATION_KEYS: &[&str] = &["sources", "fallback", "max_new_per_principal"];

/// The keys of `limit_hints`.
pub(in crate::policy) const HINT_KEYS: &[&str] = &["expose", "headers"];

/// Headers that belong to one request or prove who calls: none of them is a conversation.
const FOREIGN_HEADERS: &[&str] = &[
    "authorization",
    "baggage",
    "cookie",
    "dpop",
    "proxy-authorization",
    "traceparent",
    "tracestate",
    "x-api-key",
];

/// The same of `_meta`.
const FOREIGN_META: &[&str] = &["baggage", "progressToken", "traceparent", "tracestate"];

/// How each source is written.
const FORMS: &str =
    "write `header:X-Conversation-Id`, `meta:openai/session`, `baggage:session.id`, `claim:sid` or `session`";

/// What stands before the time in `fallback`.
const IDLE_GAP: &str = "idle-gap";

pub(super) fn read_conversation(node: &Node, findings: &mut Findings) -> Option<ConversationPart> {
    let fields = Fields::open(node, "`conversation`", CONVERSATION_KEYS, findings)?;
    if fields.is_empty() {
        findings.raise(Code::MissingKey, node.span, "`conversation` says nothing");
    }
    let sources = fields.get("sources").map(|node| {
        let items = walker::some(node, "`sources`", findings).unwrap_or_default();
        let mut sources: Vec<Spanned<ConversationSource>> = Vec::new();
        for item in items {
            let Some(source) = read_source(item, findings) else { continue };
            match sources.iter().find(|known| known.value == source) {
                Some(twin) => {
                    let message = format!("`{source}` stands here twice");
                    findings.raise_twin(Code::DuplicateName, item.span, twin.span, message);
                }
                None => sources.push(Spanned { span: item.span, value: source }),
            }
        }
        sources
    });
    let idle_gap = fields.get("fallback").and_then(|node| read_fallback(node, findings));
    let new_max = fields
        .get("max_new_per_principal")
        .and_then(|node| walker::rate(node, "`max_new_per_principal`", findings));
    Some(ConversationPart { sources, idle_gap, new_max })
}

/// `idle-gap 30min`.
fn read_fallback(node: &Node, findings: &mut Findings) -> Option<Duration> {
    let text = walker::text(node, "`fallback`", findings)?;
    let time = text.strip_prefix(IDLE_GAP).and_then(|rest| rest.strip_prefix(' '));
    let gap = time.and_then(|time| walker::duration_of(time.trim()));
    if gap.is_none() {
        let message = format!("`{}` is no way to tell conversations apart", shown(text));
        let help = "write `idle-gap 30min`: whoever was silent for so long begins another conversation";
        findings.advise(Code::BadValue, node.span, message, help);
    }
    gap
}

fn read_source(node: &Node, findings: &mut Findings) -> Option<ConversationSource> {
    let text = walker::text(node, "a source", findings)?;
    let source = parse(text);
    if source.is_none() {
        let message = format!("`{}` is no source of a conversation's id", shown(text));
        let kind = text.split_once(':').map_or(text, |(kind, _)| kind);
        let known = ["baggage", "claim", "header", "meta", "session"];
        if known.contains(&kind) {
            findings.advise(Code::UnknownWord, node.span, message, FORMS);
        } else {
            findings.advise(Code::UnknownWord, node.span, message, did_you_mean(kind, "sources", known));
        }
    }
    source.filter(|source| check_source(source, node, findings))
}

fn parse(text: &str) -> Option<ConversationSource> {
    let is_token =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let is_key = |key: &str| key.bytes().all(|byte| byte.is_ascii_graphic());
    let is_baggage_key = |key: &str| {
        key.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte))
    };
    if text == "session" {
        return Some(ConversationSource::Session);
    }
    match text.split_once(':').filter(|(_, name)| !name.is_empty())? {
        ("baggage", key) if is_baggage_key(key) => Some(ConversationSource::Baggage(key.into())),
        ("claim", name) if is_key(name) => Some(ConversationSource::Claim(name.into())),
        ("header", name) if name.eq_ignore_ascii_case("mcp-session-id") => Some(ConversationSource::Session),
        ("header", name) if is_token(name) => {
            Some(ConversationSource::Header(name.to_ascii_lowercase().into()))
        }
        ("meta", key) if is_key(key) => Some(ConversationSource::Meta(key.into())),
        _ => None,
    }
}

/// Notes what is there, and is no conversation: a trace is one turn, a credential is a secret.
fn check_source(source: &ConversationSource, node: &Node, findings: &mut Findings) -> bool {
    let is_foreign = match source {
        ConversationSource::Header(name) => FOREIGN_HEADERS.contains(&&**name),
        ConversationSource::Meta(key) => FOREIGN_META.contains(&&**key),
        ConversationSource::Baggage(_) | ConversationSource::Claim(_) | ConversationSource::Session => false,
    };
    if is_foreign {
        let help =
            "a trace is one turn and a credential one caller; for an entry of baggage write `baggage:KEY`";
        findings.advise(Code::BadValue, node.span, format!("`{source}` tells no conversation"), help);
    }
    !is_foreign
}

/// Warns of claims in a policy that believes no token.
pub(in crate::policy) fn check_claims(bundle: &Bundle, findings: &mut Findings) {
    let Some(sources) = bundle.conversation.as_ref().and_then(|part| part.sources.as_ref()) else { return };
    let claims = sources.iter().filter(|source| matches!(source.value, ConversationSource::Claim(_)));
    for source in claims.filter(|_| bundle.issuers.is_empty()) {
        let message = format!("`{}` never tells a conversation, for no caller has a token", source.value);
        let help = "add `issuers` under `callers`, or remove the source";
        findings.advise(Code::SilentSource, source.span, message, help);
    }
}

pub(super) fn read_hints(node: &Node, findings: &mut Findings) -> HintPlan {
    let mut hints = HintPlan::default();
    let Some(fields) = Fields::open(node, "`limit_hints`", HINT_KEYS, findings) else { return hints };
    if let Some(node) = fields.get("expose") {
        // An empty list is a choice: nothing is told but when to come back.
        let items = walker::list(node, "`expose`", findings).unwrap_or_default();
        hints.expose = items
            .iter()
            .filter_map(|item| walker::word(item, "a level", Level::ALL, Level::as_str, findings))
            .collect();
    }
    let headers = fields.get("headers").and_then(|node| {
        walker::word(node, "a kind of headers", HintHeaders::ALL, HintHeaders::as_str, findings)
    });
    hints.headers = headers.unwrap_or_default();
    hints
}
