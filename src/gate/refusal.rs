//! How "no" sounds: one table from reasons to wire words.
//!
//! A [`Denial`] says why, with what the operator needs; [`Denial::words`] turns it into what the
//! caller may know: an HTTP status, a JSON-RPC code of our own (mirroring HTTP's, below -31000, where
//! the specification has no claim) and a text that an AI model can act on. Public text names no rule,
//! and a tool that is forbidden sounds like one that does not exist.

mod forms;

use std::borrow::Cow;
use std::time::Duration;

use super::flows::Closed;
use super::limited::Limited;
use super::outdated::Outdated;
use super::{Handle, Reason, Stray, Unread};
use crate::identity::Refused;
use crate::limit::breaker::Shut;
use crate::limit::bulkhead::Full;
use crate::mcp::{EnvelopeFault, Era, Method, Mismatch};
use crate::policy::SchemaDoubt;

/// Why a message goes no further, or its answer is not handed over.
#[derive(Debug, Clone)]
pub enum Denial {
    /// An answer that may not be handed over: what is wrong with it, for the operator.
    AnswerWithheld(Cow<'static, str>),
    /// An argument is outside what the rules allow.
    Argument {
        /// Where it is: `$.amount`.
        path: Box<str>,
        /// What the rule's author tells the caller.
        message: Option<Box<str>>,
    },
    /// The audit trail cannot take a record now.
    AuditUnavailable,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// More bytes than a request may have.
    BodyTooLarge,
    /// A request that holds data that may not pass.
    Content {
        /// The name of the detector: `pan`.
        kind: &'static str,
        /// Where the data is; keys that are data themselves are redacted in it.
        path: Box<str>,
        /// Whether it is a credential rather than personal data.
        is_secret: bool,
    },
    /// An answer that holds data that may not pass.
    ContentWithheld {
        /// The name of the detector: `pan`.
        kind: &'static str,
        /// Where the data is; keys that are data themselves are redacted in it.
        path: Box<str>,
        /// Whether it is a credential rather than personal data.
        is_secret: bool,
    },
    /// The server, or something of it, has as much to do as it may.
    Crowded(Full),
    /// A flow closes the tool to the conversation.
    Closed(Box<Closed>),
    /// The tool is no longer what was approved: in what it differs, for the operator.
    Drifted(Box<str>),
    /// Not a message of the protocol.
    Envelope(EnvelopeFault),
    /// A rule forbids it, or none allows it.
    Forbidden {
        /// What the rule's author tells the caller.
        message: Option<Box<str>>,
    },
    /// An HTTP head that is ambiguous or not of the protocol.
    Head {
        /// What HTTP calls the fault.
        http_status: u16,
        /// What is wrong with it, for the caller.
        text: Cow<'static, str>,
    },
    /// The headers say something else than the body, or the params lack their subject.
    Mismatch {
        /// The JSON-RPC error code, the specification's.
        code: i64,
        /// What is wrong, for the caller.
        text: Box<str>,
        /// The error's `data` as JSON.
        data: Option<Box<str>>,
    },
    /// A handle that is not this caller's, or that nobody gave.
    Handle(Handle),
    /// The server asks the client for something that the policy does not allow.
    Input(Method),
    /// Something inside the gate failed.
    Internal(Cow<'static, str>),
    /// A limit is used up.
    Limited(Box<Limited>),
    /// A request with a method that its era does not have.
    NoMethod(Era),
    /// A version of a tool that is gone, or fails by plan.
    Outdated(Box<Outdated>),
    /// An answer with prose that no model has read, though the policy wants that.
    ProseUnread(Unread),
    /// The server, or the tool, failed too often and is left alone.
    Resting(Shut),
    /// The tool does not take such arguments.
    Schema(SchemaDoubt),
    /// The token lacks scopes that its client could ask for.
    Scope {
        /// Those that are missing.
        missing: Vec<Box<str>>,
    },
    /// A message that answers nothing: accepted with silence, and not passed on.
    Stray(Stray),
    /// The server is reached with what the caller's token is exchanged for, and it is not exchanged.
    Unexchanged(Unexchanged),
    /// The caller could not be identified.
    Unidentified(Refused),
    /// The gate has no credential for the server, or none that it takes.
    Uncredited {
        /// What happened, for the operator.
        detail: Box<str>,
        /// How long until it may be otherwise.
        wait: Duration,
    },
    /// The server could not be reached: what happened, for the operator.
    Unreachable(Box<str>),
    /// It could not be made sure that the tool is what was approved: why not, for the operator.
    Unverified(Box<str>),
    /// The server did not answer in time.
    UpstreamTimeout,
}

/// Why a caller's token is not exchanged for one that the server takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexchanged {
    /// The caller was known by something else than a token.
    NoToken,
    /// The authorization server does not exchange it: what it said, for the operator.
    Refused(Box<str>),
}

impl Denial {
    /// The reason as metrics and records tell it.
    pub fn reason(&self) -> Reason {
        match self {
            Self::AnswerWithheld(_)
            | Self::Uncredited { .. }
            | Self::Unreachable(_)
            | Self::UpstreamTimeout => Reason::Upstream,
            Self::Argument { .. } => Reason::Argument,
            Self::BodyTooLarge | Self::ProseUnread(Unread::TooLong) => Reason::Size,
            Self::AuditUnavailable | Self::Internal(_) | Self::ProseUnread(_) => Reason::Internal,
            Self::BodyTooSlow
            | Self::Envelope(_)
            | Self::Handle(_)
            | Self::Head { .. }
            | Self::Mismatch { .. }
            | Self::NoMethod(_)
            | Self::Stray(_) => Reason::Protocol,
            Self::Content { is_secret, .. } | Self::ContentWithheld { is_secret, .. } => {
                if *is_secret {
                    Reason::Secret
                } else {
                    Reason::Pii
                }
            }
            Self::Forbidden { .. } | Self::Input(_) | Self::Outdated(_) => Reason::ToolNotAllowed,
            Self::Limited(limited) => limited.reason(),
            Self::Closed(_) => Reason::Flow,
            Self::Drifted(_) | Self::Unverified(_) => Reason::Drift,
            Self::Crowded(_) => Reason::Overload,
            Self::Resting(_) => Reason::Unavailable,
            Self::Schema(_) => Reason::Schema,
            Self::Scope { .. } => Reason::Scope,
            Self::Unexchanged(Unexchanged::NoToken) => Reason::AuthMissing,
            Self::Unexchanged(Unexchanged::Refused(_)) => Reason::AuthInvalid,
            Self::Unidentified(Refused::Missing) => Reason::AuthMissing,
            Self::Unidentified(Refused::Unavailable) => Reason::Internal,
            Self::Unidentified(Refused::TooOften) => Reason::RateLimit,
            Self::Unidentified(
                Refused::Double
                | Refused::InQuery
                | Refused::Invalid(_)
                | Refused::Malformed
                | Refused::Proof(_),
            ) => Reason::AuthInvalid,
        }
    }

    /// A disagreement between headers and body.
    pub(super) fn mismatch(mismatch: Mismatch) -> Self {
        let Mismatch { code, text, data } = mismatch;
        Self::Mismatch { code, text: text.into(), data: data.map(Into::into) }
    }

    /// Whether the gate or the server failed, rather than a rule said no.
    pub fn is_failure(&self) -> bool {
        matches!(self.reason(), Reason::Internal | Reason::Unavailable | Reason::Upstream)
    }

    /// What the operator is told beyond the reason; never anything out of a body.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::AnswerWithheld(detail) | Self::Internal(detail) => Some(detail.to_string()),
            Self::Argument { path, .. } => Some(format!("argument {path}")),
            Self::Closed(closed) => Some(closed.detail()),
            Self::Drifted(detail) | Self::Unverified(detail) => Some(detail.to_string()),
            Self::Content { kind, path, .. } | Self::ContentWithheld { kind, path, .. } => {
                Some(format!("{kind} at {path}"))
            }
            Self::Crowded(full) => Some(format!("no place left: {}", full.as_str())),
            Self::Envelope(fault) => Some(fault.to_string()),
            Self::Handle(handle) => Some(format!("{handle:?} of another caller, expired or made up")),
            Self::Head { text, .. } => Some(text.to_string()),
            Self::Input(asked) => Some(format!("the server asked for {asked}")),
            Self::Mismatch { text, .. } => Some(text.to_string()),
            Self::Outdated(outdated) => Some(outdated.detail()),
            Self::ProseUnread(unread) => Some(format!("prose was not read: {}", unread.as_str())),
            Self::Stray(stray) => Some(stray.to_string()),
            Self::Limited(limited) => Some(limited.detail()),
            Self::Resting(Shut { wait, is_tool: true, .. }) => {
                Some(format!("the breaker of the tool is open for {} ms", wait.as_millis()))
            }
            Self::Resting(Shut { wait, is_tool: false, .. }) => {
                Some(format!("the breaker of the server is open for {} ms", wait.as_millis()))
            }
            Self::Schema(doubt) => Some(doubt.to_string()),
            Self::Scope { missing } => Some(format!("missing {}", missing.join(" "))),
            Self::Unexchanged(Unexchanged::NoToken) => Some("the caller has no token to exchange".into()),
            Self::Unidentified(refused) => Some(refused.detail().to_owned()),
            Self::Uncredited { detail, .. }
            | Self::Unexchanged(Unexchanged::Refused(detail))
            | Self::Unreachable(detail) => Some(detail.to_string()),
            Self::AuditUnavailable
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::Forbidden { .. }
            | Self::NoMethod(_)
            | Self::UpstreamTimeout => None,
        }
    }
}

#[cfg(test)]
mod tests;
