//! What rates and budgets have in common for whoever keeps their cells.

use std::sync::Arc;

use super::lease::Lease;
use super::purse::Purse;
use super::{Answer, At, Measure, Numbers, Task};

/// One cell of a shared limit, as one replica sees it.
pub(super) trait Account {
    /// Goes by `numbers` from now on; false where they are of another kind, so that the cell has to go.
    fn follow(&mut self, numbers: &Numbers) -> bool;

    /// Notes that `cost` is wanted now, whatever comes of it.
    fn want(&mut self, cost: u64, at: At);

    /// Whether `cost` may be taken now.
    ///
    /// # Errors
    /// How many microseconds to wait.
    fn look(&self, cost: u64, at: At) -> Result<(), u64>;

    /// Takes `cost`, in hand first, the rest on credit.
    ///
    /// # Errors
    /// How many microseconds to wait; nothing was taken.
    fn take(&mut self, cost: u64, at: At) -> Result<(), u64>;

    /// Takes `cost` whether or not it is there: it was spent already.
    fn debit(&mut self, cost: u64, at: At);

    /// Gives back `cost` of what was taken: it is there for the next call, or goes back to the store.
    fn refund(&mut self, cost: u64, at: At);

    /// Lets the store have back what it had itself taken, in its run, for a call that did not go on.
    fn undo(&mut self, cost: u64, run: u64, at: At);

    /// Follows what the store itself took for this replica, and how much is used by its word.
    fn note(&mut self, cost: u64, used: Option<u64>, at: At);

    /// Whether the store has to hear something of it.
    fn is_due(&mut self, at: At) -> bool;

    /// What the store is to do now; `None` where it is nothing, or it is at it.
    fn order(&mut self, at: At) -> Option<Task>;

    /// Hears what the store did.
    fn learn(&mut self, answer: Answer, at: At);

    /// Hears that the store did not answer.
    fn fail(&mut self);

    /// Whether forgetting it changes nothing, or little enough where there is hardly room for others.
    fn is_idle(&self, at: At, is_crowded: bool) -> bool;

    /// How much all have used, in thousandths, as far as the store has told; above 1000 it is in debt.
    fn used(&self, at: At) -> Option<u64>;
}

/// A cell, and whether it stands in the list of those that need the store.
#[derive(Debug)]
pub(super) struct Cell {
    pub numbers: Arc<Numbers>,
    pub is_queued: bool,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Budget(Purse),
    Rate(Lease),
}

impl Cell {
    pub fn new(numbers: &Arc<Numbers>) -> Self {
        Self { numbers: Arc::clone(numbers), is_queued: false, kept: Kept::new(numbers) }
    }

    /// Goes by other numbers from now on, if the policy has changed them.
    pub fn follow(&mut self, numbers: &Arc<Numbers>) {
        if Arc::ptr_eq(&self.numbers, numbers) {
            return;
        }
        self.numbers = Arc::clone(numbers);
        if !self.account_mut().follow(numbers) {
            self.kept = Kept::new(numbers);
        }
    }

    pub fn account(&self) -> &dyn Account {
        match &self.kept {
            Kept::Budget(purse) => purse,
            Kept::Rate(lease) => lease,
        }
    }

    pub fn account_mut(&mut self) -> &mut dyn Account {
        match &mut self.kept {
            Kept::Budget(purse) => purse,
            Kept::Rate(lease) => lease,
        }
    }
}

impl Kept {
    fn new(numbers: &Numbers) -> Self {
        match &numbers.measure {
            Measure::Budget(budget) => Self::Budget(Purse::new(budget, numbers.on_store_error)),
            Measure::Rate(pace) => Self::Rate(Lease::new(*pace, numbers.on_store_error)),
        }
    }
}
