//! How many calls there still are of versions of tools that are on their way out.

use prometheus::{IntCounter, Registry};

use super::families::{Resolve, counters};
use crate::gate::Record;
use crate::policy::State;

/// The states of a version that is on its way out.
const ENDING: &[State] = &[State::Brownout, State::Deprecated, State::Retired];

/// The series by state.
pub(super) struct VersionSeries(Vec<IntCounter>);

impl VersionSeries {
    pub fn new(r: &Registry) -> Self {
        let words: Vec<&str> = ENDING.iter().map(|state| state.as_str()).collect();
        let help = "Calls of versions of tools that are on their way out, by the state of the version; those of `retired` are refused.";
        Self(counters(r, "sluicegate_deprecated_calls_total", help, &["state"]).resolve(&[&words]))
    }

    pub fn count(&self, record: &Record) {
        let Some(called) = record.called.as_deref() else { return };
        let at = ENDING.iter().position(|state| *state == called.state);
        at.and_then(|at| self.0.get(at)).into_iter().for_each(IntCounter::inc);
    }
}

/// Whether a version in this state is on its way out.
pub(super) fn is_ending(state: State) -> bool {
    ENDING.contains(&state)
}
