//! Making metric families, and finding all their series at once.

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// Finding all series of a family at once.
pub(super) trait Resolve {
    /// What one series is.
    type Series;
    /// The series of every combination of `words`, the last label fastest.
    fn resolve(&self, words: &[&[&'static str]]) -> Vec<Self::Series>;
}

impl<B: MetricVecBuilder> Resolve for MetricVec<B> {
    type Series = B::M;

    fn resolve(&self, words: &[&[&'static str]]) -> Vec<B::M> {
        let mut rows: Vec<Vec<&'static str>> = vec![Vec::new()];
        for label in words {
            rows = rows
                .iter()
                .flat_map(|row| label.iter().map(|word| [row.as_slice(), &[*word]].concat()))
                .collect();
        }
        rows.iter().map(|row| self.with_label_values(row)).collect()
    }
}

/// Registers `collector`.
pub(super) fn register(registry: &Registry, collector: impl Collector + 'static) {
    // INVARIANT: each name is written once, in `metrics.rs`; a second one fails every test.
    registry.register(Box::new(collector)).expect("metric names are unique");
}

pub(super) fn made<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: prometheus::Result<C>,
) -> C {
    // INVARIANT: names, labels and buckets are constants of `metrics.rs`; a bad one fails every test.
    let collector = collector.expect("metric names are valid");
    register(registry, collector.clone());
    collector
}

/// What every process tells of itself.
pub(super) fn about(registry: &Registry) {
    gauges(
        registry,
        "sluicegate_build_info",
        "The program: its version, and what it was made from.",
        &["version", "revision", "rustc"],
    )
    .with_label_values(&[
        env!("CARGO_PKG_VERSION"),
        option_env!("SLUICEGATE_REVISION").unwrap_or("unknown"),
        option_env!("SLUICEGATE_RUSTC").unwrap_or("unknown"),
    ])
    .set(1);
    register(registry, ProcessCollector::for_self());
}

pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    made(registry, IntGauge::new(name, help))
}

pub(super) fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    made(registry, IntGaugeVec::new(Opts::new(name, help), labels))
}

pub(super) fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    made(registry, IntCounter::new(name, help))
}

pub(super) fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    made(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

pub(super) fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
    buckets: &[f64],
) -> HistogramVec {
    made(registry, HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
}
