//! Charging the limits that are held together with other replicas.
//!
//! Their cells lie with the [`Leases`] or, where calls wait for it, with the store itself; the ledger charges them
//! beside its own, all or nothing. A limit is asked of the store only if it is a caller's own: all cells of one
//! question lie in one place of a cluster.

use std::sync::Arc;
use std::time::Duration;

use super::bill::Cost;
use super::hold::{At, Slot};
use super::key::Width;
use super::shared::Place;
use super::{
    Asked, Bill, Exceeded, Excess, Grant, Inquiry, Leases, Level, Numbers, Rule, SharedMode, Sharing,
    StoreKey, StoreWord, Subject, Taken,
};
use crate::names::{Mode, Now};

/// The shared limits of one request.
pub(super) struct Pool<'r, 'a> {
    leases: &'a Leases,
    word: StoreWord<'a>,
    now: Now,
    pub cells: Vec<Pooled<'r>>,
    /// How many of the cells were taken from.
    taken: usize,
}

/// One shared limit's cell for one request.
pub(super) struct Pooled<'r> {
    pub rule: &'r Arc<Rule>,
    pub key: StoreKey,
    pub cost: Cost,
    numbers: &'r Arc<Numbers>,
    /// Whether the store has to be asked.
    is_strict: bool,
    /// How the cell is since the store has taken the cost, where it has.
    taken: Option<Taken>,
}

impl<'r, 'a> Pool<'r, 'a> {
    pub fn new(leases: &'a Leases, word: StoreWord<'a>, now: Now) -> Self {
        Self { leases, word, now, cells: Vec::new(), taken: 0 }
    }

    /// Whether the cells of `rule` are not the ledger's own.
    pub fn holds(leases: &Leases, rule: &Rule) -> bool {
        Self::sharing(leases, rule).is_some()
    }

    fn sharing<'s>(leases: &Leases, rule: &'s Rule) -> Option<&'s Sharing> {
        rule.sharing().filter(|_| leases.is_attached())
    }

    /// Looks at the cell of `rule`; `None` where it is not shared, or nobody reaches the store.
    ///
    /// # Errors
    /// [`Exceeded`], as far as that is known here.
    pub fn look(
        &mut self,
        rule: &'r Arc<Rule>,
        subject: &Subject<'_>,
        bill: &Bill<'_>,
    ) -> Option<Result<(), Exceeded<'r>>> {
        let sharing = Self::sharing(self.leases, rule)?;
        let cost = match bill.cost(rule) {
            Ok(cost) => cost,
            Err(excess) => return Some(Err(Exceeded { rule, excess })),
        };
        let (numbers, most) = (&sharing.numbers, sharing.numbers.most());
        if cost.whole > most {
            return Some(Err(Exceeded { rule, excess: Excess::TooMuch { cost: cost.whole, most } }));
        }
        let is_asked = sharing.mode == SharedMode::Strict && rule.per().iter().any(is_of_a_caller);
        let may_wait = !matches!(self.word, StoreWord::Never) && rule.mode() == Mode::Enforce;
        let key = find(self.leases, rule, subject, is_asked);
        let mut cell = Pooled { rule, key, cost, numbers, is_strict: is_asked && may_wait, taken: None };
        let looked = match (cell.is_strict, self.word) {
            (true, StoreWord::Given(inquiry, Grant::Taken(runs))) => {
                let mut taken = inquiry.levels.iter().zip(runs).filter(|(level, _)| level.key == key);
                cell.taken = taken.next().map(|(_, taken)| *taken);
                Ok(())
            }
            (true, StoreWord::Given(inquiry, Grant::Refused { level, wait })) => {
                let is_refusing = inquiry.levels.get(*level).is_some_and(|level| level.key == key);
                if is_refusing { Err(*wait) } else { Ok(()) }
            }
            (true, _) if !self.leases.is_lost() => Ok(()),
            _ => self.leases.look(key, numbers, cost.whole, self.now),
        };
        let looked = looked.map_err(|wait| cell.exceeded(wait));
        self.cells.push(cell);
        Some(looked)
    }

    /// What has to be asked of the store before anything is taken; `None` where nothing has.
    pub fn inquiry(&self) -> Option<Box<Inquiry>> {
        if !matches!(self.word, StoreWord::Askable) || self.leases.is_lost() {
            return None;
        }
        let strict = self.cells.iter().filter(|cell| cell.is_strict);
        let levels: Vec<Asked> = strict.map(|cell| cell.asked(self.now)).collect();
        (!levels.is_empty()).then(|| Box::new(Inquiry { levels }))
    }

    /// Takes the cost from each cell.
    ///
    /// # Errors
    /// The first that has too little; [`Pool::give_back`] is the caller's.
    pub fn take(&mut self) -> Result<(), Exceeded<'r>> {
        for cell in &self.cells {
            let (key, numbers, cost) = (cell.key, cell.numbers, cell.cost.whole);
            let taken = match (cell.taken, cell.is_strict) {
                (Some(Taken { used, .. }), _) => {
                    self.leases.note(key, numbers, (cost, Some(used)), self.now);
                    Ok(())
                }
                (None, true) => self.leases.take_without(key, numbers, cost, self.now),
                (None, false) => self.leases.take(key, numbers, cost, self.now),
            };
            taken.map_err(|wait| cell.exceeded(wait))?;
            self.taken += 1;
        }
        Ok(())
    }

    /// Gives back what was taken, and what the store took by itself.
    pub fn give_back(&self) {
        if let StoreWord::Given(inquiry, Grant::Taken(runs)) = self.word {
            for (level, taken) in inquiry.levels.iter().zip(runs) {
                self.leases.undo(level.key, &level.numbers, (level.cost, taken.run), self.now);
            }
        }
        for cell in self.cells.iter().take(self.taken).filter(|cell| cell.taken.is_none()) {
            self.leases.refund(cell.key, cell.cost.whole, self.now);
        }
    }

    /// How much of each cell all have used, in thousandths, as far as the store has told.
    pub fn used(&self) -> impl Iterator<Item = (&'r Arc<Rule>, Option<u64>)> {
        self.cells.iter().map(|cell| (cell.rule, self.leases.used(cell.key, self.now)))
    }
}

impl<'r> Pooled<'r> {
    fn exceeded(&self, wait: u64) -> Exceeded<'r> {
        Exceeded { rule: self.rule, excess: Excess::Wait(Duration::from_micros(wait)) }
    }

    fn asked(&self, now: Now) -> Asked {
        let (numbers, window) = (Arc::clone(self.numbers), self.numbers.window(now));
        Asked { key: self.key, numbers, cost: self.cost.whole, window }
    }

    /// What has to be settled.
    pub fn slot(&self) -> Option<Slot> {
        let slot = || Slot { rule: Arc::clone(self.rule), at: At::Pool(self.key), cost: self.cost };
        Slot::is_needed(self.rule).then(slot)
    }
}

/// The narrowest cell that is there or has room.
fn find(leases: &Leases, rule: &Rule, subject: &Subject<'_>, is_asked: bool) -> StoreKey {
    let made_up = subject.conversation.is_some() && rule.per().contains(&Level::Conversation);
    let principal = made_up.then_some((Width::Principal, Place::Bound));
    let own = (Width::Own, if made_up { Place::Made } else { Place::Bound });
    let mut widths = [Some(own), principal].into_iter().flatten();
    let found = widths.find_map(|(width, place)| {
        let key = StoreKey::new(rule, subject, width, is_asked);
        leases.has_room(key, place).then_some(key)
    });
    found.unwrap_or_else(|| StoreKey::new(rule, subject, Width::Rule, is_asked))
}

fn is_of_a_caller(level: &Level) -> bool {
    match level {
        Level::Agent | Level::Conversation | Level::Tenant | Level::User => true,
        Level::Class | Level::Server | Level::Tool => false,
    }
}
