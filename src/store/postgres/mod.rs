//! The registry in PostgreSQL: read whole, judged with the files, in force within a second of its commit.
//!
//! ```text
//! COMMIT ─NOTIFY revision─▶ second connection ─┐
//!                   30 s ──────────────────────┴─▶ revision moved? ─▶ one REPEATABLE READ ─▶ Live::lay
//! lost connection ─▶ rest, longer each time ─▶ both connections anew, everything read again      │
//!                                             last good one: in force, and in a file of ours ◀───┘
//! ```
//!
//! **No request waits for it.** One thread reads and compiles; messages are judged by the snapshot in force. What
//! cannot be read, or does not hold, changes nothing and is told: log, metrics, `/readyz`, `status`.
//!
//! **What is believed.** Of a notice nothing but that it came: the revision is asked for. A notice is lost while nobody
//! listens, so every connection begins with a whole reading, and the revision is asked for every 30 s anyway.
//!
//! **At start** the database is tried once, then what was kept is taken; without that, it is tried for 5 s, and then the
//! gate does not start: what the registry forbids would be allowed.

mod commands;
mod drifts;
mod follow;
mod import;
mod kept;
mod link;
mod read;
mod rows;

pub use commands::{CommandFault, Commands, Overview, ServerRow, Setting};
pub use drifts::DriftRow;
pub use follow::{RegistryFollower, RegistryOpening, StartFault};
pub use import::Import;
pub use kept::{KeptRegistryFault, read_kept, write_kept};
pub use link::{RegistrySite, SiteFault};

/// What a reading came to, where it came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// There are no tables, or older ones.
    #[error("the database has no registry, or an older one; run `sluicegate registry migrate`: {0}")]
    Schema(String),
    /// It answers, and says no.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// It says nothing of the server of this gate.
    #[error("the registry has no server `{0}`; run `sluicegate registry import`")]
    Server(Box<str>),
    /// It cannot be reached, or no more.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// A row holds what no row may hold.
    #[error("a row of `{table}` cannot be read: {cause}")]
    Row {
        /// Its table.
        table: &'static str,
        /// What the client says.
        cause: String,
    },
}

impl ReadFault {
    /// Whether the connection is of no use any more.
    fn is_loss(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl From<tokio_postgres::Error> for ReadFault {
    fn from(fault: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let said = link::words(&fault);
        match fault.code() {
            Some(&SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN) => Self::Schema(said),
            Some(code) if code.code().starts_with("57P") => Self::Unreachable(said),
            Some(_) => Self::Refused(said),
            None => Self::Unreachable(said),
        }
    }
}
