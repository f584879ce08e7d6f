//! What a refusal says to its caller: one or two sentences that a person or a model can act on.

use std::time::Duration;

use super::{Denial, Handle, Unexchanged, Unread, ward};

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The HTTP status where the refusal is not a tool's result.
    pub http_status: u16,
    /// The JSON-RPC error code.
    pub code: i64,
    /// One or two sentences for a person or a model: what happened, what to do, when to retry.
    pub text: String,
    /// The error's `data` as JSON.
    pub data: Option<Box<str>>,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u64>,
}

impl Denial {
    /// What the caller is told about `what`, such as ``the tool `refund` ``.
    pub fn words(&self, what: &str) -> Words {
        Words {
            http_status: self.http_status(),
            code: self.code(),
            text: self.text(what),
            data: self.data(),
            retry_after: self.retry_after(),
        }
    }

    fn text(&self, what: &str) -> String {
        match self {
            Self::AnswerWithheld(_) => format!(
                "the answer of {what} was withheld: the server sent something that cannot be checked; do not retry"
            ),
            Self::Argument { path, message } => format!(
                "{what} was not called: argument `{path}` is outside what you may use; change it and call again{}",
                aside(message.as_deref())
            ),
            Self::AuditUnavailable => {
                "the audit trail is unavailable, so nothing was done; retry in 5 seconds".into()
            }
            Self::BodyTooLarge => "the request is larger than this gateway accepts; send less".into(),
            Self::BodyTooSlow => "the request body did not arrive in time; send it again".into(),
            Self::Closed(closed) => closed.text(what),
            Self::Content { kind, path, .. } => format!(
                "{what} was stopped: `{path}` holds data of kind `{kind}` that may not pass here; leave it out and call again"
            ),
            Self::ContentWithheld { kind, .. } => format!(
                "the answer of {what} was withheld: it holds data of kind `{kind}` that may not pass here; ask for less"
            ),
            Self::Crowded(full) => ward::crowded(what, *full),
            Self::Envelope(fault) => format!("the request is not acceptable: {fault}"),
            Self::Drifted(_) => forbidden(what, None),
            Self::Forbidden { message } => forbidden(what, message.as_deref()),
            Self::Handle(handle) => unknown_handle(*handle).into(),
            Self::Head { text, .. } => text.to_string(),
            Self::Input(asked) => format!(
                "{what} has no answer: its server asked this client for `{asked}`, which is not allowed here; do not retry"
            ),
            Self::Mismatch { text, .. } => text.to_string(),
            Self::Internal(_) => "the gateway failed to judge this message, so nothing was done".into(),
            Self::NoMethod(_) => "method not found".into(),
            Self::Limited(limited) => limited.text(what),
            Self::Outdated(outdated) => outdated.text(what),
            Self::ProseUnread(Unread::TooLong) => format!(
                "the answer of {what} was withheld: it holds more text than is checked for names at once; ask for less"
            ),
            Self::ProseUnread(_) => format!(
                "the answer of {what} was withheld: its text could not be checked for names in time; ask for less, or retry in 5 s"
            ),
            Self::Resting(shut) => ward::resting(what, *shut),
            Self::Schema(doubt) => format!("{what} was not called: {doubt}; change that and call again"),
            Self::Scope { missing } => {
                format!("{what} needs the scope `{}`; ask for it and call again", missing.join(" "))
            }
            Self::Stray(stray) => format!("{what} belongs to nothing that waits here ({stray})"),
            Self::Uncredited { wait, .. } => format!(
                "{what} was not reached: this gateway has no credential for the server now, so nothing was done; retry in {} s",
                seconds(*wait)
            ),
            Self::Unexchanged(Unexchanged::NoToken) => format!(
                "{what} was not called: its server is reached with a token that is exchanged for the caller's, and you came without one; sign in with a token and call again"
            ),
            Self::Unexchanged(Unexchanged::Refused(_)) => format!(
                "{what} was not called: your token could not be exchanged for one of its server; sign in again, or ask for access to the server"
            ),
            Self::Unidentified(refused) => refused.sentence().into(),
            Self::Unreachable(_) => {
                format!("{what} was not reached: the server behind this gateway is down; retry later")
            }
            Self::Unverified(_) => format!(
                "{what} was not called: it could not be made sure that it is what was approved; retry in 5 s"
            ),
            Self::UpstreamTimeout => format!(
                "{what} did not answer in time; it may still be working, so check before you call it again"
            ),
        }
    }
}

/// What a caller is told whose handle does not open; whose it is, is not told.
fn unknown_handle(handle: Handle) -> &'static str {
    match handle {
        Handle::Cursor => "this cursor is not one of yours here; list again from the start",
        Handle::Endpoint => "this endpoint is not one of yours here; open the event stream again",
        Handle::Event => "this event id is not one of yours here; open the stream without it",
        Handle::RequestState => {
            "this request state is not one of yours here; send the request again without it"
        }
        Handle::Session => "session not found: it ended, or it is not yours; call initialize again",
        Handle::Task => "task not found: it ended, or it is not yours; do not retry",
    }
}

/// What a tool that is there for others sounds like, and one that is not there at all.
fn forbidden(what: &str, message: Option<&str>) -> String {
    let aside = aside(message);
    format!("{what} is not available to you; do not retry, use what tools/list shows{aside}")
}

fn aside(message: Option<&str>) -> String {
    message.map(|message| format!(" ({message})")).unwrap_or_default()
}

/// Whole seconds to wait, never too few.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
