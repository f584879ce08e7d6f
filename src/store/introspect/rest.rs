//! When an endpoint that fails is left alone.

use std::time::Duration;

use super::{INTROSPECTION_FAILURES_MAX, INTROSPECTION_REST};

/// How an endpoint fares.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// In a row.
    failures: u32,
    /// When it may be tried again.
    until: Duration,
}

impl Rest {
    /// Whether a question may be tried now. The first one after a rest makes all others wait for what comes of it.
    pub fn may_try(&mut self, now: Duration) -> bool {
        if self.failures < INTROSPECTION_FAILURES_MAX {
            return true;
        }
        let is_over = now >= self.until;
        if is_over {
            self.until = now.saturating_add(INTROSPECTION_REST);
        }
        is_over
    }

    /// Notes a failure; whether a rest begins that was none.
    pub fn failed(&mut self, now: Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.until = now.saturating_add(INTROSPECTION_REST);
        self.failures == INTROSPECTION_FAILURES_MAX
    }

    /// Notes an answer; whether that ends a rest.
    pub fn succeeded(&mut self) -> bool {
        let was_resting = self.failures >= INTROSPECTION_FAILURES_MAX;
        self.failures = 0;
        was_resting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_after_failures_in_a_row_and_is_tried_by_one() {
        let second = Duration::from_secs(1);
        let mut rest = Rest::default();
        for _ in 1..INTROSPECTION_FAILURES_MAX {
            assert!(rest.may_try(second) && !rest.failed(second));
        }
        assert!(!rest.succeeded(), "one answer in between ends the row, and there was no rest");
        for _ in 1..INTROSPECTION_FAILURES_MAX {
            assert!(rest.may_try(second) && !rest.failed(second));
        }
        assert!(rest.may_try(second) && rest.failed(second), "the rest begins, and is told once");
        let end = second + INTROSPECTION_REST;
        assert!(!rest.may_try(end - Duration::from_millis(1)));
        assert!(rest.may_try(end) && !rest.may_try(end), "one tries it");
        assert!(!rest.failed(end), "it rests on, and nobody is told again");
        assert!(!rest.may_try(end + INTROSPECTION_REST - Duration::from_millis(1)));
        assert!(rest.may_try(end + INTROSPECTION_REST) && rest.succeeded());
        assert!(rest.may_try(end) && !rest.failed(end));
    }
}
