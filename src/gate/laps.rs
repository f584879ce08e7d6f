//! How long the stages of judging take, told to whoever holds the clock.
//!
//! The gate reads no clock. It says where one stage ends and the next begins, and a [`Stopwatch`] of the shell
//! measures, of one message in many; for all others a lap costs a look at an option.

use std::fmt::Debug;
use std::time::Duration;

/// A part of the work on one message, in the order of its path; the closed set of the `stage` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Finding out who calls.
    Authn,
    /// Reading a message, and what it is about.
    Parse,
    /// Asking the rules; of an answer, taking out of lists what may not be seen.
    Policy,
    /// Asking breakers and limits.
    Ratelimit,
    /// Looking for what must be hidden, stopped or given back.
    Dlp,
    /// Writing it down, and waiting for the disk where the policy wants that.
    Audit,
}

impl Stage {
    /// Every stage, in the order of its variants.
    pub const ALL: &[Self] =
        &[Self::Authn, Self::Parse, Self::Policy, Self::Ratelimit, Self::Dlp, Self::Audit];

    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authn => "authn",
            Self::Parse => "parse",
            Self::Policy => "policy",
            Self::Ratelimit => "ratelimit",
            Self::Dlp => "dlp",
            Self::Audit => "audit",
        }
    }
}

/// Measures laps; made by a shell, which has a clock.
pub trait Stopwatch: Debug + Send + Sync {
    /// What time it is, where the message that begins is to be measured; `None` where it is not.
    fn start(&self) -> Option<Duration>;

    /// Notes that `stage` has taken from `since` until now, and says what time it is.
    fn lap(&self, stage: Stage, since: Duration) -> Duration;
}

/// The stages of one message, one after another. Dropping it ends the last one, however judging ends.
#[derive(Debug)]
pub struct Laps<'w>(Option<Running<'w>>);

#[derive(Debug)]
struct Running<'w> {
    watch: &'w dyn Stopwatch,
    stage: Stage,
    since: Duration,
}

impl<'w> Laps<'w> {
    /// Begins `stage`, if `watch` wants to measure this message.
    pub fn begin(watch: Option<&'w dyn Stopwatch>, stage: Stage) -> Self {
        Self(watch.and_then(|watch| Some(Running { watch, stage, since: watch.start()? })))
    }

    /// Ends the stage that runs, and begins `stage`.
    pub fn next(&mut self, stage: Stage) {
        if let Some(running) = &mut self.0 {
            running.since = running.watch.lap(running.stage, running.since);
            running.stage = stage;
        }
    }
}

impl Drop for Laps<'_> {
    fn drop(&mut self) {
        if let Some(Running { watch, stage, since }) = &self.0 {
            watch.lap(*stage, *since);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A clock that goes on by a second whenever it is looked at.
    #[derive(Debug, Default)]
    struct Ticking {
        now: Mutex<u64>,
        laps: Mutex<Vec<(Stage, Duration)>>,
    }

    impl Stopwatch for Ticking {
        fn start(&self) -> Option<Duration> {
            let mut now = self.now.lock().unwrap();
            *now += 1;
            Some(Duration::from_secs(*now))
        }

        fn lap(&self, stage: Stage, since: Duration) -> Duration {
            let now = self.start().unwrap();
            self.laps.lock().unwrap().push((stage, now - since));
            now
        }
    }

    #[test]
    fn tells_each_stage_once_the_last_one_when_dropped() {
        let watch = Ticking::default();
        let mut laps = Laps::begin(Some(&watch), Stage::Parse);
        laps.next(Stage::Policy);
        drop(laps);
        let second = Duration::from_secs(1);
        assert_eq!(*watch.laps.lock().unwrap(), [(Stage::Parse, second), (Stage::Policy, second)]);
    }

    #[test]
    fn an_index_is_the_place_of_its_variant() {
        assert!(Stage::ALL.iter().enumerate().all(|(index, stage)| *stage as usize == index));
    }
}
