//! How often a caller may call, at several levels at once.
//!
//! **Why.** A model in a loop empties a budget in seconds. Limits keep one conversation, user, tool,
//! tenant or server from eating the share of the others, and a refusal says when to come back.
//!
//! **How.** Each [`Rule`] gives every combination of its levels a cell: one number, the arrival time
//! of the generic cell rate algorithm (ITU-T I.371). A call looks at all its cells first, and takes
//! from them only if none refuses; what it took is given back when a concurrent call was faster at
//! a later one. So a refused call costs nothing anywhere, and nothing is ever admitted twice.
//! The [`Ledger`] keeps the cells in shards of `CELLS_PER_SHARD_MAX`; a full shard makes newcomers
//! share a wider cell instead of forgetting somebody's debt.
//!
//! **What it is not.** No clock and no timer: `Now` is an argument and [`Ledger::sweep`] is called
//! from outside. No queue, no budget by calendar, nothing shared between processes.
//!
//! governor's `Quota` gives interval and burst. Its `RateLimiter` is not used: it can neither peek
//! nor give back, reads its own clock, has one quota for each store, and its arithmetic panics
//! where ours refuses.
//!
//! First start: every cell is full. A cell left alone is full again after burst times interval.

mod key;
mod ledger;
mod rate;
mod shards;

pub use ledger::Ledger;
pub use rate::{Rate, RateFault};

use std::num::NonZeroU32;
use std::time::Duration;

use crate::names::{Label, Mode};

/// One thing that a limit can be counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The program that speaks for the user.
    Agent,
    /// A conversation of one user with one agent; without one, all of that user and agent.
    Conversation,
    /// The server behind the gate.
    Server,
    /// The caller's organisation.
    Tenant,
    /// The tool that is called.
    Tool,
    /// The caller.
    User,
}

/// One limit of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name; cells live on across policies under it.
    pub id: Label,
    /// What it counts for: each combination of these has its own cell. Empty: one cell for all.
    pub per: Vec<Level>,
    /// How fast a cell fills up again.
    pub rate: Rate,
    /// How many calls a full cell has.
    pub burst: NonZeroU32,
    /// Whether it refuses or only tells.
    pub mode: Mode,
}

/// Whom and what a call is counted for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The server behind the gate.
    pub server: &'a str,
    /// The caller's organisation, if it has one.
    pub tenant: Option<&'a str>,
    /// The caller.
    pub user: &'a str,
    /// The program that speaks for the user, if known.
    pub agent: Option<&'a str>,
    /// The conversation as the client names it: unproven, so it only ever subdivides a caller.
    pub conversation: Option<&'a str>,
    /// The tool, if one is called.
    pub tool: Option<&'a str>,
}

/// What became of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge<'r> {
    /// Whether the call may go on.
    pub verdict: Verdict<'r>,
    /// The shadow rule with the longest wait among those that would have refused.
    pub shadowed: Option<Exceeded<'r>>,
    /// The fullest enforced rule of which this call used up four fifths or more.
    pub near: Option<&'r Rule>,
}

/// Whether a call is within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'r> {
    /// At least one rule refuses; nothing was taken from any.
    Exceeded(Exceeded<'r>),
    /// Every rule has room, and one call was taken from each.
    Granted,
}

/// A rule that has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded<'r> {
    /// The one with the longest wait, where several refuse.
    pub rule: &'r Rule,
    /// How long until it has room, if nobody else calls; exact to the nanosecond.
    pub wait: Duration,
}

impl Level {
    /// Every level, in alphabetical order.
    pub const ALL: &[Self] =
        &[Self::Agent, Self::Conversation, Self::Server, Self::Tenant, Self::Tool, Self::User];

    /// Reads the word of a policy.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.as_str() == word)
    }

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Conversation => "conversation",
            Self::Server => "server",
            Self::Tenant => "tenant",
            Self::Tool => "tool",
            Self::User => "user",
        }
    }
}

#[cfg(test)]
mod tests;
