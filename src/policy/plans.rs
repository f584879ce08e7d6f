//! The parts of a policy that other rooms carry out.

use std::time::Duration;

use super::credentials::{Credentials, IdentityPlan};

/// What is written down about a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPlan {
    /// How much.
    pub level: AuditLevel,
    /// Arguments whose values may be written down at the level `facts`, by their paths.
    pub values: Box<[Box<str>]>,
}

/// How much an audit record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditLevel {
    /// And what rules asked about the arguments, with the answers; so that a call can be judged again.
    Facts,
    /// Who, what, when, the decision and its rule; no argument and no result.
    #[default]
    Metadata,
    /// No record is written.
    None,
}

/// How a refused `tools/call` sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DenyAs {
    /// As an HTTP status with a JSON-RPC error.
    Http,
    /// As a result with `isError: true`: the only form that every client hands to its model.
    #[default]
    ToolError,
}

/// How the server behind is spoken to; `None` leaves the shell's default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpstreamPlan {
    /// For a connection to be made.
    pub connect_timeout: Option<Duration>,
    /// For an answer to be whole, or a stream to say something.
    pub timeout: Option<Duration>,
    /// How long an unused connection is kept.
    pub idle: Option<Duration>,
    /// What proves to the server that the gate may speak to it.
    pub credentials: Credentials,
    /// What tells the server who calls; `None` where it is not told.
    pub identity: Option<IdentityPlan>,
}

/// Where a conversation's id may be found; the first that is there counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationSource {
    /// An HTTP header, in lower case.
    Header(Box<str>),
    /// A key in `params._meta`.
    Meta(Box<str>),
}

impl AuditLevel {
    /// Every level.
    pub const ALL: &[Self] = &[Self::Facts, Self::Metadata, Self::None];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Metadata => "metadata",
            Self::None => "none",
        }
    }
}

impl DenyAs {
    /// Both forms.
    pub const ALL: &[Self] = &[Self::Http, Self::ToolError];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::ToolError => "tool_error",
        }
    }
}
