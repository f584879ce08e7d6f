//! The registry: what PostgreSQL says of a server's tools and of its tenants, laid over the files of a bundle.
//!
//! **Why.** Ten thousand tenants do not fit into files that people read, and whoever sells a tool to a tenant does
//! not edit the policy of the security team. So who may use what, what was approved, and bundles that many gates
//! share can come from a database; rules stay rules.
//!
//! **How.** A [`Registry`] is one consistent copy of the rows about one server, unjudged. [`compile_over`] lays it over
//! the files and judges all of it together: a typo in a row is as much a fault as one in a file, with the same
//! number, and its place is the row, as in `registry: tenant_tool acme/search`.
//!
//! | rows | what becomes of them |
//! |---|---|
//! | `tool_version` | where there is any, the active ones take the place of `tools.lock.yaml` |
//! | `tenant_tool` | who may use a tool; *disabled* wins, in the files by name or here |
//! | `policy_bundle` | files of the active bundle take the place of those of the same name, others come in addition |
//! | `tool_alias` | checked, and kept for the versions of tools |
//!
//! The organisation's layer comes from files only: it is what nobody else can take away.
//!
//! **What it is not.** It reads no database: that is `store::postgres`. It makes no version of a tool selectable:
//! the active one is what is approved.
//!
//! [`compile_over`]: super::compile_over

mod check;
mod document;
mod grid;
mod overlay;

pub use document::{DocumentFault, fuzz_registry};
pub use grid::{Cell, Extra, Grid};
pub(super) use overlay::{Merged, TenantOverlay, merge};

use std::sync::Arc;

use super::reading::shown;

/// The rows about one server, as they were found: all of one revision, judged by nobody yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    /// Which database it is: made when its tables were.
    pub epoch: Box<str>,
    /// Counts changes of any row.
    pub revision: i64,
    /// The server that they are about, as in `server: { id: ... }` of a policy.
    pub server: Box<str>,
    /// `tool_version`, by name and version.
    pub versions: Vec<VersionRow>,
    /// `tool_alias`, by alias.
    pub aliases: Vec<AliasRow>,
    /// The active row of `policy_bundle`.
    pub bundle: Option<BundleRow>,
    /// `tenant_tool`.
    pub grid: Arc<Grid>,
}

/// A version of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionRow {
    /// The tool.
    pub name: Box<str>,
    /// Its version, from 1.
    pub version: i32,
    /// A word of [`STATES`].
    pub state: Box<str>,
    /// What the server says of it, as JSON text.
    pub definition: Box<str>,
    /// The digest that was approved.
    pub sha256: Box<[u8]>,
    /// Who approved it.
    pub approved_by: Option<Box<str>>,
    /// When, in milliseconds since 1970.
    pub approved_unix_ms: Option<i64>,
    /// Since when it should not be used any more.
    pub deprecated_unix_ms: Option<i64>,
    /// From when on it is not there any more.
    pub sunset_unix_ms: Option<i64>,
    /// The version to use in its place.
    pub successor: Option<i32>,
    /// How its messages become those of the active version, as JSON text.
    pub transform: Option<Box<str>>,
}

/// Another name of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AliasRow {
    /// The other name.
    pub alias: Box<str>,
    /// The tool.
    pub name: Box<str>,
    /// The version that is meant; `None` for the active one.
    pub version: Option<i32>,
    /// When the name ends.
    pub expires_unix_ms: Option<i64>,
}

/// A bundle that many gates share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundleRow {
    /// Its number.
    pub revision: i64,
    /// Who wrote it.
    pub author: Box<str>,
    /// [`bundle_sha256`](super::bundle_sha256) of its files, as it was written down.
    pub sha256: Box<[u8]>,
    /// Its files, by name.
    pub files: Vec<(Box<str>, Box<str>)>,
}

/// The states of a version, in the order in which it goes through them.
pub const STATES: &[&str] = &["draft", "active", "deprecated", "brownout", "retired"];

/// The state of the version that is approved and served.
pub const ACTIVE: &str = "active";

impl Registry {
    /// The version of a tool that is served; the highest where a canary has made two active.
    pub fn active(&self, tool: &str) -> Option<&VersionRow> {
        let is_it = |row: &&VersionRow| *row.name == *tool && *row.state == *ACTIVE;
        self.versions.iter().filter(is_it).max_by_key(|row| row.version)
    }
}

/// The place of a row, for people.
fn place(table: &str, row: &str) -> String {
    format!("registry: {table} {}", shown(row))
}

#[cfg(test)]
mod tests;
