//! What happens to the gate itself, as JSON: who asked for a change, and when it was told to go.

use std::net::SocketAddr;

use super::Audit;
use super::line::write_peer;
use super::text::Text;
use super::unix_ms;
use crate::bounds::{AUDIT_DETAIL_BYTES_MAX, AUDIT_NAME_BYTES_MAX};
use crate::gate::PinNotice;
use crate::policy::Policy;

/// A change of the gate's state that was asked for on the operators' listener.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// What was asked for.
    pub action: AdminAction,
    /// What came of it.
    pub outcome: AccessOutcome,
    /// Who asked.
    pub peer: Option<SocketAddr>,
}

/// What operators can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminAction {
    /// The gate is about to go.
    Drain,
    /// How much is logged.
    LogLevel,
    /// Policy and certificates are read again.
    Reload,
}

/// What came of a change that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessOutcome {
    /// Whoever asked may not.
    Denied,
    /// It could not be made.
    Failure,
    /// It was made.
    Success,
}

impl AdminAction {
    /// Its word in records and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::LogLevel => "log_level",
            Self::Reload => "reload",
        }
    }
}

impl AccessOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Failure => "failure",
            Self::Success => "success",
        }
    }
}

impl Audit {
    /// Records that a tool was seen to be something else than what was approved.
    pub fn drifted(&self, policy: &Policy, notice: &PinNotice) {
        let mut text = Text::over(Vec::new());
        text.raw("\"stage\":\"tool.drift\"");
        self.resource.write(&mut text, policy);
        text.raw(",\"drift\":{\"event\":\"");
        text.raw(notice.event.as_str());
        text.raw("\",\"action\":\"");
        text.raw(notice.action.as_str());
        text.raw("\",\"tool\":");
        text.string(&notice.tool, AUDIT_NAME_BYTES_MAX);
        for (lead, sha256) in
            [(",\"approved_sha256\":\"", &notice.approved), (",\"shown_sha256\":\"", &notice.shown)]
        {
            if let Some(sha256) = sha256 {
                text.raw(lead);
                text.hex(sha256);
                text.raw("\"");
            }
        }
        text.member(",\"detail\":", Some(&notice.detail), AUDIT_DETAIL_BYTES_MAX);
        text.raw("}");
        self.queue.push_always(&self.names.frame(unix_ms(), text.as_bytes()));
    }

    /// Records that an operator asked for a change.
    pub fn accessed(&self, access: &Access) {
        let mut text = Text::over(Vec::new());
        text.raw("\"stage\":\"admin.access\"");
        write_peer(&mut text, access.peer);
        text.raw("},\"access\":{\"action\":\"");
        text.raw(access.action.as_str());
        text.raw("\",\"outcome\":\"");
        text.raw(access.outcome.as_str());
        text.raw("\"}");
        self.queue.push_always(&self.names.frame(unix_ms(), text.as_bytes()));
    }

    /// Records that the process was told to end with so many messages in flight, and makes durable what was offered;
    /// from now on each record as soon as it comes, for nobody knows how long there is.
    ///
    /// Does not wait. Messages whose records do not follow were cut off by a kill.
    pub fn hurry(&self, in_flight: u64) {
        self.queue.hurry();
        let mut text = Text::over(Vec::new());
        text.raw("\"stage\":\"gate.stop\",\"in_flight\":");
        text.number(in_flight);
        self.queue.push_always(&self.names.frame(unix_ms(), text.as_bytes()));
    }
}
