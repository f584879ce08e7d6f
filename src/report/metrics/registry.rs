//! What is counted about the registry in PostgreSQL.

use prometheus::{IntCounter, IntGauge, Registry};

use super::Metrics;
use super::families::{Resolve, counters, gauge};
use crate::report::labels::{self, ReloadResult};

/// The series about the registry; all 0 where there is none.
pub(super) struct RegistrySeries {
    revision: IntGauge,
    connected: IntGauge,
    agreed_at: IntGauge,
    reloads: Vec<IntCounter>,
}

impl RegistrySeries {
    pub fn new(r: &Registry) -> Self {
        Self {
            revision: gauge(
                r,
                "sluicegate_registry_revision",
                "The revision of the registry that is in force.",
            ),
            connected: gauge(
                r,
                "sluicegate_registry_connected",
                "1 while the database of the registry is reached, 0 while it is not, or there is none.",
            ),
            agreed_at: gauge(
                r,
                "sluicegate_registry_agreed_timestamp_seconds",
                "When the database last said what is in force; 0 if it never did since the start.",
            ),
            reloads: counters(
                r,
                "sluicegate_registry_reloads_total",
                "What the registry said anew: put in force, or refused so that the last good one stays.",
                &["result"],
            )
            .resolve(&[&labels::words(ReloadResult::ALL, ReloadResult::as_str)]),
        }
    }

    fn count(&self, result: ReloadResult) {
        if let Some(counter) = self.reloads.get(result as usize) {
            counter.inc();
        }
    }
}

impl Metrics {
    /// Notes that the database says what is in force, at `revision`; `unix_ms` is the time.
    pub fn registry_agreed(&self, revision: i64, unix_ms: u64) {
        self.registered.connected.set(1);
        self.registered.revision.set(revision);
        self.registered.agreed_at.set(i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX));
    }

    /// Notes that the gate starts with this revision.
    pub fn registry_begun(&self, revision: i64) {
        self.registered.revision.set(revision);
    }

    /// Notes that the database is not reached.
    pub fn registry_lost(&self) {
        self.registered.connected.set(0);
    }

    /// Counts something new that is in force.
    pub fn registry_published(&self) {
        self.registered.count(ReloadResult::Success);
    }

    /// Counts something that cannot be in force; the database is reached.
    pub fn registry_refused(&self) {
        self.registered.connected.set(1);
        self.registered.count(ReloadResult::Failure);
    }
}
