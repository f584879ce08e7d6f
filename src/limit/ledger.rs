//! All cells, and the one thing that is done with them: charge a request, everywhere or nowhere.

use std::sync::Arc;

use super::bill::Cost;
use super::cell::Gauge;
use super::estimates::Estimates;
use super::hold::{At, Slot};
use super::key::{CellId, Key, Keys, Width};
use super::pooled::{Pool, Pooled};
use super::roster::{Entry, List, Roster, Standing, Word};
use super::shards::{Room, Shards};
use super::{Bill, Charge, Exceeded, Excess, Hold, Leases, Left, Level, Rule, StoreWord, Subject, Verdict};
use crate::bounds::{CELLS_PER_SHARD_MAX, SWEEP_SLACK};
use crate::names::{Mode, Now};

/// All cells of a process.
///
/// Shared by all threads and all policies in turn: a reload forgets nothing. Holds at most
/// `CELL_SHARDS * CELLS_PER_SHARD_MAX` cells, of one limit three quarters of that, and one for each rule;
/// nothing but hashes and numbers.
#[derive(Debug)]
pub struct Ledger {
    keys: Keys,
    shards: Shards,
    roster: Roster,
    estimates: Estimates,
    leases: Arc<Leases>,
}

/// One rule's cell for one request.
struct Cell<'r, 'l> {
    rule: &'r Arc<Rule>,
    entry: &'l Entry,
    gauge: Gauge,
    key: Key,
    cost: Cost,
    /// The number as it was seen, then as taking the cost left it.
    value: u64,
}

/// A rule that has no room, and in which cell.
struct Refused<'r> {
    exceeded: Exceeded<'r>,
    cell: Option<Key>,
}

impl Ledger {
    /// Makes an empty ledger with hash keys of its own.
    pub fn new() -> Self {
        Self::with_room(CELLS_PER_SHARD_MAX)
    }

    pub(super) fn with_room(cells_per_shard_max: usize) -> Self {
        Self {
            keys: Keys::new(),
            shards: Shards::new(cells_per_shard_max),
            roster: Roster::default(),
            estimates: Estimates::new(),
            leases: Arc::default(),
        }
    }

    /// Takes what a request costs from the cells of all `rules`, or from none if any of them refuses.
    ///
    /// A request that another one overtakes between look and take may be refused although a slower one
    /// would have fitted; never is one admitted that does not fit. Shadow rules are counted each for
    /// itself, and only for requests that go on. One allocation, and two more where there is something to
    /// settle; about 0.15 µs a rule.
    pub fn charge<'r>(
        self: &Arc<Self>,
        rules: impl Iterator<Item = &'r Arc<Rule>> + Clone,
        request: (&Subject<'_>, &Bill<'_>),
        now: Now,
    ) -> Charge<'r> {
        self.charge_by(rules, request, StoreWord::Never, now)
    }

    /// Does what [`Ledger::charge`] does, by what is known of the store's word. Where it has to be asked first,
    /// nothing is taken, and the verdict says what to ask.
    pub fn charge_by<'r>(
        self: &Arc<Self>,
        rules: impl Iterator<Item = &'r Arc<Rule>> + Clone,
        (subject, bill): (&Subject<'_>, &Bill<'_>),
        word: StoreWord<'_>,
        now: Now,
    ) -> Charge<'r> {
        let list = self.roster.with(rules.clone());
        let mut pool = Pool::new(&self.leases, word, now);
        let mut cells: Vec<Cell<'r, '_>> = Vec::with_capacity(rules.size_hint().1.unwrap_or_default());
        let mut refused: Option<Refused<'r>> = None;
        for rule in rules.clone().filter(|rule| rule.mode() == Mode::Enforce) {
            let looked = match pool.look(rule, subject, bill) {
                Some(looked) => looked.map_err(Refused::of_pool),
                None => {
                    let cell = self.look(&list, rule, subject, bill, now).and_then(Cell::peek);
                    cell.map(|cell| cells.push(cell))
                }
            };
            if let Err(other) = looked
                && refused.as_ref().is_none_or(|known| known.is_shorter_than(&other))
            {
                refused = Some(other);
            }
        }
        if let (None, Some(inquiry)) = (&refused, pool.inquiry()) {
            let verdict = Verdict::Asked(inquiry);
            return Charge { verdict, shadowed: None, near: None, hold: None, full: None };
        }
        // Wide cells are the contended ones: taken last, they are seldom given back.
        cells.sort_by_key(|cell| breadth(cell.rule));
        let mut take = || {
            let taken = pool.take().map_err(Refused::of_pool);
            taken.and_then(|()| self.take_all(&mut cells)).err()
        };
        if let Some(Refused { exceeded, cell }) = refused.or_else(&mut take) {
            pool.give_back();
            pool.used().for_each(|(rule, used)| note(&list, rule, used, now));
            say(&list, exceeded.rule, Word::Deny);
            let full = cell.filter(|_| matches!(exceeded.excess, Excess::InFlight { .. })).map(CellId);
            let verdict = Verdict::Exceeded(exceeded);
            return Charge { verdict, shadowed: None, near: None, hold: None, full };
        }
        let near = cells.iter().filter_map(|cell| Some((cell.rule, cell.tell(now)?)));
        let near = near.max_by_key(|(_, used)| *used).map(|(rule, _)| rule);
        for (rule, used) in pool.used() {
            let is_near = used.is_some_and(|used| used >= NEAR);
            say(&list, rule, if is_near { Word::NearLimit } else { Word::Allow });
            note(&list, rule, used, now);
        }
        let mut slots: Vec<Slot> = cells.iter().filter_map(Cell::slot).collect();
        slots.extend(pool.cells.iter().filter_map(Pooled::slot));
        let shadows = rules.filter(|rule| rule.mode() == Mode::Shadow);
        let shadowed = shadows.filter_map(|rule| {
            let taken = self.charge_shadow((&list, rule), subject, bill, now);
            taken.map(|slot| slots.extend(slot)).err()
        });
        let shadowed = shadowed.max_by_key(|exceeded| exceeded.excess.length());
        let tool = subject.tool.map(|tool| self.keys.number(tool));
        let hold = Hold::new(self, slots, tool, now);
        Charge { verdict: Verdict::Granted, shadowed, near, hold, full: None }
    }

    /// Counts a request for a rule that only tells.
    fn charge_shadow<'r>(
        &self,
        (list, rule): (&List, &'r Arc<Rule>),
        subject: &Subject<'_>,
        bill: &Bill<'_>,
        now: Now,
    ) -> Result<Option<Slot>, Exceeded<'r>> {
        let mut pool = Pool::new(&self.leases, StoreWord::Never, now);
        let taken = match pool.look(rule, subject, bill) {
            Some(looked) => looked.and_then(|()| pool.take()).map(|()| {
                say(list, rule, Word::Allow);
                pool.cells.first().and_then(Pooled::slot)
            }),
            None => {
                let looked = self.look(list, rule, subject, bill, now);
                let taken = looked.and_then(|mut cell| self.take(&mut cell).map(|()| cell));
                taken.map_err(|refused| refused.exceeded).map(|cell| {
                    cell.tell(now);
                    cell.slot()
                })
            }
        };
        taken.inspect_err(|_| say(list, rule, Word::ShadowDeny))
    }

    /// Gives back what the store took for a request that was not charged after all.
    pub fn give_back_to_store(&self, word: StoreWord<'_>, now: Now) {
        Pool::new(&self.leases, word, now).give_back();
    }

    /// The same ledger, which holds shared limits by `leases`.
    #[must_use]
    pub fn sharing(self, leases: Arc<Leases>) -> Self {
        Self { leases, ..self }
    }

    /// How many bytes the next answer of a tool may have, by those so far.
    pub fn expected_bytes(&self, tool: &str) -> u64 {
        self.estimates.expected(self.keys.number(tool))
    }

    /// How a limit stands.
    pub fn standing(&self, rule: &Arc<Rule>, now: Now) -> Standing {
        let list = self.roster.with(std::iter::once(rule));
        list.entry(rule).map(|entry| entry.standing(now)).unwrap_or_default()
    }

    /// What a limit has left for whoever is counted as `subject`, and when all of it is there again; `None` where
    /// only a store knows, which holds it for other replicas too.
    pub fn left(&self, rule: &Arc<Rule>, subject: &Subject<'_>, now: Now) -> Option<Left> {
        if Pool::holds(&self.leases, rule) {
            return None;
        }
        let list = self.roster.with(std::iter::once(rule));
        // INVARIANT: the list was made with this rule in it.
        let entry = list.entry(rule).expect("a limit that is asked about is in the roster");
        let (_, value) = self.find(entry, rule, subject);
        Some(Gauge::new(rule, now).left(value))
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.shards.len()
    }

    /// How often a key found no room, since the start: a wider one, up to one for the whole limit, stood in for it.
    pub fn crowded(&self) -> u64 {
        self.shards.crowded()
    }

    /// How many cells one limit may have.
    pub fn cells_per_limit_max(&self) -> usize {
        self.shards.cells_per_limit_max()
    }

    /// Drops cells that are full again, in `SHARDS_PER_SWEEP` shards; the next call goes on from there. To be called
    /// every second or so. Holds one shard's lock at a time, about 10 ns for each of its cells.
    pub fn sweep(&self, now: Now) {
        // A request in flight may carry an older time: for it, a cell is full a little later.
        let slack_ms = u64::try_from(SWEEP_SLACK.as_millis()).unwrap_or(u64::MAX);
        let steady = now.steady.saturating_sub(SWEEP_SLACK);
        let now = Now { steady, unix_ms: now.unix_ms.saturating_sub(slack_ms) };
        self.shards.sweep(&self.roster.all(), now);
    }

    /// Looks at the narrowest cell that exists or has room.
    fn look<'r, 'l>(
        &self,
        list: &'l List,
        rule: &'r Arc<Rule>,
        subject: &Subject<'_>,
        bill: &Bill<'_>,
        now: Now,
    ) -> Result<Cell<'r, 'l>, Refused<'r>> {
        let unmeasured = |excess| Refused { exceeded: Exceeded { rule, excess }, cell: None };
        let cost = bill.cost(rule).map_err(unmeasured)?;
        // INVARIANT: the list was made with this rule in it.
        let entry = list.entry(rule).expect("a limit that is charged is in the roster");
        let (key, value) = self.find(entry, rule, subject);
        Ok(Cell { rule, entry, gauge: Gauge::new(rule, now), key, cost, value })
    }

    fn find(&self, entry: &Entry, rule: &Rule, subject: &Subject<'_>) -> (Key, u64) {
        let made_up = subject.conversation.is_some() && rule.per().contains(&Level::Conversation);
        let principal = made_up.then_some((Width::Principal, Room::Bound));
        let own = (Width::Own, if made_up { Room::Made } else { Room::Bound });
        for (width, room) in [Some(own), principal].into_iter().flatten() {
            let key = self.keys.key(rule, entry.index, subject, width);
            if let Some(value) = self.shards.peek(key, room, entry) {
                return (key, value);
            }
        }
        let key = self.keys.key(rule, entry.index, subject, Width::Rule);
        (key, self.shards.peek(key, Room::Always, entry).unwrap_or_default())
    }

    /// Takes the cost from one.
    fn take<'r>(&self, cell: &mut Cell<'r, '_>) -> Result<(), Refused<'r>> {
        let step = |value| cell.gauge.take(value, cell.cost.whole);
        match self.shards.step(cell.key, cell.entry, step) {
            Ok(value) => {
                cell.value = value;
                Ok(())
            }
            Err(excess) => Err(cell.refused(excess)),
        }
    }

    /// Takes the cost from each, or gives back what it took.
    fn take_all<'r>(&self, cells: &mut [Cell<'r, '_>]) -> Result<(), Refused<'r>> {
        for at in 0..cells.len() {
            if let Err(refused) = self.take(&mut cells[at]) {
                cells[..at].iter().for_each(|cell| self.give_back(cell));
                return Err(refused);
            }
        }
        Ok(())
    }

    /// Gives back what was taken.
    fn give_back(&self, cell: &Cell<'_, '_>) {
        let Cell { gauge, cost, value: taken, .. } = cell;
        self.shards.restep(cell.key, |value| gauge.refund(value, cost.whole, *taken));
    }

    /// Gives back a part of what a request was charged.
    pub(super) fn refund(&self, slot: &Slot, cost: u64, now: Now) {
        match slot.at {
            At::Ledger { key, taken } => {
                let gauge = Gauge::new(&slot.rule, now);
                self.shards.restep(key, |value| gauge.refund(value, cost, taken));
            }
            At::Pool(key) => self.leases.refund(key, cost, now),
        }
    }

    /// Takes more than a request was charged, whether or not there is room.
    pub(super) fn debit(&self, Slot { rule, at, .. }: &Slot, cost: u64, now: Now) {
        let key = match (at, rule.sharing()) {
            (At::Ledger { key, .. }, _) => *key,
            (At::Pool(key), Some(sharing)) => return self.leases.debit(*key, &sharing.numbers, cost, now),
            (At::Pool(_), None) => return,
        };
        let gauge = Gauge::new(rule, now);
        let list = self.roster.with(std::iter::once(rule));
        if let Some(entry) = list.entry(rule) {
            let taken: Result<u64, Excess> =
                self.shards.step(key, entry, |value| Ok(gauge.debit(value, cost)));
            taken.map(|value| entry.note(gauge.used(value), now)).unwrap_or_default();
        }
    }

    /// Learns how long an answer of a tool was.
    pub(super) fn learn(&self, tool: u64, bytes: u64) {
        self.estimates.learn(tool, bytes);
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl<'r> Cell<'r, '_> {
    /// The same, if there is room for the cost.
    fn peek(self) -> Result<Self, Refused<'r>> {
        match self.gauge.take(self.value, self.cost.whole) {
            Ok(_) => Ok(self),
            Err(excess) => Err(self.refused(excess)),
        }
    }

    fn refused(&self, excess: Excess) -> Refused<'r> {
        Refused { exceeded: Exceeded { rule: self.rule, excess }, cell: Some(self.key) }
    }

    /// Counts a request that the limit let go on; how much is used, in thousandths, from four fifths on.
    fn tell(&self, now: Now) -> Option<u64> {
        let used = self.gauge.used(self.value);
        let is_near = used >= NEAR;
        self.entry.say(if is_near { Word::NearLimit } else { Word::Allow });
        self.entry.note(used, now);
        is_near.then_some(used)
    }

    /// What has to be settled.
    fn slot(&self) -> Option<Slot> {
        let Self { rule, key, cost, value, .. } = self;
        let at = At::Ledger { key: *key, taken: *value };
        let slot = || Slot { rule: Arc::clone(rule), at, cost: *cost };
        Slot::is_needed(rule).then(slot)
    }
}

impl<'r> Refused<'r> {
    fn of_pool(exceeded: Exceeded<'r>) -> Self {
        Self { exceeded, cell: None }
    }
}

impl Refused<'_> {
    fn is_shorter_than(&self, other: &Self) -> bool {
        self.exceeded.excess.length() <= other.exceeded.excess.length()
    }
}

/// Four fifths, in thousandths.
const NEAR: u64 = 800;

fn say(list: &List, rule: &Rule, word: Word) {
    if let Some(entry) = list.entry(rule) {
        entry.say(word);
    }
}

/// Notes how much of a cell is used, where that is known.
fn note(list: &List, rule: &Rule, used: Option<u64>, now: Now) {
    if let (Some(entry), Some(used)) = (list.entry(rule), used) {
        entry.note(used, now);
    }
}

/// How many callers share a cell of this rule, as an order.
fn breadth(rule: &Rule) -> u8 {
    let order = |level: &Level| match level {
        Level::Conversation => 0,
        Level::User => 1,
        Level::Agent => 2,
        Level::Tool => 3,
        Level::Class => 4,
        Level::Tenant => 5,
        Level::Server => 6,
    };
    rule.per().iter().map(order).min().unwrap_or(7)
}
