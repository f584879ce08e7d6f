//! Everything that is said, by the files and by the registry, and the tools that it is said of.

use super::catalog::{Catalog, Pinned};
use super::compile::{check_bundle, read, roles};
use super::diagnostic::Findings;
use super::lower;
use super::parts::{Bundle, VersionPart};
use super::registry::{Merged, Registry, TenantOverlay};
use super::roles::Role;
use super::versions::{self, Versions};
use crate::names::Mode;

/// What a bundle is compiled with.
pub(super) struct Given<'g> {
    pub registry: Option<&'g Registry>,
    pub unix_ms: u64,
    pub mode: Mode,
}

/// What is said, and what there is to say it of.
pub(super) struct Gathered {
    pub bundle: Bundle,
    pub roles: Vec<Role>,
    pub catalog: Catalog,
    pub versions: Versions,
    pub overlay: Option<TenantOverlay>,
}

/// Reads everything that is said.
pub(super) fn gather(merged: &mut Merged, given: &Given<'_>, findings: &mut Findings) -> Gathered {
    let (mut bundle, locked) = read(merged.files(), findings);
    let roles = roles(&bundle, findings);
    check_bundle(&bundle, given.unix_ms, findings);
    if locked.is_none() && merged.pinned.is_none() {
        versions::declare(&mut bundle);
    }
    let (locked, in_files) = locked.map(|locked| (locked.tools, locked.kept)).unzip();
    let pinned = merged.pinned.take().map(Pinned::of_registry).or(locked.map(Pinned::of_lock));
    let mut catalog = Catalog::new(std::mem::take(&mut bundle.tools), pinned, findings);
    let unserved = match given.registry {
        Some(registry) => merged.enlist(registry, (&mut bundle, &catalog), given.unix_ms, findings),
        None => Vec::new(),
    };
    let called = |part: &VersionPart| format!("{}@{}", part.name.value, part.version.number);
    catalog.declared_versions = bundle.versions.iter().map(called).collect();
    // Of two that were kept of one version, that of the files is taken.
    let mut kept = std::mem::take(&mut merged.kept);
    kept.extend(in_files.unwrap_or_default());
    let mut versions = versions::read(&mut bundle, kept, &catalog, given.unix_ms, findings);
    catalog.versions = versions.upstreams();
    let own = bundle.server.as_ref().map(|server| server.value.mode).unwrap_or_default();
    let mode = lower::effective(given.mode, own);
    let overlay = given.registry.map(|registry| {
        versions.heed(&registry.grid);
        let served = (&versions, &*unserved);
        TenantOverlay::new(registry, &catalog, served, (&bundle, mode), (merged, findings))
    });
    Gathered { bundle, roles, catalog, versions, overlay }
}
