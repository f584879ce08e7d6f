//! The findings of one scan, merged by rule, detector and path.

use std::sync::Arc;

use crate::bounds::SCAN_FINDINGS_MAX;
use crate::scan::rules::Asked;
use crate::scan::{Detector, Finding};

/// The findings so far, and how to find one of them again.
#[derive(Default)]
pub(in crate::scan) struct Tally {
    pub findings: Vec<Finding>,
    /// By finding, the hash of what tells it from others.
    marks: Vec<u64>,
}

impl Tally {
    /// Counts one more of what a rule found at a path; returns the finding's place. `rule` tells rules apart.
    pub(in crate::scan) fn note(
        &mut self,
        asked: &Asked,
        rule: usize,
        detector: Detector,
        path: &str,
    ) -> usize {
        let path = if self.findings.len() < SCAN_FINDINGS_MAX { path } else { "$" };
        let mark = mark(rule, detector, path);
        let is_same = |finding: &Finding| {
            finding.detector == detector && *finding.path == *path && Arc::ptr_eq(&finding.rule, &asked.id)
        };
        // From the end: the same value has mostly just been found.
        let places = (0..self.marks.len()).rev();
        for place in places.filter(|place| self.marks[*place] == mark) {
            if is_same(&self.findings[place]) {
                self.findings[place].count = self.findings[place].count.saturating_add(1);
                return place;
            }
        }
        self.marks.push(mark);
        self.findings.push(Finding {
            rule: asked.id.clone(),
            detector,
            action: asked.action,
            count: 1,
            path: path.into(),
            mode: asked.mode,
        });
        self.findings.len() - 1
    }
}

/// A cheap hash of what tells findings apart; equal ones are compared.
fn mark(rule: usize, detector: Detector, path: &str) -> u64 {
    let tail = path.as_bytes().last_chunk::<8>().map_or(0, |tail| u64::from_le_bytes(*tail));
    let head = (rule << 40 | detector.index() << 32) as u64 | path.len() as u64 & 0xFFFF_FFFF;
    (tail ^ head.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
