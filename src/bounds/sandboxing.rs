//! What a server in a sandbox may use.

/// Files that each process may hold open. Servers of the SDKs hold fewer than forty.
pub const SANDBOX_FILES_MAX: u64 = 256;

/// Bytes of one file that is written. A server that needs more has a data base, not a work folder.
pub const SANDBOX_FILE_BYTES_MAX: u64 = 64 << 20;

/// The folder in memory that a server writes to, as tmpfs(5) has it. It counts as memory of the container.
pub const SANDBOX_MEMORY_FOLDER: &str = "size=64m,nr_inodes=4096,mode=0700";
