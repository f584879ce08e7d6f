//! What a request holds until it ends: its places among those in flight, and guesses to be made good.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bill::{Answered, Cost, of_answer};
use super::key::{CellId, Key};
use super::tokens::IS_EXACT;
use super::{Kind, Ledger, Rule, StoreKey, Unit};
use crate::names::Now;

/// What a request holds until it ends.
///
/// However it ends, its places among those in flight are free again: dropping the hold frees them. Dropped
/// without being settled, the request never came to the server: what was guessed of its answer is given back.
#[derive(Debug)]
#[must_use = "dropping a hold frees its places at once"]
pub struct Hold {
    places: Arc<Places>,
    is_settled: bool,
}

/// The places of a request among those in flight, for whoever may have to free them early.
#[derive(Debug)]
pub struct Places {
    ledger: Arc<Ledger>,
    slots: Box<[Slot]>,
    /// The tool that answers, as the ledger numbers it.
    tool: Option<u64>,
    began: Now,
    is_free: AtomicBool,
}

/// One cell that a request was charged to, and has to be looked at again.
#[derive(Debug)]
pub(super) struct Slot {
    pub rule: Arc<Rule>,
    pub at: At,
    pub cost: Cost,
}

/// Where a cell is.
#[derive(Debug)]
pub(super) enum At {
    /// In the ledger, with the number that was left in it.
    Ledger { key: Key, taken: u64 },
    /// Among those that are shared.
    Pool(StoreKey),
}

impl Slot {
    /// Whether a request that was charged to `rule` has something to settle.
    pub fn is_needed(rule: &Rule) -> bool {
        matches!(rule.kind(), Kind::Concurrency(_)) || rule.unit().is_settled_by_answers()
    }
}

impl Hold {
    pub(super) fn new(ledger: &Arc<Ledger>, slots: Vec<Slot>, tool: Option<u64>, began: Now) -> Option<Self> {
        if slots.is_empty() {
            return None;
        }
        let (ledger, is_free) = (Arc::clone(ledger), AtomicBool::new(false));
        let places = Arc::new(Places { ledger, slots: slots.into(), tool, began, is_free });
        Some(Self { places, is_settled: false })
    }

    /// Whether the tokens of the answer are to be counted.
    pub fn counts_tokens(&self) -> bool {
        IS_EXACT && self.places.slots.iter().any(|slot| *slot.rule.unit() == Unit::Tokens)
    }

    /// The cells in which it has a place among those in flight.
    pub fn cells(&self) -> impl Iterator<Item = CellId> {
        let slots = self.places.slots.iter();
        let in_flight = slots.filter(|slot| matches!(slot.rule.kind(), Kind::Concurrency(_)));
        in_flight.filter_map(|slot| match slot.at {
            At::Ledger { key, .. } => Some(CellId(key)),
            At::Pool(_) => None,
        })
    }

    /// What may be freed before the request ends: its client has taken it back.
    pub fn places(&self) -> Arc<Places> {
        Arc::clone(&self.places)
    }

    /// Makes good what was guessed, after the request took `took`, and frees what it held.
    pub fn settle(mut self, answered: Answered, took: Duration) {
        self.is_settled = true;
        let began = self.places.began;
        let now = began.after(took);
        let Places { ledger, tool, .. } = &*self.places;
        if let Some(tool) = tool.as_ref().filter(|_| answered.response_bytes > 0) {
            ledger.learn(*tool, answered.response_bytes);
        }
        self.places.make_good(answered, now);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.is_settled {
            self.places.make_good(Answered::default(), self.places.began);
        }
        self.places.free();
    }
}

impl Places {
    /// Takes or gives back the difference between what was guessed and what it cost.
    fn make_good(&self, answered: Answered, now: Now) {
        for slot in self.slots.iter().filter(|slot| slot.rule.unit().is_settled_by_answers()) {
            let true_cost = slot.cost.known.saturating_add(of_answer(slot.rule.unit(), answered));
            if true_cost > slot.cost.whole {
                self.ledger.debit(slot, true_cost - slot.cost.whole, now);
            } else {
                self.ledger.refund(slot, slot.cost.whole - true_cost, now);
            }
        }
    }

    /// Frees the places among those in flight, once.
    pub fn free(&self) {
        if self.is_free.swap(true, Ordering::Relaxed) {
            return;
        }
        for slot in self.slots.iter().filter(|slot| matches!(slot.rule.kind(), Kind::Concurrency(_))) {
            self.ledger.refund(slot, 1, self.began);
        }
    }
}
