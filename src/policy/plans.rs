//! The parts of a policy that other rooms carry out.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::care::ServerCare;
use super::credentials::{Credentials, IdentityPlan};
use super::sandbox::SandboxPlan;
use super::snapshot::Class;
use crate::bounds::CONVERSATIONS_NEW_PER_HOUR;
use crate::limit::{Level, Rate};

/// What is written down about a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPlan {
    /// How much.
    pub level: AuditLevel,
    /// How sure it is, before a message is forwarded, that it was written down.
    pub durability: Durabilities,
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

/// How sure it is, before a message is forwarded, that it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Durability {
    /// Not at all: where there is no room for its record, that is lost and counted.
    BestEffort,
    /// There is room for its record, and the sink takes records; a crash may lose the last of them.
    #[default]
    Buffered,
    /// A record of it is on the disk.
    Strict,
}

/// The [`Durability`] of calls by the class of their tool, and of everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Durabilities {
    /// Calls of tools that change nothing.
    pub read: Durability,
    /// Calls of tools that change something.
    pub write: Durability,
    /// Calls of tools that change what cannot be got back.
    pub destructive: Durability,
    /// What is no call.
    pub other: Durability,
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
    /// The place in which it runs, if the gate starts it; the section `sandbox`. Read at the start.
    pub sandbox: Option<SandboxPlan>,
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

impl Durability {
    /// Every kind, the least first.
    pub const ALL: &[Self] = &[Self::BestEffort, Self::Buffered, Self::Strict];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BestEffort => "best_effort",
            Self::Buffered => "buffered",
            Self::Strict => "strict",
        }
    }
}

impl Durabilities {
    /// The same for everything.
    pub fn all(durability: Durability) -> Self {
        Self { read: durability, write: durability, destructive: durability, other: durability }
    }

    /// Whether it is the same for everything, so that nobody needs to look up a class.
    pub fn is_uniform(self) -> bool {
        self == Self::all(self.other)
    }

    /// That of a call of a tool of this class. A tool without one may do anything: it has the surest that any has.
    pub fn of_call(self, class: Option<Class>) -> Durability {
        match class {
            Some(Class::Read) => self.read,
            Some(Class::Write) => self.write,
            Some(Class::Destructive) => self.destructive,
            None => self.surest(),
        }
    }

    /// The surest that anything has.
    pub fn surest(self) -> Durability {
        self.read.max(self.write).max(self.destructive).max(self.other)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_of_no_known_class_is_as_sure_as_the_surest() {
        let sure = |read, write, destructive, other| Durabilities { read, write, destructive, other };
        let (least, middle, most) = (Durability::BestEffort, Durability::Buffered, Durability::Strict);
        let plan = sure(least, middle, most, least);
        let classes = [Some(Class::Read), Some(Class::Write), Some(Class::Destructive), None];
        assert_eq!(classes.map(|class| plan.of_call(class)), [least, middle, most, most]);
        assert_eq!(sure(least, least, least, middle).of_call(None), middle);
        assert!(!plan.is_uniform() && !sure(most, most, most, middle).is_uniform());
        assert!(Durabilities::default().is_uniform() && Durabilities::default().surest() == middle);
    }
}
