//! The policy bundle on disk, and the policy in force.
//!
//! **Why.** Whoever edits a bundle must see it take effect without a restart, and a wrong bundle must
//! never take effect. A ConfigMap, an OCI image volume, git-sync, an editor and `cp` all deliver files
//! differently; what they have in common is a directory that changes.
//!
//! **How.** [`read`] takes the files of one version; [`Live::reload`] compiles them aside and publishes
//! the result, or keeps the policy in force and says why; [`Watch`] calls it when something moved.
//!
//! ```text
//! inotify ─┐
//! 10 s ────┼─► Watch ─► Live::reload ─► read ─► policy::compile ─► publish │ keep the last good one
//! SIGHUP ──┘
//! ```
//!
//! [`Kept`] does the same with anything else that is made of files, of which the last good version stays.
//!
//! [`KeySources`] fetches the keys of issuers with [`Fetcher`], and furnishes each policy with them before it
//! is in force.
//!
//! `postgres` reads the registry of tools and tenants, which [`Live`] lays over the files.
//!
//! **What it is not.** It judges nothing and never edits the directory.

mod cells;
mod credentials;
mod fetch;
mod files;
mod introspect;
mod kept;
mod keys;
mod live;
mod policies;
#[cfg(feature = "postgres")]
pub mod postgres;
mod registry;
mod seal_key;
mod surrogates;
mod watch;

pub use cells::{CellStore, Opened, StoreNews};
pub use credentials::{
    AdoptFault, Event, NoPass, NoStatement, Pass, Passes, Reach, SecretFault, Subject, fuzz_grant,
};
pub use fetch::{Answer, Credential, FetchFault, Fetcher, Trust, read_secret};
pub use files::{FileFault, read_together};
pub use introspect::{IntrospectFault, Introspector};
pub use kept::{Kept, KeptFault, Refreshed};
pub use keys::{KeyNews, KeySet, KeySources, KeyStanding, PlaceFault, Places};
pub use live::{Followers, Literacy, Live, LoadFault, Reload, Reloaded, Status, unix_ms};
pub use policies::{ReadFault, ReadFaultKind, read, read_lock, read_tests};
pub use registry::{RegistryNews, RegistryStanding, RegistryState};
pub use seal_key::{SealFault, SealFile, fresh_seal_key};
pub use surrogates::{PseudonymFault, fresh_vault};
pub use watch::Watch;

#[cfg(test)]
mod tests;
