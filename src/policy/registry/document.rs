//! A registry as one document of JSON: what `sluicegate registry export` prints, and what a gate keeps on its disk.
//!
//! Tenants name tools by their place in `tools`, in ranges: half a million rows are a megabyte so.
//!
//! ```json
//! { "format": 1, "server": "payments", "epoch": "9f...", "revision": 12,
//!   "versions": [], "aliases": [], "bundle": null,
//!   "tools": ["search", "refund"],
//!   "tenants": { "acme": { "enabled": "0", "disabled": "1" } },
//!   "rows": [{ "tenant": "globex", "tool": "refund", "enabled": true, "until_unix_ms": 1793491200000 },
//!            { "tenant": "initech", "tools": "0-1", "enabled": true, "version": 2 }] }
//! ```

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{AliasRow, BundleRow, Cell, Extra, Grid, Registry, VersionRow};
use crate::names::hex;

/// Why a text is no such document: the fault of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// It is of a form that a later program writes.
    #[error("its `format` is not 1")]
    Format,
    /// It is no JSON.
    #[error("it is no JSON: line {0}")]
    Json(usize),
    /// A member is missing, or of the wrong kind, at this place.
    #[error("{0}")]
    Member(String),
}

const KEYS: &[&str] =
    &["format", "server", "epoch", "revision", "versions", "aliases", "bundle", "tools", "tenants", "rows"];

impl Registry {
    /// Writes the document: always the same for the same rows.
    pub fn to_document(&self) -> Value {
        let versions = self.versions.iter().map(version_out).collect::<Vec<_>>();
        let alias = |row: &AliasRow| json!({ "alias": row.alias, "name": row.name, "version": row.version, "expires_unix_ms": row.expires_unix_ms });
        let bundle = |row: &BundleRow| {
            let files: Map<String, Value> =
                row.files.iter().map(|(name, text)| (name.to_string(), json!(text))).collect();
            json!({ "revision": row.revision, "author": row.author, "sha256": hex(&row.sha256), "files": files })
        };
        let (tools, tenants, rows) = grid_out(&self.grid);
        json!({
            "format": 1,
            "server": self.server,
            "epoch": self.epoch,
            "revision": self.revision,
            "versions": versions,
            "aliases": self.aliases.iter().map(alias).collect::<Vec<_>>(),
            "bundle": self.bundle.as_ref().map(bundle),
            "tools": tools,
            "tenants": tenants,
            "rows": rows,
        })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`DocumentFault`]. What the rows say is not judged: [`compile_over`](crate::policy::compile_over) does.
    pub fn from_document(text: &str) -> Result<Self, DocumentFault> {
        let value: Value = serde_json::from_str(text).map_err(|fault| DocumentFault::Json(fault.line()))?;
        let root = Member { at: String::new(), value: &value };
        if let Some(key) = root.object()?.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(DocumentFault::Member(format!("`{key}` is no key of it")));
        }
        if value.get("format").and_then(Value::as_u64) != Some(1) {
            return Err(DocumentFault::Format);
        }
        let bundle = root.get("bundle");
        Ok(Self {
            epoch: root.get("epoch").text()?.into(),
            revision: root.get("revision").number()?,
            server: root.get("server").text()?.into(),
            versions: root.get("versions").list()?.iter().map(version_in).collect::<Result<_, _>>()?,
            aliases: root.get("aliases").list()?.iter().map(alias_in).collect::<Result<_, _>>()?,
            bundle: if bundle.value.is_null() { None } else { Some(bundle_in(&bundle)?) },
            grid: Arc::new(grid_in(&root)?),
        })
    }
}

fn version_out(row: &VersionRow) -> Value {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| json!(text));
    json!({
        "name": row.name,
        "version": row.version,
        "state": row.state,
        "definition": json(&row.definition),
        "sha256": hex(&row.sha256),
        "approved_by": row.approved_by,
        "approved_unix_ms": row.approved_unix_ms,
        "deprecated_unix_ms": row.deprecated_unix_ms,
        "sunset_unix_ms": row.sunset_unix_ms,
        "successor": row.successor,
        "transform": row.transform.as_deref().map(json),
    })
}

fn version_in(row: &Member<'_>) -> Result<VersionRow, DocumentFault> {
    let transform = row.get("transform");
    Ok(VersionRow {
        name: row.get("name").text()?.into(),
        version: row.get("version").small()?,
        state: row.get("state").text()?.into(),
        definition: row.get("definition").value.to_string().into(),
        sha256: row.get("sha256").bytes()?,
        approved_by: row.get("approved_by").maybe(|member| Ok(member.text()?.into()))?,
        approved_unix_ms: row.get("approved_unix_ms").maybe(Member::number)?,
        deprecated_unix_ms: row.get("deprecated_unix_ms").maybe(Member::number)?,
        sunset_unix_ms: row.get("sunset_unix_ms").maybe(Member::number)?,
        successor: row.get("successor").maybe(Member::small)?,
        transform: transform.maybe(|member| Ok(member.value.to_string().into()))?,
    })
}

fn alias_in(row: &Member<'_>) -> Result<AliasRow, DocumentFault> {
    Ok(AliasRow {
        alias: row.get("alias").text()?.into(),
        name: row.get("name").text()?.into(),
        version: row.get("version").maybe(Member::small)?,
        expires_unix_ms: row.get("expires_unix_ms").maybe(Member::number)?,
    })
}

fn bundle_in(row: &Member<'_>) -> Result<BundleRow, DocumentFault> {
    let files = row.get("files");
    let file = |(name, text): (&String, &Value)| {
        let member = Member { at: format!("{}.{name}", files.at), value: text };
        Ok((name.as_str().into(), member.text()?.into()))
    };
    Ok(BundleRow {
        revision: row.get("revision").number()?,
        author: row.get("author").text()?.into(),
        sha256: row.get("sha256").bytes()?,
        files: files.object()?.iter().map(file).collect::<Result<_, _>>()?,
    })
}

/// The tools and tenants in order, and the rows that say more than yes or no.
fn grid_out(grid: &Grid) -> (Vec<&str>, Map<String, Value>, Vec<Value>) {
    let mut tools: Vec<(usize, &str)> = grid.tools().iter().map(|tool| &**tool).enumerate().collect();
    tools.sort_unstable_by_key(|(_, name)| *name);
    let mut tenants: Vec<(usize, &str)> = grid.tenants().iter().map(|tenant| &**tenant).enumerate().collect();
    tenants.sort_unstable_by_key(|(_, name)| *name);
    let (mut listed, mut rows) = (Map::new(), Vec::new());
    for (row, tenant) in tenants {
        let (mut enabled, mut disabled) = (Ranges::default(), Ranges::default());
        let mut special: Vec<(Cell, Ranges)> = Vec::new();
        for (place, (column, _)) in tools.iter().enumerate() {
            let Some(cell) = grid.cell(row, *column) else { continue };
            if cell.extra != Extra::default() {
                match special.iter_mut().find(|(known, _)| *known == cell) {
                    Some((_, ranges)) => ranges.add(place),
                    None => special.push((cell, Ranges(vec![(place, place)]))),
                }
            } else if cell.is_enabled {
                enabled.add(place);
            } else {
                disabled.add(place);
            }
        }
        rows.extend(special.iter().map(|(cell, ranges)| special_out(tenant, cell, ranges, &tools)));
        if !(enabled.0.is_empty() && disabled.0.is_empty()) {
            listed
                .insert(tenant.to_owned(), json!({ "enabled": enabled.text(), "disabled": disabled.text() }));
        }
    }
    (tools.into_iter().map(|(_, name)| name).collect(), listed, rows)
}

/// One row, or several of a tenant that say the same.
fn special_out(tenant: &str, cell: &Cell, ranges: &Ranges, tools: &[(usize, &str)]) -> Value {
    let Cell { is_enabled, extra } = cell;
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| json!(text));
    let (key, named) = match ranges.0.as_slice() {
        [(first, last)] if first == last => ("tool", tools.get(*first).map(|(_, tool)| (*tool).to_owned())),
        _ => ("tools", Some(ranges.text())),
    };
    json!({
        "tenant": tenant, key: named, "enabled": is_enabled, "version": extra.version,
        "until_unix_ms": extra.until_unix_ms, "limits": extra.limits.as_deref().map(json),
    })
}

fn grid_in(root: &Member<'_>) -> Result<Grid, DocumentFault> {
    let mut grid = Grid::default();
    let listed = root.get("tools").list()?;
    let tools = listed.iter().map(Member::text).collect::<Result<Vec<_>, _>>()?;
    let tenants = root.get("tenants");
    for (tenant, value) in tenants.object()? {
        let row = Member { at: format!("{}.{tenant}", tenants.at), value };
        for (key, is_enabled) in [("enabled", true), ("disabled", false)] {
            let member = row.get(key);
            for place in
                places(member.text()?, tools.len()).ok_or_else(|| member.fault("ranges of `tools`"))?
            {
                let Some(tool) = tools.get(place) else { continue };
                grid.put(tenant, tool, Cell { is_enabled, extra: Extra::default() });
            }
        }
    }
    for row in root.get("rows").list()? {
        let enabled = row.get("enabled");
        let is_enabled = enabled.value.as_bool().ok_or_else(|| enabled.fault("true or false"))?;
        let until = row.get("until_unix_ms").maybe(Member::number)?;
        let extra = Extra {
            until_unix_ms: until.map(|until| u64::try_from(until).unwrap_or(0)),
            version: row.get("version").maybe(Member::small)?,
            limits: row.get("limits").maybe(|member| Ok(member.value.to_string().into()))?,
        };
        let (tenant, several) = (row.get("tenant").text()?, row.get("tools"));
        if several.value.is_null() {
            grid.put(tenant, row.get("tool").text()?, Cell { is_enabled, extra });
            continue;
        }
        let found = places(several.text()?, tools.len()).ok_or_else(|| several.fault("ranges of `tools`"))?;
        for tool in found.into_iter().filter_map(|place| tools.get(place)) {
            grid.put(tenant, tool, Cell { is_enabled, extra: extra.clone() });
        }
    }
    grid.settle();
    Ok(grid)
}

/// Numbers in order, as ranges.
#[derive(Default)]
struct Ranges(Vec<(usize, usize)>);

impl Ranges {
    fn add(&mut self, number: usize) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            Some(_) | None => self.0.push((number, number)),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (first, last) in &self.0 {
            let comma = if text.is_empty() { "" } else { "," };
            // Writing into a text cannot fail.
            let _ = match first == last {
                true => write!(text, "{comma}{first}"),
                false => write!(text, "{comma}{first}-{last}"),
            };
        }
        text
    }
}

/// Reads ranges of numbers below `end`.
fn places(text: &str, end: usize) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    for range in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
        if last >= end || places.len() > end {
            return None;
        }
        places.extend(first..=last);
    }
    Some(places)
}

/// A value, with its path for people.
struct Member<'v> {
    at: String,
    value: &'v Value,
}

impl<'v> Member<'v> {
    fn fault(&self, wanted: &str) -> DocumentFault {
        DocumentFault::Member(format!("`{}` is not {wanted}", self.at))
    }

    fn get(&self, key: &str) -> Self {
        let at = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        Self { at, value: self.value.get(key).unwrap_or(&Value::Null) }
    }

    fn object(&self) -> Result<&'v Map<String, Value>, DocumentFault> {
        self.value.as_object().ok_or_else(|| self.fault("an object"))
    }

    fn list(&self) -> Result<Vec<Self>, DocumentFault> {
        let items = self.value.as_array().ok_or_else(|| self.fault("a list"))?;
        let item = |(index, value)| Self { at: format!("{}[{index}]", self.at), value };
        Ok(items.iter().enumerate().map(item).collect())
    }

    fn text(&self) -> Result<&'v str, DocumentFault> {
        self.value.as_str().ok_or_else(|| self.fault("a text"))
    }

    fn number(&self) -> Result<i64, DocumentFault> {
        self.value.as_i64().ok_or_else(|| self.fault("a whole number"))
    }

    fn small(&self) -> Result<i32, DocumentFault> {
        i32::try_from(self.number()?).map_err(|_| self.fault("a version"))
    }

    fn bytes(&self) -> Result<Box<[u8]>, DocumentFault> {
        let text = self.text()?;
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
        let digits = digits.filter(|digits| digits.len().is_multiple_of(2));
        let digits = digits.ok_or_else(|| self.fault("bytes in hexadecimal digits"))?;
        let byte =
            |pair: &[u32]| pair.iter().fold(0, |byte, digit| byte << 4 | u8::try_from(*digit).unwrap_or(0));
        Ok(digits.chunks_exact(2).map(byte).collect())
    }

    fn maybe<T>(&self, read: impl Fn(&Self) -> Result<T, DocumentFault>) -> Result<Option<T>, DocumentFault> {
        if self.value.is_null() { Ok(None) } else { read(self).map(Some) }
    }
}

/// Reads an arbitrary document, and lays it over a bundle of one file. For fuzzers.
pub fn fuzz_registry(bytes: &[u8]) {
    let Ok(registry) = Registry::from_document(&String::from_utf8_lossy(bytes)) else { return };
    let again = Registry::from_document(&registry.to_document().to_string());
    assert!(again.is_ok(), "what is written can be read");
    let text =
        "version: 1\nserver: { id: a }\ncallers: { anonymous: allow }\ntools: { search: { class: read } }\n";
    let source = crate::policy::Source { name: "policy.yaml".into(), text: text.into() };
    let compiled = crate::policy::compile_over(&[source], Some(&registry), 0, crate::names::Mode::Enforce);
    if let Err(faults) = compiled {
        assert!(!faults.render(crate::policy::Paint::Plain).is_empty(), "every fault is shown");
    }
}
