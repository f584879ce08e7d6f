//! What is counted about policies: which one is in force, how reloads went, what a candidate would do.

use std::sync::Mutex;

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Registry};

use super::families::{Resolve, counters, gauge, gauges};
use crate::gate::{Trial, Verdict};
use crate::report::labels::{self, ReloadResult};

/// The series about policies.
pub(super) struct PolicySeries {
    pub info: IntGaugeVec,
    pub shown: Mutex<Option<PolicyLabels>>,
    pub reloads: Vec<IntCounter>,
    pub reload_ok: IntGauge,
    pub reload_ok_at: IntGauge,
    /// By stage, of which there is one.
    pub errors: Vec<IntCounter>,
    candidate: Vec<IntCounter>,
}

/// The labels of `sluicegate_policy_info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyLabels {
    pub sha256: String,
    pub mode: &'static str,
}

/// What two policies may say of one message.
const VERDICTS: &[Verdict] = &[Verdict::Allow, Verdict::Deny];

impl PolicySeries {
    pub fn new(r: &Registry) -> Self {
        let verdicts = labels::words(VERDICTS, Verdict::as_str);
        Self {
            info: gauges(
                r,
                "sluicegate_policy_info",
                "The policy in force: the first 8 digits of its SHA-256, and its mode.",
                &["sha256", "mode"],
            ),
            shown: Mutex::new(None),
            reloads: counters(
                r,
                "sluicegate_policy_reloads_total",
                "Attempts to put another policy in force.",
                &["result"],
            )
            .resolve(&[&labels::words(ReloadResult::ALL, ReloadResult::as_str)]),
            reload_ok: gauge(
                r,
                "sluicegate_policy_last_reload_successful",
                "1 if the last attempt put a policy in force, 0 if the one before stays.",
            ),
            reload_ok_at: gauge(
                r,
                "sluicegate_policy_last_reload_success_timestamp_seconds",
                "When a policy was last put in force.",
            ),
            errors: counters(
                r,
                "sluicegate_policy_errors_total",
                "Messages that were refused for a rule that could not be evaluated.",
                &["stage"],
            )
            .resolve(&[&["evaluate"]]),
            candidate: counters(
                r,
                "sluicegate_policy_candidate_decisions_total",
                "Messages that a candidate policy judged too: what the policy in force said, and what the candidate says.",
                &["live", "candidate"],
            )
            .resolve(&[&verdicts, &verdicts]),
        }
    }

    /// Counts what a candidate says of a message.
    pub fn tried(&self, trial: &Trial) {
        let place = |verdict| usize::from(verdict != Verdict::Allow);
        let at = place(trial.live) * VERDICTS.len() + place(trial.verdict);
        if let Some(counter) = self.candidate.get(at) {
            counter.inc();
        }
    }
}
