//! A refusal as bytes: a tool's result that a model reads, or an HTTP error with JSON-RPC inside.

use bytes::Bytes;

use super::{Denial, Hint, Policy, Record};
use crate::bounds::CHALLENGE_SCOPES_BYTES_MAX;
use crate::identity::{self, Complaint, Refused};
use crate::json::{self, Document, Output, quote};
use crate::mcp::{Era, Id, Method};
use crate::policy::DenyAs;

/// What to send in place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status, where there still is a head to send.
    pub http_status: u16,
    /// The JSON-RPC message.
    pub body: Bytes,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// What the head tells of the limit that refused, where there still is a head to send.
    pub hint: Option<Hint>,
    /// The JSON-RPC error code; `None` where the refusal is a tool's result.
    pub code: Option<i64>,
}

impl Reply {
    /// Words a refusal for the caller of `record`.
    ///
    /// A `tools/call` that was understood is refused as a result with `isError: true`, the only form
    /// that every measured client hands to its model, unless the policy says `deny_as: http`.
    /// Everything else, missing scopes and a failing server are HTTP errors.
    pub fn new(policy: &Policy, record: &Record, denial: &Denial) -> Self {
        let words = denial.words(&subject(record));
        if let Denial::Stray(_) = denial {
            return Self {
                http_status: words.http_status,
                body: Bytes::new(),
                retry_after: None,
                challenge: None,
                hint: None,
                code: None,
            };
        }
        let hint = hint(denial);
        let id = record.request_id.as_ref().map_or("null", Id::raw);
        let is_tool_call = record.method == Some(Method::ToolsCall) && record.request_id.is_some();
        if is_tool_call && policy.deny_as == DenyAs::ToolError && is_for_the_model(denial) {
            let is_modern = record.revision.is_some_and(|revision| revision.traits().era == Era::Modern);
            let result_type = if is_modern { r#","resultType":"complete""# } else { "" };
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":{}}}],"isError":true{result_type}}}}}"#,
                quote(&words.text)
            );
            return Self {
                http_status: 200,
                body: ascii(body),
                retry_after: words.retry_after,
                challenge: None,
                hint,
                code: None,
            };
        }
        let data = words.data.map(|data| format!(r#","data":{data}"#)).unwrap_or_default();
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{},"message":{}{data}}}}}"#,
            words.code,
            quote(&words.text)
        );
        Self {
            http_status: words.http_status,
            body: ascii(body),
            retry_after: words.retry_after,
            challenge: challenge(policy, record, denial),
            hint,
            code: Some(words.code),
        }
    }
}

/// What a caller may see of the limit that refused.
fn hint(denial: &Denial) -> Option<Hint> {
    let Denial::Limited(limited) = denial else { return None };
    limited.hint.clone()
}

/// The message with every character beyond ASCII escaped: it may go out as an event.
fn ascii(body: String) -> Bytes {
    let document = Document::parse(body.as_bytes()).ok();
    let canonical = document.and_then(|document| json::canonical(&document, Output::Ascii));
    canonical.unwrap_or_else(|| body.into_bytes()).into()
}

/// Whether a refusal is something that a model can act on.
fn is_for_the_model(denial: &Denial) -> bool {
    match denial {
        Denial::Argument { .. }
        | Denial::AuditUnavailable
        | Denial::Closed(_)
        | Denial::Content { .. }
        | Denial::ContentWithheld { .. }
        | Denial::Crowded(_)
        | Denial::Drifted(_)
        | Denial::Forbidden { .. }
        | Denial::Input(_)
        | Denial::Limited(_)
        | Denial::Outdated(_)
        | Denial::ProseUnread(_)
        | Denial::Resting(_)
        | Denial::Schema(_)
        | Denial::Unexchanged(_)
        | Denial::Unverified(_) => true,
        Denial::AnswerWithheld(_)
        | Denial::BodyTooLarge
        | Denial::BodyTooSlow
        | Denial::Envelope(_)
        | Denial::Handle(_)
        | Denial::Head { .. }
        | Denial::Mismatch { .. }
        | Denial::Internal(_)
        | Denial::NoMethod(_)
        | Denial::Scope { .. }
        | Denial::Stray(_)
        | Denial::Uncredited { .. }
        | Denial::Unidentified(_)
        | Denial::Unreachable(_)
        | Denial::UpstreamTimeout => false,
    }
}

/// What would let the caller in: a token, or one with more scopes.
fn challenge(policy: &Policy, record: &Record, denial: &Denial) -> Option<String> {
    let resource = policy.resource.as_ref();
    let metadata_url = resource.map(|resource| &*resource.metadata_url);
    if let Denial::Scope { missing } = denial {
        let scopes = wanted(record, missing);
        return Some(identity::challenge(Complaint::Scopes(&scopes), metadata_url));
    }
    let Denial::Unidentified(refused) = denial else { return None };
    if matches!(refused, Refused::TooOften | Refused::Unavailable) {
        return None;
    }
    let first = resource.map(|resource| &*resource.first_scopes).unwrap_or_default();
    let scopes: Vec<&str> = first.iter().map(|scope| &**scope).collect();
    Some(identity::challenge(Complaint::Caller { refused: *refused, scopes: &scopes }, metadata_url))
}

/// The scopes that a new token needs, each once, sorted.
///
/// Clients of 2026-07-28 add what they are told to what they have; those before ask for exactly what
/// they are told, so that they are told of both. What does not fit into a header is left to them.
fn wanted<'r>(record: &'r Record, missing: &'r [Box<str>]) -> Vec<&'r str> {
    let mut scopes: Vec<&str> = missing.iter().map(|scope| &**scope).collect();
    let adds = record.revision.is_some_and(|revision| revision.traits().era == Era::Modern);
    if let Some(caller) = record.caller.as_ref().filter(|_| !adds) {
        let held: usize = caller.scopes().iter().map(|scope| scope.len() + 1).sum();
        if held <= CHALLENGE_SCOPES_BYTES_MAX {
            scopes.extend(caller.scopes().iter().map(|scope| &**scope));
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// What a refusal speaks of.
fn subject(record: &Record) -> String {
    // The name that the caller knows, which may be another than that of the tool that was to be called.
    let called = record.called.as_deref().map(|called| &*called.name);
    match (record.method, called.or(record.target.as_deref())) {
        (Some(Method::ToolsCall), Some(name)) => format!("the tool `{name}`"),
        (Some(method), _) => format!("`{}`", method.as_str()),
        (None, _) => "this request".into(),
    }
}
