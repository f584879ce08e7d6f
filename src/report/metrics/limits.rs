//! How the limits of the policy in force stand: read off the ledger whenever somebody looks.
//!
//! The ledger counts; a scrape copies. So a request pays for no metric of a limit, and the label is a name of the
//! policy in force: the series of a limit that is no longer there go with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::{GaugeVec, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

use super::count::signed;
use super::families::{counters, gauges, histograms, register};
use crate::limit::{Ledger, Rule, Standing};
use crate::names::{Label, Now};

/// The series of limits.
pub(super) struct LimitSeries {
    decisions: IntCounterVec,
    keys: IntGaugeVec,
    keys_max: IntGaugeVec,
    remaining: GaugeVec,
    waits: HistogramVec,
    /// The limits that have series, and what they were.
    shown: Mutex<HashMap<Label, u64>>,
}

const VERDICTS: [&str; 4] = ["allow", "deny", "near_limit", "shadow_deny"];

impl LimitSeries {
    pub fn new(r: &Registry) -> Self {
        let help =
            "What is left of the fullest key of a limit that was charged of late; below 0 it is in debt.";
        // INVARIANT: name and label are constants; a bad one fails every test.
        let remaining = GaugeVec::new(Opts::new("sluicegate_limit_remaining_ratio", help), &["limit"])
            .expect("a metric name");
        register(r, remaining.clone());
        Self {
            decisions: counters(
                r,
                "sluicegate_limit_decisions_total",
                "Requests that a limit was asked about; `near_limit` where it let them go on with less than a fifth left.",
                &["limit", "verdict"],
            ),
            keys: gauges(r, "sluicegate_limit_keys", "Keys of a limit in memory.", &["limit"]),
            keys_max: gauges(
                r,
                "sluicegate_limit_keys_limit",
                "Keys of a limit beyond which new ones share a wider one.",
                &["limit"],
            ),
            remaining,
            waits: histograms(
                r,
                "sluicegate_queue_wait_seconds",
                "How long requests have waited for a place under a limit on those in flight.",
                &["limit"],
                super::OVERHEAD_SECONDS,
            ),
            shown: Mutex::default(),
        }
    }

    /// Copies how each of `rules` stands.
    pub fn observe(&self, ledger: &Ledger, rules: &[Arc<Rule>], now: Now) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current =
            |id: &Label, stamp: u64| rules.iter().any(|rule| rule.id() == id && rule.stamp() == stamp);
        shown.retain(|id, stamp| {
            let stays = is_current(id, *stamp);
            if !stays {
                self.forget(id);
            }
            stays
        });
        for rule in rules {
            shown.insert(rule.id().clone(), rule.stamp());
            self.show(rule.id().as_str(), ledger.standing(rule, now), ledger.cells_per_limit_max());
        }
    }

    /// Counts a wait for a place under a limit of a policy.
    pub fn waited(&self, limit: &Label, wait: Duration) {
        self.waits.with_label_values(&[limit.as_str()]).observe(wait.as_secs_f64());
    }

    fn show(&self, id: &str, standing: Standing, cells_max: usize) {
        let Standing { cells, allowed, denied, near, shadowed, used } = standing;
        for (verdict, count) in VERDICTS.into_iter().zip([allowed, denied, near, shadowed]) {
            let counter = self.decisions.with_label_values(&[id, verdict]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        self.keys.with_label_values(&[id]).set(signed(cells));
        self.keys_max.with_label_values(&[id]).set(signed(cells_max));
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        self.remaining.with_label_values(&[id]).set(1.0 - f64::from(used) / 1000.0);
    }

    fn forget(&self, id: &Label) {
        let id = id.as_str();
        // Each fails only if it is not there, which is what is wanted.
        for verdict in VERDICTS {
            let _ = self.decisions.remove_label_values(&[id, verdict]);
        }
        let _ = self.keys.remove_label_values(&[id]);
        let _ = self.keys_max.remove_label_values(&[id]);
        let _ = self.waits.remove_label_values(&[id]);
        let _ = self.remaining.remove_label_values(&[id]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;
    use crate::limit::{Bill, Level, Round, Subject};
    use crate::policy::{Source, compile};

    fn policy(limits: &str) -> crate::policy::Policy {
        let text = format!(
            "version: 1\nserver: {{ id: a }}\ncallers: {{ anonymous: allow }}\ntools: {{ t: {{}} }}\nlimits: [{limits}]\n"
        );
        compile(&[Source { name: "policy.yaml".into(), text }], 0).expect("a policy")
    }

    #[test]
    fn shows_the_limits_of_the_policy_in_force_and_no_others() {
        let (metrics, ledger) = (Metrics::new(), Arc::new(Ledger::new()));
        let now = Now { steady: Duration::ZERO, unix_ms: 0 };
        let policy_of =
            |id: &str| policy(&format!("{{ id: {id}, per: [{}], rate: 4/hour }}", Level::User.as_str()));
        let first = policy_of("first");
        let subject = Subject {
            server: "a",
            tenant: None,
            user: "secret-1",
            agent: None,
            conversation: None,
            tool: None,
            class: None,
        };
        let bill = Bill {
            round: Round::First,
            request_bytes: 0,
            argument_tokens: &|| 0,
            argument: &|_| None,
            response_bytes: 0,
        };
        for _ in 0..5 {
            let _ = ledger.charge(first.all_limits().iter(), (&subject, &bill), now);
        }
        metrics.observe_limits(&ledger, first.all_limits(), now);
        metrics.observe_limits(&ledger, first.all_limits(), now);
        let text = metrics.render();
        for line in [
            "sluicegate_limit_decisions_total{limit=\"first\",verdict=\"allow\"} 3",
            "sluicegate_limit_decisions_total{limit=\"first\",verdict=\"near_limit\"} 1",
            "sluicegate_limit_decisions_total{limit=\"first\",verdict=\"deny\"} 1",
            "sluicegate_limit_decisions_total{limit=\"first\",verdict=\"shadow_deny\"} 0",
            "sluicegate_limit_keys{limit=\"first\"} 1",
            "sluicegate_limit_remaining_ratio{limit=\"first\"} 0",
            "sluicegate_ratelimit_keys 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("secret-1"));
        metrics.observe_limits(&ledger, policy_of("second").all_limits(), now);
        let text = metrics.render();
        assert!(text.contains("limit=\"second\"") && !text.contains("limit=\"first\""), "{text}");
    }
}
