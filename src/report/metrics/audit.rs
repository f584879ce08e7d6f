//! What the audit counts about itself.

use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::count::{signed, unix_seconds};
use super::families::{counters, gauge, gauges, histograms};
use super::{Metrics, OVERHEAD_SECONDS};
use crate::bounds::AUDIT_QUEUE_BYTES_MAX;
use crate::report::AuditSink;

pub(super) struct AuditFamilies {
    events: IntCounterVec,
    queue_events: IntGauge,
    queue_bytes: IntGauge,
    write_seconds: HistogramVec,
    last_success: IntGaugeVec,
}

/// What the audit counts about itself; cheap to clone, all clones count together.
#[derive(Debug, Clone)]
pub(in crate::report) struct AuditMeters {
    pub(in crate::report) written: IntCounter,
    pub(in crate::report) dropped: IntCounter,
    pub(in crate::report) failed: IntCounter,
    queue_events: IntGauge,
    queue_bytes: IntGauge,
    write_seconds: Histogram,
    last_success: IntGauge,
}

impl AuditFamilies {
    pub fn new(r: &Registry) -> Self {
        gauge(r, "sluicegate_audit_queue_limit_bytes", "Audit lines that may wait to be written.")
            .set(signed(AUDIT_QUEUE_BYTES_MAX));
        Self {
            events: counters(
                r,
                "sluicegate_audit_events_total",
                "Audit records: written, dropped for good, and failed attempts to write a group.",
                &["sink", "result"],
            ),
            queue_events: gauge(r, "sluicegate_audit_queue_events", "Audit records that wait to be written."),
            queue_bytes: gauge(r, "sluicegate_audit_queue_bytes", "Audit lines that wait to be written."),
            write_seconds: histograms(
                r,
                "sluicegate_audit_write_duration_seconds",
                "Time to write one group of audit records.",
                &["sink"],
                OVERHEAD_SECONDS,
            ),
            last_success: gauges(
                r,
                "sluicegate_audit_last_success_timestamp_seconds",
                "When audit records were last written.",
                &["sink"],
            ),
        }
    }
}

impl Metrics {
    /// The meters of an audit that writes to `sink`, all at 0.
    pub(in crate::report) fn audit_meters(&self, sink: &AuditSink) -> AuditMeters {
        let sink = match sink {
            AuditSink::File(_) => "file",
            AuditSink::Stderr => "stderr",
            AuditSink::Stdout => "stdout",
        };
        let events = |result: &str| self.audit.events.with_label_values(&[sink, result]);
        AuditMeters {
            written: events("written"),
            dropped: events("dropped"),
            failed: events("failed"),
            queue_events: self.audit.queue_events.clone(),
            queue_bytes: self.audit.queue_bytes.clone(),
            write_seconds: self.audit.write_seconds.with_label_values(&[sink]),
            last_success: self.audit.last_success.with_label_values(&[sink]),
        }
    }
}

impl AuditMeters {
    /// Notes how much waits to be written.
    pub(in crate::report) fn waits(&self, records: u64, bytes: usize) {
        self.queue_events.set(i64::try_from(records).unwrap_or(i64::MAX));
        self.queue_bytes.set(signed(bytes));
    }

    /// Notes that a group was written.
    pub(in crate::report) fn wrote(&self, records: u64, took: Duration) {
        self.written.inc_by(records);
        self.write_seconds.observe(took.as_secs_f64());
        self.last_success.set(unix_seconds());
    }

    /// When a group was last written, in seconds since 1970; 0 if none was.
    pub(in crate::report) fn written_unix_s(&self) -> i64 {
        self.last_success.get()
    }
}
