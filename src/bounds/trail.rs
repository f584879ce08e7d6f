//! How long, how large and how sure the audit trail is.

use std::ops::RangeInclusive;
use std::time::Duration;

/// What a strict call waits for its record to be durable. A sync takes half a millisecond, on a busy disk ten;
/// beyond this the disk is not well, and the caller is told so.
pub const AUDIT_STRICT_WAIT: Duration = Duration::from_millis(250);

/// How long a record may be written and not yet durable where nobody waits for it.
pub const AUDIT_SYNC_PAUSE: Duration = Duration::from_secs(1);

/// Bytes that may be written and not yet durable: they are kept, to be written again where a sync fails.
pub const AUDIT_UNSYNCED_BYTES_MAX: usize = 1 << 20;

/// Records between two checkpoints.
pub const AUDIT_CHECKPOINT_RECORDS: usize = 1_000;

/// Time between two checkpoints while records come.
pub const AUDIT_CHECKPOINT_PAUSE: Duration = Duration::from_secs(10);

/// The size at which an audit file can be put aside, in MiB: one has some 1,400 records, and a TiB is a disk.
pub const AUDIT_FILE_MIB: RangeInclusive<u64> = 1..=1 << 20;

/// Names tried for a file that is put aside, one millisecond apart.
pub const AUDIT_NAMES_MAX: u64 = 1_000;

/// Lines that a file may say again after a sync that failed: as many as the queue and what is not durable hold,
/// of the shortest.
pub const AUDIT_REPEATED_MAX: usize = 32 << 10;

/// Pause between two writes of the audit while records come: what a crash may lose, and what makes
/// one write carry a hundred records.
pub const AUDIT_TICK: Duration = Duration::from_millis(3);

/// Pause before a sink that failed is tried again.
pub const AUDIT_RETRY: Duration = Duration::from_millis(250);

/// How often the audit file is looked for under its name, in case it was rotated or removed.
pub const AUDIT_LOOK: Duration = Duration::from_secs(1);

/// The end of an audit, last write included: fits the 2 s that a pod has in the worst case.
pub const AUDIT_STOP_MAX: Duration = Duration::from_millis(1500);
