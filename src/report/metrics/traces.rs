//! What is counted of spans on their way to the collector.

use prometheus::{IntCounter, Registry};

use super::Metrics;
use super::families::counters;

/// What became of spans; cheap to clone, all clones count together.
#[derive(Debug, Clone)]
pub(in crate::report) struct TraceMeters {
    pub(in crate::report) dropped: IntCounter,
    pub(in crate::report) exported: IntCounter,
    pub(in crate::report) failed: IntCounter,
}

impl TraceMeters {
    fn new(r: &Registry) -> Self {
        let family = counters(
            r,
            "sluicegate_trace_spans_total",
            "Spans: exported, dropped for want of room, and failed where the collector did not take them.",
            &["result"],
        );
        let [dropped, exported, failed] =
            ["dropped", "exported", "failed"].map(|result| family.with_label_values(&[result]));
        Self { dropped, exported, failed }
    }
}

impl Metrics {
    /// The meters of what sends spans, all at 0; there once somebody does. To be asked for once.
    pub(in crate::report) fn trace_meters(&self) -> TraceMeters {
        TraceMeters::new(&self.registry)
    }
}
