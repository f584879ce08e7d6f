//! What a server in a sandbox may use.

use std::time::Duration;

/// Files that each process may hold open. Servers of the SDKs hold fewer than forty.
pub const SANDBOX_FILES_MAX: u64 = 256;

/// Bytes of one file that is written. A server that needs more has a data base, not a work folder.
pub const SANDBOX_FILE_BYTES_MAX: u64 = 64 << 20;

/// The folder in memory that a server writes to, as tmpfs(5) has it. It counts as memory of the container.
pub const SANDBOX_MEMORY_FOLDER: &str = "size=64m,nr_inodes=4096,mode=0700";

/// Connections that lead out of all sandboxes at once. Each holds two descriptors of the gate.
pub const EGRESS_CONNECTIONS_MAX: usize = 256;

/// Bytes of the head by which a server asks for a host; `CONNECT` of the longest name with fields is far shorter.
pub const EGRESS_HEAD_BYTES_MAX: usize = 8 * 1024;

/// How long a host may take to be found or to answer, and a server to say where it wants to go.
pub const EGRESS_WAIT: Duration = Duration::from_secs(10);

/// Entries of a list in `sandbox`. A server that needs more is several.
pub const SANDBOX_NAMES_MAX: usize = 64;

/// Bytes of a path, a host or a name in `sandbox`: the longest path that Linux takes.
pub const SANDBOX_PATH_BYTES_MAX: usize = 4096;

/// Kinds of refused connections out of sandboxes that are told apart in the audit, within a window. A server that
/// tries more hosts is seen to do so by the first of them.
pub const EGRESS_KINDS_MAX: usize = 64;

/// How long refused connections of one kind are counted before the audit says how many there were, in milliseconds.
pub const EGRESS_REPEATS_WINDOW_MS: u64 = 60_000;

/// How often it is looked whether that is over.
pub const EGRESS_LOOK: Duration = Duration::from_secs(5);
