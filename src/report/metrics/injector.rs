//! What the injector counts: a process of its own, with its own few series.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Registry, TextEncoder};

use super::count::unix_seconds;
use super::families::{Resolve, about, counters, gauges, made};
use crate::report::injector::{ReloadSubject, Reviewed};
use crate::report::labels::{self, ReloadResult};

/// All metrics of the injector, each found before it is needed.
pub struct InjectorMetrics {
    registry: Registry,
    requests: Vec<(Reviewed, IntCounter)>,
    seconds: Histogram,
    /// By [`ReloadSubject`], then by result.
    reloads: Vec<IntCounter>,
    reload_ok: Vec<IntGauge>,
    reload_ok_at: Vec<IntGauge>,
    expiry: IntGauge,
    counted_at: OnceLock<IntGauge>,
    /// Registered with the first count: a number of pods that nobody counted would be a lie.
    uninjected: OnceLock<IntGauge>,
}

/// The API server waits 5 s here, 10 s where nobody says otherwise.
const REVIEW_SECONDS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

impl InjectorMetrics {
    /// Registers everything, at 0.
    pub fn new() -> Self {
        let registry = Registry::new();
        let r = &registry;
        let help = "Requests to the injector: what became of them, and why.";
        let family = counters(r, "sluicegate_injector_requests_total", help, &["result", "reason"]);
        let requests = Reviewed::all().into_iter();
        let requests = requests.map(|it| (it, family.with_label_values(&it.labels()))).collect();
        let seconds = HistogramOpts::new(
            "sluicegate_injector_request_duration_seconds",
            "Time from the head of a request to its answer.",
        );
        let seconds = made(r, Histogram::with_opts(seconds.buckets(REVIEW_SECONDS.to_vec())));
        let subjects = labels::words(ReloadSubject::ALL, ReloadSubject::as_str);
        let metrics = Self {
            requests,
            seconds,
            reloads: counters(
                r,
                "sluicegate_injector_reloads_total",
                "Changed files that were taken over, or refused.",
                &["subject", "result"],
            )
            .resolve(&[&subjects, &labels::words(ReloadResult::ALL, ReloadResult::as_str)]),
            reload_ok: gauges(
                r,
                "sluicegate_injector_last_reload_successful",
                "1 if the files are in use as they were last seen, 0 if those before stay.",
                &["subject"],
            )
            .resolve(&[&subjects]),
            reload_ok_at: gauges(
                r,
                "sluicegate_injector_last_reload_success_timestamp_seconds",
                "When files were last taken over.",
                &["subject"],
            )
            .resolve(&[&subjects]),
            expiry: gauges(
                r,
                "sluicegate_tls_certificate_expiry_timestamp_seconds",
                "When the certificate that is served ends.",
                &["purpose"],
            )
            .with_label_values(&["webhook"]),
            registry,
            counted_at: OnceLock::new(),
            uninjected: OnceLock::new(),
        };
        about(&metrics.registry);
        for &subject in ReloadSubject::ALL {
            metrics.loaded(subject);
        }
        metrics
    }

    /// Counts a request, and tells how many came to the same.
    pub fn reviewed(&self, reviewed: Reviewed, took: Duration) -> u64 {
        self.seconds.observe(took.as_secs_f64());
        let found = self.requests.iter().find(|(known, _)| *known == reviewed);
        found.map_or(0, |(_, counter)| {
            counter.inc();
            counter.get()
        })
    }

    /// Counts files that were taken over.
    pub fn reloaded(&self, subject: ReloadSubject) {
        self.count_reload(subject, ReloadResult::Success);
        self.loaded(subject);
    }

    /// Counts files that were refused.
    pub fn reload_refused(&self, subject: ReloadSubject) {
        self.count_reload(subject, ReloadResult::Failure);
        self.reload_ok.get(subject as usize).into_iter().for_each(|gauge| gauge.set(0));
    }

    /// Sets when the certificate ends, in seconds since 1970.
    pub fn observe_expiry(&self, until_unix_s: u64) {
        self.expiry.set(i64::try_from(until_unix_s).unwrap_or(i64::MAX));
    }

    /// Says that pods are counted from now on.
    pub fn counting_pods(&self) {
        let help = "When enrolled pods were last counted, or when counting them began.";
        let name = "sluicegate_injector_pods_counted_timestamp_seconds";
        self.counted_at.get_or_init(|| self.gauge(name, help)).set(unix_seconds());
    }

    /// Sets how many enrolled pods were found without a gate just now.
    pub fn counted_pods(&self, unguarded: u64) {
        let help = "Enrolled pods that run without the gate, where the injector may list pods.";
        let name = "sluicegate_injector_uninjected_pods";
        let unguarded = i64::try_from(unguarded).unwrap_or(i64::MAX);
        self.uninjected.get_or_init(|| self.gauge(name, help)).set(unguarded);
        self.counting_pods();
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        gauges(&self.registry, name, help, &[]).with_label_values::<&str>(&[])
    }

    /// Writes all metrics in the text format, to be sent as [`METRICS_CONTENT_TYPE`](super::METRICS_CONTENT_TYPE).
    pub fn render(&self) -> String {
        // INVARIANT: every family has a name and, once registered, a sample.
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("metrics are text")
    }

    fn count_reload(&self, subject: ReloadSubject, result: ReloadResult) {
        let at = subject as usize * ReloadResult::ALL.len() + result as usize;
        self.reloads.get(at).into_iter().for_each(IntCounter::inc);
    }

    fn loaded(&self, subject: ReloadSubject) {
        self.reload_ok.get(subject as usize).into_iter().for_each(|gauge| gauge.set(1));
        self.reload_ok_at.get(subject as usize).into_iter().for_each(|gauge| gauge.set(unix_seconds()));
    }
}

impl Default for InjectorMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for InjectorMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InjectorMetrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::inject::{Code, Kind};

    fn value(metrics: &InjectorMetrics, series: &str) -> Option<f64> {
        let text = metrics.render();
        let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }

    #[test]
    fn everything_that_can_become_of_a_request_is_there_from_the_start() {
        let metrics = InjectorMetrics::new();
        let labels: BTreeSet<_> = Reviewed::all().into_iter().map(Reviewed::labels).collect();
        assert_eq!(labels.len(), Reviewed::all().len(), "no two are counted as one");
        let codes = Code::ALL.iter().filter(|code| matches!(code.kind(), Kind::Refusal | Kind::Skip)).count();
        assert!(labels.len() > codes, "all codes are among them");
        for [result, reason] in &labels {
            let series =
                format!(r#"sluicegate_injector_requests_total{{reason="{reason}",result="{result}"}}"#);
            assert_eq!(value(&metrics, &series), Some(0.0), "{series}");
        }
        for (turn, reviewed) in Reviewed::all().into_iter().enumerate() {
            assert_eq!(metrics.reviewed(reviewed, Duration::ZERO), 1, "{turn}");
        }
        let count = "sluicegate_injector_request_duration_seconds_count";
        assert_eq!(value(&metrics, count), Some(labels.len() as f64));
    }

    #[test]
    fn counts_reloads_by_what_was_read() {
        let metrics = InjectorMetrics::new();
        let ok = |subject: &str| {
            let series = format!(r#"sluicegate_injector_last_reload_successful{{subject="{subject}"}}"#);
            value(&metrics, &series)
        };
        assert_eq!((ok("certificate"), ok("settings")), (Some(1.0), Some(1.0)));
        metrics.reload_refused(ReloadSubject::Settings);
        assert_eq!((ok("certificate"), ok("settings")), (Some(1.0), Some(0.0)));
        metrics.reloaded(ReloadSubject::Settings);
        assert_eq!(ok("settings"), Some(1.0));
        for (subject, result, count) in
            [("settings", "failure", 1.0), ("settings", "success", 1.0), ("certificate", "failure", 0.0)]
        {
            let series =
                format!(r#"sluicegate_injector_reloads_total{{result="{result}",subject="{subject}"}}"#);
            assert_eq!(value(&metrics, &series), Some(count), "{series}");
        }
        metrics.observe_expiry(2_208_988_800);
        let series = r#"sluicegate_tls_certificate_expiry_timestamp_seconds{purpose="webhook"}"#;
        assert_eq!(value(&metrics, series), Some(2_208_988_800.0));
    }
}
