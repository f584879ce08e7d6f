//! The numbers of a refusal: HTTP status, JSON-RPC code and data, and the wait.
//!
//! Four tables over the same closed list, without a row for the rest: a new reason has to say what it is in each.

use super::super::words::seconds;
use super::super::{Handle, Unread};
use super::Denial;
use crate::identity::Refused;
use crate::limit::Excess;
use crate::limit::breaker::Shut;
use crate::limit::bulkhead::Full;
use crate::mcp::Era;

impl Denial {
    /// The status of the HTTP form.
    pub(in crate::gate) fn http_status(&self) -> u16 {
        match self {
            // In-band, as servers say it of a cursor, a state or a task that they do not know.
            Self::Handle(Handle::Cursor | Handle::RequestState | Handle::Task) => 200,
            Self::NoMethod(Era::Legacy) => 200,
            Self::NoMethod(Era::Modern) => 404,
            Self::Stray(_) => 202,
            Self::Envelope(_) | Self::Handle(Handle::Event) | Self::Mismatch { .. } | Self::Schema(_) => 400,
            Self::Outdated(outdated) => outdated.wait.map_or(400, |_| 503),
            Self::Unidentified(Refused::Double | Refused::InQuery | Refused::Malformed) => 400,
            Self::Unidentified(Refused::Invalid(_) | Refused::Missing | Refused::Proof(_)) => 401,
            Self::Argument { .. }
            | Self::Closed(_)
            | Self::Drifted(_)
            | Self::Forbidden { .. }
            | Self::Input(_)
            | Self::Scope { .. }
            | Self::Unexchanged(_) => 403,
            // What a server says of a session that has ended: the client begins another.
            Self::Handle(Handle::Endpoint | Handle::Session) => 404,
            Self::Content { .. } | Self::ContentWithheld { .. } | Self::ProseUnread(Unread::TooLong) => 403,
            Self::BodyTooSlow => 408,
            Self::BodyTooLarge => 413,
            Self::Limited(limited) => limited.http_status(),
            Self::Crowded(Full::Conversation | Full::Tool) | Self::Unidentified(Refused::TooOften) => 429,
            Self::Internal(_) => 500,
            Self::AnswerWithheld(_) | Self::Uncredited { .. } | Self::Unreachable(_) => 502,
            Self::AuditUnavailable
            | Self::Unverified(_)
            | Self::Crowded(Full::Bytes | Full::Listens | Full::Server)
            | Self::ProseUnread(_)
            | Self::Resting(_)
            | Self::Unidentified(Refused::Unavailable) => 503,
            Self::UpstreamTimeout => 504,
            Self::Head { http_status, .. } => *http_status,
        }
    }

    /// The code of the JSON-RPC error: the specification's where it has one, else ours.
    pub(in crate::gate) fn code(&self) -> i64 {
        match self {
            Self::Envelope(fault) => fault.kind.code(),
            Self::Handle(Handle::Cursor | Handle::RequestState | Handle::Task) | Self::Schema(_) => -32_602,
            Self::Outdated(outdated) if outdated.wait.is_none() => -32_602,
            Self::Limited(limited) if limited.excess == Excess::Unmeasured => -32_602,
            Self::Head { .. } => -32_600,
            Self::Internal(_) => -32_603,
            Self::NoMethod(_) => -32_601,
            Self::Mismatch { code, .. } => *code,
            Self::AnswerWithheld(_)
            | Self::Argument { .. }
            | Self::AuditUnavailable
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::Content { .. }
            | Self::Closed(_)
            | Self::ContentWithheld { .. }
            | Self::Crowded(_)
            | Self::Drifted(_)
            | Self::Unverified(_)
            | Self::Forbidden { .. }
            | Self::Handle(Handle::Endpoint | Handle::Event | Handle::Session)
            | Self::Input(_)
            | Self::Limited(_)
            | Self::Outdated(_)
            | Self::ProseUnread(_)
            | Self::Resting(_)
            | Self::Scope { .. }
            | Self::Stray(_)
            | Self::Uncredited { .. }
            | Self::Unexchanged(_)
            | Self::Unidentified(_)
            | Self::Unreachable(_)
            | Self::UpstreamTimeout => -31_000 - i64::from(self.http_status()),
        }
    }

    /// The error's `data` as JSON.
    pub(in crate::gate) fn data(&self) -> Option<Box<str>> {
        match self {
            Self::Limited(limited) => Some(limited.data().into()),
            Self::Crowded(full) => {
                Some(format!(r#"{{"scope":"{}","retryAfterMs":1000}}"#, full.as_str()).into())
            }
            Self::Resting(Shut { wait, is_tool, .. }) => {
                let level = if *is_tool { "tool" } else { "server" };
                Some(format!(r#"{{"scope":"{level}","retryAfterMs":{}}}"#, wait.as_millis()).into())
            }
            Self::Mismatch { data, .. } => data.clone(),
            Self::Outdated(outdated) => Some(outdated.data().into()),
            Self::AnswerWithheld(_)
            | Self::Argument { .. }
            | Self::AuditUnavailable
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::Content { .. }
            | Self::Closed(_)
            | Self::ContentWithheld { .. }
            | Self::Drifted(_)
            | Self::Envelope(_)
            | Self::Forbidden { .. }
            | Self::Handle(_)
            | Self::Head { .. }
            | Self::Input(_)
            | Self::Internal(_)
            | Self::NoMethod(_)
            | Self::ProseUnread(_)
            | Self::Schema(_)
            | Self::Scope { .. }
            | Self::Stray(_)
            | Self::Uncredited { .. }
            | Self::Unexchanged(_)
            | Self::Unidentified(_)
            | Self::Unreachable(_)
            | Self::Unverified(_)
            | Self::UpstreamTimeout => None,
        }
    }

    /// After how many seconds it may be otherwise.
    pub(in crate::gate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::ProseUnread(Unread::TooLong) => None,
            Self::AuditUnavailable
            | Self::ProseUnread(_)
            | Self::Unverified(_)
            | Self::Unidentified(Refused::Unavailable) => Some(5),
            Self::Limited(limited) => limited.retry_after(),
            Self::Outdated(outdated) => outdated.wait,
            Self::Resting(Shut { wait, .. }) | Self::Uncredited { wait, .. } => Some(seconds(*wait).max(1)),
            Self::Crowded(_) | Self::Unidentified(Refused::TooOften) | Self::Unreachable(_) => Some(1),
            Self::AnswerWithheld(_)
            | Self::Argument { .. }
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::Content { .. }
            | Self::Closed(_)
            | Self::ContentWithheld { .. }
            | Self::Drifted(_)
            | Self::Envelope(_)
            | Self::Forbidden { .. }
            | Self::Handle(_)
            | Self::Head { .. }
            | Self::Input(_)
            | Self::Internal(_)
            | Self::Mismatch { .. }
            | Self::NoMethod(_)
            | Self::Schema(_)
            | Self::Scope { .. }
            | Self::Stray(_)
            | Self::Unexchanged(_)
            | Self::Unidentified(_)
            | Self::UpstreamTimeout => None,
        }
    }
}
