//! Laying the registry over the files of a bundle.

use std::sync::Arc;

use super::check::{self, Desk, Row};
use super::{Enlisting, Grid, Quotas, Registry, Unserved};
use crate::limit::Rule;
use crate::names::Mode;
use crate::policy::Source;
use crate::policy::catalog::{Catalog, Closed};
use crate::policy::code::Code;
use crate::policy::compile::Part;
use crate::policy::diagnostic::Findings;
use crate::policy::digest::bundle_sha256;
use crate::policy::layers::ORGANISATION;
use crate::policy::lock::Kept;
use crate::policy::parts::{Bundle, ToolPart};
use crate::policy::snapshot::Tool;
use crate::policy::switches::Availability;
use crate::policy::versions::Versions;

/// The files, with those of the registry among them.
pub(in crate::policy) struct Merged {
    /// First the files, then a line for each row that has a place of its own.
    pub sources: Vec<Source>,
    /// How many of them are files.
    count: usize,
    /// The approved tools, where the registry says which.
    pub pinned: Option<Vec<ToolPart>>,
    /// What was approved of every version in the registry.
    pub kept: Vec<Kept>,
}

impl Merged {
    /// The files of a bundle that nothing is laid over.
    pub fn alone(sources: &[Source]) -> Self {
        Self { sources: sources.to_vec(), count: sources.len(), pinned: None, kept: Vec::new() }
    }

    /// The files.
    pub fn files(&self) -> &[Source] {
        self.sources.get(..self.count).unwrap_or_default()
    }
}

/// Lays bundle and approved definitions over `sources`.
pub(in crate::policy) fn merge(sources: &[Source], registry: &Registry, findings: &mut Findings) -> Merged {
    let mut sources = sources.to_vec();
    let mut notes = Vec::new();
    // The places of rows stand behind all files, so the files come first.
    lay_bundle(&mut sources, registry, &mut notes);
    let count = sources.len();
    let mut desk = Desk { sources: &mut sources, findings, room: 0 };
    desk.turn();
    for Note { code, key, message, help } in &notes {
        let row = Row { table: "policy_bundle", key, says: &registry.server };
        desk.raise(*code, row, message.clone(), *help);
    }
    let read = (!registry.versions.is_empty()).then(|| check::versions(registry, &mut desk));
    let (pinned, kept) = read.unzip();
    Merged { sources, count, pinned, kept: kept.unwrap_or_default() }
}

/// A fault of a bundle.
struct Note {
    code: Code,
    key: String,
    message: String,
    help: &'static str,
}

fn lay_bundle(sources: &mut Vec<Source>, registry: &Registry, notes: &mut Vec<Note>) {
    let Some(bundle) = &registry.bundle else { return };
    let revision = bundle.revision;
    let files: Vec<Source> = bundle
        .files
        .iter()
        .map(|(name, text)| Source { name: name.clone(), text: text.to_string() })
        .collect();
    let mut note = |code, key, message, help| notes.push(Note { code, key, message, help });
    if bundle_sha256(&files)[..] != *bundle.sha256 {
        let message = format!("the files of bundle {revision} are not what its digest was taken of");
        note(
            Code::DefinitionEdited,
            revision.to_string(),
            message,
            "somebody changed the row by hand: import it again",
        );
    }
    for file in files {
        let key = format!("{revision}/{}", file.name);
        let is_organisation = file.name.starts_with(ORGANISATION);
        if is_organisation || file.name.contains('/') || file.name.starts_with('.') {
            let message = format!("`{}` cannot come from the registry", file.name);
            let help = "the layer of the organisation and folders come from the files of a gate only";
            note(Code::RegistryLayer, key, message, help);
            continue;
        }
        match Part::of(&file.name) {
            Part::Lock => {
                let message = "a bundle in the registry holds no lock file".to_owned();
                note(
                    Code::RegistryLayer,
                    key,
                    message,
                    "`sluicegate registry import` makes rows of `tool_version` of it",
                );
            }
            Part::Attachment | Part::Cedar | Part::Misnamed | Part::Policy | Part::Test => {
                match sources.iter_mut().find(|known| known.name == file.name) {
                    Some(known) => *known = file,
                    None => sources.push(file),
                }
            }
        }
    }
}

impl Merged {
    /// Adds the versions that rows ask for to those of the files; what is returned cannot be served.
    pub fn enlist(
        &mut self,
        registry: &Registry,
        (bundle, catalog): (&mut Bundle, &Catalog),
        unix_ms: u64,
        findings: &mut Findings,
    ) -> Vec<Unserved> {
        let mut desk = Desk { sources: &mut self.sources, findings, room: 0 };
        let mut enlisting = Enlisting { registry, bundle, kept: &self.kept, catalog, unix_ms };
        enlisting.enlist(&mut desk)
    }
}

/// Who may use what, by the indices of one policy.
#[derive(Debug)]
pub(in crate::policy) struct TenantOverlay {
    grid: Arc<Grid>,
    /// By the index of a tool.
    columns: Vec<Columns>,
    quotas: Quotas,
}

/// Where rows about a tool of the server stand: those of its own name, and those of the tool that it is a version of.
#[derive(Debug, Clone, Copy)]
struct Columns {
    own: Option<usize>,
    family: Option<usize>,
}

impl TenantOverlay {
    /// Checks what tenants may use, and finds the tools that it is about.
    pub fn new(
        registry: &Registry,
        catalog: &Catalog,
        (versions, unserved): (&Versions, &[Unserved]),
        (bundle, mode): (&Bundle, Mode),
        (merged, findings): (&mut Merged, &mut Findings),
    ) -> Self {
        let tenants = &Closed::tenants(bundle);
        let mut desk = Desk { sources: &mut merged.sources, findings, room: 0 };
        check::aliases(registry, &catalog.declared_versions, &mut desk);
        check::tenants(registry, tenants, catalog, &mut desk);
        check::pins(registry, catalog, (versions, unserved), &mut desk);
        overruled(registry, catalog, &mut desk);
        let quotas = Quotas::new(registry, bundle, mode, &mut desk);
        let columns = |tool: &ToolPart| {
            let (name, column) = (tool.name.value.as_str(), |name: &str| registry.grid.column(name));
            let family = versions.family_name(name).filter(|family| *family != name);
            Columns { own: column(name), family: family.and_then(column) }
        };
        let columns = catalog.tools.iter().map(columns).collect();
        Self { grid: Arc::clone(&registry.grid), columns, quotas }
    }

    /// Limits that stand in rows, one for each name, kind and unit.
    pub fn quotas(&self) -> &[Arc<Rule>] {
        &self.quotas.rules
    }

    /// The limits of a tenant for a tool at a time. Allocates nothing.
    pub fn limits(&self, tenant: &str, tool: &Tool, unix_ms: u64) -> &[Arc<Rule>] {
        if self.quotas.is_empty() {
            return &[];
        }
        let found = self.grid.row(tenant).zip(self.columns.get(tool.index));
        let Some((row, columns)) = found else { return &[] };
        let of = |column: Option<usize>| {
            let rules = self.quotas.of(self.grid.kind(row, column?, unix_ms)?);
            (!rules.is_empty()).then_some(rules)
        };
        of(columns.own).or_else(|| of(columns.family)).unwrap_or_default()
    }

    /// The row of a tenant.
    pub fn row(&self, tenant: &str) -> Option<usize> {
        self.grid.row(tenant)
    }

    /// What is said for a tenant and a tool at a time, of which a no wins. Allocates nothing.
    pub fn says(&self, row: Option<usize>, tool: &Tool, unix_ms: u64) -> Option<Availability> {
        let (row, columns) = (row?, self.columns.get(tool.index)?);
        let at = |column: Option<usize>| self.grid.at(row, column?, unix_ms);
        match (at(columns.own), at(columns.family)) {
            (Some(Availability::Disabled), _) | (_, Some(Availability::Disabled)) => {
                Some(Availability::Disabled)
            }
            (own, family) => own.or(family),
        }
    }
}

/// Warns where a row switches on what the files switch off by name: they win.
fn overruled(registry: &Registry, catalog: &Catalog, desk: &mut Desk<'_>) {
    desk.turn();
    let grid = &registry.grid;
    for tool in &catalog.tools {
        let Some(column) = grid.column(tool.name.value.as_str()) else { continue };
        for (tenant, availability) in &tool.tenants {
            let Some(cell) = grid.row(&tenant.value).and_then(|row| grid.cell(row, column)) else { continue };
            if cell.is_enabled && *availability == Availability::Disabled {
                let key = format!("{}/{}", tenant.value, tool.name.value);
                let row = Row { table: "tenant_tool", key: &key, says: "enabled" };
                let message = format!(
                    "the policy files disable `{}` for `{}`, and they win",
                    tool.name.value, tenant.value
                );
                desk.raise(Code::RegistryOverruled, row, message, "take one of the two back");
            }
        }
    }
}
