//! What the server can do: its tools, their classes and for whom they are switched on.

use std::sync::Arc;
use std::time::Duration;

use super::care::{BreakerPart, TOOL_BREAKER_KEYS};
use super::flows::read_labels;
use super::{Bundle, note_double};
use crate::names::{Label, ToolName};
use crate::policy::code::Code;
use crate::policy::describe::DescribePart;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::lock::Definition;
use crate::policy::snapshot::Class;
use crate::policy::switches::Availability;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Entry, Node};

/// A tool as the bundle declares it.
#[derive(Debug)]
pub(in crate::policy) struct ToolPart {
    pub name: Spanned<ToolName>,
    pub class: Option<Class>,
    /// Whether a class is written, readable or not.
    pub is_classified: bool,
    pub timeout: Option<Duration>,
    pub breaker: Option<BreakerPart>,
    pub concurrency: Option<u32>,
    pub idempotent: Option<Spanned<bool>>,
    /// Tenants by name; `*` for all that are not named.
    pub tenants: Vec<(Spanned<Box<str>>, Availability)>,
    /// What clients are told of it.
    pub describe: Option<DescribePart>,
    /// What a conversation has seen that got an answer of it.
    pub labels: Vec<Spanned<Label>>,
    pub section: Section,
    /// What was approved of it: only of a tool that is pinned.
    pub definition: Option<Arc<Definition>>,
    /// The digest of what was approved; older lock files have no more than that.
    pub sha256: Option<[u8; 32]>,
}

/// Where a tool was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Section {
    /// In `tools.lock.yaml`.
    Lock,
    /// Under `tools`.
    Policy,
}

/// The keys of a tool.
pub(in crate::policy) const TOOL_KEYS: &[&str] =
    &["class", "timeout", "tenants", "labels", "breaker", "concurrency", "idempotent", "describe"];

/// The keys of a tool that may have versions.
pub(in crate::policy) const FAMILY_KEYS: &[&str] = &[
    "class",
    "timeout",
    "tenants",
    "labels",
    "breaker",
    "concurrency",
    "idempotent",
    "describe",
    "default",
    "canary",
    "pins",
    "hide",
];

/// The keys of a version.
pub(in crate::policy) const VERSION_KEYS: &[&str] = &[
    "class",
    "timeout",
    "tenants",
    "labels",
    "breaker",
    "concurrency",
    "idempotent",
    "state",
    "deprecated",
    "sunset",
    "successor",
    "upstream",
    "request",
    "response",
    "brownout",
];

impl ToolPart {
    /// A tool of which nothing is said but its name.
    pub fn bare(name: Spanned<ToolName>, section: Section) -> Self {
        Self {
            name,
            class: None,
            is_classified: false,
            timeout: None,
            breaker: None,
            concurrency: None,
            idempotent: None,
            tenants: Vec::new(),
            labels: Vec::new(),
            describe: None,
            section,
            definition: None,
            sha256: None,
        }
    }
}

impl Bundle {
    pub(super) fn read_tools(&mut self, node: &Node, findings: &mut Findings) {
        for entry in walker::map(node, "`tools`", findings).unwrap_or_default() {
            let Some((name, fields)) = self.read_versioned(entry, findings) else { continue };
            if let Some(twin) = self.tools.iter().find(|tool| tool.name.value == name.value) {
                note_double("tool", name.value.as_str(), name.span, twin.name.span, findings);
                continue;
            }
            // For whom a version is there is another question than for whom its tool is.
            let tenants = fields.get("tenants").filter(|_| !entry.key.contains('@'));
            let tenants = tenants.map(|node| read_tenants(node, findings)).unwrap_or_default();
            self.tools.push(ToolPart { tenants, ..read_tool(name, fields, findings) });
        }
    }

    /// Reads what an entry says of versions; the name of the tool that it says more of, if it does.
    fn read_versioned<'n>(
        &mut self,
        entry: &'n Entry,
        findings: &mut Findings,
    ) -> Option<(Spanned<ToolName>, Fields<'n>)> {
        if entry.key.contains('@') {
            let fields = Fields::open(&entry.value, "a version", VERSION_KEYS, findings)?;
            let value = self.read_version(entry, &fields, findings)?;
            return Some((Spanned { span: entry.key_span, value }, fields));
        }
        let name = read_tool_name(&entry.key, entry.key_span, findings)?;
        let fields = Fields::open(&entry.value, "a tool", FAMILY_KEYS, findings)?;
        let is_family = self.read_family(&name, &fields, findings);
        let says_more = TOOL_KEYS.iter().any(|key| fields.get(key).is_some());
        (!is_family || says_more).then_some((name, fields))
    }
}

/// Reads the name of a tool as it may be called.
pub(in crate::policy) fn read_tool_name(
    text: &str,
    span: Span,
    findings: &mut Findings,
) -> Option<Spanned<ToolName>> {
    match ToolName::parse(text) {
        Ok(value) => Some(Spanned { span, value }),
        Err(fault) => {
            let message = format!("`{}` may not be the name of a tool: {fault}", shown(text));
            findings.advise(
                Code::BadName,
                span,
                message,
                "a tool is named in letters, digits, `_`, `.` and `-`",
            );
            None
        }
    }
}

fn read_tool(name: Spanned<ToolName>, fields: Fields<'_>, findings: &mut Findings) -> ToolPart {
    let class = fields
        .get("class")
        .and_then(|node| walker::word(node, "a class", Class::ALL, Class::as_str, findings));
    let timeout = fields.get("timeout").and_then(|node| walker::duration(node, "time", findings));
    let breaker = fields.get("breaker").and_then(|node| BreakerPart::read(node, TOOL_BREAKER_KEYS, findings));
    let concurrency = fields
        .get("concurrency")
        .and_then(|node| Some(walker::count(node, "`concurrency`", findings)?.get()));
    let idempotent = fields.get("idempotent").and_then(|node| {
        Some(Spanned { span: node.span, value: walker::boolean(node, "`idempotent`", findings)? })
    });
    let labels = fields.get("labels").map(|node| read_labels(node, findings)).unwrap_or_default();
    let is_classified = fields.get("class").is_some();
    ToolPart {
        class,
        is_classified,
        timeout,
        breaker,
        concurrency,
        idempotent,
        labels,
        describe: fields.get("describe").and_then(|node| DescribePart::read(node, findings)),
        ..ToolPart::bare(name, Section::Policy)
    }
}

pub(super) fn read_tenants(node: &Node, findings: &mut Findings) -> Vec<(Spanned<Box<str>>, Availability)> {
    let known = &[Availability::Disabled, Availability::Enabled];
    let spell = |availability| match availability {
        Availability::Disabled => "disabled",
        Availability::Enabled => "enabled",
    };
    let entries = walker::map(node, "`tenants` of a tool", findings).unwrap_or_default();
    let mut read = |entry: &Entry| {
        let availability = walker::word(&entry.value, "a word for a tenant", known, spell, findings)?;
        Some((Spanned { span: entry.key_span, value: entry.key.clone() }, availability))
    };
    entries.iter().filter_map(&mut read).collect()
}
