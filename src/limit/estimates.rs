//! What the answers of each tool have been like so far: a guess for the next one.
//!
//! The guess moves up by an eighth of itself when an answer was longer, and down by a seventy-second when it was
//! not: it rests where nine answers of ten are not longer. The first answer is taken as it is. Tools share
//! `ESTIMATES` places, found by a keyed hash; where two meet, their guesses mix, and answers settle
//! exactly what each cost.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::bounds::{ESTIMATE_BYTES, ESTIMATES};

/// Bytes of an answer, by tool.
#[derive(Debug)]
pub(super) struct Estimates(Box<[AtomicU64]>);

impl Estimates {
    pub fn new() -> Self {
        Self((0..ESTIMATES).map(|_| AtomicU64::new(0)).collect())
    }

    /// How many bytes the next answer may have.
    pub fn expected(&self, tool: u64) -> u64 {
        match self.place(tool).load(Ordering::Relaxed) {
            0 => ESTIMATE_BYTES,
            bytes => bytes,
        }
    }

    /// Learns from an answer. Two at once may count as one.
    pub fn learn(&self, tool: u64, bytes: u64) {
        let place = self.place(tool);
        let guess = place.load(Ordering::Relaxed);
        let next = match guess {
            0 => bytes,
            guess if bytes > guess => guess.saturating_add(guess / 8 + 1).min(bytes),
            guess => (guess - guess / 72).max(bytes),
        };
        place.store(next.max(1), Ordering::Relaxed);
    }

    fn place(&self, tool: u64) -> &AtomicU64 {
        let at = usize::try_from(tool % (ESTIMATES as u64)).unwrap_or_default();
        // INVARIANT: `new` makes exactly `ESTIMATES` places.
        &self.0[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_where_nine_of_ten_answers_are_not_longer() {
        let estimates = Estimates::new();
        assert_eq!(estimates.expected(7), ESTIMATE_BYTES);
        estimates.learn(7, 1000);
        assert_eq!((estimates.expected(7), estimates.expected(8)), (1000, ESTIMATE_BYTES));
        // Answers of 1,000 to 10,000 bytes, each as often, in an order without a trend.
        for turn in 0..10_000_u64 {
            estimates.learn(7, 1000 + turn * 7919 % 9000);
        }
        let guess = estimates.expected(7);
        assert!((8_000..=10_000).contains(&guess), "{guess}");
    }

    #[test]
    fn takes_any_length() {
        let estimates = Estimates::new();
        for bytes in [0, u64::MAX, u64::MAX, 0, 1] {
            estimates.learn(1, bytes);
        }
        assert!(estimates.expected(1) > 0);
    }
}
