//! How the store of limits fares, and when it may be tried again.
//!
//! **Trips** with a broken connection, or with the third answer in a row that did not come in time. **At first
//! start** it has yet to be reached, and is tried at once. **Rests** for `STORE_REST_MIN`, doubled with each
//! failure up to `STORE_REST_MAX`; one that is lost again before it was well for `STORE_STEADY` goes on resting as
//! long as before. **Recovers** by one try, of a connection and an answer in time. **Does not count**: what fails
//! while it is lost already.

use std::time::Duration;

use crate::bounds::{STORE_FAILURES_MAX, STORE_REST_MAX, STORE_REST_MIN, STORE_STEADY};

/// How the store fares.
#[derive(Debug)]
pub(super) struct Health {
    state: State,
    /// The next rest.
    rest: Duration,
    /// Answers owed in a row.
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Lost { until: Duration },
    New,
    Well { since: Duration },
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no connection any more.
    Broken,
    /// An answer did not come in time, or was none.
    Late,
}

impl Health {
    pub fn new() -> Self {
        Self { state: State::New, rest: STORE_REST_MIN, failures: 0 }
    }

    #[cfg(test)]
    fn is_well(&self) -> bool {
        matches!(self.state, State::Well { .. })
    }

    /// Whether it is time to try a store that is not well.
    pub fn may_try(&self, now: Duration) -> bool {
        match self.state {
            State::Lost { until } => now >= until,
            State::New => true,
            State::Well { .. } => false,
        }
    }

    /// Notes an answer in time.
    pub fn answered(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure of a store that was well; whether it is lost by that.
    pub fn failed(&mut self, failure: Failure, now: Duration) -> bool {
        let State::Well { since } = self.state else { return false };
        self.failures += 1;
        if failure == Failure::Late && self.failures < STORE_FAILURES_MAX {
            return false;
        }
        if now.saturating_sub(since) >= STORE_STEADY {
            self.rest = STORE_REST_MIN;
        }
        self.begin_rest(now);
        true
    }

    /// Notes a try that failed; whether that is the first thing known of the store.
    pub fn stays_away(&mut self, now: Duration) -> bool {
        let is_news = self.state == State::New;
        self.begin_rest(now);
        is_news
    }

    /// Notes a try that went well.
    pub fn is_back(&mut self, now: Duration) {
        self.failures = 0;
        self.state = State::Well { since: now };
    }

    fn begin_rest(&mut self, now: Duration) {
        self.failures = 0;
        self.state = State::Lost { until: now.saturating_add(self.rest) };
        self.rest = STORE_REST_MAX.min(self.rest * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn well(now: Duration) -> Health {
        let mut health = Health::new();
        health.is_back(now);
        health
    }

    #[test]
    fn is_lost_by_a_break_or_by_late_answers_in_a_row() {
        assert!(well(SECOND).failed(Failure::Broken, SECOND));
        let mut health = well(SECOND);
        for _ in 0..5 {
            for _ in 1..STORE_FAILURES_MAX {
                assert!(!health.failed(Failure::Late, SECOND) && health.is_well());
            }
            health.answered();
        }
        for _ in 1..STORE_FAILURES_MAX {
            assert!(!health.failed(Failure::Late, SECOND));
        }
        assert!(health.failed(Failure::Late, SECOND) && !health.is_well());
        assert!(!health.failed(Failure::Broken, SECOND), "it is lost already");
    }

    #[test]
    fn is_tried_at_once_at_first_and_ever_more_seldom_while_it_fails() {
        let mut health = Health::new();
        assert!(health.may_try(Duration::ZERO) && !health.is_well());
        assert!(health.stays_away(SECOND), "the first word on it is news");
        assert!(!health.may_try(SECOND + STORE_REST_MIN - Duration::from_nanos(1)));
        assert!(health.may_try(SECOND + STORE_REST_MIN));
        assert!(!health.stays_away(2 * SECOND), "no news");
        assert!(!health.may_try(2 * SECOND + 2 * STORE_REST_MIN - Duration::from_nanos(1)));
        assert!(health.may_try(2 * SECOND + 2 * STORE_REST_MIN));
        for _ in 0..9 {
            health.stays_away(2 * SECOND);
        }
        assert!(!health.may_try(2 * SECOND + STORE_REST_MAX - Duration::from_nanos(1)));
        assert!(health.may_try(2 * SECOND + STORE_REST_MAX));
    }

    #[test]
    fn begins_anew_only_after_it_was_steady() {
        for (lasted, rest) in [(STORE_STEADY - SECOND, 2 * STORE_REST_MIN), (STORE_STEADY, STORE_REST_MIN)] {
            let mut health = Health::new();
            health.stays_away(SECOND);
            health.is_back(SECOND);
            let lost = SECOND + lasted;
            assert!(health.failed(Failure::Broken, lost));
            assert!(!health.may_try(lost + rest - Duration::from_nanos(1)), "{lasted:?}");
            assert!(health.may_try(lost + rest), "{lasted:?}");
        }
    }
}
