//! A limit that has no room: what its caller and its operator are told.

use std::sync::Arc;

use super::Reason;
use super::words::seconds;
use crate::limit::{CellId, Excess, Kind, Queue, Rule};

/// A limit that has no room for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// The limit: what it counts, for whom, and how.
    pub rule: Arc<Rule>,
    /// Why there is no room, and for how long.
    pub excess: Excess,
    /// Where a place would have to be free.
    pub full: Option<CellId>,
}

impl Limited {
    /// What the limit counts for, in words: `user and tool`.
    pub fn level(&self) -> String {
        let words: Vec<_> = self.rule.per().iter().map(|level| level.as_str()).collect();
        if words.is_empty() { "server".into() } else { words.join(" and ") }
    }

    /// Where the caller may wait for a place, and how.
    pub fn line(&self) -> Option<(CellId, Queue)> {
        match self.rule.kind() {
            Kind::Concurrency(concurrency) => Some((self.full?, concurrency.queue?)),
            Kind::Budget(_) | Kind::Rate { .. } => None,
        }
    }

    pub(super) fn reason(&self) -> Reason {
        match (&self.excess, self.rule.kind()) {
            (Excess::Unmeasured, _) => Reason::Argument,
            (Excess::InFlight { .. } | Excess::TooMuch { .. } | Excess::Wait(_), Kind::Budget(_)) => {
                Reason::Budget
            }
            (
                Excess::InFlight { .. } | Excess::TooMuch { .. } | Excess::Wait(_),
                Kind::Concurrency(_) | Kind::Rate { .. },
            ) => Reason::RateLimit,
        }
    }

    pub(super) fn http_status(&self) -> u16 {
        match self.excess {
            Excess::InFlight { .. } | Excess::TooMuch { .. } | Excess::Wait(_) => 429,
            Excess::Unmeasured => 400,
        }
    }

    pub(super) fn text(&self, what: &str) -> String {
        let level = self.level();
        match (&self.excess, self.rule.kind()) {
            (Excess::InFlight { .. }, _) => format!(
                "{what} was not called: as many requests per {level} are in flight as may be; call again when one of them has ended"
            ),
            (Excess::TooMuch { .. }, _) => format!(
                "{what} was not called: it asks for more than the limit per {level} ever allows; ask for less, waiting does not help"
            ),
            (Excess::Unmeasured, _) => format!(
                "{what} was not called: argument `{}` must be a number that is not below zero, for it is limited; give it and call again",
                self.argument()
            ),
            (Excess::Wait(wait), Kind::Budget(budget)) => format!(
                "{what} was not called: the budget per {level} for this {} is used up; retry in {} s, other tools may still work",
                budget.period().as_str(),
                seconds(*wait)
            ),
            (Excess::Wait(wait), Kind::Concurrency(_) | Kind::Rate { .. }) => format!(
                "{what} was not called: the rate limit per {level} is used up; retry in {} s, other tools may still work",
                seconds(*wait)
            ),
        }
    }

    /// The error's `data` as JSON.
    pub(super) fn data(&self) -> String {
        let level = self.level();
        match self.excess.wait() {
            Some(wait) => format!(r#"{{"level":"{level}","retryAfterMs":{}}}"#, wait.as_millis()),
            None => format!(r#"{{"level":"{level}"}}"#),
        }
    }

    /// Seconds for `Retry-After`; none where waiting does not help.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match &self.excess {
            Excess::InFlight { .. } => Some(1),
            Excess::TooMuch { .. } | Excess::Unmeasured => None,
            Excess::Wait(wait) => Some(seconds(*wait).max(1)),
        }
    }

    /// What the operator is told.
    pub(super) fn detail(&self) -> String {
        match &self.excess {
            Excess::InFlight { most } => format!("{most} in flight"),
            Excess::TooMuch { cost, most } => format!("{cost} {} of {most}", self.rule.unit()),
            Excess::Unmeasured => format!("no number at {}", self.argument()),
            Excess::Wait(wait) => format!("wait {} ms", wait.as_millis()),
        }
    }

    fn argument(&self) -> String {
        let unit = self.rule.unit().to_string();
        unit.strip_prefix("arg:").map(Into::into).unwrap_or(unit)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::gate::Denial;
    use crate::limit::{Budget, Concurrency, Level, Rate, Requests, Terms, Unit};
    use crate::names::{Label, Mode};

    fn limited(kind: Kind, unit: Unit, excess: Excess) -> Denial {
        let terms = Terms {
            id: Label::parse("secret-1").expect("a label"),
            per: vec![Level::Tenant, Level::User],
            unit,
            kind,
            requests: Requests::CALLS,
            estimate: None,
            counts_calls_once: false,
            mode: Mode::Enforce,
        };
        Denial::Limited(Limited { rule: Arc::new(Rule::new(terms)), excess, full: None })
    }

    #[test]
    fn words_each_kind_of_excess() {
        let wait = |ms| Excess::Wait(Duration::from_millis(ms));
        let rate = Rate::parse("60/min").expect("a rate");
        let rate = || Kind::Rate { rate, burst: NonZeroU32::MIN };
        let budget = || Kind::Budget(Budget::parse("5/day").expect("a budget"));
        let flight = || Kind::Concurrency(Concurrency { most: NonZeroU32::MIN, queue: None });
        let argument = || Unit::Argument("filter.limit".into());
        let rows = [
            (limited(rate(), Unit::Calls, wait(0)), 429, -31_429, Some(1), "retry in 0 s"),
            (
                limited(rate(), Unit::Calls, wait(2000)),
                429,
                -31_429,
                Some(2),
                "tenant and user is used up; retry in 2 s",
            ),
            (limited(rate(), Unit::Calls, wait(2001)), 429, -31_429, Some(3), "retry in 3 s"),
            (
                limited(budget(), Unit::Calls, wait(7000)),
                429,
                -31_429,
                Some(7),
                "for this day is used up; retry in 7 s",
            ),
            (
                limited(flight(), Unit::Calls, Excess::InFlight { most: 1 }),
                429,
                -31_429,
                Some(1),
                "are in flight",
            ),
            (
                limited(budget(), Unit::Tokens, Excess::TooMuch { cost: 9, most: 5 }),
                429,
                -31_429,
                None,
                "waiting does not help",
            ),
            (
                limited(rate(), argument(), Excess::Unmeasured),
                400,
                -32_602,
                None,
                "`filter.limit` must be a number",
            ),
        ];
        for (denial, http_status, code, retry_after, part) in rows {
            let words = denial.words("the tool `pay`");
            assert_eq!((words.http_status, words.code), (http_status, code), "{denial:?}");
            assert_eq!(words.retry_after, retry_after, "{denial:?}");
            assert!(words.text.contains(part) && !words.text.contains("secret-1"), "{}", words.text);
        }
    }

    #[test]
    fn a_spent_budget_has_a_reason_of_its_own() {
        let kind = Kind::Budget(Budget::parse("5/day").expect("a budget"));
        let spent = limited(kind, Unit::Calls, Excess::Wait(Duration::ZERO));
        assert_eq!((spent.reason(), spent.detail().as_deref()), (Reason::Budget, Some("wait 0 ms")));
    }
}
