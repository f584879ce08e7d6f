//! Bounds of the injector: what the API server of Kubernetes may ask of it, and what it makes of files.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The body of an admission review, in bytes. The API server takes requests of 3 MiB, and stores half of that.
pub const REVIEW_BYTES_MAX: usize = 3 << 20;

/// Reviews in hand at once. One takes a millisecond; a cluster that starts this many pods in that time has waited for
/// other things.
pub const REVIEWS_IN_FLIGHT_MAX: usize = 32;

/// Bytes of reviews held at once, in MiB: eight of the largest. A usual one has 20 KB.
pub const REVIEWS_HELD_MIB: usize = 24;

/// Connections at once. An API server keeps one or a few; there are three or five of them.
pub const REVIEW_CONNECTIONS_MAX: usize = 256;

/// Connections of operators at once: probes of the kubelet, a scrape, a person.
pub const REVIEW_ADMIN_CONNECTIONS_MAX: usize = 64;

/// The `uid` of a review, in bytes: a UUID has 36.
pub const REVIEW_UID_BYTES_MAX: usize = 128;

/// The name of a pod in a line of the log, in bytes: as long as one may be.
pub const REVIEW_NAME_BYTES_MAX: usize = 253;

/// Reasons told in one refusal; the others are counted. A person mends a few at a time.
pub const REVIEW_REASONS_MAX: usize = 8;

/// How long a count of pods rests at least. A list of every pod is work for the API server.
pub const CENSUS_REST_MIN: Duration = Duration::from_secs(1);

/// Pods on one page of a count: 20 KB each where all that Kubernetes adds is counted.
pub const CENSUS_PAGE_PODS: usize = 100;

/// Bytes of one page: a pod may have 1.5 MiB, so this is a page of usual ones and some that are not.
pub const CENSUS_BYTES_MAX: usize = 8 << 20;

/// Pages of one list: 50,000 pods in one namespace.
pub const CENSUS_PAGES_MAX: usize = 500;

/// Namespaces that are counted: as many as a cluster is built for.
pub const CENSUS_NAMESPACES_MAX: usize = 10_000;

/// Pods that a count names in the log; a person looks at a few.
pub const CENSUS_NAMED_MAX: usize = 20;

/// The settings of injection, in bytes: as much as a ConfigMap holds.
pub const SETTINGS_BYTES_MAX: usize = 1 << 20;

/// A certificate chain or a key in PEM, in bytes: as much as a Secret holds.
pub const PEM_BYTES_MAX: usize = 1 << 20;

/// How long a certificate that is made here may be valid, in days.
pub const CERTIFICATE_DAYS: RangeInclusive<i64> = 1..=3650;
