//! Bounds of limits that several replicas hold together.

use std::time::Duration;

/// Locks over the cells of shared limits: enough that two cores seldom meet.
pub const LEASE_SHARDS: usize = 64;

/// Cells of shared limits under one lock: 65,536 in all, some 20 MB. Only those that somebody calls are there:
/// what is idle and full again is forgotten, since the store remembers the rest.
pub const LEASES_PER_SHARD_MAX: usize = 1_024;

/// How long what was lent may be spent: others wait for it no longer than that.
pub const LEASE_LIFE: Duration = Duration::from_secs(1);

/// The time for which a busy cell is lent enough. One lease in it costs the store some 12 µs.
pub const LEASE_WINDOW: Duration = Duration::from_millis(200);

/// Calls in [`LEASE_WINDOW`] from which on a cell is busy: of a quieter one the store hears after each call.
pub const LEASE_HOT: u64 = 2;

/// How long the store may take to answer a call that waits for it, whole.
pub const STORE_STRICT_WAIT: Duration = Duration::from_millis(5);

/// How long the store may take to answer where nobody waits. A store that is slower is of no use to limits.
pub const STORE_ANSWER_WAIT: Duration = Duration::from_millis(100);

/// How long a connection to the store may take, name, TLS and password included.
pub const STORE_CONNECT_WAIT: Duration = Duration::from_secs(1);

/// Answers in a row that the store owed, after which it counts as lost. A broken connection counts at once.
pub const STORE_FAILURES_MAX: u32 = 3;

/// Pause before a store that was lost is tried again; doubled with each failure.
pub const STORE_REST_MIN: Duration = Duration::from_millis(100);

/// The longest such pause: how long a store that is back may go unnoticed.
pub const STORE_REST_MAX: Duration = Duration::from_secs(2);

/// How long a store must have been well for its next loss to begin with the shortest pause again: one that comes
/// and goes is tried ever more seldom.
pub const STORE_STEADY: Duration = Duration::from_secs(10);

/// How long a store that may have forgotten a budget goes by what one replica knew of the others: within it they are back
/// and have spoken for themselves, since a store that is back goes unnoticed for `STORE_REST_MAX` at most.
pub const STORE_HEARSAY_LIFE: Duration = Duration::from_secs(5);

/// Orders that are on their way to the store at once; others wait for their answers.
pub const STORE_ORDERS_MAX: usize = 256;

/// Calls that wait for the store at once; further ones go by what the limit says for a lost store.
pub const STORE_ASKED_MAX: usize = 1_024;

/// Pause between two looks for leases that nobody spends and debts that nobody told.
pub const STORE_TICK: Duration = Duration::from_millis(50);

/// Shards of cells that one look takes: all of them four times in a second.
pub const STORE_TICK_SHARDS: usize = 13;

/// How often a replica tells the others that it is there.
pub const STORE_PRESENCE_PAUSE: Duration = Duration::from_secs(5);

/// How long after its last word a replica counts: two may get lost.
pub const STORE_PRESENCE_LIFE: Duration = Duration::from_secs(16);

/// How long the store keeps a cell beyond the time in which it is full again.
pub const STORE_CELL_SLACK: Duration = Duration::from_secs(2);

/// The longest that the store keeps a cell: two of the longest rates, one in a day.
pub const STORE_CELL_LIFE_MAX: Duration = Duration::from_hours(24 * 366);

/// The URL of a store, in bytes: host names have 253 at most, and a password is as long as a token.
pub const STORE_URL_BYTES_MAX: usize = 2_048;

/// Replicas that a policy may name.
pub const REPLICAS_MAX: u32 = 10_000;
