//! How much a caller may have, at several levels at once.
//!
//! **Why.** A model in a loop empties a budget in seconds. Limits keep one conversation, user, tool,
//! tenant or server from eating the share of the others, and a refusal says when to come back.
//!
//! **How.** A [`Rule`] counts some [`Unit`] in one of three ways: a rate (the generic cell rate algorithm,
//! ITU-T I.371), a budget of a calendar window, or requests in flight. Each combination of its levels has a
//! cell, and a cell is one number of 64 bits. A request looks at all its cells first, and takes from them
//! only if none refuses; what it took is given back when a concurrent request was faster at a later one. So
//! a refused request costs nothing anywhere, and nothing is ever admitted twice.
//!
//! What an answer costs is not known before it came: a guess is taken, and the difference is given back or
//! taken when the request ends ([`Hold`]). Taking it may leave a cell in debt, which delays later requests.
//!
//! The [`Ledger`] keeps the cells in shards of `CELLS_PER_SHARD_MAX`; a full shard, or a limit with as many
//! cells as one may have, makes newcomers share a wider cell instead of forgetting somebody's debt.
//!
//! **What it is not.** No clock, no timer and no waiting: `Now` is an argument, [`Ledger::sweep`] is called
//! from outside, and whoever wants to wait for a place among those in flight does so elsewhere. What
//! processes hold together is in `shared`.
//!
//! The server has its share, too: [`breaker`] leaves alone what fails, [`bulkhead`] and [`adaptive`] bound what it
//! has in hand, [`retry`] and [`sticky`] say what may be sent again, and to which server.
//!
//! First start: every cell is full. A cell of a rate that is left alone is full again after burst times
//! interval, one of a budget when its window ends.

pub mod adaptive;
mod bill;
pub mod breaker;
mod budget;
pub mod bulkhead;
mod cell;
mod conversations;
mod estimates;
mod hold;
mod key;
mod ledger;
mod pooled;
mod rate;
mod requests;
pub mod retry;
mod roster;
mod rule;
mod shards;
mod shared;
pub mod sticky;
mod tokens;
mod unit;

pub use bill::{Answered, Bill, Round};
pub use budget::{Budget, BudgetFault, Period};
pub use conversations::{Conversations, Digest, Share};
pub use hold::{Hold, Places};
pub use key::CellId;
pub use ledger::Ledger;
pub use rate::{Rate, RateFault};
pub use requests::Requests;
pub use roster::Standing;
pub use rule::{Concurrency, Kind, Queue, Rule, Terms};
pub use shared::{
    Answer, Asked, Grant, Inquiry, Leases, Measure, Numbers, OnStoreError, Order, Pace, SharedMode, Sharing,
    StoreKey, StoreWord, Taken, Task, Tell, Window,
};
pub use tokens::{IS_EXACT, count_tokens, tokens_in};
pub use unit::{BYTES_PER_TOKEN, Unit};

use std::sync::Arc;
use std::time::Duration;

/// One thing that a limit can be counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The program that speaks for the user.
    Agent,
    /// What the tool does to the world.
    Class,
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

/// Whom and what a request is counted for.
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
    /// What the tool does to the world, if the policy says so.
    pub class: Option<&'a str>,
}

/// What became of one request.
#[derive(Debug)]
pub struct Charge<'r> {
    /// Whether the request may go on.
    pub verdict: Verdict<'r>,
    /// The shadow rule with the longest wait among those that would have refused.
    pub shadowed: Option<Exceeded<'r>>,
    /// The fullest enforced rule of which four fifths or more are used up after this request.
    pub near: Option<&'r Arc<Rule>>,
    /// What has to be settled when the request ends; `None` where nothing has.
    pub hold: Option<Hold>,
    /// Where a place would have to be free for a request that was refused for want of one.
    pub full: Option<CellId>,
}

/// What a cell has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How much, in the unit of its limit.
    pub amount: u64,
    /// How long until there is more, or all of it again; `None` where nobody knows.
    pub reset: Option<Duration>,
}

/// Whether a request is within its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'r> {
    /// The store of shared limits has to be asked first; nothing was taken from any rule.
    Asked(Box<Inquiry>),
    /// At least one rule refuses; nothing was taken from any.
    Exceeded(Exceeded<'r>),
    /// Every rule has room, and what the request costs was taken from each.
    Granted,
}

/// A rule that has no room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded<'r> {
    /// The one that refuses for longest, where several do.
    pub rule: &'r Arc<Rule>,
    /// Why, and for how long.
    pub excess: Excess,
}

/// Why a rule has no room for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excess {
    /// As many are in flight as may be; nobody knows when one ends.
    InFlight {
        /// How many may be.
        most: u32,
    },
    /// The request costs more than the limit ever holds: waiting does not help.
    TooMuch {
        /// What it costs.
        cost: u64,
        /// What the limit holds when it is full.
        most: u64,
    },
    /// What the limit counts cannot be read off the request: an argument that is missing or no number.
    Unmeasured,
    /// There is room again after this time, if nobody else calls; exact to the nanosecond for rates, to the
    /// millisecond for budgets.
    Wait(Duration),
}

impl Excess {
    /// The time after which trying again may help, where that is known.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(*wait),
            Self::InFlight { .. } | Self::TooMuch { .. } | Self::Unmeasured => None,
        }
    }

    /// Orders by how long it refuses: what waiting does not help against is the longest.
    pub(in crate::limit) fn length(&self) -> Duration {
        match self {
            Self::InFlight { .. } => Duration::ZERO,
            Self::TooMuch { .. } | Self::Unmeasured => Duration::MAX,
            Self::Wait(wait) => *wait,
        }
    }
}

impl Level {
    /// Every level, in alphabetical order.
    pub const ALL: &[Self] =
        &[Self::Agent, Self::Class, Self::Conversation, Self::Server, Self::Tenant, Self::Tool, Self::User];

    /// Reads the word of a policy.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.as_str() == word)
    }

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Class => "class",
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
