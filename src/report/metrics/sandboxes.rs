//! Counting what sandboxes lack, and what leaves them.

use prometheus::{IntCounter, IntGauge, Registry};

use super::Metrics;
use super::families::{Resolve, counters, gauges};
use crate::report::labels;

/// Whose sandbox it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enclosed {
    /// The gate's own.
    Gate,
    /// That of the server which the gate starts.
    Server,
}

/// What became of a connection out of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// It was made.
    Allowed,
    /// The host could not be reached.
    Failed,
    /// The host is not on the list, or of a private network.
    Refused,
}

impl Enclosed {
    const ALL: &[Self] = &[Self::Gate, Self::Server];

    fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Server => "server",
        }
    }
}

impl Egress {
    const ALL: &[Self] = &[Self::Allowed, Self::Failed, Self::Refused];

    fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// The series about sandboxes.
pub(super) struct SandboxSeries {
    missing: Vec<IntGauge>,
    egress: Vec<IntCounter>,
}

impl SandboxSeries {
    pub fn new(r: &Registry) -> Self {
        Self {
            missing: gauges(
                r,
                "sluicegate_sandbox_missing_parts",
                "Parts that this machine does not give to a sandbox which is in force without them.",
                &["of"],
            )
            .resolve(&[&labels::words(Enclosed::ALL, Enclosed::as_str)]),
            egress: counters(
                r,
                "sluicegate_sandbox_egress_total",
                "Connections that a wrapped server asked for out of its sandbox.",
                &["result"],
            )
            .resolve(&[&labels::words(Egress::ALL, Egress::as_str)]),
        }
    }
}

impl Metrics {
    /// A sandbox is in force without that many of its parts.
    pub fn sandbox_lacks(&self, of: Enclosed, parts: usize) {
        self.sandboxes.missing[of as usize].set(i64::try_from(parts).unwrap_or(i64::MAX));
    }

    /// A server asked for a connection out of its sandbox.
    pub fn egress(&self, result: Egress) {
        self.sandboxes.egress[result as usize].inc();
    }
}
