//! All cells, and the one thing that is done with them: charge a call, everywhere or nowhere.

use std::time::Duration;

use super::key::{Key, Keys, Width};
use super::shards::{Room, Shards};
use super::{Charge, Exceeded, Level, Rule, Subject, Verdict};
use crate::bounds::{CELLS_PER_SHARD_MAX, SWEEP_SLACK};
use crate::names::{Mode, Now};

/// All cells of a process.
///
/// Shared by all threads and all policies in turn: a reload forgets nothing. Holds at most
/// `CELL_SHARDS * CELLS_PER_SHARD_MAX` cells and one for each rule; nothing but hashes and times.
#[derive(Debug)]
pub struct Ledger {
    keys: Keys,
    shards: Shards,
}

/// One rule's cell for one call, with the rule's numbers in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Cell<'r> {
    rule: &'r Rule,
    key: Key,
    /// Time in which one call is given back.
    interval: u64,
    /// How far ahead of now the arrival time may be: all of the burst but one.
    tolerance: u64,
    now: u64,
    /// The arrival time as it was seen, then as taking one call left it.
    arrival: u64,
}

impl Ledger {
    /// Makes an empty ledger with hash keys of its own.
    pub fn new() -> Self {
        Self::with_room(CELLS_PER_SHARD_MAX)
    }

    pub(super) fn with_room(cells_per_shard_max: usize) -> Self {
        Self { keys: Keys::new(), shards: Shards::new(cells_per_shard_max) }
    }

    /// Counts one call against all `rules`, or against none if any of them refuses.
    ///
    /// A call that another one overtakes between look and take may be refused although a slower one
    /// would have fitted; never is one admitted that does not fit. Shadow rules are counted each for
    /// itself, and only for calls that go on. One allocation; about 0.14 µs a rule.
    pub fn charge<'r>(
        &self,
        rules: impl Iterator<Item = &'r Rule> + Clone,
        subject: &Subject<'_>,
        now: Now,
    ) -> Charge<'r> {
        let enforced = rules.clone().filter(|rule| rule.mode == Mode::Enforce);
        let mut cells: Vec<Cell<'r>> = enforced.map(|rule| self.cell(rule, subject, now)).collect();
        let refusals = cells.iter().filter_map(|cell| cell.next(cell.arrival).err());
        if let Some(exceeded) = refusals.max_by_key(|exceeded| exceeded.wait) {
            return Charge { verdict: Verdict::Exceeded(exceeded), shadowed: None, near: None };
        }
        // Wide cells are the contended ones: taken last, they are seldom given back.
        cells.sort_by_key(|cell| breadth(cell.rule));
        let near = match self.take_all(&mut cells) {
            Ok(near) => near,
            Err(exceeded) => {
                return Charge { verdict: Verdict::Exceeded(exceeded), shadowed: None, near: None };
            }
        };
        let shadows = rules.filter(|rule| rule.mode == Mode::Shadow);
        let refusals = shadows.filter_map(|rule| self.take(&self.cell(rule, subject, now)).err());
        let shadowed = refusals.max_by_key(|exceeded| exceeded.wait);
        Charge { verdict: Verdict::Granted, shadowed, near }
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.shards.len()
    }

    /// Drops cells that are full again, in `SHARDS_PER_SWEEP` shards; the next call goes on from there.
    ///
    /// Holds one shard's lock at a time, about 10 ns for each of its cells. To be called from a timer,
    /// every second or so: `CELL_SHARDS / SHARDS_PER_SWEEP` calls go round once.
    pub fn sweep(&self, now: Now) {
        // A call in flight may carry an older time: for it, a cell is full a little later.
        self.shards.sweep(nanoseconds(now.steady.saturating_sub(SWEEP_SLACK)));
    }

    /// Looks at the narrowest cell that exists or has room.
    fn cell<'r>(&self, rule: &'r Rule, subject: &Subject<'_>, now: Now) -> Cell<'r> {
        let quota = rule.rate.quota(rule.burst);
        let interval = nanoseconds(quota.replenish_interval());
        let tolerance = interval.saturating_mul(u64::from(quota.burst_size().get() - 1));
        let (key, arrival) = self.find(rule, subject);
        Cell { rule, key, interval, tolerance, now: nanoseconds(now.steady), arrival }
    }

    fn find(&self, rule: &Rule, subject: &Subject<'_>) -> (Key, u64) {
        let made_up = subject.conversation.is_some() && rule.per.contains(&Level::Conversation);
        let principal = made_up.then_some((Width::Principal, Room::Bound));
        let own = (Width::Own, if made_up { Room::Made } else { Room::Bound });
        for (width, room) in [Some(own), principal].into_iter().flatten() {
            let key = self.keys.key(rule, subject, width);
            if let Some(arrival) = self.shards.peek(key, room) {
                return (key, arrival);
            }
        }
        let key = self.keys.key(rule, subject, Width::Rule);
        (key, self.shards.peek(key, Room::Always).unwrap_or_default())
    }

    fn take<'r>(&self, cell: &Cell<'r>) -> Result<u64, Exceeded<'r>> {
        self.shards.step(cell.key, |arrival| cell.next(arrival))
    }

    /// Takes one call from each, or gives back what it took; says which rule is nearly used up.
    fn take_all<'r>(&self, cells: &mut [Cell<'r>]) -> Result<Option<&'r Rule>, Exceeded<'r>> {
        for at in 0..cells.len() {
            match self.take(&cells[at]) {
                Ok(arrival) => cells[at].arrival = arrival,
                Err(exceeded) => {
                    cells[..at].iter().for_each(|cell| self.refund(cell));
                    return Err(exceeded);
                }
            }
        }
        let near = cells.iter().filter_map(|cell| Some((cell.rule, cell.near()?)));
        Ok(near.max_by_key(|(_, used)| *used).map(|(rule, _)| rule))
    }

    /// Gives back the call that was taken.
    fn refund(&self, cell: &Cell<'_>) {
        self.shards.restep(cell.key, |current| {
            // While a cell is in use its times lie whole intervals apart. If they do not, it has
            // been full in between, and giving back would give twice.
            let is_same_run = current.abs_diff(cell.arrival).is_multiple_of(cell.interval);
            is_same_run.then(|| current.saturating_sub(cell.interval))
        });
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl<'r> Cell<'r> {
    /// The arrival time after one more call, or how long to wait for it.
    fn next(&self, arrival: u64) -> Result<u64, Exceeded<'r>> {
        let wait = arrival.saturating_sub(self.tolerance).saturating_sub(self.now);
        if wait > 0 {
            return Err(Exceeded { rule: self.rule, wait: Duration::from_nanos(wait) });
        }
        // A burst of centuries: refused where the time can no longer be written.
        let next = arrival.max(self.now).checked_add(self.interval);
        next.ok_or(Exceeded { rule: self.rule, wait: Duration::from_nanos(self.interval) })
    }

    /// How much of the burst is used, in thousandths, from four fifths on.
    fn near(&self) -> Option<u128> {
        let used = u128::from(self.arrival.saturating_sub(self.now));
        let burst = u128::from(self.tolerance) + u128::from(self.interval);
        let thousandths = used * 1000 / burst;
        (thousandths >= 800).then_some(thousandths)
    }
}

/// How many callers share a cell of this rule, as an order.
fn breadth(rule: &Rule) -> u8 {
    let order = |level: &Level| match level {
        Level::Conversation => 0,
        Level::User => 1,
        Level::Agent => 2,
        Level::Tool => 3,
        Level::Tenant => 4,
        Level::Server => 5,
    };
    rule.per.iter().map(order).min().unwrap_or(6)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SUBJECT, at, rule};
    use super::*;

    #[test]
    fn gives_nothing_back_to_a_cell_that_was_full_since() {
        let (ledger, rule) = (Ledger::new(), rule("slow", &[Level::User], "1/s", 1));
        let mut late = ledger.cell(&rule, &SUBJECT, at(0));
        late.arrival = ledger.take(&late).unwrap_or_default();
        let next = at(1_000_000_001);
        assert_eq!(ledger.charge([&rule].into_iter(), &SUBJECT, next).verdict, Verdict::Granted);
        ledger.refund(&late);
        let verdict = ledger.charge([&rule].into_iter(), &SUBJECT, next).verdict;
        assert_ne!(verdict, Verdict::Granted, "one call a second, and two were");
    }

    #[test]
    fn gives_back_exactly_one_call() {
        let (ledger, rule) = (Ledger::new(), rule("some", &[Level::User], "1/s", 3));
        let mut cell = ledger.cell(&rule, &SUBJECT, at(0));
        cell.arrival = ledger.take(&cell).unwrap_or_default();
        for _ in 0..2 {
            assert!(ledger.take(&cell).is_ok());
        }
        assert!(ledger.take(&cell).is_err());
        ledger.refund(&cell);
        assert!(ledger.take(&cell).is_ok());
        assert!(ledger.take(&cell).is_err());
    }
}
