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

use std::sync::{Arc, OnceLock};

use prometheus::{Histogram, HistogramVec, IntCounter, IntGauge, Registry, TextEncoder};

use self::audit::AuditFamilies;
use self::certificates::CertificateSeries;
use self::count::signed;
use self::families::{Resolve, about, counter, counters, gauge, gauges, histograms};
use self::health::HealthSeries;
use self::identity::IdentitySeries;
use self::limits::LimitSeries;
use self::named::NamedSeries;
use self::pins::PinSeries;
use self::policies::PolicySeries;
use self::prose::ProseSeries;
use self::registry::RegistrySeries;
use self::sandboxes::SandboxSeries;
use self::shared::SharedSeries;
use self::unlisted::UnlistedSeries;
use self::upstream::UpstreamSeries;
use self::versions::VersionSeries;
use super::labels::{self, CodeClass, ErrorType, FindingAction, Phase};
use crate::bounds::{CELL_SHARDS, CELLS_PER_SHARD_MAX};
use crate::gate::{Reason, RestoreResult, Stray};
use crate::mcp::Method;
use crate::scan::{Direction, Family};

mod audit;
mod certificates;
mod count;
mod credentials;
mod families;
mod health;
mod identity;
mod injector;
mod limits;
mod named;
mod pins;
mod policies;
mod prose;
mod registry;
mod sandboxes;
mod shared;
mod stages;
#[cfg(feature = "otel")]
mod traces;
mod unlisted;
mod upstream;
mod versions;

pub(super) use self::audit::AuditMeters;
pub use self::certificates::CertificatePurpose;
pub use self::count::Held;
pub use self::injector::InjectorMetrics;
pub use self::named::NameLabel;
pub use self::pins::{PinAsker, PinResult};
pub use self::sandboxes::{Egress, Enclosed};
pub use self::stages::StageClock;
#[cfg(feature = "otel")]
pub(super) use self::traces::TraceMeters;
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
    pins: PinSeries,
    registered: RegistrySeries,
    health: HealthSeries,
    shared: SharedSeries,
    certificates: CertificateSeries,
    versions: VersionSeries,
    unlisted: UnlistedSeries,
    named: NamedSeries,
    sandboxes: SandboxSeries,
    stages: Arc<StageClock>,
}

struct Messages {
    operation_family: HistogramVec,
    operations: Vec<OnceLock<Histogram>>,
    overhead: Vec<Histogram>,
    decisions: Vec<IntCounter>,
    http_responses: Vec<IntCounter>,
    payload_bytes: Vec<Histogram>,
    tokens: Vec<IntCounter>,
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
    ratelimit_overflows: IntCounter,
    vault_tokens: IntGauge,
}

const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
const OVERHEAD_SECONDS: &[f64] =
    &[0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1];
const PAYLOAD_BYTES: &[f64] =
    &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];
const OTHER: &str = "_OTHER";

impl Metrics {
    /// Registers everything, at 0. No name of the policy but those of limits and resting tools is a label.
    pub fn new() -> Self {
        Self::naming(&[])
    }

    /// [`Metrics::new`], which also counts by names of the policy; whoever may scrape reads them then.
    pub fn naming(names: &[NameLabel]) -> Self {
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
            pins: PinSeries::new(&registry),
            prose: ProseSeries::new(&registry),
            registered: RegistrySeries::new(&registry),
            health: HealthSeries::new(&registry),
            shared: SharedSeries::new(&registry),
            certificates: CertificateSeries::new(&registry),
            versions: VersionSeries::new(&registry),
            unlisted: UnlistedSeries::new(&registry),
            named: NamedSeries::new(&registry, names),
            sandboxes: SandboxSeries::new(&registry),
            stages: Arc::new(StageClock::new(&registry)),
            registry,
        };
        metrics.start();
        metrics
    }

    fn start(&self) {
        about(&self.registry);
        self.load.ratelimit_keys_limit.set(signed(CELL_SHARDS * CELLS_PER_SHARD_MAX));
        for method in [Some(Method::ToolsCall), Some(Method::ToolsList), None] {
            for &error in ErrorType::ALL {
                self.operation(method, error);
            }
        }
    }

    /// What measures the stages of judging.
    pub fn stages(&self) -> Arc<StageClock> {
        Arc::clone(&self.stages)
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
                "Time that the gate itself takes, waiting for peers and for a place excluded.",
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
            tokens: counters(
                r,
                "sluicegate_tokens_total",
                "Tokens of bodies: counted by a table, or guessed from their bytes.",
                &["direction", "method"],
            )
            .resolve(&[&labels::words(Phase::ALL, Phase::as_str), labels::TOKEN_METHODS]),
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
            ratelimit_overflows: counter(
                r,
                "sluicegate_ratelimit_overflows_total",
                "Times that a key of a rate limit found no room, so that a wider one stood in for it.",
            ),
            vault_tokens: gauge(r, "sluicegate_vault_tokens", "Values in memory behind tokens."),
        }
    }
}

#[cfg(test)]
mod tests;
