//! A limit that has no room: what its caller and its operator are told.
//!
//! The caller is told how long to wait, and of limits that it may know (see `hints`) their numbers. The wait is
//! spread by up to a tenth, never shortened: callers that were refused together do not come back together.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::Reason;
use super::hints::{Hint, is_exposed};
use super::words::seconds;
use crate::bounds::RETRY_JITTER_PERMILLE;
use crate::identity::Caller;
use crate::limit::{CellId, Excess, Kind, Left, Level, Period, Queue, Rule, Unit};
use crate::names::Now;
use crate::policy::Policy;

/// A limit that has no room for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// The limit: what it counts, for whom, and how.
    pub rule: Arc<Rule>,
    /// Why there is no room, and for how long.
    pub excess: Excess,
    /// Where a place would have to be free.
    pub full: Option<CellId>,
    /// What the caller is told to wait.
    pub retry: Option<Duration>,
    /// What the head of an answer tells, where the caller may know the limit.
    pub hint: Option<Hint>,
    /// Whether it is a limit of some tools only.
    is_of_some_tools: bool,
}

impl Limited {
    /// What `rule` says to `caller`.
    pub(super) fn new(
        rule: &Arc<Rule>,
        (excess, full): (Excess, Option<CellId>),
        policy: &Policy,
        (caller, now): (&Caller, Now),
    ) -> Self {
        let plan = &policy.limit_hints;
        let is_of_tool = [Level::Class, Level::Tool].iter().any(|level| rule.per().contains(level));
        let mut of_all = policy.limits(None, rule.requests());
        let is_of_some_tools = is_of_tool || !of_all.any(|other| Arc::ptr_eq(other, rule));
        let retry = excess.wait().map(|wait| spread(wait, caller, now));
        let left = Left { amount: 0, reset: excess.wait() };
        let hint = is_exposed(rule, plan).then(|| Hint::new(rule, left, plan));
        Self { rule: Arc::clone(rule), excess, full, retry, hint, is_of_some_tools }
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
        let why = match (&self.excess, self.is_known()) {
            (Excess::InFlight { .. }, true) => {
                format!("{} per {}, the limit; retry when one of yours has ended", self.terms(), self.scope())
            }
            (Excess::InFlight { .. }, false) => {
                "too many requests are in flight here; retry when some have ended".to_owned()
            }
            (Excess::TooMuch { cost, most }, true) => format!(
                "it costs {cost} {}, and the limit per {} never has more than {most}; ask for less, waiting does not help",
                of(self.rule.unit()),
                self.scope()
            ),
            (Excess::TooMuch { .. }, false) => {
                "it costs more than a limit ever has; ask for less, waiting does not help".to_owned()
            }
            (Excess::Unmeasured, _) => format!(
                "a limit counts {}, which must be a number that is not below zero; give it and call again",
                of(self.rule.unit()).trim_start_matches("of ")
            ),
            (Excess::Wait(_), true) => {
                format!("{}: {} per {}; {}", self.word(), self.terms(), self.scope(), self.retry_in())
            }
            (Excess::Wait(_), false) if self.is_own() => format!("{}; {}", self.word(), self.retry_in()),
            (Excess::Wait(_), false) => format!("{}, together with others; {}", self.word(), self.retry_in()),
        };
        let others = match self.excess {
            Excess::InFlight { .. } | Excess::Wait(_) if self.is_of_some_tools => {
                ", other tools may still work"
            }
            Excess::InFlight { .. } | Excess::TooMuch { .. } | Excess::Unmeasured | Excess::Wait(_) => "",
        };
        format!("{what} was not called: {why}{others}")
    }

    /// The error's `data` as JSON.
    pub(super) fn data(&self) -> String {
        // A label needs no escapes.
        let name = self.hint.is_some().then(|| format!(r#""limit":"{}","#, self.rule.id()));
        let scope = if self.is_known() || self.is_own() { self.scope() } else { "shared".to_owned() };
        let retry =
            self.retry.map(|wait| format!(r#","retryAfterMs":{}"#, wait.as_nanos().div_ceil(1_000_000)));
        let (name, retry) = (name.unwrap_or_default(), retry.unwrap_or_default());
        format!(r#"{{{name}"scope":"{scope}"{retry}}}"#)
    }

    /// Seconds for `Retry-After`; none where waiting does not help.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match &self.excess {
            Excess::InFlight { .. } => Some(1),
            Excess::TooMuch { .. } | Excess::Unmeasured => None,
            Excess::Wait(_) => self.retry.map(|wait| seconds(wait).max(1)),
        }
    }

    /// What the operator is told.
    pub(super) fn detail(&self) -> String {
        match &self.excess {
            Excess::InFlight { most } => format!("{most} in flight"),
            Excess::TooMuch { cost, most } => format!("{cost} {} of {most}", self.rule.unit()),
            Excess::Unmeasured => format!("no number at {}", self.rule.unit()),
            Excess::Wait(wait) => format!("wait {} ms", wait.as_millis()),
        }
    }

    fn is_known(&self) -> bool {
        self.hint.is_some()
    }

    /// Whether it counts nothing but what its caller does.
    fn is_own(&self) -> bool {
        [Level::Conversation, Level::User].iter().any(|level| self.rule.per().contains(level))
    }

    /// What the limit counts for, in words: `user and tool`.
    fn scope(&self) -> String {
        let words: Vec<_> = self.rule.per().iter().map(|level| level.as_str()).collect();
        if words.is_empty() { Level::Server.as_str().to_owned() } else { words.join(" and ") }
    }

    fn word(&self) -> &'static str {
        match self.rule.kind() {
            Kind::Budget(_) => "budget used up",
            Kind::Concurrency(_) | Kind::Rate { .. } => "rate limited",
        }
    }

    /// How much there is, in words: `60 calls a minute`.
    fn terms(&self) -> String {
        let what = of(self.rule.unit());
        match self.rule.kind() {
            Kind::Budget(budget) => {
                let period = match budget.period() {
                    Period::Day => "a day",
                    Period::Hour => "an hour",
                    Period::Month => "a month",
                    Period::Week => "a week",
                };
                format!("{} {what} {period}", budget.amount())
            }
            Kind::Concurrency(concurrency) => format!("{} {what} in flight", concurrency.most),
            Kind::Rate { rate, .. } => {
                let period = match rate.period.as_secs() {
                    1 => "a second",
                    60 => "a minute",
                    3_600 => "an hour",
                    _ => "a day",
                };
                format!("{} {what} {period}", rate.calls)
            }
        }
    }

    /// `retry in 17 s`, with hours and minutes where it takes long.
    fn retry_in(&self) -> String {
        let Some(seconds) = self.retry_after() else { return "do not retry".to_owned() };
        let minutes = seconds.div_ceil(60);
        let long = match (minutes / 60, minutes % 60) {
            _ if minutes < 10 => String::new(),
            (0, minutes) => format!(" ({minutes} min)"),
            (hours, 0) => format!(" ({hours} h)"),
            (hours, minutes) => format!(" ({hours} h {minutes} min)"),
        };
        format!("retry in {seconds} s{long}")
    }
}

/// What is counted, in words.
fn of(unit: &Unit) -> String {
    match unit {
        Unit::Argument(path) => format!("of argument `{path}`"),
        Unit::Calls => "calls".to_owned(),
        Unit::RequestBytes => "bytes of requests".to_owned(),
        Unit::ResponseBytes => "bytes of answers".to_owned(),
        Unit::Tokens => "tokens".to_owned(),
    }
}

/// `wait`, and up to a tenth more; by the caller and the time, so that the same question has the same answer.
fn spread(wait: Duration, caller: &Caller, now: Now) -> Duration {
    let mut hasher = DefaultHasher::new();
    (caller.issuer(), caller.tenant(), caller.user(), caller.agent(), now.steady).hash(&mut hasher);
    let permille = hasher.finish() % (RETRY_JITTER_PERMILLE + 1);
    let more = wait.as_nanos().saturating_mul(permille.into()) / 1_000;
    wait.saturating_add(Duration::from_nanos(u64::try_from(more).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
