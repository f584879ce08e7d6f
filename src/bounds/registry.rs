//! Bounds of the registry of tools and tenants in PostgreSQL.

use std::time::Duration;

/// Tenants of one server in the registry. Each takes some 100 bytes beside its name where it has 50 tools.
pub const REGISTRY_TENANTS_MAX: usize = 100_000;

/// Versions of all tools of one server that are read: the active ones, and those that callers still leave.
pub const REGISTRY_VERSIONS_MAX: usize = 2 * super::POLICY_TOOLS_MAX;

/// Rows with a date, a pinned version or limits of their own. They are looked up by halving, some 20 steps.
pub const REGISTRY_EXTRAS_MAX: usize = 1_000_000;

/// Different limits that rows have: tenants of one plan share theirs.
pub const REGISTRY_LIMITS_MAX: usize = 10_000;

/// Records of drift that are brought into the registry at once.
pub const REGISTRY_DRIFTS_MAX: usize = 10_000;

/// The latest drift that is told of a registry.
pub const REGISTRY_DRIFTS_SHOWN_MAX: i64 = 10;

/// Faults of one table that are told: somebody who reads more of them has stopped reading.
pub const REGISTRY_FAULTS_SHOWN_MAX: usize = 20;

/// The file with the last good content of the registry, in bytes.
pub const REGISTRY_KEPT_BYTES_MAX: usize = 64 << 20;

/// How often the gate asks for the revision, whatever it was told: notices are lost while nobody listens.
pub const REGISTRY_POLL: Duration = Duration::from_secs(30);

/// How often everything is read again although the revision did not move: rows that were changed behind the back of
/// its triggers are found then.
pub const REGISTRY_WHOLE_AGAIN: Duration = Duration::from_secs(600);

/// How long a connection to the registry may take, name, TLS and password included.
pub const REGISTRY_CONNECT_WAIT: Duration = Duration::from_secs(5);

/// How long one reading may take: half a million rows take about a second. Nobody waits for it.
pub const REGISTRY_READ_WAIT: Duration = Duration::from_secs(30);

/// How long a gate that starts tries to reach the registry before it gives up, where it has nothing that was kept.
pub const REGISTRY_START_WAIT: Duration = Duration::from_secs(5);

/// The first rest after a lost connection; it doubles from one failure to the next, with jitter.
pub const REGISTRY_REST_MIN: Duration = Duration::from_millis(100);

/// The longest rest between two tries.
pub const REGISTRY_REST_MAX: Duration = Duration::from_secs(10);

/// How long a command of people may take at the database, the import of a registry included.
pub const REGISTRY_COMMAND_WAIT: Duration = Duration::from_secs(120);
