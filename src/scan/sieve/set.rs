//! A set of detectors.

use crate::scan::Detector;

/// A set of detectors, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::scan) struct Set([u64; Detector::COUNT.div_ceil(64)]);

impl Set {
    pub(in crate::scan) fn insert(&mut self, detector: Detector) {
        self.0[detector.index() / 64] |= 1 << (detector.index() % 64);
    }

    pub(in crate::scan) fn holds(self, detector: Detector) -> bool {
        self.0[detector.index() / 64] >> (detector.index() % 64) & 1 != 0
    }
}
