//! Counting how the server takes what it is asked, and what breakers make of it.
//!
//! A tool has series from the first time that its breaker opens: so there are as many as there was trouble, and every
//! name stands in a policy.

use prometheus::{IntCounter, IntCounterVec, IntGaugeVec, Registry};

use super::families::{Resolve, counters, gauges};
use crate::gate::{Reason, Record};
use crate::limit::breaker::{BreakerState, Notice, OutcomeClass};
use crate::report::labels;

/// The series about the server's health.
pub(super) struct HealthSeries {
    state: IntGaugeVec,
    transitions: IntCounterVec,
    short_circuited: IntCounterVec,
    outcomes: Vec<IntCounter>,
}

impl HealthSeries {
    pub fn new(r: &Registry) -> Self {
        let series = Self {
            state: gauges(
                r,
                "sluicegate_breaker_state",
                "Where a breaker is: 0 closed, 1 half open, 2 open; without a tool that of the server.",
                &["tool"],
            ),
            transitions: counters(
                r,
                "sluicegate_breaker_transitions_total",
                "Breakers that went from one state to another, and why.",
                &["tool", "from", "to", "reason"],
            ),
            short_circuited: counters(
                r,
                "sluicegate_breaker_short_circuited_total",
                "Messages that were not sent because a breaker is open; without a tool for the whole server.",
                &["tool"],
            ),
            outcomes: counters(
                r,
                "sluicegate_upstream_outcome_total",
                "Requests to the server by how they ended, as breakers hear it.",
                &["class"],
            )
            .resolve(&[&labels::words(OutcomeClass::ALL, OutcomeClass::as_str)]),
        };
        series.state.with_label_values(&[""]).set(0);
        series.short_circuited.with_label_values(&[""]);
        series
    }

    /// Counts what a record tells.
    pub fn count(&self, record: &Record) {
        if let Some(counter) = record.course.and_then(|class| self.outcomes.get(class.index())) {
            counter.inc();
        }
        if record.reason == Reason::Unavailable {
            let tool = record.resting_tool.as_deref().unwrap_or_default();
            self.short_circuited.with_label_values(&[tool]).inc();
        }
        for Notice { tool, change } in &record.notices {
            let tool = tool.as_deref().unwrap_or_default();
            self.state.with_label_values(&[tool]).set(match change.to {
                BreakerState::Closed => 0,
                BreakerState::HalfOpen => 1,
                BreakerState::Open => 2,
            });
            let words = [tool, change.from.as_str(), change.to.as_str(), change.cause.as_str()];
            self.transitions.with_label_values(&words).inc();
        }
    }
}
