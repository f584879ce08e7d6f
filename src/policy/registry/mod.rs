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
//! | `tool_version` with `transform`, last day, pin or alias | versions as in files; where the files declare some, they win |
//! | `tenant_tool` | who may use a tool, in which version: *disabled* wins, and a pin by name in the files |
//! | `tenant_tool` with `limits` | limits for the tenant and the tool, beside those of the files |
//! | `policy_bundle` | files of the active bundle take the place of those of the same name, others come in addition |
//! | `tool_alias` | names that can be called until they end |
//!
//! The organisation's layer comes from files only: it is what nobody else can take away.
//!
//! **What it is not.** It reads no database: that is `store::postgres`. It makes no rules.
//!
//! [`compile_over`]: super::compile_over

mod check;
mod document;
mod enlist;
mod grid;
mod overlay;
mod quotas;

pub use document::{DocumentFault, fuzz_registry};
pub(super) use enlist::{Enlisting, Unserved};
pub use grid::{Cell, Extra, Grid};
pub(super) use overlay::{Merged, TenantOverlay, merge};
pub(super) use quotas::Quotas;
pub use quotas::check_quotas;

use std::sync::Arc;

use super::reading::shown;
use crate::json::Document;

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
    /// What it is at the server, and how its messages become those of its successor or else the active version: an
    /// object with `upstream`, `request`, `response` and `brownout` as in policy files, as JSON text.
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

/// The state of a version that waits for somebody to approve it.
pub const DRAFT: &str = "draft";

impl Registry {
    /// The version of a tool that the server has by its name; the highest where a canary has made two active.
    pub fn active(&self, tool: &str) -> Option<&VersionRow> {
        let is_it = |row: &&VersionRow| *row.name == *tool && *row.state == *ACTIVE && !row.is_elsewhere();
        self.versions.iter().filter(is_it).max_by_key(|row| row.version)
    }
}

impl VersionRow {
    /// Whether somebody approved it.
    pub fn is_approved(&self) -> bool {
        self.approved_by.as_deref().is_some_and(|by| !by.is_empty())
    }

    /// Whether the server has it by the name of another tool.
    fn is_elsewhere(&self) -> bool {
        let Some(text) = &self.transform else { return false };
        let Ok(document) = Document::parse(text.as_bytes()) else { return false };
        let upstream =
            document.root().get("upstream").and_then(|name| name.string().map(|name| *name != *self.name));
        upstream == Some(true)
    }
}

/// What the place of a row begins with, where another fault has the name of a file.
pub const REGISTRY_PLACE: &str = "registry: ";

/// The place of a row, for people.
fn place(table: &str, row: &str) -> String {
    format!("{REGISTRY_PLACE}{table} {}", shown(row))
}

#[cfg(test)]
mod served_tests;
#[cfg(test)]
mod tests;
