//! Counting: from a record, or from what the shell sees, to counters that are already found.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use prometheus::{Histogram, IntCounter, IntGauge};

use super::policies::PolicyLabels;
use super::{Metrics, OTHER};
use crate::gate::{Action, Reason, Record, Stray};
use crate::limit::{IS_EXACT, Ledger, Rule, tokens_in};
use crate::mcp::Method;
use crate::names::{Label, Now, hex};
use crate::policy::Policy;
use crate::report::labels::{self, CodeClass, ErrorType, FindingAction, Phase, ReloadResult, StreamKind};

/// One of what a gauge counts, for as long as it is held.
#[derive(Debug)]
pub struct Held(IntGauge);

impl Metrics {
    /// Counts one judged message: about a dozen updates, no allocation, no lock.
    pub fn count(&self, record: &Record) {
        let response = Phase::Response as usize;
        let phase = Phase::of(record);
        self.operation(record.method, ErrorType::of(record)).observe(seconds(record.duration_us));
        observe(&self.messages.overhead, Phase::Request as usize, seconds(record.overhead_us.request));
        observe(&self.messages.payload_bytes, Phase::Request as usize, record.bytes.request as f64);
        self.count_tokens(Phase::Request, None, record.bytes.request);
        // What was refused on its way in has no answer that was judged.
        if phase == Phase::Response || !matches!(record.action, Action::Deny | Action::Error) {
            observe(&self.messages.overhead, response, seconds(record.overhead_us.response));
            observe(&self.messages.payload_bytes, response, record.bytes.response as f64);
            self.count_tokens(Phase::Response, record.tokens, record.bytes.response);
        }
        let decision = (phase as usize * labels::ACTIONS.len() + record.action as usize) * Reason::ALL.len();
        add(&self.messages.decisions, decision + record.reason.index(), 1);
        self.count_response(record.http_status);
        if record.has_colliding_keys {
            self.doubts.collisions.inc();
        }
        if record.is_unjudged {
            add(&self.policy.errors, 0, 1);
        }
        self.health.count(record);
        self.versions.count(record);
        self.unlisted.count(record);
        self.named.count(record);
        if let Some(trial) = &record.trial {
            self.policy.tried(trial);
        }
        for restore in &record.restores {
            add(&self.messages.restores, restore.result.index(), restore.count.into());
        }
        for (direction, finding) in &record.findings {
            let action = FindingAction::of(finding);
            let at = finding.detector.family() as usize * labels::DIRECTIONS.len() + *direction as usize;
            add(
                &self.messages.findings,
                at * FindingAction::ALL.len() + action as usize,
                finding.count.into(),
            );
        }
        for (outcome, count) in labels::fittings(record.fitting).into_iter().enumerate() {
            add(&self.messages.fittings, outcome, count.into());
        }
    }

    /// Counts the tokens of a body: those that were counted, or an estimate by its bytes.
    fn count_tokens(&self, direction: Phase, counted: Option<u64>, bytes: u64) {
        let exact = counted.filter(|_| IS_EXACT);
        let method = usize::from(exact.is_none());
        let at = direction as usize * labels::TOKEN_METHODS.len() + method;
        add(&self.messages.tokens, at, exact.unwrap_or_else(|| tokens_in(bytes)));
    }

    /// Counts an HTTP answer that belongs to no record, such as 404; `count` does so for the others.
    pub fn count_response(&self, http_status: u16) {
        add(&self.messages.http_responses, CodeClass::of(http_status) as usize, 1);
    }

    pub(super) fn operation(&self, method: Option<Method>, error: ErrorType) -> &Histogram {
        let row = method.map_or(Method::ALL.len(), Method::index);
        // INVARIANT: `new` makes a cell for each method, one for none, times each error type.
        let cell = &self.messages.operations[row * ErrorType::ALL.len() + error as usize];
        cell.get_or_init(|| {
            let name = method.map_or(OTHER, Method::as_str);
            self.messages.operation_family.with_label_values(&[name, error.as_str()])
        })
    }

    /// Counts an open stream for as long as the result is held.
    pub fn open_stream(&self, kind: StreamKind) -> Held {
        // INVARIANT: `new` makes one gauge for each kind.
        Held::new(&self.load.streams[kind as usize])
    }

    /// Sets how many requests may be in flight; 0 means no limit.
    pub fn set_inflight_limit(&self, requests: usize) {
        self.load.inflight_limit.set(signed(requests));
    }

    /// Sets how many messages are admitted and not yet settled, from the counts of both.
    pub fn observe_tickets(&self, opened: u64, settled: u64) {
        self.load.inflight.set(i64::try_from(opened.saturating_sub(settled)).unwrap_or(i64::MAX));
    }

    /// Sets how the limits of the policy in force stand, and how many cells all limits have.
    pub fn observe_limits(&self, ledger: &Ledger, rules: &[Arc<Rule>], now: Now) {
        self.load.ratelimit_keys.set(signed(ledger.cells()));
        let overflows = &self.load.ratelimit_overflows;
        overflows.inc_by(ledger.crowded().saturating_sub(overflows.get()));
        self.limits.observe(ledger, rules, now);
    }

    /// Counts how long a request has waited for a place under a limit on those in flight.
    pub fn waited(&self, limit: &Label, wait: Duration) {
        self.limits.waited(limit, wait);
    }

    /// Sets how many values are kept behind tokens.
    pub fn observe_vault(&self, tokens: usize) {
        self.load.vault_tokens.set(signed(tokens));
    }

    /// Counts a message that belongs to nothing that waits.
    pub fn strayed(&self, stray: Stray) {
        add(&self.doubts.strays, stray.index(), 1);
    }

    /// Counts an exchange that panicked, and was refused.
    pub fn panicked(&self) {
        self.load.panics.inc();
    }

    /// Notes the policy that is in force from the start; no reload has happened.
    pub fn policy_loaded(&self, policy: &Policy) {
        self.policy.reload_ok.set(1);
        self.policy.reload_ok_at.set(unix_seconds());
        self.show(policy);
    }

    /// Counts a reload that put `policy` in force.
    pub fn policy_published(&self, policy: &Policy) {
        self.policy_loaded(policy);
        add(&self.policy.reloads, ReloadResult::Success as usize, 1);
    }

    /// Counts a reload that was refused.
    pub fn policy_kept(&self) {
        self.policy.reload_ok.set(0);
        add(&self.policy.reloads, ReloadResult::Failure as usize, 1);
    }

    fn show(&self, policy: &Policy) {
        self.named.follow(policy);
        let sha256 = hex(&policy.sha256[..4]);
        let labels = PolicyLabels { sha256, mode: policy.mode.as_str() };
        let mut shown = self.policy.shown.lock().unwrap_or_else(PoisonError::into_inner);
        self.policy.info.with_label_values(&[labels.sha256.as_str(), labels.mode]).set(1);
        if let Some(previous) = shown.replace(labels.clone()).filter(|previous| *previous != labels) {
            // Fails only if it is not there, which is what is wanted.
            let _ = self.policy.info.remove_label_values(&[previous.sha256.as_str(), previous.mode]);
        }
    }
}

impl Held {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

pub(super) fn add(counters: &[IntCounter], at: usize, count: u64) {
    if let Some(counter) = counters.get(at) {
        counter.inc_by(count);
    }
}

fn observe(histograms: &[Histogram], at: usize, value: f64) {
    if let Some(histogram) = histograms.get(at) {
        histogram.observe(value);
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

pub(super) fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

pub(super) fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
