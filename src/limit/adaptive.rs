//! How many requests a server can take at once, found out by how long it takes.
//!
//! **How.** The shortest time of the last minute says how long an answer takes when nobody waits; the times of now say
//! how long they wait. While a smoothed time of now is within twice the shortest one, the limit grows by its square
//! root in each round of as many answers; above that it shrinks with their ratio, never by more than half at once.
//! An outcome that the table calls too much work (a timeout, a 503, a 429) takes a tenth away. So it is Gradient2 of
//! Netflix, with the shortest time of a minute in the place of the long average.
//!
//! **At first** it is a sixteenth of the most that the policy allows, and at least `ADAPTIVE_LIMIT_MIN`. **It does not
//! grow** while less than half of it is used, since then nothing is learned. A server that becomes slower for good
//! is taken as it is after a minute. **What it is not**: no clock; times come in.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::breaker::Pressure;
use crate::bounds::{ADAPTIVE_LIMIT_MIN, ADAPTIVE_WINDOW};

/// The limit of one server.
#[derive(Debug, Default)]
pub struct Adaptive(Mutex<Option<State>>);

#[derive(Debug)]
struct State {
    limit: f64,
    /// A smoothed time of now, in seconds.
    usual: f64,
    /// The shortest time of this window and of the one before.
    shortest: (f64, f64),
    window: Duration,
    /// Answers of this round.
    round: u32,
}

/// One answer, as the limit hears it.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// What its outcome says.
    pub pressure: Pressure,
    /// How long it took.
    pub took: Duration,
    /// How many requests were with the server.
    pub taken: u32,
    /// When it came, on the steady clock.
    pub steady: Duration,
}

/// How much longer than the shortest an answer may usually take.
const TOLERANCE: f64 = 2.0;

/// How much one answer counts in the smoothed time.
const SMOOTHING: f64 = 0.1;

impl Adaptive {
    /// How many requests may be there at once; never above `most`.
    pub fn limit(&self, most: u32) -> u32 {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = state.as_ref().map_or_else(|| first(most), |state| state.limit);
        whole(limit, most)
    }

    /// Hears of an answer, and moves the limit.
    pub fn hear(&self, sample: Sample, most: u32) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let took = sample.took.as_secs_f64().max(1e-6);
        let state = slot.get_or_insert_with(|| State {
            limit: first(most),
            usual: took,
            shortest: (f64::INFINITY, f64::INFINITY),
            window: sample.steady,
            round: 0,
        });
        match sample.pressure {
            Pressure::Nothing => return,
            Pressure::Decrease => {
                state.limit = bounded(state.limit * 0.9, most);
                return;
            }
            Pressure::Sample => {}
        }
        if sample.steady.saturating_sub(state.window) >= ADAPTIVE_WINDOW {
            (state.shortest, state.window) = ((f64::INFINITY, state.shortest.0), sample.steady);
        }
        state.shortest.0 = state.shortest.0.min(took);
        state.usual += (took - state.usual) * SMOOTHING;
        state.round += 1;
        if f64::from(state.round) < state.limit.min(ROUND_MAX) {
            return;
        }
        state.round = 0;
        let shortest = state.shortest.0.min(state.shortest.1);
        let gradient = (TOLERANCE * shortest / state.usual).clamp(0.5, 1.0);
        let is_used = f64::from(sample.taken) * 2.0 >= state.limit;
        let grown = if is_used { state.limit.sqrt() } else { 0.0 };
        let next = if gradient < 1.0 { state.limit * gradient } else { state.limit + grown };
        state.limit = bounded(next, most);
    }
}

/// Answers after which the limit is looked at anew, at most.
const ROUND_MAX: f64 = 100.0;

fn first(most: u32) -> f64 {
    bounded(f64::from(most) / 16.0, most)
}

fn bounded(limit: f64, most: u32) -> f64 {
    limit.clamp(f64::from(ADAPTIVE_LIMIT_MIN.min(most)), f64::from(most))
}

/// The limit as a number of requests.
fn whole(limit: f64, most: u32) -> u32 {
    // Counted up by bisection, for a float has no exact way to an integer.
    let (mut low, mut high) = (1, most.max(1));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if f64::from(middle) <= limit { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server with `slots` that each take 10 ms: what comes more has to wait. The limit after a while.
    fn settled(slots: u32, most: u32) -> u32 {
        let (adaptive, mut steady) = (Adaptive::default(), Duration::ZERO);
        for turn in 0..20_000_u32 {
            let taken = adaptive.limit(most);
            // Now and then there is no queue, as there is not in the real world.
            let waits = if turn % 50 == 0 { 1 } else { taken.div_ceil(slots) };
            let took = Duration::from_millis(10) * waits;
            steady += took / taken.max(1);
            adaptive.hear(Sample { pressure: Pressure::Sample, took, taken, steady }, most);
        }
        adaptive.limit(most)
    }

    #[test]
    fn finds_what_a_server_can_take() {
        for slots in [8, 32, 128] {
            let found = settled(slots, 1_024);
            assert!((slots..=slots * 4).contains(&found), "{slots} slots: {found}");
        }
        assert_eq!(settled(64, 16), 16, "never more than the policy says");
    }

    #[test]
    fn starts_small_and_shrinks_under_pressure_to_its_least() {
        let adaptive = Adaptive::default();
        assert_eq!(adaptive.limit(1_024), 64);
        let sample = |pressure| Sample {
            pressure,
            took: Duration::from_millis(5),
            taken: 64,
            steady: Duration::from_secs(1),
        };
        adaptive.hear(sample(Pressure::Nothing), 1_024);
        assert_eq!(adaptive.limit(1_024), 64);
        adaptive.hear(sample(Pressure::Decrease), 1_024);
        assert_eq!(adaptive.limit(1_024), 57);
        (0..1_000).for_each(|_| adaptive.hear(sample(Pressure::Decrease), 1_024));
        assert_eq!(adaptive.limit(1_024), ADAPTIVE_LIMIT_MIN);
        (0..1_000).for_each(|_| adaptive.hear(sample(Pressure::Sample), 1_024));
        assert!(adaptive.limit(1_024) > ADAPTIVE_LIMIT_MIN, "and grows again");
    }

    #[test]
    fn does_not_grow_where_nobody_asks() {
        let adaptive = Adaptive::default();
        let sample = Sample {
            pressure: Pressure::Sample,
            took: Duration::from_millis(5),
            taken: 1,
            steady: Duration::from_secs(1),
        };
        (0..10_000).for_each(|_| adaptive.hear(sample, 1_024));
        assert_eq!(adaptive.limit(1_024), 64);
    }
}
