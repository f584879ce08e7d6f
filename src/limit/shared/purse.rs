//! One cell of a shared budget, as one replica sees it: what it has spent, and how far the store lets it go.
//!
//! ```text
//!             spent here        in hand         the rest that the store has for all
//!  0 ├───────────────────────┼────────────┼──────────────────────────────────────────┤ amount
//!                           own        granted                │
//!                                          └── a part of it for each replica ──▶ on credit
//! ```
//!
//! **What is told** is never a difference, but all that this replica has spent in the window of the calendar, and
//! how much more it wants to hold. The store adds up what all of them said last. So an answer that got lost, a
//! word that is said twice or heard late, and a store that forgot everything change nothing: the next word puts it
//! right. What was held by a replica that died is lost for the window. A store that forgot everything hears of it again
//! from one replica after the other; so each says, with its first word over a new connection, what the others had
//! used when it last heard of them, and until they have spoken for themselves the store counts that as used.
//!
//! **Credit.** A call that the store has not heard of goes on where the store had enough left at its last word (or was
//! never heard): one call of any cost at a time, more of them as far as this replica's part of that rest goes, but
//! not when the rest is about to be over. So a replica is one call too early at most, and one that never heard of the
//! cell as many as come while the first answer is on its way. **Without the store** the part is all there is, so that
//! all parts together are the rest. A call that begins while something is left may overdraw by this replica's part
//! of the overdraft.
//!
//! **When nothing is left** calls are refused until the window ends; now and then one asks whether another
//! replica has given something back. A purse of which nothing is left is not forgotten before its window is over, or
//! its caller would have credit again.

use std::sync::Arc;

use super::demand::Demand;
use super::lease::micros;
use super::{Account, Answer, At, Measure, Numbers, OnStoreError, Task, Tell};
use crate::bounds::{LEASE_LIFE, LEASE_WINDOW, STORE_CELL_SLACK, STORE_REST_MAX, STORE_REST_MIN};
use crate::limit::Budget;

/// One cell.
#[derive(Debug)]
pub(super) struct Purse {
    budget: Arc<Budget>,
    on_store_error: OnStoreError,
    /// The minute in which the window ends; zero before the first.
    end: u64,
    /// What tells this purse from one that was forgotten, or was for another window.
    birth: u64,
    /// Spent here; below zero where more came back than was.
    own: i64,
    /// How far `own` may go by the store's last word, and what it knows of it.
    granted: i64,
    told: i64,
    /// How much was in hand when the store last lent, and when what is left of it goes back.
    lent: u64,
    until: u64,
    /// What all have spent or hold, by the store's last word, and when that was.
    used: Option<u64>,
    heard: u64,
    /// What of it was not this replica's.
    others: u64,
    /// Of which connection the last word was.
    epoch: u64,
    /// What a refused call would have taken, where the store is to be asked for it.
    asks: Option<u64>,
    demand: Demand,
    away: Option<Away>,
}

/// What is on its way to the store.
#[derive(Debug)]
struct Away {
    seq: u64,
    own: i64,
    epoch: u64,
}

const MINUTE_MS: u64 = 60_000;

impl Purse {
    pub fn new(budget: &Arc<Budget>, on_store_error: OnStoreError) -> Self {
        Self {
            budget: Arc::clone(budget),
            on_store_error,
            end: 0,
            birth: 0,
            own: 0,
            granted: 0,
            told: 0,
            lent: 0,
            until: 0,
            used: None,
            heard: 0,
            others: 0,
            epoch: 0,
            asks: None,
            demand: Demand::default(),
            away: None,
        }
    }

    /// Begins a new window where one has begun. A late request is charged to the one that runs.
    fn roll(&mut self, at: At) {
        let end = self.budget.end_minute(at.unix_ms);
        // A policy that makes the windows shorter begins anew, too; a day may have 25 hours.
        let window = self.budget.period().longest().as_secs() / 60 + 60;
        if self.end >= end && self.end - end <= window {
            return;
        }
        // Where the policy changes the windows, what was spent of one that still runs counts for the next.
        let carried = if at.unix_ms < self.end.saturating_mul(MINUTE_MS) { self.own.max(0) } else { 0 };
        let demand = std::mem::take(&mut self.demand);
        let fresh = Self::new(&self.budget, self.on_store_error);
        *self = Self { end, birth: at.stamp, own: carried, demand, ..fresh };
    }

    /// What is in hand; below zero what is on credit.
    fn in_hand(&self) -> i64 {
        self.granted.saturating_sub(self.own)
    }

    /// What the store had for all at its last word; below zero what all owe.
    fn rest(&self) -> i64 {
        signed(self.budget.amount()).saturating_sub(signed(self.used.unwrap_or_default()))
    }

    fn is_dry(&self) -> bool {
        self.rest() <= 0
    }

    /// Whether less than three tenths are left of what a busy purse was lent, and the store may have more.
    fn is_running_out(&self, at: At) -> bool {
        let in_hand = self.in_hand().max(0).unsigned_abs();
        let is_low = in_hand.saturating_mul(10) <= self.lent.saturating_mul(3);
        self.demand.is_hot(at) && is_low && !self.is_dry()
    }

    /// How much a busy purse should have in hand: what it needs for a window, at most half of its part of the rest.
    fn target(&self, at: At) -> u64 {
        let most = self.rest().max(0).unsigned_abs() / at.replicas.max(1).saturating_mul(2);
        self.demand.now(at).clamp(1, most.max(1))
    }

    /// How much it wants to hold now.
    fn wanted(&self, at: At) -> u64 {
        let kept = if at.now < self.until { self.in_hand().max(0).unsigned_abs() } else { 0 };
        let target = if self.is_running_out(at) { self.target(at) } else { 0 };
        kept.max(target).max(self.asks.unwrap_or_default())
    }

    /// How much may be on credit now.
    fn part(&self, at: At) -> i64 {
        let (rest, replicas) = (self.rest(), at.replicas.max(1));
        if rest <= 0 || self.in_hand() >= 0 {
            return rest;
        }
        // Near the end the others' credit, of which nothing is known here, would be a part of what is left.
        let soon = self.demand.now(at).saturating_mul(2).saturating_mul(replicas);
        let is_near_end = !at.is_lost && self.used.is_some() && rest < signed(soon) && replicas > 1;
        if is_near_end { 0 } else { rest / signed(replicas) }
    }

    fn until_end(&self, at: At) -> u64 {
        self.end.saturating_mul(MINUTE_MS).saturating_sub(at.unix_ms).saturating_mul(1000)
    }
}

impl Account for Purse {
    fn follow(&mut self, numbers: &Numbers) -> bool {
        let Measure::Budget(budget) = &numbers.measure else { return false };
        if !Arc::ptr_eq(&self.budget, budget) {
            self.budget = Arc::clone(budget);
        }
        self.on_store_error = numbers.on_store_error;
        true
    }

    fn want(&mut self, cost: u64, at: At) {
        self.roll(at);
        self.demand.note(cost, at);
        let is_refused = self.is_dry() && signed(cost) > self.in_hand().saturating_add(self.rest());
        if is_refused && at.now >= self.heard.saturating_add(micros(LEASE_LIFE)) {
            self.asks = Some(cost.max(1));
        }
    }

    fn look(&self, cost: u64, at: At) -> Result<(), u64> {
        let (cost, in_hand, rest) = (signed(cost), self.in_hand(), self.rest());
        // What all owe is missing here, too. Who asks for nothing is not refused for it.
        if cost == 0 || cost <= in_hand.saturating_add(rest.min(0)) {
            return Ok(());
        }
        if at.is_lost {
            match self.on_store_error {
                OnStoreError::Closed => return Err(micros(STORE_REST_MIN)),
                OnStoreError::Open => return Ok(()),
                OnStoreError::Local => {}
            }
        }
        let room = in_hand.saturating_add(self.part(at));
        let over = self.budget.most().saturating_sub(self.budget.amount()) / at.replicas.max(1);
        if room > 0 && cost <= room.saturating_add(signed(over)) {
            return Ok(());
        }
        if self.is_dry() {
            Err(self.until_end(at))
        } else if at.is_lost {
            // When the store is back it may have more.
            Err(micros(STORE_REST_MAX).min(self.until_end(at)))
        } else {
            Err(micros(LEASE_WINDOW).min(self.until_end(at)))
        }
    }

    fn take(&mut self, cost: u64, at: At) -> Result<(), u64> {
        self.roll(at);
        self.look(cost, at)?;
        let is_forgiven = at.is_lost && self.on_store_error == OnStoreError::Open;
        let cost = signed(cost);
        let cost = if is_forgiven { cost.min(self.in_hand().max(0)) } else { cost };
        self.own = self.own.saturating_add(cost);
        Ok(())
    }

    fn debit(&mut self, cost: u64, at: At) {
        self.roll(at);
        self.own = self.own.saturating_add(signed(cost));
    }

    fn refund(&mut self, cost: u64, at: At) {
        self.roll(at);
        self.own = self.own.saturating_sub(signed(cost));
        self.until = self.until.max(at.now.saturating_add(micros(LEASE_LIFE)));
    }

    fn undo(&mut self, cost: u64, _run: u64, at: At) {
        self.roll(at);
        self.own = self.own.saturating_sub(signed(cost));
        self.until = at.now;
    }

    fn note(&mut self, _cost: u64, used: Option<u64>, at: At) {
        self.roll(at);
        if used.is_some() {
            (self.used, self.heard) = (used, at.now);
        }
    }

    fn is_due(&mut self, at: At) -> bool {
        self.roll(at);
        let in_hand = self.in_hand();
        let is_idle = (in_hand > 0 || self.own != self.told) && at.now >= self.until;
        // A store that was away may have forgotten what it was told.
        let is_untold = self.own != 0 && self.epoch != at.epoch;
        let is_short = in_hand < 0 || self.asks.is_some();
        let wants = self.is_running_out(at) && signed(self.target(at)) > in_hand;
        !at.is_lost && self.away.is_none() && (is_idle || is_untold || is_short || wants)
    }

    fn order(&mut self, at: At) -> Option<Task> {
        if !self.is_due(at) {
            return None;
        }
        let want = self.wanted(at);
        let (seq, own) = (at.stamp, self.own);
        self.away = Some(Away { seq, own, epoch: at.epoch });
        // What goes back is not spent meanwhile.
        self.granted = self.granted.min(own.saturating_add(signed(want)));
        let life_ms = self.end.saturating_mul(MINUTE_MS).saturating_sub(at.unix_ms);
        let slack_ms = micros(STORE_CELL_SLACK) / 1000;
        let others = if self.epoch == at.epoch { 0 } else { self.others };
        let (end, birth, amount) = (self.end, self.birth, self.budget.amount());
        Some(Task::Tell(Tell {
            end,
            life_ms: life_ms.saturating_add(slack_ms),
            birth,
            seq,
            own,
            want,
            others,
            amount,
        }))
    }

    fn learn(&mut self, answer: Answer, at: At) {
        let Answer::Told { seq, held, used } = answer else { return };
        // The answer to what was asked about the window before says nothing of this one.
        let Some(Away { own, epoch, .. }) = self.away.take_if(|away| away.seq == seq) else { return };
        (self.told, self.epoch, self.granted) = (own, epoch, own.saturating_add(signed(held)));
        (self.used, self.heard, self.asks) = (Some(used), at.now, None);
        self.others = signed(used).saturating_sub(self.granted).max(0).unsigned_abs();
        if held > 0 {
            (self.lent, self.until) = (held, at.now.saturating_add(micros(LEASE_LIFE)));
        }
    }

    fn fail(&mut self) {
        self.away = None;
    }

    fn is_idle(&self, at: At, is_crowded: bool) -> bool {
        let is_said = self.away.is_none() && self.own == self.granted && self.own == self.told;
        let is_over = at.unix_ms >= self.end.saturating_mul(MINUTE_MS);
        let is_empty = self.own == 0 && self.used.unwrap_or_default() == 0;
        (is_over || is_said && (is_empty || is_crowded && !self.is_dry())) && self.demand.is_over(at)
    }

    fn used(&self, _at: At) -> Option<u64> {
        let used = signed(self.used?).saturating_sub(self.in_hand()).max(0).unsigned_abs();
        let thousandths = u128::from(used) * 1000 / u128::from(self.budget.amount().max(1));
        Some(u64::try_from(thousandths).unwrap_or(u64::MAX))
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
