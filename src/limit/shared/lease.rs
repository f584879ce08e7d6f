//! One cell of a shared limit, as one replica sees it: what it was lent, what it took on credit, and its share.
//!
//! ```text
//!            ┌── in hand? ──────────────▶ spend it
//!  a call ───┤── the store said "dry"? ─▶ wait until then
//!            ├── nothing on credit? ────▶ one call on credit, told to the store at once
//!            └── a share of the burst? ─▶ on credit too, while the first answer is on its way
//! ```
//!
//! **Credit** is what makes waiting unnecessary: a call that goes on before the store was asked is owed, and
//! the store takes the debt even where it makes a bucket owe more than it holds. So every call is counted once,
//! what one replica was too early all of them wait for, and over time no more is let through than the rate says.
//! A replica that knows nothing is at most one call too early; one that was told "dry" is never.
//!
//! **The share** is the cell that this replica would have if the limit were divided evenly. It follows all that
//! goes through here, so that it is as used up as it ought to be when the store is lost. It never sinks below
//! empty, for what was lent beyond the share was rightly had; where the store says that there is nothing left, the
//! share is empty, whoever used it up.
//!
//! Times are microseconds since the process started, but for a run, which is the store's own.

use std::sync::Arc;

use super::{Answer, At, Numbers, OnStoreError, Order, Task};
use crate::bounds::{LEASE_HOT, LEASE_LIFE, LEASE_WINDOW, STORE_REST_MIN};

/// One cell.
#[derive(Debug)]
pub(super) struct Lease {
    numbers: Arc<Numbers>,
    /// Lent and not spent.
    left: u64,
    /// How much there was when the store last lent.
    lent: u64,
    /// What of `left` belongs to the last run, and so can be given back.
    returnable: u64,
    /// The arrival time that the store had after lending.
    run: u64,
    /// When what is left goes back.
    until: u64,
    /// Taken and not yet told.
    owed: u64,
    owed_since: u64,
    /// To be given back, and of which run.
    back: u64,
    back_run: u64,
    /// The arrival time of the local share.
    share: u64,
    /// When the store has something again; in the past where it said nothing.
    dry: u64,
    /// What was asked for in the window that began then, and in the one before.
    window: u64,
    seen: u64,
    pace: u64,
    away: Option<Away>,
    /// Whether it stands in the list of those that need the store.
    pub is_queued: bool,
}

/// What is on its way to the store.
#[derive(Debug)]
struct Away {
    debt: u64,
    since: u64,
}

impl Lease {
    pub fn new(numbers: Arc<Numbers>) -> Self {
        Self {
            numbers,
            left: 0,
            lent: 0,
            returnable: 0,
            run: 0,
            until: 0,
            owed: 0,
            owed_since: 0,
            back: 0,
            back_run: 0,
            share: 0,
            dry: 0,
            window: 0,
            seen: 0,
            pace: 0,
            away: None,
            is_queued: false,
        }
    }

    /// Goes by other numbers from now on, if the policy has changed them.
    pub fn follow(&mut self, numbers: &Arc<Numbers>) {
        if !Arc::ptr_eq(&self.numbers, numbers) {
            self.numbers = Arc::clone(numbers);
        }
    }

    /// Notes that `cost` is wanted now, whatever comes of it.
    pub fn want(&mut self, cost: u64, at: At) {
        let window = micros(LEASE_WINDOW);
        if at.now >= self.window.saturating_add(window) {
            let is_next = at.now < self.window.saturating_add(2 * window);
            self.pace = if is_next { self.seen } else { 0 };
            (self.window, self.seen) = (at.now, 0);
        }
        self.seen = self.seen.saturating_add(cost);
    }

    /// Whether `cost` may be taken now.
    ///
    /// # Errors
    /// How long to wait.
    pub fn look(&self, cost: u64, at: At) -> Result<(), u64> {
        let short = cost.saturating_sub(self.in_hand(at));
        if short == 0 {
            return Ok(());
        }
        if at.is_lost {
            return match self.numbers.on_store_error {
                OnStoreError::Closed => Err(micros(STORE_REST_MIN)),
                OnStoreError::Local => self.look_at_share(short, at),
                OnStoreError::Open => Ok(()),
            };
        }
        if at.now < self.dry {
            let further = self.numbers.interval.saturating_mul(short - 1);
            return Err((self.dry - at.now).saturating_add(further));
        }
        if self.uncovered() == 0 {
            return Ok(());
        }
        if self.dry > 0 {
            // The last answer was that there is little: the next one is on its way, and decides.
            return Err(self.numbers.interval);
        }
        self.look_at_share(short, at)
    }

    /// Takes `cost`, in hand first, the rest on credit.
    ///
    /// # Errors
    /// How long to wait; nothing was taken.
    pub fn take(&mut self, cost: u64, at: At) -> Result<(), u64> {
        self.look(cost, at)?;
        self.expire(at);
        let covered = cost.min(self.left);
        self.left -= covered;
        self.returnable = self.returnable.min(self.left);
        let is_forgiven = at.is_lost && self.numbers.on_store_error == OnStoreError::Open;
        if !is_forgiven {
            self.owe(cost - covered, at);
        }
        self.note(cost, at);
        Ok(())
    }

    /// Takes `cost` whether or not it is there: it was spent already.
    pub fn debit(&mut self, cost: u64, at: At) {
        self.expire(at);
        let covered = cost.min(self.left);
        self.left -= covered;
        self.returnable = self.returnable.min(self.left);
        self.owe(cost - covered, at);
    }

    /// Gives back `cost` of what was taken: it is there for the next call, or goes back to the store with the
    /// rest.
    pub fn refund(&mut self, cost: u64, at: At) {
        self.expire(at);
        let forgiven = cost.min(self.owed);
        self.owed -= forgiven;
        let rest = cost - forgiven;
        if rest > 0 {
            self.left = self.left.saturating_add(rest);
            self.until = self.until.max(at.now.saturating_add(micros(LEASE_LIFE)));
        }
        let (step, _) = self.share_numbers(at);
        self.share = self.share.saturating_sub(step.saturating_mul(cost));
    }

    /// Lets the store have back what it had taken for a call that did not go on.
    pub fn undo(&mut self, cost: u64, run: u64) {
        (self.back, self.back_run) = (cost, run);
    }

    /// Follows what the store itself took for this replica, so that the share is as used up as it should be.
    pub fn note(&mut self, cost: u64, at: At) {
        let (step, room) = self.share_numbers(at);
        let used = self.share.max(at.now).saturating_add(step.saturating_mul(cost));
        self.share = used.min(at.now.saturating_add(room)).max(self.share);
    }

    /// Whether the store has to hear something of it.
    pub fn is_due(&mut self, at: At) -> bool {
        self.expire(at);
        !at.is_lost
            && self.away.is_none()
            && (self.back > 0 || self.owed > 0 || self.is_running_out(at) && self.target(at) > self.left)
    }

    /// What the store is to do now; `None` where it is nothing, or it is at it.
    pub fn order(&mut self, at: At) -> Option<Task> {
        if !self.is_due(at) {
            return None;
        }
        if self.back > 0 {
            let count = std::mem::take(&mut self.back);
            self.away = Some(Away { debt: 0, since: at.now });
            return Some(Task::GiveBack { count, run: self.back_run });
        }
        let debt = std::mem::take(&mut self.owed);
        let since = if debt > 0 { self.owed_since } else { at.now };
        self.away = Some(Away { debt, since });
        let want = if self.is_running_out(at) { self.target(at).saturating_sub(self.left) } else { 0 };
        Some(Task::Lend { debt, ago: at.now.saturating_sub(since), want })
    }

    /// Makes an order of what is to be done.
    pub fn written(&self, key: super::StoreKey, task: Task) -> Order {
        Order { key, numbers: Arc::clone(&self.numbers), task }
    }

    /// Hears what the store did.
    pub fn learn(&mut self, answer: Answer, at: At) {
        self.away = None;
        self.expire(at);
        let Answer::Lent { count, wait, run } = answer else { return };
        if count > 0 {
            let is_same_run = run.abs_diff(self.run).is_multiple_of(self.numbers.interval);
            self.returnable = if is_same_run { self.returnable.saturating_add(count) } else { count };
            self.left = self.left.saturating_add(count);
            (self.lent, self.run) = (self.left, run);
            self.until = at.now.saturating_add(micros(LEASE_LIFE));
        }
        self.dry = if wait > 0 { at.now.saturating_add(wait) } else { 0 };
        if wait > 0 {
            // What all of them have is used up, and so is every part of it; what is owed beyond that, too.
            let (_, room) = self.share_numbers(at);
            let debt = wait.saturating_sub(self.numbers.interval);
            self.share = at.now.saturating_add(room).saturating_add(debt);
        }
    }

    /// Hears that the store did not answer: what is owed stays owed, and what it may have lent is lost.
    pub fn fail(&mut self) {
        if let Some(Away { debt, since }) = self.away.take().filter(|away| away.debt > 0) {
            self.owed_since = if self.owed > 0 { self.owed_since.min(since) } else { since };
            self.owed = self.owed.saturating_add(debt);
        }
    }

    /// Whether forgetting it changes nothing.
    pub fn is_idle(&self, at: At) -> bool {
        let is_settled = self.left == 0 && self.owed == 0 && self.back == 0 && self.away.is_none();
        let is_full = at.now >= self.dry && at.now >= self.share;
        is_settled && is_full && !self.is_queued && at.now >= self.window.saturating_add(micros(LEASE_LIFE))
    }

    fn in_hand(&self, at: At) -> u64 {
        if at.now < self.until { self.left } else { 0 }
    }

    /// What went through that the store has not said yes to.
    fn uncovered(&self) -> u64 {
        self.owed.saturating_add(self.away.as_ref().map_or(0, |away| away.debt))
    }

    fn owe(&mut self, cost: u64, at: At) {
        if cost > 0 && self.owed == 0 {
            self.owed_since = at.now;
        }
        self.owed = self.owed.saturating_add(cost);
    }

    /// Puts what was not spent in time where it is given back from.
    fn expire(&mut self, at: At) {
        if self.left > 0 && at.now >= self.until {
            (self.back, self.back_run) = (self.returnable, self.run);
            (self.left, self.lent, self.returnable) = (0, 0, 0);
        }
    }

    /// Whether less than three tenths are left of what a busy cell was lent, and the store may have more.
    fn is_running_out(&self, at: At) -> bool {
        let is_hot = self.demand(at) >= LEASE_HOT;
        let is_low = self.left.saturating_mul(10) <= self.lent.saturating_mul(3);
        is_hot && is_low && at.now >= self.dry
    }

    /// What is asked for in a window now.
    fn demand(&self, at: At) -> u64 {
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

    /// How much a busy cell should have in hand: what it needs for a window, at least its part of what the rate
    /// gives in one, at most half of its part of the burst.
    fn target(&self, at: At) -> u64 {
        let share = micros(LEASE_WINDOW) / self.numbers.interval.max(1) / at.replicas.max(1);
        let most = (self.numbers.burst / at.replicas.max(1).saturating_mul(2)).max(1);
        self.demand(at).max(share).clamp(1, most)
    }

    fn look_at_share(&self, short: u64, at: At) -> Result<(), u64> {
        let (step, room) = self.share_numbers(at);
        let next = self.share.max(at.now).saturating_add(step.saturating_mul(short));
        // What is more than a whole share has to find it whole.
        let room = room.max(step.saturating_mul(short.min(self.numbers.burst)));
        match next.saturating_sub(at.now).saturating_sub(room) {
            0 => Ok(()),
            wait => Err(wait),
        }
    }

    /// Time in which the share gets one back, and how far ahead it may be: one call at least.
    fn share_numbers(&self, at: At) -> (u64, u64) {
        let step = self.numbers.interval.saturating_mul(at.replicas.max(1));
        (step, self.numbers.tolerance().max(step))
    }
}

pub(super) fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
