//! Who wrote something lately, and so reads where it was written.
//!
//! A replica lags: whoever asks it right after a write may not find what was written. So a writer stays with the
//! first server for a while. Where there are more writers than can be remembered, everybody counts as one: reads
//! go to the first server then, which is right, if slow.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::bounds::WRITERS_MAX;

/// The writers of late, by a hash of who they are.
#[derive(Debug, Default)]
pub struct Sticky(Mutex<HashMap<u64, Duration>>);

impl Sticky {
    /// Remembers that `who` wrote something, until `until` on the steady clock.
    pub fn wrote(&self, who: u64, until: Duration, steady: Duration) {
        let mut writers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if writers.len() >= WRITERS_MAX {
            writers.retain(|_, until| *until > steady);
        }
        if writers.len() < WRITERS_MAX || writers.contains_key(&who) {
            let kept = writers.entry(who).or_default();
            *kept = until.max(*kept);
        } else {
            // Everybody, until the table is swept by the next writer.
            let all = writers.entry(EVERYBODY).or_default();
            *all = until.max(*all);
        }
    }

    /// Whether `who` should read where it wrote.
    pub fn holds(&self, who: u64, steady: Duration) -> bool {
        let writers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_held = |who: &u64| writers.get(who).is_some_and(|until| *until > steady);
        is_held(&who) || is_held(&EVERYBODY)
    }
}

/// Stands for those who found no place.
const EVERYBODY: u64 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(100);
    const LATER: Duration = Duration::from_secs(105);

    #[test]
    fn holds_a_writer_and_nobody_else_for_as_long_as_said() {
        let sticky = Sticky::default();
        assert!(!sticky.holds(1, AT));
        sticky.wrote(1, LATER, AT);
        assert!(sticky.holds(1, LATER - Duration::from_nanos(1)));
        assert!(!sticky.holds(1, LATER) && !sticky.holds(2, AT));
        sticky.wrote(1, AT, AT);
        assert!(sticky.holds(1, AT), "an earlier end changes nothing");
    }

    #[test]
    fn holds_everybody_where_writers_are_too_many() {
        let sticky = Sticky::default();
        (0..WRITERS_MAX as u64).for_each(|who| sticky.wrote(who + 1, LATER, AT));
        assert!(!sticky.holds(u64::MAX, AT));
        sticky.wrote(u64::MAX, LATER, AT);
        assert!(sticky.holds(u64::MAX, AT) && sticky.holds(u64::MAX - 1, AT));
        sticky.wrote(1, LATER + AT, LATER);
        assert!(!sticky.holds(2, LATER) && sticky.holds(1, LATER), "swept");
    }
}
