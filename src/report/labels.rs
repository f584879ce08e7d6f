//! The closed sets that label values come from, and how a record falls into them.

use crate::gate::{Action, Denial, Outcome, Reason, Record, Ticket};
use crate::names::Mode;
use crate::scan::fit::Fitting;
use crate::scan::{self, Direction, Finding};

/// Which half of an exchange decided, or was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Request,
    Response,
}

/// How an operation failed, folded so that the duration histogram stays small; fine classes are the
/// reasons of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorType {
    None,
    Other,
    PolicyDenied,
    Timeout,
    ToolError,
    Upstream,
}

/// The first digit of an HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeClass {
    Informational,
    Success,
    Redirection,
    ClientError,
    ServerError,
    Gone,
}

/// What came of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FindingAction {
    Block,
    Drop,
    Generalise,
    Mask,
    Pseudonym,
    Replace,
    Shadow,
    Tokenize,
}

/// What came of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReloadResult {
    Failure,
    Success,
}

/// Why a redirected connection is for no server behind the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misdirected {
    /// Nobody redirected it: it was made to the gate's own port.
    Direct,
    /// It was going to a port that the gate does not serve.
    Port,
}

/// A kind of open stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// Open for what the server has to say at any time.
    Listen,
    /// The answer to one request.
    Sse,
}

/// What there was no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// The bytes of its body.
    Bytes,
    /// Another request.
    Requests,
}

/// How a server failed to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpstreamFault {
    /// No connection.
    Connect,
    /// An answer that is none of the protocol.
    Protocol,
    /// The connection ended before the answer was whole.
    Reset,
    /// No answer in time.
    Timeout,
}

/// What became of a credential for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialResult {
    /// It could not be got.
    Failure,
    /// It was not given for this caller.
    Refused,
    /// The server did not take it.
    Rejected,
    /// It was got.
    Success,
}

/// How tokens come to be known.
pub(super) const TOKEN_METHODS: &[&str] = &["exact", "estimate"];

/// Every action of a record, in the order of its variants.
pub(super) const ACTIONS: &[Action] =
    &[Action::Allow, Action::Deny, Action::Error, Action::Redact, Action::ShadowDeny];

/// Every direction, in the order of its variants.
pub(super) const DIRECTIONS: &[Direction] = &[Direction::Arguments, Direction::Results];

/// What became of values in structured results that have a schema; the numbers are in the same order.
pub(super) const FITTINGS: &[&str] = &["fitted", "dropped", "blocked", "unsatisfied"];

/// The numbers behind [`FITTINGS`].
pub(super) fn fittings(fitting: Fitting) -> [u32; 4] {
    let Fitting { fitted, dropped, blocked, unsatisfied } = fitting;
    [fitted, dropped, blocked, unsatisfied]
}

/// The words of a closed set, in its order.
pub(super) fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|&variant| word(variant)).collect()
}

/// The word for an action.
pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::Allow => "allow",
        Action::Deny => "deny",
        Action::Error => "error",
        Action::Redact => "redact",
        Action::ShadowDeny => "shadow_deny",
    }
}

impl Phase {
    pub(super) const ALL: &[Self] = &[Self::Request, Self::Response];

    /// The half that decided on `record`: the answer where the server failed, or only it was changed.
    pub(super) fn of(record: &Record) -> Self {
        let is_in_answer = |(direction, _): &(Direction, Finding)| *direction == Direction::Results;
        let is_found = !record.findings.is_empty() && record.findings.iter().all(is_in_answer);
        let is_of_findings = match record.reason {
            Reason::Upstream => return Self::Response,
            Reason::None | Reason::Pii | Reason::Secret => true,
            Reason::Argument
            | Reason::AuthInvalid
            | Reason::AuthMissing
            | Reason::Budget
            | Reason::Drift
            | Reason::Flow
            | Reason::Internal
            | Reason::Overload
            | Reason::Protocol
            | Reason::RateLimit
            | Reason::Schema
            | Reason::Scope
            | Reason::Size
            | Reason::ToolNotAllowed
            | Reason::Unavailable => false,
        };
        if is_found && is_of_findings { Self::Response } else { Self::Request }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

impl ErrorType {
    pub(super) const ALL: &[Self] =
        &[Self::None, Self::Other, Self::PolicyDenied, Self::Timeout, Self::ToolError, Self::Upstream];

    pub(super) fn of(record: &Record) -> Self {
        match (record.action, record.outcome) {
            (Action::Deny, _) => Self::PolicyDenied,
            (Action::Error, _) if record.http_status == 504 => Self::Timeout,
            (Action::Error, _) if matches!(record.reason, Reason::Unavailable | Reason::Upstream) => {
                Self::Upstream
            }
            (Action::Error, _) => Self::Other,
            (Action::Allow | Action::Redact | Action::ShadowDeny, Outcome::Success) => Self::None,
            (Action::Allow | Action::Redact | Action::ShadowDeny, Outcome::ToolError) => Self::ToolError,
            (Action::Allow | Action::Redact | Action::ShadowDeny, Outcome::Cancelled | Outcome::Error(_)) => {
                Self::Other
            }
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Other => "_OTHER",
            Self::PolicyDenied => "policy_denied",
            Self::Timeout => "timeout",
            Self::ToolError => "tool_error",
            Self::Upstream => "upstream",
        }
    }
}

impl CodeClass {
    pub(super) const ALL: &[Self] = &[
        Self::Informational,
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
        Self::Gone,
    ];

    pub(super) fn of(http_status: u16) -> Self {
        match http_status / 100 {
            1 => Self::Informational,
            2 => Self::Success,
            3 => Self::Redirection,
            4 => Self::ClientError,
            5 => Self::ServerError,
            _ => Self::Gone,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "1xx",
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Gone => "none",
        }
    }
}

impl FindingAction {
    pub(super) const ALL: &[Self] = &[
        Self::Block,
        Self::Drop,
        Self::Generalise,
        Self::Mask,
        Self::Pseudonym,
        Self::Replace,
        Self::Shadow,
        Self::Tokenize,
    ];

    pub(super) fn of(finding: &Finding) -> Self {
        match (finding.mode, finding.action) {
            (Mode::Shadow, _) => Self::Shadow,
            (Mode::Enforce, scan::Action::Block) => Self::Block,
            (Mode::Enforce, scan::Action::Drop) => Self::Drop,
            (Mode::Enforce, scan::Action::Generalise) => Self::Generalise,
            (Mode::Enforce, scan::Action::Mask) => Self::Mask,
            (Mode::Enforce, scan::Action::Pseudonym) => Self::Pseudonym,
            (Mode::Enforce, scan::Action::Replace) => Self::Replace,
            (Mode::Enforce, scan::Action::Tokenize) => Self::Tokenize,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Drop => "drop",
            Self::Generalise => "generalise",
            Self::Mask => "mask",
            Self::Pseudonym => "pseudonym",
            Self::Replace => "replace",
            Self::Shadow => "shadow",
            Self::Tokenize => "tokenize",
        }
    }
}

impl ReloadResult {
    pub(super) const ALL: &[Self] = &[Self::Failure, Self::Success];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Success => "success",
        }
    }
}

impl Misdirected {
    pub(super) const ALL: &[Self] = &[Self::Direct, Self::Port];

    /// Its word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Port => "port",
        }
    }
}

impl Shed {
    pub(super) const ALL: &[Self] = &[Self::Bytes, Self::Requests];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Requests => "requests",
        }
    }
}

impl StreamKind {
    pub(super) const ALL: &[Self] = &[Self::Listen, Self::Sse];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Sse => "sse",
        }
    }
}

impl CredentialResult {
    pub(super) const ALL: &[Self] = &[Self::Failure, Self::Refused, Self::Rejected, Self::Success];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Success => "success",
        }
    }
}

impl UpstreamFault {
    /// The kind of fault for which `ticket` is refused; `None` where the server has no part in it.
    pub(super) fn of(ticket: &Ticket, denial: &Denial) -> Option<Self> {
        match denial {
            Denial::AnswerWithheld(_) => Some(Self::Protocol),
            Denial::Unreachable(_) if ticket.has_reached() => Some(Self::Reset),
            Denial::Unreachable(_) => Some(Self::Connect),
            Denial::UpstreamTimeout => Some(Self::Timeout),
            Denial::Argument { .. }
            | Denial::AuditUnavailable
            | Denial::BodyTooLarge
            | Denial::BodyTooSlow
            | Denial::Closed(_)
            | Denial::Content { .. }
            | Denial::ContentWithheld { .. }
            | Denial::Crowded(_)
            | Denial::Drifted(_)
            | Denial::Envelope(_)
            | Denial::Forbidden { .. }
            | Denial::Handle(_)
            | Denial::Head { .. }
            | Denial::Input(_)
            | Denial::Internal(_)
            | Denial::Limited(_)
            | Denial::Mismatch { .. }
            | Denial::NoMethod(_)
            | Denial::Outdated(_)
            | Denial::ProseUnread(_)
            | Denial::Resting(_)
            | Denial::Schema(_)
            | Denial::Scope { .. }
            | Denial::Stray(_)
            | Denial::Uncredited { .. }
            | Denial::Unexchanged(_)
            | Denial::Unidentified(_)
            | Denial::Unverified(_) => None,
        }
    }

    pub(super) const ALL: &[Self] = &[Self::Connect, Self::Protocol, Self::Reset, Self::Timeout];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Protocol => "protocol",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
        }
    }
}
