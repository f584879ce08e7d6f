//! Counting what becomes of the credentials that the server is shown.

use prometheus::{IntCounter, Registry};

use super::families::{Resolve, counters};
use super::{CredentialResult, Metrics};
use crate::policy::CredentialKind;
use crate::report::labels;

/// The series of every way and result.
pub(super) fn credentials(r: &Registry) -> Vec<IntCounter> {
    counters(
        r,
        "sluicegate_upstream_credentials_total",
        "Credentials for the server: got, not to be had, refused for one caller, or rejected by the server.",
        &["kind", "result"],
    )
    .resolve(&[
        &labels::words(CredentialKind::ALL, CredentialKind::as_str),
        &labels::words(CredentialResult::ALL, CredentialResult::as_str),
    ])
}

impl Metrics {
    /// Counts what became of a credential for the server.
    pub fn credential(&self, kind: CredentialKind, result: CredentialResult) {
        let at = kind.index() * CredentialResult::ALL.len() + result as usize;
        if let Some(counter) = self.upstream.credentials.get(at) {
            counter.inc();
        }
    }
}
