//! The metrics: every name, every label, counted in arrays that are resolved at start.
//!
//! **Why.** A label value from the wire lets any client fill the memory of the gate and of Prometheus.
//! Here a label value is a variant of an enum, or stands in the loaded policy; nothing else compiles,
//! for the only way in is an index. **How.** [`Metrics::count`] reads a [`Record`](crate::gate::Record) once: about ten
//! updates of counters already found. What alerts look at is exported as 0 from the start, since
//! `increase()` does not see a series begin; only the duration histograms of seldom methods wait for their
//! first observation, being 20 series each.
//!
//! Source: OpenTelemetry semantic conventions for MCP (`mcp.server.operation.duration`); Prometheus,
//! "Metric and label naming".

use std::sync::OnceLock;

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};

use self::count::signed;
use self::credentials::credentials;
use self::families::{Resolve, counter, counters, gauge, gauges, histograms, register};
use self::health::HealthSeries;
use self::identity::IdentitySeries;
use self::limits::LimitSeries;
use self::policies::PolicySeries;
use self::prose::ProseSeries;
use self::shared::SharedSeries;
use super::audit::AuditSink;
use super::labels::{self, CodeClass, ErrorType, FindingAction, Phase, UpstreamFault};
use crate::bounds::{AUDIT_QUEUE_BYTES_MAX, CELL_SHARDS, CELLS_PER_SHARD_MAX};
use crate::gate::{Reason, RestoreResult, Stray};
use crate::mcp::Method;
use crate::scan::{Direction, Family};

mod count;
mod credentials;
mod families;
mod health;
mod identity;
mod limits;
mod policies;
mod prose;
mod shared;

pub use self::count::Held;
pub use super::labels::{CredentialResult, Misdirected, Shed, StreamKind};

/// The content type of [`Metrics::render`]. Prometheus 3 refuses a scrape without an exact one.
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of this process, each found before it is needed.
pub struct Metrics {
    registry: Registry,
    messages: Messages,
    doubts: Doubts,
    load: Load,
    audit: AuditFamilies,
    upstream: UpstreamSeries,
    policy: PolicySeries,
    identity: IdentitySeries,
    limits: LimitSeries,
    prose: ProseSeries,
    health: HealthSeries,
    shared: SharedSeries,
}

struct Messages {
    operation_family: HistogramVec,
    operations: Vec<OnceLock<Histogram>>,
    overhead: Vec<Histogram>,
    decisions: Vec<IntCounter>,
    http_responses: Vec<IntCounter>,
    payload_bytes: Vec<Histogram>,
    findings: Vec<IntCounter>,
    restores: Vec<IntCounter>,
    fittings: Vec<IntCounter>,
}

/// What was dropped, or passed although it might be taken in two ways.
struct Doubts {
    strays: Vec<IntCounter>,
    collisions: IntCounter,
}

struct Load {
    inflight: IntGauge,
    inflight_limit: IntGauge,
    panics: IntCounter,
    streams: Vec<IntGauge>,
    ratelimit_keys: IntGauge,
    ratelimit_keys_limit: IntGauge,
    vault_tokens: IntGauge,
}

struct UpstreamSeries {
    up: IntGauge,
    errors: Vec<IntCounter>,
    credentials: Vec<IntCounter>,
}

struct AuditFamilies {
    events: IntCounterVec,
    queue_events: IntGauge,
    queue_bytes: IntGauge,
    write_seconds: HistogramVec,
    last_success: IntGaugeVec,
}

/// What the audit counts about itself; cheap to clone, all clones count together.
#[derive(Debug, Clone)]
pub(super) struct AuditMeters {
    pub(super) written: IntCounter,
    pub(super) dropped: IntCounter,
    pub(super) failed: IntCounter,
    queue_events: IntGauge,
    queue_bytes: IntGauge,
    write_seconds: Histogram,
    last_success: IntGauge,
}

const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
const OVERHEAD_SECONDS: &[f64] =
    &[0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1];
const PAYLOAD_BYTES: &[f64] =
    &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];
const OTHER: &str = "_OTHER";

impl Metrics {
    /// Registers everything, at 0.
    pub fn new() -> Self {
        let registry = Registry::new();
        let metrics = Self {
            messages: Messages::new(&registry),
            doubts: Doubts::new(&registry),
            load: Load::new(&registry),
            audit: AuditFamilies::new(&registry),
            upstream: UpstreamSeries::new(&registry),
            policy: PolicySeries::new(&registry),
            identity: IdentitySeries::new(&registry),
            limits: LimitSeries::new(&registry),
            prose: ProseSeries::new(&registry),
            health: HealthSeries::new(&registry),
            shared: SharedSeries::new(&registry),
            registry,
        };
        metrics.start();
        metrics
    }

    fn start(&self) {
        gauges(
            &self.registry,
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
        register(&self.registry, ProcessCollector::for_self());
        self.load.ratelimit_keys_limit.set(signed(CELL_SHARDS * CELLS_PER_SHARD_MAX));
        for method in [Some(Method::ToolsCall), Some(Method::ToolsList), None] {
            for &error in ErrorType::ALL {
                self.operation(method, error);
            }
        }
    }

    /// The meters of an audit that writes to `sink`, all at 0.
    pub(super) fn audit_meters(&self, sink: &AuditSink) -> AuditMeters {
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

    /// Writes all metrics in the text format, to be sent as [`METRICS_CONTENT_TYPE`]. Takes about a millisecond.
    pub fn render(&self) -> String {
        // INVARIANT: every family has a name and, once registered, a sample.
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("metrics are text")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Messages {
    fn new(r: &Registry) -> Self {
        let operation_family = histograms(
            r,
            "mcp_server_operation_duration_seconds",
            "Time from the first byte of a request to the last byte of its answer.",
            &["mcp_method_name", "error_type"],
            SECONDS,
        );
        Self {
            operations: std::iter::repeat_with(OnceLock::new)
                .take((Method::ALL.len() + 1) * ErrorType::ALL.len())
                .collect(),
            operation_family,
            overhead: histograms(
                r,
                "sluicegate_overhead_seconds",
                "Time that the gate itself takes, waiting for peers excluded.",
                &["phase"],
                OVERHEAD_SECONDS,
            )
            .resolve(&[&labels::words(Phase::ALL, Phase::as_str)]),
            decisions: counters(
                r,
                "sluicegate_decisions_total",
                "Judged messages.",
                &["phase", "action", "reason"],
            )
            .resolve(&[
                &labels::words(Phase::ALL, Phase::as_str),
                &labels::words(labels::ACTIONS, labels::action),
                &labels::words(Reason::ALL, Reason::as_str),
            ]),
            http_responses: counters(
                r,
                "sluicegate_http_responses_total",
                "HTTP answers to clients; `none` where the client had gone.",
                &["code_class"],
            )
            .resolve(&[&labels::words(CodeClass::ALL, CodeClass::as_str)]),
            payload_bytes: histograms(
                r,
                "sluicegate_payload_bytes",
                "Size of bodies.",
                &["direction"],
                PAYLOAD_BYTES,
            )
            .resolve(&[&labels::words(Phase::ALL, Phase::as_str)]),
            findings: findings(r),
            restores: counters(
                r,
                "sluicegate_restores_total",
                "Tokens that clients sent: restored to the value, or left as text.",
                &["result"],
            )
            .resolve(&[RestoreResult::WORDS]),
            fittings: fittings(r),
        }
    }
}

fn fittings(r: &Registry) -> Vec<IntCounter> {
    counters(
                r,
                "sluicegate_redaction_schema_total",
                "What redaction wrote over in structured results, by how it came to fit the schema of the tool: values fitted, members dropped, answers blocked, and results that did not fit as they came.",
                &["outcome"],
            )
            .resolve(&[labels::FITTINGS])
}

fn findings(r: &Registry) -> Vec<IntCounter> {
    counters(
        r,
        "sluicegate_dlp_findings_total",
        "Values that redaction rules found; `shadow` where the rule only reports.",
        &["detector", "direction", "action"],
    )
    .resolve(&[
        &labels::words(Family::ALL, Family::as_str),
        &labels::words(labels::DIRECTIONS, Direction::as_str),
        &labels::words(FindingAction::ALL, FindingAction::as_str),
    ])
}

impl Doubts {
    fn new(r: &Registry) -> Self {
        Self {
            strays: counters(
                r,
                "sluicegate_stray_messages_total",
                "Messages that belong to nothing that waits, and were dropped.",
                &["kind"],
            )
            .resolve(&[&labels::words(Stray::ALL, Stray::as_str)]),
            collisions: counter(
                r,
                "sluicegate_argument_collisions_total",
                "Calls with arguments beside each other whose keys some reader takes for one.",
            ),
        }
    }
}

impl Load {
    fn new(r: &Registry) -> Self {
        Self {
            inflight: gauge(r, "sluicegate_inflight_requests", "Requests being judged or answered."),
            inflight_limit: gauge(
                r,
                "sluicegate_inflight_requests_limit",
                "Requests in flight beyond which new ones are refused; 0 means no limit.",
            ),
            panics: counter(
                r,
                "sluicegate_panics_total",
                "Exchanges that panicked and were refused; each is a fault of the program.",
            ),
            streams: gauges(r, "sluicegate_streams", "Open event streams.", &["kind"])
                .resolve(&[&labels::words(StreamKind::ALL, StreamKind::as_str)]),
            ratelimit_keys: gauge(r, "sluicegate_ratelimit_keys", "Cells of rate limits in memory."),
            ratelimit_keys_limit: gauge(
                r,
                "sluicegate_ratelimit_keys_limit",
                "Cells of rate limits that may be in memory.",
            ),
            vault_tokens: gauge(r, "sluicegate_vault_tokens", "Values in memory behind tokens."),
        }
    }
}

impl UpstreamSeries {
    fn new(r: &Registry) -> Self {
        Self {
            up: gauge(
                r,
                "sluicegate_upstream_up",
                "1 if the server could be reached the last time it was asked, 0 if not, or if it was never asked.",
            ),
            errors: counters(
                r,
                "sluicegate_upstream_errors_total",
                "Requests that the server did not answer as it should.",
                &["kind"],
            )
            .resolve(&[&labels::words(UpstreamFault::ALL, UpstreamFault::as_str)]),
            credentials: credentials(r),
        }
    }
}

impl AuditFamilies {
    fn new(r: &Registry) -> Self {
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

#[cfg(test)]
mod tests;
