//! The addresses of one host, and how they are doing.
//!
//! What a name resolves to is asked for with each new connection; what is remembered is only which addresses
//! failed. A host with one address has nothing to choose from.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::limit::breaker::{BreakerPlan, Endpoints};

/// See the module.
pub struct Addresses {
    /// Its own clock: only differences count.
    start: Instant,
    plan: BreakerPlan,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    endpoints: Endpoints<SocketAddr>,
    /// What the name resolved to last, where that was more than one.
    found: Vec<SocketAddr>,
}

impl Default for Addresses {
    fn default() -> Self {
        Self { start: Instant::now(), plan: BreakerPlan::default(), known: Mutex::default() }
    }
}

impl Addresses {
    /// The addresses in the order in which to try them.
    pub fn order(&self, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let order = known.endpoints.order(&found, self.start.elapsed());
        known.found = found;
        order
    }

    /// Notes that an address did its work.
    pub fn went_well(&self, address: SocketAddr) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).endpoints.went_well(address);
    }

    /// Notes that an address failed.
    pub fn failed(&self, address: SocketAddr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { endpoints, found } = &mut *known;
        if found.len() > 1 && endpoints.failed(address, found, &self.plan, self.start.elapsed()) {
            tracing::warn!(%address, "an address of the server failed too often and is left alone for a while");
        }
    }

    /// How many are left alone now.
    pub fn ejected(&self) -> usize {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.endpoints.ejected(&known.found, self.start.elapsed())
    }
}
