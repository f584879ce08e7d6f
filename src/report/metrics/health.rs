//! Counting how the server takes what it is asked, and what breakers make of it.
//!
//! A tool has series from the first time that its breaker opens: so there are as many as there was trouble, and every
//! name stands in a policy.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::Metrics;
use super::families::{Resolve, counter, counters, gauges};
use crate::gate::{Branch, Crowd, Reason, Record};
use crate::limit::breaker::{BreakerState, Notice, OutcomeClass};
use crate::report::labels::{self, Misdirected, Shed};

/// The series about the server's health.
pub(super) struct HealthSeries {
    state: IntGaugeVec,
    transitions: IntCounterVec,
    short_circuited: IntCounterVec,
    outcomes: Vec<IntCounter>,
    repeats: IntCounter,
    spent: IntCounter,
    ejected: Vec<IntGauge>,
    taken: Vec<IntGauge>,
    limit: Vec<IntGauge>,
    shed: Vec<IntCounter>,
    misdirected: Vec<IntCounter>,
}

impl HealthSeries {
    pub fn new(r: &Registry) -> Self {
        let branches = labels::words(Branch::ALL, Branch::as_str);
        let series = Self {
            state: gauges(
                r,
                "sluicegate_breaker_state",
                "Where a breaker is: 0 closed, 1 half open, 2 open; without a tool that of the server.",
                &["upstream", "tool"],
            ),
            transitions: counters(
                r,
                "sluicegate_breaker_transitions_total",
                "Breakers that went from one state to another, and why.",
                &["upstream", "tool", "from", "to", "reason"],
            ),
            short_circuited: counters(
                r,
                "sluicegate_breaker_short_circuited_total",
                "Messages that were not sent because a breaker is open; without a tool for the whole server.",
                &["upstream", "tool"],
            ),
            outcomes: counters(
                r,
                "sluicegate_upstream_outcome_total",
                "Requests to the server by how they ended, as breakers hear it.",
                &["upstream", "class"],
            )
            .resolve(&[&branches, &labels::words(OutcomeClass::ALL, OutcomeClass::as_str)]),
            repeats: counter(r, "sluicegate_upstream_retries_total", "Requests that the gate sent again."),
            spent: counter(
                r,
                "sluicegate_retry_budget_exhausted_total",
                "Requests that were not sent again because too many others were.",
            ),
            ejected: gauges(
                r,
                "sluicegate_outlier_ejected_endpoints",
                "Addresses of the server that failed too often and are left alone.",
                &["upstream"],
            )
            .resolve(&[&branches]),
            taken: gauges(
                r,
                "sluicegate_concurrency_inflight",
                "Requests that are with the server.",
                &["upstream"],
            )
            .resolve(&[&branches]),
            shed: counters(
                r,
                "sluicegate_shed_total",
                "Requests refused because this process has as much in hand as it may, by what there was no room for.",
                &["what"],
            )
            .resolve(&[&labels::words(Shed::ALL, Shed::as_str)]),
            misdirected: misdirected(r),
            limit: gauges(
                r,
                "sluicegate_concurrency_limit",
                "Requests that may be with the server at once.",
                &["upstream"],
            )
            .resolve(&[&branches]),
        };
        series.state.with_label_values(&["primary", ""]).set(0);
        series.short_circuited.with_label_values(&["primary", ""]);
        series
    }

    /// Counts what a record tells.
    pub fn count(&self, record: &Record) {
        let upstream = record.branch.as_str();
        if let Some(class) = record.course {
            let at = record.branch as usize * OutcomeClass::ALL.len() + class.index();
            self.outcomes.get(at).into_iter().for_each(IntCounter::inc);
        }
        if record.reason == Reason::Unavailable {
            let tool = record.resting_tool.as_deref().unwrap_or_default();
            self.short_circuited.with_label_values(&[upstream, tool]).inc();
        }
    }

    /// Counts what breakers made of it.
    fn hear(&self, notices: &[(Branch, Notice)]) {
        for (branch, Notice { tool, change }) in notices {
            let (upstream, tool) = (branch.as_str(), tool.as_deref().unwrap_or_default());
            self.state.with_label_values(&[upstream, tool]).set(match change.to {
                BreakerState::Closed => 0,
                BreakerState::HalfOpen => 1,
                BreakerState::Open => 2,
            });
            let words = [upstream, tool, change.from.as_str(), change.to.as_str(), change.cause.as_str()];
            self.transitions.with_label_values(&words).inc();
        }
    }
}

fn misdirected(r: &Registry) -> Vec<IntCounter> {
    counters(
        r,
        "sluicegate_misdirected_connections_total",
        "Connections that were closed since they were for no server behind the gate: made to its own port, or redirected from another.",
        &["reason"],
    )
    .resolve(&[&labels::words(Misdirected::ALL, Misdirected::as_str)])
}

impl Metrics {
    /// Counts breakers that went from one state to another; the records that are counted do not say it.
    pub fn noticed(&self, notices: &[(Branch, Notice)]) {
        self.health.hear(notices);
    }

    /// Counts a request that there was no room for.
    pub fn shed(&self, shed: Shed) {
        self.health.shed.get(shed as usize).into_iter().for_each(IntCounter::inc);
    }

    /// Counts a connection that is for no server behind the gate.
    pub fn misdirected(&self, why: Misdirected) {
        self.health.misdirected.get(why as usize).into_iter().for_each(IntCounter::inc);
    }

    /// Counts a request that is sent again.
    pub fn repeated(&self) {
        self.health.repeats.inc();
    }

    /// Counts a request that could be sent again, and is not, since too many others were.
    pub fn budget_spent(&self) {
        self.health.spent.inc();
    }

    /// Sets how many addresses of the server, and of its replica, are left alone.
    pub fn observe_ejected(&self, ejected: [usize; 2]) {
        for (gauge, count) in self.health.ejected.iter().zip(ejected) {
            gauge.set(super::count::signed(count));
        }
    }

    /// Sets how much is with each server; nothing with one that is not among them, for the policy has none.
    pub fn observe_crowds(&self, crowds: &[Crowd]) {
        for ((branch, taken), limit) in Branch::ALL.iter().zip(&self.health.taken).zip(&self.health.limit) {
            let crowd = crowds.iter().find(|crowd| crowd.branch == *branch);
            taken.set(crowd.map_or(0, |crowd| crowd.taken.into()));
            limit.set(crowd.map_or(0, |crowd| crowd.limit.into()));
        }
    }
}
