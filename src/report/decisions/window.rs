//! What happened within the last minute, in panes that are written over: counts, and how long it took.
//!
//! Times fall into buckets of a quarter of a power of two, so a quantile is at most a fifth too great. Counters
//! are added to without a lock: what is noted just when a pane begins anew may be lost, which shows nowhere.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::bounds::{PANE_MS, PANES};
use crate::gate::Action;

/// The last minute of something.
#[derive(Debug, Default)]
pub(super) struct Window([Pane; PANES]);

#[derive(Debug)]
struct Pane {
    /// The number of the pane since 1970, and one.
    number: AtomicU64,
    kinds: [AtomicU32; KINDS],
    times: [AtomicU32; BUCKETS],
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Denied,
    Failed,
    Passed,
    WouldDeny,
}

const KINDS: usize = 4;
/// Four for each power of two: up to 33 s, and one for what took longer.
const BUCKETS: usize = 24 * 4 + 1;

/// What happened within the last minute, or since the start where that is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages.
    pub messages: u64,
    /// Of these, refused.
    pub denied: u64,
    /// Of these, not carried out for a fault that is not the caller's.
    pub failed: u64,
    /// Of these, passed on although they would have been refused.
    pub would_deny: u64,
    /// Half took at most so long, in microseconds; 0 where there were none.
    pub p50_us: u64,
    /// All but one in a hundred took at most so long.
    pub p99_us: u64,
    /// The time that was looked at, in milliseconds.
    pub window_ms: u64,
}

impl Kind {
    pub fn of(action: Action) -> Self {
        match action {
            Action::Allow | Action::Redact => Self::Passed,
            Action::Deny => Self::Denied,
            Action::Error => Self::Failed,
            Action::ShadowDeny => Self::WouldDeny,
        }
    }
}

impl Default for Pane {
    fn default() -> Self {
        Self {
            number: AtomicU64::new(0),
            kinds: Default::default(),
            times: std::array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

impl Window {
    /// Notes one message that ended at `unix_ms` and took `took_us`.
    pub fn note(&self, unix_ms: u64, kind: Kind, took_us: u64) {
        let number = unix_ms / PANE_MS + 1;
        // INVARIANT: a remainder of the number of panes is the place of one.
        let pane = &self.0[(number % PANES as u64) as usize];
        let known = pane.number.load(Ordering::Relaxed);
        // A clock that was set back adds to what is there.
        if known < number
            && pane.number.compare_exchange(known, number, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            pane.kinds.iter().chain(&pane.times).for_each(|count| count.store(0, Ordering::Relaxed));
        }
        pane.kinds[kind as usize].fetch_add(1, Ordering::Relaxed);
        pane.times[bucket(took_us)].fetch_add(1, Ordering::Relaxed);
    }

    /// What the panes hold that are not too old.
    pub fn counts(&self, now_unix_ms: u64) -> Counts {
        let newest = now_unix_ms / PANE_MS + 1;
        let recent = |pane: &&Pane| pane.number.load(Ordering::Relaxed) + PANES as u64 > newest;
        let (mut kinds, mut times) = ([0_u64; KINDS], [0_u64; BUCKETS]);
        for pane in self.0.iter().filter(recent) {
            let add = |sums: &mut [u64], counts: &[AtomicU32]| {
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum += u64::from(count.load(Ordering::Relaxed));
                }
            };
            add(&mut kinds, &pane.kinds);
            add(&mut times, &pane.times);
        }
        let of = |kind: Kind| kinds[kind as usize];
        Counts {
            messages: kinds.iter().sum(),
            denied: of(Kind::Denied),
            failed: of(Kind::Failed),
            would_deny: of(Kind::WouldDeny),
            p50_us: quantile(&times, 50),
            p99_us: quantile(&times, 99),
            window_ms: (PANES as u64 - 1) * PANE_MS + now_unix_ms % PANE_MS,
        }
    }
}

impl Counts {
    /// The same, over no more than `age_ms`: for a process that is younger than the window.
    #[must_use]
    pub fn within(self, age_ms: u64) -> Self {
        Self { window_ms: self.window_ms.min(age_ms), ..self }
    }

    /// Messages a second.
    pub fn rate(&self) -> f64 {
        // A process of a second ago has not had a hundred a second for one message.
        self.messages as f64 * 1000.0 / self.window_ms.max(1000) as f64
    }

    /// How much of the messages `part` is, in percent.
    pub fn percent(&self, part: u64) -> f64 {
        if self.messages == 0 { 0.0 } else { part as f64 * 100.0 / self.messages as f64 }
    }
}

/// The bucket of a time: its power of two, and which quarter of it.
fn bucket(us: u64) -> usize {
    if us < 4 {
        return us as usize;
    }
    let power = us.ilog2();
    let quarter = (us >> (power - 2)) & 3;
    ((power as usize - 1) * 4 + quarter as usize).min(BUCKETS - 1)
}

/// The greatest time of a bucket.
fn most(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let (power, quarter) = (bucket / 4 + 1, bucket % 4);
    ((5 + quarter as u64) << (power - 2)) - 1
}

fn quantile(times: &[u64; BUCKETS], percent: u64) -> u64 {
    let total: u64 = times.iter().sum();
    let rank = (total * percent).div_ceil(100);
    let mut seen = 0;
    let reached = times.iter().position(|count| {
        seen += count;
        seen >= rank && seen > 0
    });
    reached.map_or(0, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_bucket_that_is_not_much_greater() {
        for us in (0..5000).chain([10_000, 99_999, 1_000_000, 30_000_000]) {
            let most = most(bucket(us));
            assert!(most >= us && most <= us + us / 4, "{us} µs: {most}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn tells_counts_and_quantiles_of_the_last_minute() {
        let window = Window::default();
        assert_eq!(Counts { window_ms: 0, ..window.counts(0) }, Counts::default());
        for us in 1..=100 {
            window.note(us * 10, if us > 90 { Kind::Denied } else { Kind::Passed }, us);
        }
        let counts = window.counts(2_000);
        assert_eq!((counts.messages, counts.denied, counts.failed), (100, 10, 0));
        assert!((50..=63).contains(&counts.p50_us) && (99..=111).contains(&counts.p99_us), "{counts:?}");
        assert_eq!(counts.within(2_000).rate().round(), 50.0);
        assert_eq!(counts.percent(counts.denied).round(), 10.0);
        assert_eq!(window.counts(59_999).messages, 100);
        assert_eq!(window.counts(60_000).messages, 0, "a minute later they are gone");
    }

    #[test]
    fn a_pane_begins_anew() {
        let window = Window::default();
        window.note(0, Kind::Passed, 5);
        window.note(60_000, Kind::Failed, 7);
        let counts = window.counts(60_000);
        assert_eq!((counts.messages, counts.failed, counts.p50_us), (1, 1, 7));
        window.note(0, Kind::Passed, 5);
        assert_eq!(window.counts(60_000).messages, 2, "a clock that was set back loses nothing");
    }
}
