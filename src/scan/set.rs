//! Detectors that some rule asks for.

use super::Detector;

/// A set of detectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Set(u32);

impl Set {
    pub(super) fn insert(&mut self, detector: Detector) {
        self.0 |= 1 << detector.index();
    }

    pub(super) fn holds(self, detector: Detector) -> bool {
        self.0 & 1 << detector.index() != 0
    }
}
