//! What is counted about the store of shared limits.

use prometheus::{IntCounterVec, IntGaugeVec, Registry};

use super::Metrics;
use super::families::{counters, gauges};
use crate::names::Label;

/// The series about the store of shared limits; one for each limit of the policy that is shared.
pub(super) struct SharedSeries {
    errors: IntCounterVec,
    degraded: IntGaugeVec,
}

impl SharedSeries {
    pub fn new(r: &Registry) -> Self {
        Self {
            errors: counters(
                r,
                "sluicegate_limit_store_errors_total",
                "Questions about a shared limit that its store did not answer in time, or at all.",
                &["limit"],
            ),
            degraded: gauges(
                r,
                "sluicegate_limit_store_degraded",
                "1 while a shared limit goes by its `on_store_error`, since its store cannot be asked.",
                &["limit"],
            ),
        }
    }
}

impl Metrics {
    /// Shows the limits that are shared now, and no others; their store has yet to be reached.
    pub fn limits_shared(&self, limits: &[Label]) {
        self.shared.degraded.reset();
        for limit in limits {
            self.shared.errors.with_label_values(&[limit.as_str()]);
        }
        self.store_lost(limits);
    }

    /// Counts a question that the store did not answer.
    pub fn store_failed(&self, limit: &Label) {
        self.shared.errors.with_label_values(&[limit.as_str()]).inc();
    }

    /// Notes that these limits go without their store.
    pub fn store_lost(&self, limits: &[Label]) {
        limits.iter().for_each(|limit| self.shared.degraded.with_label_values(&[limit.as_str()]).set(1));
    }

    /// Notes that these limits have their store again.
    pub fn store_back(&self, limits: &[Label]) {
        limits.iter().for_each(|limit| self.shared.degraded.with_label_values(&[limit.as_str()]).set(0));
    }
}
