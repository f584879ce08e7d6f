//! How long to leave a key endpoint alone.
//!
//! After an answer: 0.8 of its `max-age`, within `KEYS_PAUSES`. After a failure: `KEYS_RETRY_PAUSES`,
//! doubled each time. Both are cut by up to a quarter by chance, so that replicas spread.

use std::time::Duration;

use crate::bounds::{KEYS_AGE_DEFAULT, KEYS_PAUSES, KEYS_RETRY_PAUSES};

/// How often a place has failed in a row.
#[derive(Debug, Default)]
pub(super) struct Pace {
    failures: u32,
}

impl Pace {
    /// Whether the last answer was none.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// The pause after an answer that may be kept for `max_age`.
    pub fn succeeded(&mut self, max_age: Option<Duration>, chance: u8) -> Duration {
        self.failures = 0;
        let age = max_age.unwrap_or(KEYS_AGE_DEFAULT).min(KEYS_PAUSES.1.saturating_mul(2));
        let (least, most) = KEYS_PAUSES;
        spread((age * 4 / 5).clamp(least, most), chance)
    }

    /// The pause after a failure.
    pub fn failed(&mut self, chance: u8) -> Duration {
        let (first, most) = KEYS_RETRY_PAUSES;
        let doubled = 1_u32.checked_shl(self.failures).map_or(most, |times| first.saturating_mul(times));
        self.failures = self.failures.saturating_add(1);
        spread(doubled.min(most), chance)
    }
}

fn spread(pause: Duration, chance: u8) -> Duration {
    pause - pause * u32::from(chance) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_again_when_four_fifths_of_the_age_are_over() {
        let minutes = |minutes| Some(Duration::from_mins(minutes));
        for (max_age, pause) in [
            (None, 48),
            (minutes(0), 5),
            (minutes(6), 5),
            (minutes(10), 8),
            (minutes(24 * 60), 24 * 48),
            (minutes(30 * 60), 24 * 60),
            (minutes(u64::MAX / 60), 24 * 60),
        ] {
            let own = Pace::default().succeeded(max_age, 0);
            assert_eq!(own, Duration::from_mins(pause), "{max_age:?}");
            let early = Pace::default().succeeded(max_age, u8::MAX);
            assert!(early < own && early > own * 74 / 100, "{early:?}");
        }
    }

    #[test]
    fn asks_ever_more_slowly_while_nobody_answers() {
        let mut pace = Pace::default();
        let pauses: Vec<u64> = (0..40).map(|_| pace.failed(0).as_secs()).collect();
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(pauses[8..].iter().all(|pause| *pause == 60) && pace.is_failing());
        pace.succeeded(None, 0);
        assert!(!pace.is_failing() && pace.failed(0).as_secs() == 1);
    }
}
