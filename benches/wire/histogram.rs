//! Latencies, counted in buckets of at most 1.6 % width.
//!
//! A run sees millions of calls, so each is one increment and nothing is kept or sorted. Every power of two is
//! cut into `STEPS` equal buckets: the error is the same share of the value everywhere, and two histograms of
//! two rounds add up. Values are nanoseconds; what lies beyond `u64` does not occur in a bounded run.

use std::time::Duration;

/// Buckets per power of two: 64 means that a reported value is at most 1.6 % above the true one.
const STEPS: usize = 64;
const STEP_BITS: u32 = STEPS.ilog2();
/// Values below `STEPS` have a bucket each, and each of the powers from `STEP_BITS` to 63 has `STEPS`.
const BUCKETS: usize = STEPS * (1 + 64 - STEP_BITS as usize);

/// How long calls took.
#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// An empty histogram: 30 kB.
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }

    /// Counts one call.
    pub fn record(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    /// How many calls were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The value, in microseconds, that `share` (0 to 1) of the calls did not exceed; 0 if there were none.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return ceiling(index) as f64 / 1000.0;
            }
        }
        0.0
    }
}

fn bucket(nanos: u64) -> usize {
    if nanos < STEPS as u64 {
        return nanos as usize;
    }
    let power = nanos.ilog2();
    let step = (nanos >> (power - STEP_BITS)) as usize - STEPS;
    STEPS * (1 + (power - STEP_BITS) as usize) + step
}

/// The largest value that falls into a bucket.
fn ceiling(index: usize) -> u64 {
    let (octave, step) = (index / STEPS, index % STEPS);
    if octave == 0 {
        return step as u64;
    }
    let shift = octave as u32 - 1;
    let next = (STEPS + step + 1) as u128;
    u64::try_from((next << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_bucket_that_is_narrow() {
        for nanos in [0, 1, 63, 64, 65, 127, 128, 1_000, 123_456, 5_000_000, u64::from(u32::MAX), u64::MAX] {
            let index = bucket(nanos);
            assert!(index < BUCKETS, "{nanos} is outside");
            assert!(ceiling(index) >= nanos, "{nanos} is above its bucket");
            assert!(
                ceiling(index) - nanos <= nanos / STEPS as u64,
                "{nanos} is reported as {}",
                ceiling(index)
            );
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for index in 1..BUCKETS - 1 {
            assert_eq!(bucket(ceiling(index - 1) + 1), index);
        }
    }

    #[test]
    fn quantiles_are_ranks() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile_us(0.5), 0.0);
        for micros in 1..=1000 {
            histogram.record(Duration::from_micros(micros));
        }
        for (share, expected) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            let found = histogram.quantile_us(share);
            assert!((expected..expected * 1.017).contains(&found), "{share}: {found}");
        }
        assert_eq!(histogram.total(), 1000);
    }
}
