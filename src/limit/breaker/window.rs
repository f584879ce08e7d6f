//! What happened lately: a ring of ten counts, the oldest forgotten as time goes on.

use std::time::Duration;

use crate::bounds::BREAKER_SLICES;

/// Calls of the last while, by slices of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    slices: [Count; BREAKER_SLICES],
    /// How long one slice is.
    slice: Duration,
    /// Which slice since the start was the newest when something was counted last.
    newest: u64,
}

/// How many calls there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub total: u32,
    pub failed: u32,
    pub slow: u32,
    /// Results with `isError`, which are in no other number.
    pub tool_errors: u32,
}

impl Window {
    /// An empty window of the length `length`.
    pub fn new(length: Duration) -> Self {
        Self { slices: [Count::default(); BREAKER_SLICES], slice: slice(length), newest: 0 }
    }

    /// Adds to the slice of `steady`; a window of another length begins anew.
    pub fn add(&mut self, length: Duration, steady: Duration, count: Count) {
        self.turn(length, steady);
        let place = place(self.newest);
        if let Some(slice) = self.slices.get_mut(place) {
            *slice = slice.plus(count);
        }
    }

    /// What is in the window at `steady`.
    pub fn sum(&mut self, length: Duration, steady: Duration) -> Count {
        self.turn(length, steady);
        self.slices.iter().fold(Count::default(), |sum, slice| sum.plus(*slice))
    }

    /// How far back it looks.
    pub fn length(&self) -> Duration {
        self.slice * BREAKER_SLICES as u32
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.slices = [Count::default(); BREAKER_SLICES];
    }

    /// Forgets what is too old at `steady`.
    fn turn(&mut self, length: Duration, steady: Duration) {
        if self.slice != slice(length) {
            *self = Self::new(length);
        }
        let nanoseconds = self.slice.as_nanos().max(1);
        let now = u64::try_from(steady.as_nanos() / nanoseconds).unwrap_or(u64::MAX);
        // A message that came before another may be counted after it: it goes where the later one went.
        let passed = now.saturating_sub(self.newest).min(BREAKER_SLICES as u64);
        for step in 1..=passed {
            let place = place(now - passed + step);
            if let Some(slice) = self.slices.get_mut(place) {
                *slice = Count::default();
            }
        }
        self.newest = self.newest.max(now);
    }
}

fn slice(length: Duration) -> Duration {
    length / BREAKER_SLICES as u32
}

fn place(slice: u64) -> usize {
    usize::try_from(slice % BREAKER_SLICES as u64).unwrap_or_default()
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            failed: self.failed.saturating_add(other.failed),
            slow: self.slow.saturating_add(other.slow),
            tool_errors: self.tool_errors.saturating_add(other.tool_errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(10);
    const ONE: Count = Count { total: 1, failed: 0, slow: 0, tool_errors: 0 };

    #[test]
    fn forgets_slice_by_slice_and_everything_after_its_length() {
        let mut window = Window::new(LENGTH);
        let at = Duration::from_millis;
        window.add(LENGTH, at(500), ONE);
        window.add(LENGTH, at(1_500), ONE);
        let mut total = |ms| window.sum(LENGTH, at(ms)).total;
        assert_eq!(
            [total(1_500), total(9_999), total(10_000), total(10_999), total(11_000)],
            [2, 2, 1, 1, 0]
        );
        window.add(LENGTH, at(1_000_000), ONE);
        window.add(LENGTH, at(999_000), ONE);
        assert_eq!(window.sum(LENGTH, at(1_000_000)).total, 2, "late news are news");
        assert_eq!(window.sum(LENGTH * 2, at(1_000_000)).total, 0, "another length begins anew");
    }
}
