//! How much is asked of a cell of late: what it should be lent.

use super::At;
use super::lease::micros;
use crate::bounds::{LEASE_HOT, LEASE_LIFE, LEASE_WINDOW};

/// What was asked of a cell, in the window that began then and in the one before.
#[derive(Debug, Default)]
pub(super) struct Demand {
    window: u64,
    seen: u64,
    pace: u64,
}

impl Demand {
    /// Notes that `cost` is wanted now, whatever comes of it.
    pub fn note(&mut self, cost: u64, at: At) {
        let window = micros(LEASE_WINDOW);
        if at.now >= self.window.saturating_add(window) {
            let is_next = at.now < self.window.saturating_add(2 * window);
            self.pace = if is_next { self.seen } else { 0 };
            (self.window, self.seen) = (at.now, 0);
        }
        self.seen = self.seen.saturating_add(cost);
    }

    /// What is asked for in a window now.
    pub fn now(&self, at: At) -> u64 {
        let age = at.now.saturating_sub(self.window);
        let window = micros(LEASE_WINDOW);
        if age >= 2 * window {
            0
        } else if age >= window {
            self.seen
        } else {
            self.seen.max(self.pace)
        }
    }

    /// Whether it is so much that the cell is lent to.
    pub fn is_hot(&self, at: At) -> bool {
        self.now(at) >= LEASE_HOT
    }

    /// Whether nothing was asked for longer than a lease lives.
    pub fn is_over(&self, at: At) -> bool {
        at.now >= self.window.saturating_add(micros(LEASE_LIFE))
    }
}
