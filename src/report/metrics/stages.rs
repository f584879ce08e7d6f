//! Measuring the stages of judging: the clock that the gate does not have.

use std::cell::Cell;
use std::time::{Duration, Instant};

use prometheus::{Histogram, Registry};

use super::OVERHEAD_SECONDS;
use super::families::{Resolve, histograms};
use crate::bounds::STAGES_SAMPLED;
use crate::gate::{Stage, Stopwatch};
use crate::report::labels;

/// Measures one message in `STAGES_SAMPLED` of each thread, about 40 ns for each of its stages.
#[derive(Debug)]
pub struct StageClock {
    start: Instant,
    seconds: Vec<Histogram>,
}

// Each thread has a turn of its own, so that nothing is shared for what is hardly ever done.
thread_local! {
    static TURN: Cell<u32> = const { Cell::new(0) };
}

impl StageClock {
    pub(super) fn new(r: &Registry) -> Self {
        let seconds = histograms(
            r,
            "sluicegate_stage_duration_seconds",
            "Time that a stage of judging took, of one message in 17.",
            &["stage"],
            OVERHEAD_SECONDS,
        );
        Self { start: Instant::now(), seconds: seconds.resolve(&[&labels::words(Stage::ALL, Stage::as_str)]) }
    }
}

impl Stopwatch for StageClock {
    fn start(&self) -> Option<Duration> {
        let turn = TURN.get();
        TURN.set((turn + 1) % STAGES_SAMPLED);
        (turn == 0).then(|| self.start.elapsed())
    }

    fn lap(&self, stage: Stage, since: Duration) -> Duration {
        let now = self.start.elapsed();
        let took = now.saturating_sub(since).as_secs_f64();
        self.seconds.get(stage as usize).into_iter().for_each(|seconds| seconds.observe(took));
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_one_message_in_seventeen() {
        let clock = StageClock::new(&Registry::new());
        let mut measured = (0..2 * STAGES_SAMPLED).filter_map(|_| clock.start());
        let since = measured.next().unwrap();
        clock.lap(Stage::Dlp, since);
        assert_eq!(measured.count(), 1);
        assert_eq!(clock.seconds[Stage::Dlp as usize].get_sample_count(), 1);
        assert_eq!(clock.seconds[Stage::Parse as usize].get_sample_count(), 0);
    }
}
