//! One limit of a policy, with everything that others need to know of it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::time::Duration;

use super::{Budget, Level, Rate, Requests, Sharing, Unit};
use crate::names::{Label, Mode};

/// One limit of a policy.
///
/// Cells live on across policies under its id, its kind, its unit and its mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    terms: Terms,
    /// Of what its cells are called by: fixed, so that a policy loaded again finds them.
    stamp: u64,
}

/// What a limit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its name.
    pub id: Label,
    /// What it counts for: each combination of these has its own cell. Empty: one cell for all.
    pub per: Vec<Level>,
    /// What it counts.
    pub unit: Unit,
    /// How it counts.
    pub kind: Kind,
    /// Which requests it counts.
    pub requests: Requests,
    /// What an answer is taken to cost until it has come; `None` for what the tool's answers cost so far.
    pub estimate: Option<u64>,
    /// Whether the later rounds of one call are no calls of their own.
    pub counts_calls_once: bool,
    /// Whether it refuses or only tells.
    pub mode: Mode,
    /// How it is held together with other replicas; `None` where each counts for itself.
    pub shared: Option<Sharing>,
}

/// How a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// So much in each window of the calendar.
    Budget(Budget),
    /// So many in flight.
    Concurrency(Concurrency),
    /// A cell that fills up steadily.
    Rate {
        /// How fast.
        rate: Rate,
        /// How much a full one holds.
        burst: NonZeroU32,
    },
}

/// How many may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// In flight at once.
    pub most: NonZeroU32,
    /// Who may wait for a place.
    pub queue: Option<Queue>,
}

/// Who may wait for a place among those in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// How many of one cell.
    pub max: NonZeroU32,
    /// For how long.
    pub timeout: Duration,
}

impl Rule {
    /// A rule with these terms.
    pub fn new(terms: Terms) -> Self {
        // Not a secret and the same in every process: what callers choose is hashed with keys of the ledger.
        let mut hasher = DefaultHasher::new();
        (&terms.id, &terms.unit, terms.kind.as_str(), terms.mode).hash(&mut hasher);
        Self { stamp: hasher.finish(), terms }
    }

    /// Its name.
    pub fn id(&self) -> &Label {
        &self.terms.id
    }

    /// What it counts for.
    pub fn per(&self) -> &[Level] {
        &self.terms.per
    }

    /// What it counts.
    pub fn unit(&self) -> &Unit {
        &self.terms.unit
    }

    /// How it counts.
    pub fn kind(&self) -> &Kind {
        &self.terms.kind
    }

    /// Which requests it counts.
    pub fn requests(&self) -> Requests {
        self.terms.requests
    }

    /// Whether it refuses or only tells.
    pub fn mode(&self) -> Mode {
        self.terms.mode
    }

    /// What an answer is taken to cost until it has come, where the policy says.
    pub fn estimate(&self) -> Option<u64> {
        self.terms.estimate
    }

    /// Whether the later rounds of one call are no calls of their own.
    pub fn counts_calls_once(&self) -> bool {
        self.terms.counts_calls_once
    }

    /// How much a full cell holds, in its unit.
    pub fn most(&self) -> u64 {
        self.terms.kind.most()
    }

    /// How it is held together with other replicas; `None` where each counts for itself.
    pub fn sharing(&self) -> Option<&Sharing> {
        self.terms.shared.as_ref()
    }

    /// A number for its id, kind, unit and mode: two rules with the same have the same cells.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The terms, to make another rule of.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }
}

impl Kind {
    /// How much a full cell holds.
    pub fn most(&self) -> u64 {
        match self {
            Self::Budget(budget) => budget.most(),
            Self::Concurrency(concurrency) => concurrency.most.get().into(),
            Self::Rate { burst, .. } => burst.get().into(),
        }
    }

    /// The word for it in policies.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Budget(_) => "budget",
            Self::Concurrency(_) => "concurrency",
            Self::Rate { .. } => "rate",
        }
    }
}
