//! How long to wait before a server that keeps ending is started again.
//!
//! **When it trips.** A child that ends by itself within `RESTART_STEADY`, or cannot be started at all,
//! makes its caller wait: 100 ms, doubled with each such end in a row up to 30 s. Short waits are sat
//! out by the request; longer ones are told with the seconds to wait. **How it recovers.** A child that
//! lives for `RESTART_STEADY` wipes the slate. **What does not count.** An end that we asked for, one
//! after a steady life, and what other callers' children do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::bounds::{RESTART_CALLERS_MAX, RESTART_PAUSES, RESTART_STEADY, RESTART_WAIT_MAX};

/// The callers whose children keep ending.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    streaks: Mutex<HashMap<Box<str>, Streak>>,
    /// Children that have ended whose callers get another one without a word.
    renewals: AtomicU64,
}

#[derive(Debug)]
struct Streak {
    /// Early ends in a row.
    ends: u32,
    until: Instant,
    is_told: bool,
}

/// A start that must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    /// Early ends in a row.
    pub ends: u32,
    /// When the next start is due.
    pub until: Instant,
}

impl Pause {
    /// Whole seconds until the start is due, never too few.
    pub(super) fn seconds(&self) -> u64 {
        self.until.saturating_duration_since(Instant::now()).as_secs() + 1
    }
}

/// Whose memory is used when there is no room for one more caller; no caller has this name.
const OTHERS: &str = "\u{0}others";

impl Restarts {
    /// Notes that the next request of a caller will be answered by another child.
    pub(super) fn renewed(&self) {
        self.renewals.fetch_add(1, Ordering::Release);
    }

    /// How often that was so.
    pub(super) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Acquire)
    }

    /// The pause before a child of `caller` may be started, if there is one.
    pub(super) fn pause(&self, caller: &str, now: Instant) -> Option<Pause> {
        let streaks = self.streaks();
        let key = key(&streaks, caller);
        let streak = streaks.get(key).filter(|streak| streak.until > now)?;
        Some(Pause { ends: streak.ends, until: streak.until })
    }

    /// Notes that a child ended early, or did not start.
    pub(super) fn ended_early(&self, caller: &str, now: Instant) {
        let mut streaks = self.streaks();
        streaks.retain(|_, streak| now < streak.until + RESTART_PAUSES.1 + RESTART_STEADY);
        let key = key(&streaks, caller);
        let streak = streaks.entry(key.into()).or_insert(Streak { ends: 0, until: now, is_told: false });
        streak.ends = streak.ends.saturating_add(1);
        let wait = wait(streak.ends);
        streak.until = now + wait;
        if wait > RESTART_WAIT_MAX && !std::mem::replace(&mut streak.is_told, true) {
            tracing::warn!(
                ends = streak.ends,
                "the server keeps ending right after its start; it is started again ever more slowly"
            );
        }
    }

    /// Notes that a child of `caller` has lived long enough.
    pub(super) fn is_steady(&self, caller: &str) {
        if self.streaks().remove(caller).is_some_and(|streak| streak.is_told) {
            tracing::info!("the server runs steadily again");
        }
    }

    fn streaks(&self) -> MutexGuard<'_, HashMap<Box<str>, Streak>> {
        self.streaks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key<'k>(streaks: &HashMap<Box<str>, Streak>, caller: &'k str) -> &'k str {
    let has_room = streaks.len() < RESTART_CALLERS_MAX || streaks.contains_key(caller);
    if has_room { caller } else { OTHERS }
}

/// The pause after `ends` early ends in a row.
fn wait(ends: u32) -> Duration {
    let (first, longest) = RESTART_PAUSES;
    let doublings = ends.saturating_sub(1).min(16);
    longest.min(first * (1 << doublings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_twice_as_long_each_time_up_to_a_bound() {
        let (restarts, mut now) = (Restarts::default(), Instant::now());
        assert_eq!(restarts.pause("alice", now), None);
        for (ends, wanted) in
            [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000].iter().enumerate()
        {
            restarts.ended_early("alice", now);
            let until = now + Duration::from_millis(*wanted);
            assert_eq!(restarts.pause("alice", now), Some(Pause { ends: ends as u32 + 1, until }));
            assert_eq!(restarts.pause("bob", now), None);
            now = until;
            assert_eq!(restarts.pause("alice", now), None);
        }
        restarts.is_steady("alice");
        restarts.ended_early("alice", now);
        assert_eq!(restarts.pause("alice", now), Some(Pause { ends: 1, until: now + RESTART_PAUSES.0 }));
    }

    #[test]
    fn remembers_a_bounded_number_of_callers_and_no_caller_forever() {
        let (restarts, now) = (Restarts::default(), Instant::now());
        for number in 0..RESTART_CALLERS_MAX + 3 {
            restarts.ended_early(&number.to_string(), now);
        }
        assert!(restarts.streaks().len() <= RESTART_CALLERS_MAX + 1);
        assert_eq!(restarts.pause("one more", now).map(|pause| pause.ends), Some(3));
        let later = now + RESTART_PAUSES.1 + RESTART_PAUSES.1 + RESTART_STEADY;
        restarts.ended_early("alice", later);
        assert_eq!(restarts.streaks().len(), 1);
    }
}
