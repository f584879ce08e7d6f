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

use super::demand::Demand;
use super::{Account, Answer, At, Measure, Numbers, OnStoreError, Pace, Task};
use crate::bounds::{LEASE_LIFE, LEASE_WINDOW, STORE_REST_MIN};

/// One cell.
#[derive(Debug)]
pub(super) struct Lease {
    pace: Pace,
    on_store_error: OnStoreError,
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
    /// How far the store's arrival time was ahead of its clock when it last spoke, and when that was.
    told: Option<(u64, u64)>,
    demand: Demand,
    away: Option<Away>,
}

/// What is on its way to the store.
#[derive(Debug)]
struct Away {
    debt: u64,
    since: u64,
}

impl Lease {
    pub fn new(pace: Pace, on_store_error: OnStoreError) -> Self {
        Self {
            pace,
            on_store_error,
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
            told: None,
            demand: Demand::default(),
            away: None,
        }
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
        let is_hot = self.demand.is_hot(at);
        let is_low = self.left.saturating_mul(10) <= self.lent.saturating_mul(3);
        is_hot && is_low && at.now >= self.dry
    }

    /// How much a busy cell should have in hand: what it needs for a window, at least its part of what the rate
    /// gives in one, at most half of its part of the burst.
    fn target(&self, at: At) -> u64 {
        let share = micros(LEASE_WINDOW) / self.pace.interval.max(1) / at.replicas.max(1);
        let most = (self.pace.burst / at.replicas.max(1).saturating_mul(2)).max(1);
        self.demand.now(at).max(share).clamp(1, most)
    }

    fn look_at_share(&self, short: u64, at: At) -> Result<(), u64> {
        let (step, room) = self.share_numbers(at);
        let next = self.share.max(at.now).saturating_add(step.saturating_mul(short));
        // What is more than a whole share has to find it whole.
        let room = room.max(step.saturating_mul(short.min(self.pace.burst)));
        match next.saturating_sub(at.now).saturating_sub(room) {
            0 => Ok(()),
            wait => Err(wait),
        }
    }

    /// Time in which the share gets one back, and how far ahead it may be: one call at least.
    fn share_numbers(&self, at: At) -> (u64, u64) {
        let step = self.pace.interval.saturating_mul(at.replicas.max(1));
        (step, self.pace.tolerance().max(step))
    }

    /// Follows what goes through, so that the share is as used up as it should be.
    fn use_share(&mut self, cost: u64, at: At) {
        let (step, room) = self.share_numbers(at);
        let used = self.share.max(at.now).saturating_add(step.saturating_mul(cost));
        self.share = used.min(at.now.saturating_add(room)).max(self.share);
    }
}

impl Account for Lease {
    fn follow(&mut self, numbers: &Numbers) -> bool {
        let Measure::Rate(pace) = numbers.measure else { return false };
        (self.pace, self.on_store_error) = (pace, numbers.on_store_error);
        true
    }

    fn want(&mut self, cost: u64, at: At) {
        self.demand.note(cost, at);
    }

    fn look(&self, cost: u64, at: At) -> Result<(), u64> {
        let short = cost.saturating_sub(self.in_hand(at));
        if short == 0 {
            return Ok(());
        }
        if at.is_lost {
            return match self.on_store_error {
                OnStoreError::Closed => Err(micros(STORE_REST_MIN)),
                OnStoreError::Local => self.look_at_share(short, at),
                OnStoreError::Open => Ok(()),
            };
        }
        if at.now < self.dry {
            let further = self.pace.interval.saturating_mul(short - 1);
            return Err((self.dry - at.now).saturating_add(further));
        }
        if self.uncovered() == 0 {
            return Ok(());
        }
        if self.dry > 0 {
            // The last answer was that there is little: the next one is on its way, and decides.
            return Err(self.pace.interval);
        }
        self.look_at_share(short, at)
    }

    fn take(&mut self, cost: u64, at: At) -> Result<(), u64> {
        self.look(cost, at)?;
        self.expire(at);
        let covered = cost.min(self.left);
        self.left -= covered;
        self.returnable = self.returnable.min(self.left);
        let is_forgiven = at.is_lost && self.on_store_error == OnStoreError::Open;
        if !is_forgiven {
            self.owe(cost - covered, at);
        }
        self.use_share(cost, at);
        Ok(())
    }

    fn debit(&mut self, cost: u64, at: At) {
        self.expire(at);
        let covered = cost.min(self.left);
        self.left -= covered;
        self.returnable = self.returnable.min(self.left);
        self.owe(cost - covered, at);
    }

    fn refund(&mut self, cost: u64, at: At) {
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

    fn undo(&mut self, cost: u64, run: u64, _at: At) {
        let is_same_run = run.abs_diff(self.back_run).is_multiple_of(self.pace.interval);
        self.back = if is_same_run { self.back.saturating_add(cost) } else { cost };
        self.back_run = run;
    }

    fn note(&mut self, cost: u64, used: Option<u64>, at: At) {
        self.use_share(cost, at);
        self.told = used.map(|used| (used, at.now)).or(self.told);
    }

    fn is_due(&mut self, at: At) -> bool {
        self.expire(at);
        !at.is_lost
            && self.away.is_none()
            && (self.back > 0 || self.owed > 0 || self.is_running_out(at) && self.target(at) > self.left)
    }

    fn order(&mut self, at: At) -> Option<Task> {
        if !self.is_due(at) {
            return None;
        }
        if self.back > 0 {
            let count = std::mem::take(&mut self.back);
            self.away = Some(Away { debt: 0, since: at.now });
            return Some(Task::GiveBack { pace: self.pace, count, run: self.back_run });
        }
        let debt = std::mem::take(&mut self.owed);
        let since = if debt > 0 { self.owed_since } else { at.now };
        self.away = Some(Away { debt, since });
        let want = if self.is_running_out(at) { self.target(at).saturating_sub(self.left) } else { 0 };
        Some(Task::Lend { pace: self.pace, debt, ago: at.now.saturating_sub(since), want })
    }

    fn learn(&mut self, answer: Answer, at: At) {
        self.away = None;
        self.expire(at);
        let Answer::Lent { count, wait, run, ahead } = answer else { return };
        self.told = Some((ahead, at.now));
        if count > 0 {
            let is_same_run = run.abs_diff(self.run).is_multiple_of(self.pace.interval);
            self.returnable = if is_same_run { self.returnable.saturating_add(count) } else { count };
            self.left = self.left.saturating_add(count);
            (self.lent, self.run) = (self.left, run);
            self.until = at.now.saturating_add(micros(LEASE_LIFE));
        }
        self.dry = if wait > 0 { at.now.saturating_add(wait) } else { 0 };
        if wait > 0 {
            // What all of them have is used up, and so is every part of it; what is owed beyond that, too.
            let (_, room) = self.share_numbers(at);
            let debt = wait.saturating_sub(self.pace.interval);
            self.share = at.now.saturating_add(room).saturating_add(debt);
        }
    }

    fn fail(&mut self) {
        if let Some(Away { debt, since }) = self.away.take().filter(|away| away.debt > 0) {
            self.owed_since = if self.owed > 0 { self.owed_since.min(since) } else { since };
            self.owed = self.owed.saturating_add(debt);
        }
    }

    fn is_idle(&self, at: At, _is_crowded: bool) -> bool {
        let is_settled = self.left == 0 && self.owed == 0 && self.back == 0 && self.away.is_none();
        let is_full = at.now >= self.dry && at.now >= self.share;
        is_settled && is_full && self.demand.is_over(at)
    }

    fn used(&self, at: At) -> Option<u64> {
        let (ahead, heard) = self.told?;
        let owed = self.uncovered().saturating_mul(self.pace.interval);
        let in_hand = self.in_hand(at).saturating_mul(self.pace.interval);
        let back = at.now.saturating_sub(heard).saturating_add(in_hand);
        let used = u128::from(ahead.saturating_add(owed).saturating_sub(back));
        let thousandths = used * 1000 / u128::from(self.pace.tolerance().max(1));
        Some(u64::try_from(thousandths).unwrap_or(u64::MAX))
    }
}

pub(super) fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
