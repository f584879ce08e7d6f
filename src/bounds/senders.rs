//! Limits of certificates and proofs of possession.

use std::time::Duration;

/// Bytes of a proof of possession: one by an RSA key of 8192 bits, with long URLs, has about 4 KB.
pub const DPOP_PROOF_BYTES_MAX: usize = 6 * 1024;

/// How far the time of a proof of possession may be from now, either way. Source: RFC 9449, section 11.1,
/// which speaks of seconds or minutes; browsers' clocks are off by more than servers'.
pub const DPOP_PROOF_WINDOW: Duration = Duration::from_mins(1);

/// How long a proof of possession is remembered at least: from a minute ahead to a minute past.
pub const DPOP_PROOF_LIFE: Duration = Duration::from_mins(2);

/// Proofs of possession remembered in one `DPOP_PROOF_LIFE`, of which two are kept: 1,600 a second in the
/// long run, and about 9 MB when all have come.
pub const DPOP_PROOFS_MAX: usize = 200_000;

/// How often the files of TLS are looked at: a certificate is renewed hours before its end, and the kubelet
/// delivers it within a minute.
pub const TLS_LOOK_PAUSE: Duration = Duration::from_secs(10);

/// Certificates in one file of authorities: five times what a company has while it changes them.
pub const AUTHORITY_ROOTS_MAX: usize = 32;

/// Names of one client certificate: a workload has one, a host a dozen.
pub const CERTIFICATE_NAMES_MAX: usize = 64;

/// Bytes of a SPIFFE id. Source: SPIFFE-ID, section 2.3.
pub const SPIFFE_ID_BYTES_MAX: usize = 2_048;

/// Certificates remembered with the caller that they stand for: about 0.5 KB each.
pub const CERTIFICATE_CALLERS_MAX: usize = 4_096;
