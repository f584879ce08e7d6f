//! What the rules say of one message.

use super::input::SchemaDoubt;
use crate::names::Label;

/// The judgement of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'p> {
    /// A rule allows it and none forbids it.
    Allow {
        /// The rule that allows it; `built-in:protocol` where the protocol itself needs the message.
        by: &'p Label,
        /// A deny in shadow mode that would have forbidden it.
        shadow: Option<&'p Label>,
    },
    /// A rule forbids it, or none allows it.
    Forbid(Forbid<'p>),
}

/// A refusal, with what the operator needs to understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbid<'p> {
    /// Why.
    pub why: Why<'p>,
    /// The deny that applies, or else the allow that came nearest.
    pub rule: Option<&'p Label>,
    /// What the rule has to say to the caller and its model: a deny, or an allow that wants another argument.
    pub message: Option<&'p str>,
}

/// Why a message is forbidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why<'p> {
    /// Some rule would allow it with another value of this argument.
    Argument {
        /// The argument, as the policy names it: `limit`, `filter.limit`.
        path: &'p str,
    },
    /// A deny applies.
    Denied,
    /// No rule allows it.
    NotAllowed,
    /// The tool does not take such arguments; no rule was asked.
    Schema(Box<SchemaDoubt>),
    /// Some rule would allow it if the caller had these scopes.
    Scope {
        /// All that are missing, for one challenge.
        missing: Vec<&'p str>,
    },
    /// The tool is switched off for the caller's tenant.
    Tenant,
    /// A rule could not be evaluated, so nobody can say.
    Unjudged,
    /// The tool is not known, so it is denied to everyone.
    UnknownTool,
}

/// Whether a tool is shown in `tools/list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// No arguments would make a call allowed.
    Hidden,
    /// Some arguments would.
    Shown,
}

impl Why<'_> {
    /// Every word that [`Why::reason`] may say.
    pub const REASONS: &'static [&'static str] =
        &["argument", "internal", "schema", "scope", "tool_not_allowed"];

    /// The word for it in tests, records and metrics: the `reason` that the gate reports.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Argument { .. } => "argument",
            Self::Schema(_) => "schema",
            Self::Scope { .. } => "scope",
            Self::Unjudged => "internal",
            Self::Denied | Self::NotAllowed | Self::Tenant | Self::UnknownTool => "tool_not_allowed",
        }
    }
}

impl<'p> Forbid<'p> {
    /// A refusal that no rule has a part in.
    pub(super) fn plain(why: Why<'p>) -> Self {
        Self { why, rule: None, message: None }
    }
}
