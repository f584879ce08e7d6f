//! How often tokens were looked at, and what came of it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Whether a token was seen a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It was, and what came of it holds.
    Hit,
    /// It was not, so it was verified.
    Miss,
}

/// What came of a look at a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A caller.
    Ok,
    /// A refusal, for a flaw of the token.
    Refused,
    /// A refusal, for nobody could tell.
    Unavailable,
}

/// Counts of looks at tokens; they only go up. Shared by the directories of one process.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Memory::ALL.len() * Outcome::ALL.len()]);

impl Memory {
    /// Both, in the order of their variants.
    pub const ALL: &[Self] = &[Self::Hit, Self::Miss];

    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

impl Outcome {
    /// Each, in the order of their variants.
    pub const ALL: &[Self] = &[Self::Ok, Self::Refused, Self::Unavailable];

    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Tally {
    /// How often it was so.
    pub fn get(&self, memory: Memory, outcome: Outcome) -> u64 {
        self.cell(memory, outcome).map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, memory: Memory, outcome: Outcome) {
        if let Some(cell) = self.cell(memory, outcome) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn cell(&self, memory: Memory, outcome: Outcome) -> Option<&AtomicU64> {
        self.0.get(memory as usize * Outcome::ALL.len() + outcome as usize)
    }
}
