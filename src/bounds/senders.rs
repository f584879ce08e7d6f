//! Limits of certificates, proofs of possession and introspection.

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

/// How long what an issuer said of an active token is believed: the lag of a revocation.
pub const INTROSPECTED_LIFE: Duration = Duration::from_secs(30);

/// Introspected tokens remembered: about 0.5 KB each.
pub const INTROSPECTED_TOKENS_MAX: usize = 16_384;

/// Introspections on their way at once: as many as connections of HTTP/1 are a burden to nobody.
pub const INTROSPECTIONS_MAX: usize = 128;

/// Failures in a row after which an introspection endpoint is left alone.
pub const INTROSPECTION_FAILURES_MAX: u32 = 3;

/// How long it is left alone: callers are told to come back in as many seconds.
pub const INTROSPECTION_REST: Duration = Duration::from_secs(5);

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
