//! The parts of a policy that other rooms carry out.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::care::ServerCare;
use super::credentials::{Credentials, IdentityPlan};
use crate::bounds::CONVERSATIONS_NEW_PER_HOUR;
use crate::limit::{Level, Rate};

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
    /// How it is kept from harm.
    pub care: ServerCare,
}

/// What tells the conversations of one caller apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationPlan {
    /// Where an id may be found; the first that is there counts.
    pub sources: Vec<ConversationSource>,
    /// Without an id: the silence after which another conversation begins.
    pub idle_gap: Option<Duration>,
    /// How many a caller may begin; further ones share what the caller has in common.
    pub new_max: Rate,
}

/// Where a conversation's id may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationSource {
    /// An entry of W3C baggage, in `params._meta` or in the header.
    Baggage(Box<str>),
    /// A claim of the caller's token: the only one that somebody vouches for.
    Claim(Box<str>),
    /// An HTTP header, in lower case.
    Header(Box<str>),
    /// A key in `params._meta`.
    Meta(Box<str>),
    /// The session of revisions before 2026-07-28.
    Session,
}

/// What callers are told of the limits that they meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintPlan {
    /// Limits that count for one of these show their numbers; of others a caller only learns the wait.
    pub expose: Vec<Level>,
    /// In which headers.
    pub headers: HintHeaders,
}

/// In which headers an HTTP answer tells of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HintHeaders {
    /// In both.
    Both,
    /// In `RateLimit-Policy` and `RateLimit`. Source: draft-ietf-httpapi-ratelimit-headers-11.
    #[default]
    Ietf,
    /// In none; `Retry-After` stays.
    None,
    /// In `X-RateLimit-Limit`, `-Remaining` and `-Reset`, the last in seconds from now.
    XRatelimit,
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

impl Default for ConversationPlan {
    fn default() -> Self {
        Self {
            sources: vec![
                ConversationSource::Header("x-conversation-id".into()),
                ConversationSource::Meta("openai/session".into()),
                ConversationSource::Session,
            ],
            idle_gap: None,
            new_max: Rate {
                calls: NonZeroU32::new(CONVERSATIONS_NEW_PER_HOUR).unwrap_or(NonZeroU32::MIN),
                period: Duration::from_hours(1),
            },
        }
    }
}

impl ConversationPlan {
    /// The claims of tokens that are kept for it.
    pub(super) fn claims(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            ConversationSource::Claim(name) => Some(&**name),
            ConversationSource::Baggage(_)
            | ConversationSource::Header(_)
            | ConversationSource::Meta(_)
            | ConversationSource::Session => None,
        })
    }
}

impl ConversationSource {
    /// The word for its kind, and what it looks for.
    pub fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Baggage(key) => ("baggage", Some(key)),
            Self::Claim(name) => ("claim", Some(name)),
            Self::Header(name) => ("header", Some(name)),
            Self::Meta(key) => ("meta", Some(key)),
            Self::Session => ("session", None),
        }
    }
}

/// Writes it as policies do.
impl fmt::Display for ConversationSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (kind, Some(name)) => write!(f, "{kind}:{name}"),
            (kind, None) => f.write_str(kind),
        }
    }
}

impl Default for HintPlan {
    fn default() -> Self {
        Self { expose: vec![Level::User, Level::Conversation], headers: HintHeaders::default() }
    }
}

impl HintHeaders {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::Both, Self::Ietf, Self::None, Self::XRatelimit];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Ietf => "ietf",
            Self::None => "none",
            Self::XRatelimit => "x-ratelimit",
        }
    }
}
