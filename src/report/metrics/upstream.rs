//! Counting how the server is reached.

use std::sync::OnceLock;

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Registry};

use super::Metrics;
use super::count::add;
use super::credentials::credentials;
use super::families::{Resolve, counters, gauges};
use crate::gate::{Denial, Ticket};
use crate::report::labels::{self, UpstreamFault};

pub(super) struct UpstreamSeries {
    up_family: IntGaugeVec,
    /// Without a series until the server was asked, since nobody knows before.
    up: OnceLock<IntGauge>,
    errors: Vec<IntCounter>,
    pub credentials: Vec<IntCounter>,
}

impl UpstreamSeries {
    pub fn new(r: &Registry) -> Self {
        Self {
            up_family: gauges(
                r,
                "sluicegate_upstream_up",
                "1 if the server could be reached the last time it was asked, 0 if not; absent before.",
                &[],
            ),
            up: OnceLock::new(),
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

    fn up(&self) -> &IntGauge {
        let none: [&str; 0] = [];
        self.up.get_or_init(|| self.up_family.with_label_values(&none))
    }
}

impl Metrics {
    /// Whether the server could be reached the last time it was asked; `false`, too, if it was never asked.
    pub fn is_upstream_up(&self) -> bool {
        self.upstream.up.get().is_some_and(|up| up.get() == 1)
    }

    /// Notes that the server could be reached.
    pub fn upstream_answered(&self) {
        self.upstream.up().set(1);
    }

    /// Counts a request that the server did not answer as it should; other refusals are none of its.
    pub fn upstream_failed(&self, ticket: &Ticket, denial: &Denial) {
        let fault = UpstreamFault::of(ticket, denial).filter(|_| !ticket.is_excused());
        let Some(fault) = fault else { return };
        if fault == UpstreamFault::Connect {
            self.upstream.up().set(0);
        }
        add(&self.upstream.errors, fault as usize, 1);
    }

    /// Whether the server could not be reached the last time it was asked.
    pub fn is_upstream_lost(&self) -> bool {
        self.upstream.up.get().is_some_and(|up| up.get() == 0)
    }
}
