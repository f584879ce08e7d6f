//! What is wrong with rows: each fault with its row as its place.

use super::{ACTIVE, AliasRow, Registry, STATES, Unserved, VersionRow, place};
use crate::bounds::{REGISTRY_FAULTS_SHOWN_MAX, REGISTRY_VERSIONS_MAX};
use crate::json::{Document, Kind};
use crate::names::{Label, ToolName};
use crate::policy::Source;
use crate::policy::advice::Help;
use crate::policy::catalog::{Catalog, Closed};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, did_you_mean, shown};
use crate::policy::lock::{Definition, Kept};
use crate::policy::parts::{Section, ToolPart};
use crate::policy::versions::Versions;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Notes faults of rows, and makes a line of text of each row that has one: a source of its own.
pub(super) struct Desk<'f> {
    pub sources: &'f mut Vec<Source>,
    pub findings: &'f mut Findings,
    /// Faults of the table at hand that are told yet.
    pub room: usize,
}

/// A row that something is wrong with.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    pub table: &'static str,
    pub key: &'r str,
    /// What stands in it.
    pub says: &'r str,
}

impl Desk<'_> {
    /// Begins with another table.
    pub fn turn(&mut self) {
        self.room = REGISTRY_FAULTS_SHOWN_MAX;
    }

    /// The place of a row.
    pub fn place(&mut self, row: Row<'_>) -> Span {
        let text = format!("{}: {}", shown(row.key), shown(row.says));
        let span = Span { file: self.sources.len(), start: 0, end: text.len() };
        self.sources.push(Source { name: place(row.table, row.key).into(), text });
        span
    }

    /// Notes a fault, if it is not one too many.
    pub fn raise(&mut self, code: Code, row: Row<'_>, message: String, help: impl Into<Help>) {
        if self.room > 0 {
            self.room -= 1;
            let span = self.place(row);
            self.findings.advise(code, span, message, help);
        }
    }
}

/// Reads the versions; what is returned are the approved tools, each with its row as its place, and what was approved
/// of every version.
pub(super) fn versions(registry: &Registry, desk: &mut Desk<'_>) -> (Vec<ToolPart>, Vec<Kept>) {
    desk.turn();
    if registry.versions.len() > REGISTRY_VERSIONS_MAX {
        let row = Row { table: "tool_version", key: &registry.server, says: "all of its rows" };
        let message = format!("a server may have {REGISTRY_VERSIONS_MAX} versions of tools at most");
        desk.raise(Code::TooLarge, row, message, "remove those that are long retired");
    }
    let rows = registry.versions.iter().take(REGISTRY_VERSIONS_MAX);
    let mut kept = Vec::new();
    let tools = rows.filter_map(|row| version(registry, row, desk, &mut kept)).collect();
    (tools, kept)
}

fn version(
    registry: &Registry,
    row: &VersionRow,
    desk: &mut Desk<'_>,
    kept: &mut Vec<Kept>,
) -> Option<ToolPart> {
    let key = format!("{}@{}", row.name, row.version);
    let at = Row { table: "tool_version", key: &key, says: &row.state };
    let name = match ToolName::parse(&row.name) {
        Ok(name) => name,
        Err(fault) => {
            let message = format!("`{}` may not be the name of a tool: {fault}", shown(&row.name));
            desk.raise(Code::BadName, at, message, "a tool is named in letters, digits, `_`, `.` and `-`");
            return None;
        }
    };
    if !STATES.contains(&&*row.state) {
        let message = format!("there is no state `{}` of a version", shown(&row.state));
        desk.raise(
            Code::UnknownWord,
            at,
            message,
            did_you_mean(&row.state, "states", STATES.iter().copied()),
        );
    }
    if row.version < 1 {
        desk.raise(Code::BadValue, at, "a version is a whole number from 1 on".to_owned(), "number it anew");
    }
    life(registry, row, at, desk);
    let definition = definition(row, &name, at, desk).map(Arc::new);
    if let (Some(definition), Ok(number)) = (&definition, u32::try_from(row.version)) {
        kept.push(Kept { name: name.clone(), number, definition: Arc::clone(definition) });
    }
    let is_served = registry.active(&row.name).is_some_and(|active| std::ptr::eq(active, row));
    let definition = definition.filter(|_| is_served)?;
    let class = definition.class();
    let name = Spanned { span: desk.place(at), value: name };
    Some(ToolPart {
        class,
        is_classified: class.is_some(),
        sha256: Some(definition.sha256),
        definition: Some(definition),
        ..ToolPart::bare(name, Section::Lock)
    })
}

/// Checks who approved it, when it ends and what comes after it.
fn life(registry: &Registry, row: &VersionRow, at: Row<'_>, desk: &mut Desk<'_>) {
    if *row.state == *ACTIVE && !row.is_approved() {
        let message = format!("`{}` is active, and nobody approved it", at.key);
        let help = format!(
            "look at it and run `sluicegate registry approve {} --version {}`",
            row.name, row.version
        );
        desk.raise(Code::RegistryUnapproved, at, message, help);
    }
    if let Some((deprecated, sunset)) = row.deprecated_unix_ms.zip(row.sunset_unix_ms)
        && sunset < deprecated
    {
        let message = format!("`{}` ends before it is deprecated", at.key);
        desk.raise(Code::RegistryRow, at, message, "let `sunset_at` be `deprecated_at` or later");
    }
    if let Some(successor) = row.successor
        && !registry.versions.iter().any(|other| other.name == row.name && other.version == successor)
    {
        let message =
            format!("the successor of `{}` is `{}@{successor}`, which there is not", at.key, row.name);
        desk.raise(Code::RegistryRow, at, message, "name a version that is there, or none");
    }
    if let Some(transform) = &row.transform
        && !Document::parse(transform.as_bytes()).is_ok_and(|text| text.root().kind() == Kind::Object)
    {
        let message = format!("the transform of `{}` is no object of JSON", at.key);
        desk.raise(Code::WrongType, at, message, "write an object, or nothing");
    }
}

fn definition(row: &VersionRow, name: &ToolName, at: Row<'_>, desk: &mut Desk<'_>) -> Option<Definition> {
    let help = "put in what the server says, whole";
    let document = match Document::parse(row.definition.as_bytes()) {
        Ok(document) => document,
        Err(fault) => {
            let message =
                format!("the definition of `{}` is nothing that a server can say: {}", at.key, fault.kind);
            desk.raise(Code::BadValue, at, message, help);
            return None;
        }
    };
    let definition = match Definition::read(document.root()) {
        Ok(definition) => definition,
        Err(fault) => {
            let message = format!("the definition of `{}` is none: {fault}", at.key);
            desk.raise(Code::WrongType, at, message, help);
            return None;
        }
    };
    if definition.name != *name {
        let message = format!("the definition of `{}` is that of `{}`", at.key, definition.name);
        desk.raise(Code::RegistryRow, at, message, help);
        return None;
    }
    if definition.sha256[..] != *row.sha256 {
        let message = format!("the definition of `{}` is not what its digest was taken of", at.key);
        let help = "somebody changed the row by hand: import what was approved again";
        desk.raise(Code::DefinitionEdited, at, message, help);
        return None;
    }
    Some(definition)
}

/// Checks the other names of tools; `declared` are the versions that there are, as in `search@1`.
pub(super) fn aliases(registry: &Registry, declared: &[String], desk: &mut Desk<'_>) {
    desk.turn();
    let mut aliases: Vec<&AliasRow> = registry.aliases.iter().collect();
    aliases.sort_by(|one, other| one.alias.cmp(&other.alias));
    for row in aliases.into_iter().take(REGISTRY_VERSIONS_MAX) {
        let at = Row { table: "tool_alias", key: &row.alias, says: &row.name };
        if let Err(fault) = ToolName::check(&row.alias) {
            let message = format!("`{}` may not be the name of a tool: {fault}", shown(&row.alias));
            desk.raise(Code::BadName, at, message, "a tool is named in letters, digits, `_`, `.` and `-`");
        }
        let mut known = registry.versions.iter().filter(|version| version.name == row.name);
        let called = row.version.map(|number| format!("{}@{number}", row.name));
        let is_declared = declared.iter().any(|known| match &called {
            Some(called) => known == called,
            None => known.split('@').next() == Some(&*row.name),
        });
        if !is_declared && !known.any(|version| row.version.is_none_or(|wanted| wanted == version.version)) {
            let version = row.version.map(|version| format!("@{version}")).unwrap_or_default();
            let message =
                format!("`{}` stands for `{}{version}`, which there is not", at.key, shown(&row.name));
            desk.raise(Code::RegistryRow, at, message, "name a tool and a version of `tool_version`");
        }
        if registry.versions.iter().any(|version| version.name == row.alias) {
            let message = format!("`{}` is the name of a tool and that of another one", at.key);
            desk.raise(Code::RegistryRow, at, message, "take another alias");
        }
    }
}

/// Checks what tenants may use, once the tools are known.
pub(super) fn tenants(registry: &Registry, tenants: &Closed<'_>, catalog: &Catalog, desk: &mut Desk<'_>) {
    desk.turn();
    let grid = &registry.grid;
    for (column, tool) in grid.tools().iter().enumerate().filter(|(_, tool)| catalog.index(tool).is_none()) {
        let named = (0..grid.tenants().len()).find(|&row| grid.cell(row, column).is_some());
        let Some(tenant) = named.and_then(|row| grid.tenants().get(row)) else { continue };
        let key = format!("{tenant}/{tool}");
        let row = Row { table: "tenant_tool", key: &key, says: "of no tool" };
        desk.raise(
            Code::UnknownTool,
            row,
            format!("there is no tool `{}`", shown(tool)),
            catalog.meant(tool),
        );
    }
    let known = tenants.known();
    for (row, tenant) in grid.tenants().iter().enumerate() {
        let Some(tool) = (0..grid.tools().len()).find(|&column| grid.cell(row, column).is_some()) else {
            continue;
        };
        let Some(tool) = grid.tools().get(tool) else { continue };
        let is_known = known.as_ref().is_none_or(|known| known.contains(&**tenant));
        let fault = Label::parse(tenant).err();
        if fault.is_none() && is_known {
            continue;
        }
        let key = format!("{tenant}/{tool}");
        let at = Row { table: "tenant_tool", key: &key, says: "of no tenant" };
        if let Some(fault) = fault {
            let message = format!("`{}` may not be the name of a tenant: {fault}", shown(tenant));
            desk.raise(Code::BadName, at, message, "a tenant is named in visible characters without quotes");
        } else if desk.room > 0 {
            desk.room -= 1;
            let span = desk.place(at);
            tenants.check(tenant, span, desk.findings);
        }
    }
}

/// Checks the versions that tenants are pinned to.
pub(super) fn pins(
    registry: &Registry,
    catalog: &Catalog,
    (versions, unserved): (&Versions, &[Unserved]),
    desk: &mut Desk<'_>,
) {
    desk.turn();
    let grid = &registry.grid;
    let rows: HashMap<(&str, i32), &VersionRow> =
        registry.versions.iter().map(|row| ((&*row.name, row.version), row)).collect();
    let why = |tool: &str, version| {
        unserved.iter().find(|one| *one.tool == *tool && one.number == version).map(|one| &one.why)
    };
    let is_fine = |tool: &str, version: i32| {
        let is_served = u32::try_from(version).is_ok_and(|number| versions.has(tool, number));
        // What is declared and at fault has been told.
        let is_declared = catalog.declared_versions.contains(&format!("{tool}@{version}"));
        let is_active = || rows.get(&(tool, version)).is_some_and(|row| *row.state == *ACTIVE);
        why(tool, version).is_none() && (is_served || is_declared || is_active())
    };
    // Tenants are many and alike, so that what is wrong is looked for once, and its tenants then.
    let wrong = grid.firsts().filter_map(|(_, column, kind)| {
        let version = grid.kinds().get(kind)?.version?;
        (!is_fine(grid.tools().get(column)?, version)).then_some((column, version))
    });
    let wrong: HashSet<(usize, i32)> = wrong.collect();
    if wrong.is_empty() {
        return;
    }
    for (row, column, extra) in grid.extras() {
        let Some((tenant, tool)) = grid.tenants().get(row).zip(grid.tools().get(column)) else { continue };
        let Some(version) = extra.version.filter(|version| wrong.contains(&(column, *version))) else {
            continue;
        };
        if desk.room == 0 {
            return;
        }
        let called = format!("{tool}@{version}");
        let (key, says) = (format!("{tenant}/{tool}"), format!("version {version}"));
        let at = Row { table: "tenant_tool", key: &key, says: &says };
        match why(tool, version) {
            Some(why) => {
                let message = format!("the tenant is pinned to `{called}`, which cannot be served: {why}");
                let help = format!(
                    "write in its `transform` how its calls become those of another version, as in \
                     `{{\"request\": [{{\"rename\": {{\"q\": \"query\"}}}}]}}`; or pin another version. The tenant has the default \
                     version of `{tool}` meanwhile"
                );
                desk.raise(Code::RegistryPin, at, message, help);
            }
            None => {
                let message = format!("there is no version {version} of `{}`", shown(tool));
                let help = "pin a version of `tool_version` or of the policy files, or none";
                desk.raise(Code::RegistryRow, at, message, help);
            }
        }
    }
}
