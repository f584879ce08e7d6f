//! Limits that several replicas hold together, by way of a store that all of them reach.
//!
//! **Why.** Three replicas that each count for themselves let three times as much through. Asking a store for
//! every call makes each call wait for it, and its loss the loss of the server.
//!
//! **How.** Of a rate the store keeps one number for each cell: the arrival time of the generic cell rate algorithm, as
//! the [`Ledger`](super::Ledger) does, by the store's own clock. Of a budget it keeps for each window of the calendar,
//! which begins and ends by the clocks of the gates, what each replica has spent and holds. There are two ways to
//! hold a limit by it:
//!
//! | mode | a call | the store | accuracy |
//! |---|---|---|---|
//! | [`SharedMode::Leased`] | never waits | lends a busy cell a chunk for a second; of a quiet one it hears after each call | at most one call for each other replica too early, and all wait for it later, until the window ends |
//! | [`SharedMode::Strict`] | waits 5 ms at most | takes from all levels at once, or from none | exact |
//!
//! A limit that is not a caller's own, such as one per tool, is always leased: its cell lies elsewhere in a
//! cluster than those of a caller, and all callers would meet in it.
//!
//! **When the store is lost** each limit goes by its own word: the local share (an even part for each replica
//! that was last known), open, or closed. What went through meanwhile is owed to the store and told when it is
//! back, so that an outage is no second burst. A store that was killed has forgotten one burst of a rate; of a budget it
//! is told everything again that was leased, and has forgotten what it took strictly. A replica that alone has lost the
//! store spends its part while the others can spend all: nobody can tell it from one whose store is gone.
//!
//! **What it is not.** It reaches no store: it says what the store should do ([`Leases::orders`], [`Inquiry`]), and
//! hears what came of it. Without somebody who does that ([`Leases::attach`]) a shared limit is a local one.
//!
//! At first start the store counts as lost. Source: ITU-T I.371.

mod account;
mod demand;
mod lease;
mod name;
mod pool;
mod purse;

use std::sync::Arc;
use std::time::Duration;

pub use name::StoreKey;
pub use pool::Leases;
pub(super) use pool::Place;

use self::account::{Account, Cell};
use super::Budget;
use crate::bounds::{STORE_CELL_LIFE_MAX, STORE_CELL_SLACK};
use crate::names::{Label, Now};

/// How a limit is held together with other replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// Whether calls wait for the store.
    pub mode: SharedMode,
    /// Its numbers.
    pub numbers: Arc<Numbers>,
}

/// Whether calls wait for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SharedMode {
    /// They do not: the store lends.
    #[default]
    Leased,
    /// They do, for a few milliseconds.
    Strict,
}

/// What a limit does while the store cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStoreError {
    /// It lets nothing through.
    Closed,
    /// It holds this replica's even part.
    #[default]
    Local,
    /// It lets everything through.
    Open,
}

/// The numbers of a shared limit.
#[derive(Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The name of the limit.
    pub id: Label,
    /// How it counts.
    pub measure: Measure,
    /// What it does without the store.
    pub on_store_error: OnStoreError,
}

/// How a shared limit counts.
#[derive(Debug, PartialEq, Eq)]
pub enum Measure {
    /// So much in each window of the calendar.
    Budget(Arc<Budget>),
    /// A cell that fills up steadily.
    Rate(Pace),
}

/// A rate as the store knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Time in which one is given back, in microseconds, rounded up: a limit of more than a million in a second
    /// would be finer than the clock of the store.
    pub interval: u64,
    /// How many a full cell has.
    pub burst: u64,
}

/// What holds for all cells at one moment.
#[derive(Debug, Clone, Copy)]
struct At {
    /// Microseconds since the process started.
    now: u64,
    /// The time of the calendar.
    unix_ms: u64,
    /// A number that no other moment has; later ones have greater ones.
    stamp: u64,
    /// How many times the store was lost so far.
    epoch: u64,
    /// Replicas that share, this one among them.
    replicas: u64,
    /// Whether the store cannot be asked.
    is_lost: bool,
}

/// Something that the store should do to one cell.
#[derive(Debug, Clone)]
pub struct Order {
    /// The cell.
    pub key: StoreKey,
    /// Its numbers.
    pub numbers: Arc<Numbers>,
    /// What to do.
    pub task: Task,
}

/// What the store should do to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Take back what was lent in the run that had this arrival time, and not spent.
    GiveBack {
        /// The rate.
        pace: Pace,
        /// How many.
        count: u64,
        /// The store's arrival time when it lent them.
        run: u64,
    },
    /// Count what went through on credit, and lend more if there is more.
    Lend {
        /// The rate.
        pace: Pace,
        /// How many went through.
        debt: u64,
        /// How long ago the first of them did, in microseconds.
        ago: u64,
        /// How many are wanted.
        want: u64,
    },
    /// Hear what was spent of a budget.
    Tell(Tell),
}

/// What one replica has spent of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tell {
    /// The minute in which the window ends, since 1970.
    pub end: u64,
    /// How long the store has to keep the window, in milliseconds.
    pub life_ms: u64,
    /// Which of this replica's purses for the cell it is.
    pub birth: u64,
    /// The number of this word: later ones have greater ones.
    pub seq: u64,
    /// All that was spent since the purse was made; below zero where more came back.
    pub own: i64,
    /// How much the replica wants to hold.
    pub want: u64,
    /// What the others had used or held at the store's last word, where that was before a loss of the store; else 0.
    pub others: u64,
    /// How much there is in the window.
    pub amount: u64,
}

/// What the store did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has taken them back, or they were no longer of use.
    GivenBack,
    /// It has lent.
    Lent {
        /// How many.
        count: u64,
        /// Microseconds until there is one more; zero where there is.
        wait: u64,
        /// The cell's arrival time now, by the store's clock.
        run: u64,
        /// By how many microseconds that is ahead of the clock.
        ahead: u64,
    },
    /// It has heard.
    Told {
        /// Which word.
        seq: u64,
        /// How much the replica may hold.
        held: u64,
        /// How much all have spent or hold.
        used: u64,
    },
}

/// What the store is asked before one call: to take from all of these cells, or from none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// At least one; all of one caller.
    pub levels: Vec<Asked>,
}

/// One cell that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The cell.
    pub key: StoreKey,
    /// Its numbers.
    pub numbers: Arc<Numbers>,
    /// How many the call takes.
    pub cost: u64,
    /// The window that it is charged to, where it counts by windows.
    pub window: Option<Window>,
}

/// A window of a budget, as the store is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The minute in which it ends, since 1970.
    pub end: u64,
    /// Milliseconds until then.
    pub left_ms: u64,
}

/// What is known of the store's word when a call is charged.
#[derive(Debug, Clone, Copy)]
pub enum StoreWord<'a> {
    /// The store can be asked, and was not.
    Askable,
    /// It was asked this, and said that.
    Given(&'a Inquiry, &'a Grant),
    /// Nobody can wait for it: what is held strictly is leased.
    Never,
}

/// What the store said to an [`Inquiry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// It could not be asked, or did not answer in time.
    Lost,
    /// One of the cells has too little; nothing was taken.
    Refused {
        /// Which, by its place in the inquiry.
        level: usize,
        /// Microseconds to wait.
        wait: u64,
    },
    /// All was taken; how each cell is after that.
    Taken(Vec<Taken>),
}

/// How a cell is in the store after it was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its arrival time by the store's clock, where it has one.
    pub run: u64,
    /// What is used of it: of a budget its unit, of a rate microseconds.
    pub used: u64,
}

impl Numbers {
    /// The numbers of a limit that gives one back in `interval`, and holds `burst`.
    pub fn of_rate(id: Label, interval: Duration, burst: u64, on_store_error: OnStoreError) -> Self {
        let interval = u64::try_from(interval.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
        Self { id, measure: Measure::Rate(Pace { interval, burst }), on_store_error }
    }

    /// The numbers of a budget.
    pub fn of_budget(id: Label, budget: Budget, on_store_error: OnStoreError) -> Self {
        Self { id, measure: Measure::Budget(Arc::new(budget)), on_store_error }
    }

    /// How much one call may take at most.
    pub fn most(&self) -> u64 {
        match &self.measure {
            Measure::Budget(budget) => budget.most(),
            Measure::Rate(pace) => pace.burst,
        }
    }

    /// The window that a time is in, of a budget.
    pub(in crate::limit) fn window(&self, now: Now) -> Option<Window> {
        let Measure::Budget(budget) = &self.measure else { return None };
        let end = budget.end_minute(now.unix_ms);
        Some(Window { end, left_ms: end.saturating_mul(60_000).saturating_sub(now.unix_ms) })
    }
}

impl Pace {
    /// How far ahead of now an arrival time may be.
    pub fn tolerance(&self) -> u64 {
        self.interval.saturating_mul(self.burst)
    }

    /// How long the store has to keep a cell, in milliseconds: until it is full again, whatever is owed of it.
    pub fn life_ms(&self) -> u64 {
        let full = self.tolerance().saturating_mul(2) / 1000;
        let slack = lease::micros(STORE_CELL_SLACK) / 1000;
        full.saturating_add(slack).min(lease::micros(STORE_CELL_LIFE_MAX) / 1000)
    }
}

impl Window {
    /// How long the store has to keep it, in milliseconds.
    pub fn life_ms(&self) -> u64 {
        self.left_ms.saturating_add(lease::micros(STORE_CELL_SLACK) / 1000)
    }
}

impl SharedMode {
    /// Both modes.
    pub const ALL: &[Self] = &[Self::Leased, Self::Strict];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Strict => "strict",
        }
    }
}

impl OnStoreError {
    /// Every word.
    pub const ALL: &[Self] = &[Self::Closed, Self::Local, Self::Open];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Local => "local",
            Self::Open => "open",
        }
    }
}

#[cfg(test)]
mod tests;
