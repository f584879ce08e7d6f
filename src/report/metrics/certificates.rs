//! When the certificates that are served end.

use prometheus::{IntGaugeVec, Registry};

use super::Metrics;
use super::families::gauges;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificatePurpose {
    /// Clients connect to it.
    Listener,
}

impl CertificatePurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
        }
    }
}

/// Without a series for a purpose that no certificate is loaded for.
pub(super) struct CertificateSeries(IntGaugeVec);

impl CertificateSeries {
    pub fn new(r: &Registry) -> Self {
        Self(gauges(
            r,
            "sluicegate_tls_certificate_expiry_timestamp_seconds",
            "When the first certificate of a chain that is served ends.",
            &["purpose"],
        ))
    }
}

impl Metrics {
    /// Sets when a chain of certificates ends, in seconds since 1970.
    pub fn observe_certificate(&self, purpose: CertificatePurpose, ends_unix_s: i64) {
        self.certificates.0.with_label_values(&[purpose.as_str()]).set(ends_unix_s);
    }
}
