//! Who is told of what leaves a sandbox.

use std::sync::Arc;
use std::time::Instant;

use crate::report::{Audit, Egress, Metrics, RefusedEgress};
use crate::serve::Seldom;
use crate::serve::sandbox::Witness;
use crate::store::Live;

/// The metrics and the audit of a gate.
pub(super) fn of(live: Arc<Live>, metrics: Arc<Metrics>, audit: Arc<Audit>) -> Arc<dyn Witness> {
    Arc::new(Counted { live, metrics, audit })
}

/// Whoever typed the command, now and then: of a server that is started to be asked there is no audit.
#[derive(Default)]
pub(super) struct Uncounted {
    told: Seldom,
}

struct Counted {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    audit: Arc<Audit>,
}

impl Witness for Counted {
    fn left(&self, result: Egress) {
        self.metrics.egress(result);
    }

    fn refused(&self, what: RefusedEgress) {
        self.audit.egress_refused(&self.live.policy(), what);
    }

    fn look(&self) {
        self.audit.settle_egress();
    }
}

impl Witness for Uncounted {
    fn left(&self, _: Egress) {}

    fn refused(&self, what: RefusedEgress) {
        if self.told.due(Instant::now()).is_some() {
            let RefusedEgress { host, port, reason } = what;
            let why = reason.as_str();
            anstream::eprintln!("sluicegate: a way out of the sandbox was refused: {host}:{port} ({why})");
        }
    }
}
