//! Why a message was not simply passed on, in one word.

/// Why a message was not simply passed on; the closed set of the `reason` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An argument is outside what the rules allow.
    Argument,
    /// A credential was presented and does not hold.
    AuthInvalid,
    /// No credential was presented.
    AuthMissing,
    /// A budget is spent.
    Budget,
    /// The tool is no longer what was approved, or nobody can tell.
    Drift,
    /// A flow closes the tool to the conversation.
    Flow,
    /// Something inside the gate failed.
    Internal,
    /// Nothing to tell: the message was allowed.
    None,
    /// More at once than the server, or the gate, can take.
    Overload,
    /// Personal data where none may be.
    Pii,
    /// Not a message of the protocol, or one that two parsers could read differently.
    Protocol,
    /// A rate limit is used up.
    RateLimit,
    /// The tool does not take such arguments.
    Schema,
    /// A scope is missing that the client could get.
    Scope,
    /// A credential where none may be.
    Secret,
    /// Larger than the bounds allow.
    Size,
    /// No rule allows it, or a rule forbids it.
    ToolNotAllowed,
    /// The server, or this tool of it, failed too often and rests.
    Unavailable,
    /// The server could not be reached, or did not answer as it should.
    Upstream,
}

impl Reason {
    /// Every reason, in the order of [`Reason::index`].
    pub const ALL: &[Self] = &[
        Self::Argument,
        Self::AuthInvalid,
        Self::AuthMissing,
        Self::Budget,
        Self::Drift,
        Self::Flow,
        Self::Internal,
        Self::None,
        Self::Overload,
        Self::Pii,
        Self::Protocol,
        Self::RateLimit,
        Self::Schema,
        Self::Scope,
        Self::Secret,
        Self::Size,
        Self::ToolNotAllowed,
        Self::Unavailable,
        Self::Upstream,
    ];

    /// Its place in [`Reason::ALL`], for arrays resolved at start.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word for it in metrics and audit records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::AuthInvalid => "auth_invalid",
            Self::AuthMissing => "auth_missing",
            Self::Budget => "budget",
            Self::Drift => "drift",
            Self::Flow => "flow",
            Self::Internal => "internal",
            Self::None => "none",
            Self::Overload => "overload",
            Self::Pii => "pii",
            Self::Protocol => "protocol",
            Self::RateLimit => "rate_limit",
            Self::Schema => "schema",
            Self::Scope => "scope",
            Self::Secret => "secret",
            Self::Size => "size",
            Self::ToolNotAllowed => "tool_not_allowed",
            Self::Unavailable => "unavailable",
            Self::Upstream => "upstream",
        }
    }
}
