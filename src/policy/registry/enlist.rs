//! Versions of tools that rows ask for, made such as stand in files.
//!
//! **Which.** Most rows of `tool_version` are history: what was approved once, and nobody calls any more. A version is
//! served where somebody asks for it: its row has a `transform` or a last day, a tenant is pinned to it, an alias or
//! the files name it. What a row does not say of its calls is taken to be nothing: they become calls of its successor
//! as they are, if both schemas bear that out.
//!
//! **Who wins.** Where the files declare versions of a tool, they say everything about them; the rows then give what was
//! approved of each, other names, and the pins of tenants that no file pins by name. A row that says otherwise is told.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::check::{Desk, Row};
use super::{ACTIVE, Registry, VersionRow, place};
use crate::names::ToolName;
use crate::policy::Source;
use crate::policy::catalog::Catalog;
use crate::policy::code::{Code, Severity};
use crate::policy::diagnostic::{Span, Spanned};
use crate::policy::lock::Kept;
use crate::policy::parts::{AliasPart, Bundle, VersionPart, read_transform};
use crate::policy::versions::{Alias, Offered, State, ToolVersions, Version, Versions};
use crate::policy::yaml;

/// A version that somebody asks for and that cannot be served.
#[derive(Debug)]
pub(in crate::policy) struct Unserved {
    pub tool: Box<str>,
    pub number: i32,
    /// In words.
    pub why: String,
}

/// What there is to enlist from, and into.
pub(in crate::policy) struct Enlisting<'e> {
    pub registry: &'e Registry,
    pub bundle: &'e mut Bundle,
    /// What was approved, by tool and version.
    pub kept: &'e [Kept],
    pub catalog: &'e Catalog,
    pub unix_ms: u64,
}

impl Enlisting<'_> {
    /// Adds the versions of tools that rows ask for to those of the files; what is returned cannot be served.
    pub(super) fn enlist(&mut self, desk: &mut Desk<'_>) -> Vec<Unserved> {
        let asked = asked(self.registry);
        let mut by_tool: BTreeMap<&str, Vec<&VersionRow>> = BTreeMap::new();
        self.registry.versions.iter().for_each(|row| by_tool.entry(&row.name).or_default().push(row));
        let mut unserved = Vec::new();
        desk.turn();
        for (name, rows) in by_tool {
            let Ok(tool) = ToolName::parse(name) else { continue };
            let is_asked = |row: &VersionRow| asked.contains(&(name, row.version));
            let declared = self.bundle.versions.iter().any(|part| part.name.value == tool);
            if declared {
                self.overruled(&rows, is_asked, desk, &mut unserved);
                continue;
            }
            self.tool(&tool, &rows, (&is_asked, desk), &mut unserved);
        }
        self.note_pins(desk);
        self.aliases(desk);
        unserved
    }

    /// The versions of one tool.
    fn tool(
        &mut self,
        tool: &ToolName,
        rows: &[&VersionRow],
        (is_asked, desk): (&dyn Fn(&VersionRow) -> bool, &mut Desk<'_>),
        unserved: &mut Vec<Unserved>,
    ) {
        let Some(wanted) = self.wanted(tool, rows, is_asked) else { return };
        let mut leave_out = |row: &VersionRow, why: &str| {
            if is_asked(row) {
                unserved.push(Unserved { tool: row.name.clone(), number: row.version, why: why.to_owned() });
            }
        };
        let Some(active) = self.registry.active(tool.as_str()).map(|row| row.version) else {
            let why = "no version of the tool is active, so nobody knows what the server has";
            wanted.iter().for_each(|row| leave_out(row, why));
            return;
        };
        let mut parts = Vec::new();
        for row in wanted {
            if row.is_approved() || *row.state == *State::Retired.as_str() || *row.state == *ACTIVE {
                parts.extend(self.part(tool, row, active, desk));
            } else if row.transform.is_some() && *row.state != *State::Draft.as_str() {
                let key = format!("{}@{}", row.name, row.version);
                let at = Row { table: "tool_version", key: &key, says: &row.state };
                let message = format!("`{key}` would be served, and nobody approved it");
                let help = "look at its definition, and write down who did in `approved_by`";
                desk.raise(Code::RegistryUnapproved, at, message, help);
            } else {
                leave_out(row, "nobody approved it");
            }
        }
        for (number, why) in self.misfits(tool, rows, &mut parts) {
            if let Some(row) = rows.iter().find(|row| u32::try_from(row.version) == Ok(number)) {
                leave_out(row, &why);
            }
        }
        self.bundle.versions.append(&mut parts);
    }

    /// The rows of a tool that are to be served; `None` where it needs no versions, for there is only one.
    fn wanted<'r>(
        &self,
        tool: &ToolName,
        rows: &[&'r VersionRow],
        is_asked: &dyn Fn(&VersionRow) -> bool,
    ) -> Option<Vec<&'r VersionRow>> {
        let named = self.named(tool);
        let is_meant = |row: &VersionRow| {
            let is_named = u32::try_from(row.version).is_ok_and(|number| named.contains(&number));
            let is_told = row.transform.is_some() || row.sunset_unix_ms.is_some();
            is_named || is_asked(row) || is_told && *row.state != *State::Draft.as_str()
        };
        let is_active = |row: &VersionRow| *row.state == *ACTIVE;
        let actives = rows.iter().filter(|row| is_active(row)).count();
        let has_other = rows.iter().any(|row| !is_active(row) && is_meant(row));
        let has_alias = self.registry.aliases.iter().any(|alias| *alias.name == *tool.as_str());
        if !has_other && actives < 2 && !has_alias && named.is_empty() {
            return None;
        }
        let mut wanted: BTreeSet<i32> =
            rows.iter().filter(|row| is_active(row) || is_meant(row)).map(|row| row.version).collect();
        // The calls of one may become those of another that nobody asks for.
        loop {
            let next =
                rows.iter().filter(|row| wanted.contains(&row.version)).filter_map(|row| row.successor);
            let found = next.filter(|number| rows.iter().any(|row| row.version == *number));
            let new: Vec<i32> = found.filter(|number| !wanted.contains(number)).collect();
            if new.is_empty() {
                break;
            }
            wanted.extend(new);
        }
        Some(rows.iter().filter(|row| wanted.contains(&row.version)).copied().collect())
    }

    /// The versions that the files name although they declare none.
    fn named(&self, tool: &ToolName) -> BTreeSet<u32> {
        let own = self.bundle.families.iter().filter(|family| family.name.value == *tool);
        own.flat_map(|family| {
            let shares = family.canary.iter().map(|(number, _)| *number);
            let pins = family.tenants.iter().chain(&family.agents).map(|(_, number)| *number);
            shares.chain(pins).chain(family.default).collect::<Vec<_>>()
        })
        .collect()
    }

    fn part(
        &self,
        tool: &ToolName,
        row: &VersionRow,
        active: i32,
        desk: &mut Desk<'_>,
    ) -> Option<VersionPart> {
        let number = u32::try_from(row.version).ok().filter(|number| *number > 0)?;
        // A state that is none has been told.
        let state = *State::ALL.iter().find(|state| *state.as_str() == *row.state)?;
        let key = format!("{}@{}", row.name, row.version);
        let mut part = match &row.transform {
            Some(text) => {
                let name = format!("{} transform", place("tool_version", &key)).into();
                read(Source { name, text: text.to_string() }, (tool, number), desk)?
            }
            None => {
                let span = desk.place(Row { table: "tool_version", key: &key, says: &row.state });
                let name = Spanned { span, value: tool.clone() };
                VersionPart { name, version: Version::numbered(number), places: Vec::new(), of_tool: None }
            }
        };
        let version = &mut part.version;
        let moment = |ms: Option<i64>| ms.map(|ms| u64::try_from(ms).unwrap_or(0));
        (version.deprecated, version.sunset) = (moment(row.deprecated_unix_ms), moment(row.sunset_unix_ms));
        version.state = state;
        if row.transform.is_none() && version.sunset.is_some_and(|sunset| sunset <= self.unix_ms) {
            // What is refused anyway needs no translation that fits.
            version.state = State::Retired;
        }
        version.successor = row.successor.and_then(|number| u32::try_from(number).ok());
        if state != State::Active && version.upstream.is_none() && version.successor.is_none() {
            version.successor = u32::try_from(active).ok();
        }
        let kept = self.kept.iter().find(|kept| kept.name == *tool && kept.number == number);
        version.definition = kept.map(|kept| kept.definition.clone());
        Some(part)
    }

    /// Takes out the versions of which nothing is said but their names and whose calls the next one does not take as
    /// they are; by their numbers, with what is wrong.
    fn misfits(
        &self,
        tool: &ToolName,
        rows: &[&VersionRow],
        parts: &mut Vec<VersionPart>,
    ) -> Vec<(u32, String)> {
        let tools = self.catalog.tools.iter();
        let offered: Vec<Offered> = tools
            .map(|tool| Offered { name: tool.name.value.clone(), definition: tool.definition.clone() })
            .collect();
        let is_plain = |number: u32| {
            let row = rows.iter().find(|row| u32::try_from(row.version) == Ok(number));
            row.is_some_and(|row| row.transform.is_none() && *row.state != *ACTIVE)
        };
        let mut out: Vec<(u32, String)> = Vec::new();
        loop {
            let versions = parts.iter().map(|part| part.version.clone()).collect();
            let plan = ToolVersions { versions, ..ToolVersions::named(tool.clone()) };
            let (_, doubts) = Versions::new(vec![plan], &offered, self.unix_ms);
            let before = out.len();
            for doubt in doubts.into_iter().filter(|doubt| doubt.code.severity() == Severity::Error) {
                let number = doubt.version.filter(|number| is_plain(*number));
                if let Some(number) = number.filter(|number| out.iter().all(|(known, _)| known != number)) {
                    out.push((number, doubt.message));
                }
            }
            if out.len() == before {
                return out;
            }
            parts.retain(|part| out.iter().all(|(number, _)| *number != part.version.number));
        }
    }

    /// Tells of rows that say otherwise than the files, which win.
    fn overruled(
        &self,
        rows: &[&VersionRow],
        is_asked: impl Fn(&VersionRow) -> bool,
        desk: &mut Desk<'_>,
        unserved: &mut Vec<Unserved>,
    ) {
        for row in rows {
            let key = format!("{}@{}", row.name, row.version);
            let own = self.bundle.versions.iter().find(|part| {
                part.name.value.as_str() == &*row.name
                    && u32::try_from(row.version) == Ok(part.version.number)
            });
            let otherwise = match own {
                Some(part) => otherwise(&part.version, row),
                None if is_asked(row) => {
                    let why = "the policy files declare the versions of this tool, and it is none of them"
                        .to_owned();
                    unserved.push(Unserved { tool: row.name.clone(), number: row.version, why });
                    continue;
                }
                None if row.transform.is_some() => Some("no such version".to_owned()),
                None => None,
            };
            let Some(otherwise) = otherwise else { continue };
            let at = Row { table: "tool_version", key: &key, says: &row.state };
            let message = format!("the policy files say {otherwise} of `{key}`, and they win");
            let help = "let both say the same, or take its versions out of the files";
            desk.raise(Code::RegistryVersion, at, message, help);
        }
    }

    /// Tells of tenants that the files pin by name to another version than their rows.
    fn note_pins(&self, desk: &mut Desk<'_>) {
        let grid = &self.registry.grid;
        for family in &self.bundle.families {
            let tool = family.name.value.as_str();
            let Some(column) = grid.column(tool) else { continue };
            for (tenant, number) in &family.tenants {
                let cell = grid.row(&tenant.value).and_then(|row| grid.cell(row, column));
                let Some(other) = cell.and_then(|cell| cell.extra.version) else { continue };
                if u32::try_from(other) == Ok(*number) {
                    continue;
                }
                let (key, says) = (format!("{}/{tool}", tenant.value), format!("version {other}"));
                let at = Row { table: "tenant_tool", key: &key, says: &says };
                let message =
                    format!("the policy files pin `{}` to `{tool}@{number}`, and they win", tenant.value);
                desk.raise(Code::RegistryTwoPins, at, message, "take one of the two back");
            }
        }
    }

    /// Other names of tools that have versions by now.
    fn aliases(&mut self, desk: &mut Desk<'_>) {
        for row in &self.registry.aliases {
            let Ok(tool) = ToolName::parse(&row.name) else { continue };
            if ToolName::check(&row.alias).is_err()
                || !self.bundle.versions.iter().any(|part| part.name.value == tool)
            {
                continue;
            }
            let span = desk.place(Row { table: "tool_alias", key: &row.alias, says: &row.name });
            let alias = Alias {
                name: row.alias.clone(),
                version: row.version.and_then(|number| u32::try_from(number).ok()),
                until: row.expires_unix_ms.map(|until| u64::try_from(until).unwrap_or(0)),
            };
            self.bundle.aliases.push(AliasPart { tool, alias, span });
        }
    }
}

/// The versions that tenants and aliases are about.
fn asked(registry: &Registry) -> HashSet<(&str, i32)> {
    let grid = &registry.grid;
    let pins = grid.firsts().filter_map(|(_, column, kind)| {
        Some((&**grid.tools().get(column)?, grid.kinds().get(kind)?.version?))
    });
    let aliases = registry.aliases.iter().filter_map(|row| Some((&*row.name, row.version?)));
    pins.chain(aliases).collect()
}

/// What a version is and how its calls become those of another, as its row says it in JSON, which is YAML too.
fn read(source: Source, (tool, number): (&ToolName, u32), desk: &mut Desk<'_>) -> Option<VersionPart> {
    let file = desk.sources.len();
    let span = Span { file, start: 0, end: source.text.len() };
    let node = yaml::parse(file, &source, desk.findings);
    desk.sources.push(source);
    let (version, places) = read_transform(tool, number, &node?, desk.findings)?;
    let name = Spanned { span, value: tool.clone() };
    Some(VersionPart { name, version, places, of_tool: None })
}

/// What the files say otherwise of a version than its row.
fn otherwise(version: &Version, row: &VersionRow) -> Option<String> {
    let differs = |said: Option<i64>, own: Option<u64>| {
        said.is_some_and(|said| own != Some(u64::try_from(said).unwrap_or(0)))
    };
    if *row.state != *version.state.as_str() {
        return Some(format!("`state: {}`", version.state.as_str()));
    }
    if differs(row.sunset_unix_ms, version.sunset) {
        return Some("another `sunset`".to_owned());
    }
    if row.successor.is_some_and(|number| u32::try_from(number).ok() != version.successor) {
        return Some("another `successor`".to_owned());
    }
    row.transform.is_some().then(|| "itself what becomes".to_owned())
}
