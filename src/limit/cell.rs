//! The number in a cell: what it means to each kind of limit, and the four things that are done with it.
//!
//! ```text
//! rate          the arrival time of the cell rate algorithm, in nanoseconds of the steady clock
//! budget        26 bits: the minute in which the window ends; 38 bits: what is used of it
//! concurrency   how many are in flight
//! ```
//!
//! Zero is a cell that was never used, for all of them. *Peek* is [`Gauge::take`] whose result is thrown
//! away; *take* is refused where there is no room; *debit* is not, and may leave debt; *refund* gives back.
//!
//! **A refund into a cell that was full since.** What was taken has been made good by time then, and giving it
//! back would give twice. While a rate's cell is in use its times lie whole intervals apart; if they do not, it
//! was full in between and nothing is given. Of a limit in bytes with an interval of some nanoseconds
//! that is sure only to one in as many: there a guess that was too high may be given back to somebody
//! who was idle since, once in a while, and never more than one cell holds.

use std::num::NonZeroU32;
use std::time::Duration;

use super::rule::{Kind, Rule};
use super::{Concurrency, Excess, Left, Rate};
use crate::names::Now;

/// A rule's numbers at one time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gauge {
    Budget {
        /// What there is, and what a request may take that begins while something is left.
        amount: u64,
        most: u64,
        /// The minute in which the window ends.
        end: u64,
        /// Minutes of the longest of its windows; a day may have 25 hours.
        window: u64,
        unix_ms: u64,
    },
    Concurrency(Concurrency),
    Rate {
        /// Time in which one is given back.
        interval: u64,
        burst: u64,
        now: u64,
    },
}

/// Bits of what is used of a budget.
const USED_BITS: u32 = 38;
const USED_MAX: u64 = (1 << USED_BITS) - 1;
const END_MAX: u64 = (1 << (64 - USED_BITS)) - 1;
const MINUTE_MS: u64 = 60_000;

impl Gauge {
    pub fn new(rule: &Rule, now: Now) -> Self {
        match rule.kind() {
            Kind::Budget(budget) => Self::Budget {
                amount: budget.amount(),
                most: budget.most(),
                end: budget.end_minute(now.unix_ms).min(END_MAX),
                window: budget.period().longest().as_secs() / 60 + 60,
                unix_ms: now.unix_ms,
            },
            Kind::Concurrency(concurrency) => Self::Concurrency(*concurrency),
            Kind::Rate { rate, burst } => Self::of_rate(*rate, *burst, now),
        }
    }

    /// The numbers of a rate, of which so many may come at once.
    pub fn of_rate(rate: Rate, burst: NonZeroU32, now: Now) -> Self {
        Self::Rate {
            interval: nanoseconds(rate.interval()),
            burst: burst.get().into(),
            now: nanoseconds(now.steady),
        }
    }

    /// The number after `cost` was taken.
    ///
    /// # Errors
    /// Why there is no room for it.
    pub fn take(&self, value: u64, cost: u64) -> Result<u64, Excess> {
        match *self {
            Self::Budget { amount, most, end, window, unix_ms } => {
                let used = used(value, unix_ms);
                let after = used.saturating_add(cost);
                // Who asks for nothing is not refused for what others owe.
                if cost == 0 || after <= amount || (used < amount && after <= most) {
                    return Ok(pack(end_of(value, end, window), after));
                }
                if cost > most {
                    return Err(Excess::TooMuch { cost, most });
                }
                let wait = end.saturating_mul(MINUTE_MS).saturating_sub(unix_ms);
                Err(Excess::Wait(Duration::from_millis(wait)))
            }
            Self::Concurrency(concurrency) => {
                let most = concurrency.most.get();
                if value < u64::from(most) { Ok(value + 1) } else { Err(Excess::InFlight { most }) }
            }
            Self::Rate { interval, burst, now } => {
                if cost > burst {
                    return Err(Excess::TooMuch { cost, most: burst });
                }
                let tolerance = (burst - cost).saturating_mul(interval);
                let wait = value.saturating_sub(tolerance).saturating_sub(now);
                if wait > 0 && cost > 0 {
                    return Err(Excess::Wait(Duration::from_nanos(wait)));
                }
                // A burst of centuries: refused where the time can no longer be written.
                let next = cost.checked_mul(interval).and_then(|more| value.max(now).checked_add(more));
                next.ok_or(Excess::Wait(Duration::from_nanos(interval)))
            }
        }
    }

    /// The number after `cost` was taken, whether or not there is room.
    pub fn debit(&self, value: u64, cost: u64) -> u64 {
        match *self {
            Self::Budget { end, window, unix_ms, .. } => {
                pack(end_of(value, end, window), used(value, unix_ms).saturating_add(cost))
            }
            Self::Concurrency(_) => value,
            Self::Rate { interval, now, .. } => value.max(now).saturating_add(cost.saturating_mul(interval)),
        }
    }

    /// The number after `cost` was given back, of a take that left `taken` there; `None` where it is as it was.
    pub fn refund(&self, value: u64, cost: u64, taken: u64) -> Option<u64> {
        match *self {
            Self::Budget { .. } => {
                let is_same_window = value >> USED_BITS == taken >> USED_BITS;
                let used = (value & USED_MAX).saturating_sub(cost);
                is_same_window.then_some(value & !USED_MAX | used)
            }
            Self::Concurrency(_) => value.checked_sub(1),
            Self::Rate { interval, .. } => {
                let is_same_run = value.abs_diff(taken).is_multiple_of(interval);
                is_same_run.then(|| value.saturating_sub(cost.saturating_mul(interval)))
            }
        }
    }

    /// What is left, rounded down, and when all of it is there again.
    pub fn left(&self, value: u64) -> Left {
        match *self {
            Self::Budget { amount, end, unix_ms, .. } => {
                let reset = end.saturating_mul(MINUTE_MS).saturating_sub(unix_ms);
                let amount = amount.saturating_sub(used(value, unix_ms));
                Left { amount, reset: Some(Duration::from_millis(reset)) }
            }
            Self::Concurrency(concurrency) => {
                let amount = u64::from(concurrency.most.get()).saturating_sub(value);
                Left { amount, reset: None }
            }
            Self::Rate { interval, burst, now } => {
                let reset = value.saturating_sub(now);
                let amount = burst.saturating_mul(interval).saturating_sub(reset) / interval.max(1);
                Left { amount, reset: Some(Duration::from_nanos(reset)) }
            }
        }
    }

    /// How much is used, in thousandths of what there is.
    pub fn used(&self, value: u64) -> u64 {
        let (used, whole) = match *self {
            Self::Budget { amount, unix_ms, .. } => (used(value, unix_ms), amount),
            Self::Concurrency(concurrency) => (value, concurrency.most.get().into()),
            Self::Rate { interval, burst, now } => {
                (value.saturating_sub(now), burst.saturating_mul(interval))
            }
        };
        let thousandths = u128::from(used) * 1000 / u128::from(whole.max(1));
        u64::try_from(thousandths).unwrap_or(u64::MAX)
    }
}

/// Which kind a cell is of, as far as forgetting it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fading {
    Budget,
    Concurrency,
    Rate,
}

impl Fading {
    pub fn of(rule: &Rule) -> Self {
        match rule.kind() {
            Kind::Budget(_) => Self::Budget,
            Kind::Concurrency(_) => Self::Concurrency,
            Kind::Rate { .. } => Self::Rate,
        }
    }

    /// Whether a cell says as much as one that was never used, to every request from `now` on.
    pub fn is_over(self, value: u64, now: Now) -> bool {
        match self {
            Self::Budget => used(value, now.unix_ms) == 0,
            Self::Concurrency => value == 0,
            Self::Rate => value < nanoseconds(now.steady),
        }
    }
}

/// What is used of the window that a time is in: nothing, once the one that was counted is over.
fn used(value: u64, unix_ms: u64) -> u64 {
    let end_ms = (value >> USED_BITS).saturating_mul(MINUTE_MS);
    if unix_ms < end_ms { value & USED_MAX } else { 0 }
}

/// The window that is charged: the one that has begun since, where a request comes late. A limit whose windows
/// became shorter takes its own.
fn end_of(value: u64, end: u64, window: u64) -> u64 {
    let known = value >> USED_BITS;
    if known.saturating_sub(end) <= window { known.max(end) } else { end }
}

fn pack(end: u64, used: u64) -> u64 {
    end.min(END_MAX) << USED_BITS | used.min(USED_MAX)
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::super::Budget;
    use super::super::tests::{at, rule, terms};
    use super::*;
    use crate::limit::Level;

    const SECOND: u64 = 1_000_000_000;

    fn rate(text: &str, burst: u32, now: u64) -> Gauge {
        Gauge::new(&rule("rate", &[Level::User], text, burst), at(now))
    }

    fn budget(text: &str, overdraft: u8, unix_ms: u64) -> Gauge {
        let budget = Budget::parse(text).expect("a budget").with_overdraft(overdraft);
        let rule = Rule::new(terms("budget", &[], Kind::Budget(budget)));
        Gauge::new(&rule, Now { unix_ms, ..at(0) })
    }

    fn flight(most: u32) -> Gauge {
        Gauge::Concurrency(Concurrency { most: NonZeroU32::new(most).expect("some"), queue: None })
    }

    #[test]
    fn a_rate_takes_several_at_once_up_to_its_burst() {
        let gauge = rate("1/s", 10, 5);
        let taken = gauge.take(0, 7).expect("there are ten");
        assert_eq!(gauge.take(taken, 3).map(|value| gauge.used(value)), Ok(1000));
        assert_eq!(gauge.take(taken, 4), Err(Excess::Wait(Duration::from_secs(1))));
        assert_eq!(gauge.take(taken, 10), Err(Excess::Wait(Duration::from_secs(7))));
        assert_eq!(gauge.take(0, 11), Err(Excess::TooMuch { cost: 11, most: 10 }));
        assert_eq!(gauge.take(0, 10).map(|value| gauge.used(value)), Ok(1000));
    }

    #[test]
    fn a_late_request_forgets_nothing_of_the_window_that_began_since() {
        let day = 86_400_000;
        let spent = budget("9/day", 0, day).take(0, 8).expect("there are nine");
        let late = budget("9/day", 0, day - 1_000).take(spent, 1).expect("one is left");
        assert!(budget("9/day", 0, day).take(late, 1).is_err());
        let owed = budget("9/day", 0, day - 1_000).debit(spent, 5);
        assert!(budget("9/day", 0, day).take(owed, 1).is_err());
        let shorter = budget("9/hour", 0, day).take(spent, 1).expect("one is left");
        assert!(budget("9/hour", 0, day + 3_600_000).take(shorter, 9).is_ok(), "a shorter window is its own");
    }

    #[test]
    fn debt_of_a_rate_delays_what_comes_later() {
        let gauge = rate("1/s", 10, 5);
        let owed = gauge.debit(gauge.take(0, 10).expect("there are ten"), 20);
        assert_eq!(gauge.take(owed, 1), Err(Excess::Wait(Duration::from_secs(21))));
        assert_eq!(gauge.take(owed, 0), Ok(owed), "what costs nothing waits for nothing");
        assert!(rate("1/s", 10, 5 + 21 * SECOND).take(owed, 1).is_ok());
        assert_eq!(gauge.debit(u64::MAX, u64::MAX), u64::MAX, "and does not overflow");
    }

    #[test]
    fn gives_nothing_back_to_a_rate_that_was_full_since() {
        let slow = rate("1/s", 1, 0);
        let late = slow.take(0, 1).expect("it is full");
        let next = rate("1/s", 1, SECOND + 1).take(late, 1).expect("it is full again");
        assert_eq!(slow.refund(next, 1, late), None, "one a second, and two were");
    }

    #[test]
    fn gives_back_exactly_what_is_asked_while_a_rate_is_in_use() {
        let gauge = rate("1/s", 10, 5);
        let mine = gauge.take(0, 4).expect("there are ten");
        let after = gauge.take(mine, 6).expect("there are six");
        let back = gauge.refund(after, 3, mine).expect("it was in use all the time");
        assert!(gauge.take(back, 3).is_ok());
        assert!(gauge.take(back, 4).is_err());
    }

    #[test]
    fn a_budget_ends_with_its_window_and_so_does_its_debt() {
        let day = 24 * 60 * MINUTE_MS;
        let today = budget("10/day", 0, day - 1000);
        let value = today.take(0, 10).expect("all of it");
        assert_eq!(today.take(value, 1), Err(Excess::Wait(Duration::from_secs(1))));
        assert_eq!(today.take(value, 11), Err(Excess::TooMuch { cost: 11, most: 10 }));
        let owed = today.debit(value, 1000);
        assert_eq!(today.used(owed), 101_000);
        let tomorrow = budget("10/day", 0, day);
        assert_eq!(tomorrow.used(owed), 0);
        assert!(tomorrow.take(owed, 10).is_ok());
        assert_eq!(tomorrow.refund(tomorrow.take(owed, 3).expect("ten"), 5, value), None, "of yesterday");
    }

    #[test]
    fn a_budget_takes_up_to_its_end_and_a_refund_comes_back() {
        let gauge = budget("10/day", 0, 0);
        for (cost, fits) in [(9, true), (10, true), (11, false)] {
            assert_eq!(gauge.take(0, cost).is_ok(), fits, "{cost} of 10");
        }
        let value = gauge.take(0, 9).expect("it fits");
        let back = gauge.refund(value, 4, value).expect("the same day");
        assert_eq!(gauge.used(back), 500);
        assert_eq!(gauge.refund(value, 100, value).map(|value| gauge.used(value)), Some(0), "and no more");
    }

    #[test]
    fn an_overdraft_is_for_one_that_begins_while_something_is_left() {
        let gauge = budget("10/day", 50, 0);
        let nine = gauge.take(0, 9).expect("it fits");
        let over = gauge.take(nine, 6).expect("one was left");
        assert!(gauge.take(nine, 7).is_err(), "more than the overdraft");
        assert!(gauge.take(over, 1).is_err(), "nothing is left");
        let (ten, twelve) =
            (gauge.take(0, 10).expect("all of it"), gauge.take(nine, 3).expect("one was left"));
        assert!(
            gauge.take(ten, 1).is_err() && gauge.take(twelve, 1).is_err(),
            "though the overdraft is not used up"
        );
    }

    #[test]
    fn a_budget_that_changes_its_window_forgets_nothing() {
        let value = budget("10/day", 0, 0).take(0, 10).expect("all of it");
        assert!(budget("10/month", 0, 0).take(value, 1).is_err());
        assert!(budget("10/hour", 0, 0).take(value, 1).is_err());
    }

    #[test]
    fn a_place_in_flight_is_free_again_when_it_is_given_back() {
        let gauge = flight(2);
        let two = gauge.take(gauge.take(0, 1).expect("free"), 1).expect("free");
        assert_eq!(gauge.take(two, 1), Err(Excess::InFlight { most: 2 }));
        let one = gauge.refund(two, 1, 0).expect("two were");
        assert!(gauge.take(one, 1).is_ok());
        assert_eq!(gauge.refund(0, 1, 0), None, "nothing was");
    }

    #[test]
    fn only_a_cell_that_says_nothing_more_is_over() {
        let now = |steady, unix_ms| Now { steady: Duration::from_nanos(steady), unix_ms };
        let value = budget("10/hour", 0, 0).take(0, 1).expect("it fits");
        assert!(!Fading::Budget.is_over(value, now(0, 60 * MINUTE_MS - 1)));
        assert!(Fading::Budget.is_over(value, now(0, 60 * MINUTE_MS)));
        assert!(!Fading::Rate.is_over(7, now(7, 0)) && Fading::Rate.is_over(7, now(8, 0)));
        assert!(
            !Fading::Concurrency.is_over(1, now(u64::MAX, u64::MAX))
                && Fading::Concurrency.is_over(0, now(0, 0))
        );
    }
}
