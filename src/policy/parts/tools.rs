//! What the server can do: its tools, their classes and for whom they are switched on.

use std::sync::Arc;
use std::time::Duration;

use super::care::{BreakerPart, TOOL_BREAKER_KEYS};
use super::{Bundle, note_double};
use crate::names::ToolName;
use crate::policy::code::Code;
use crate::policy::describe::DescribePart;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::lock::Definition;
use crate::policy::snapshot::Class;
use crate::policy::tenancy::Availability;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

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
    &["class", "timeout", "tenants", "breaker", "concurrency", "idempotent", "describe"];

impl Bundle {
    pub(super) fn read_tools(&mut self, node: &Node, findings: &mut Findings) {
        for entry in walker::map(node, "`tools`", findings).unwrap_or_default() {
            let Some(name) = read_tool_name(&entry.key, entry.key_span, findings) else { continue };
            if let Some(twin) = self.tools.iter().find(|tool| tool.name.value == name.value) {
                note_double("tool", name.value.as_str(), name.span, twin.name.span, findings);
                continue;
            }
            if let Some(tool) = read_tool(name, &entry.value, findings) {
                self.tools.push(tool);
            }
        }
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

fn read_tool(name: Spanned<ToolName>, node: &Node, findings: &mut Findings) -> Option<ToolPart> {
    let fields = Fields::open(node, "a tool", TOOL_KEYS, findings)?;
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
    let tenants = fields.get("tenants").map(|node| read_tenants(node, findings)).unwrap_or_default();
    let is_classified = fields.get("class").is_some();
    Some(ToolPart {
        name,
        class,
        is_classified,
        timeout,
        breaker,
        concurrency,
        idempotent,
        tenants,
        describe: fields.get("describe").and_then(|node| DescribePart::read(node, findings)),
        section: Section::Policy,
        definition: None,
        sha256: None,
    })
}

fn read_tenants(node: &Node, findings: &mut Findings) -> Vec<(Spanned<Box<str>>, Availability)> {
    let known = &[Availability::Disabled, Availability::Enabled];
    let spell = |availability| match availability {
        Availability::Disabled => "disabled",
        Availability::Enabled => "enabled",
    };
    let entries = walker::map(node, "`tenants` of a tool", findings).unwrap_or_default();
    let mut read = |entry: &crate::policy::yaml::Entry| {
        let availability = walker::word(&entry.value, "a word for a tenant", known, spell, findings)?;
        Some((Spanned { span: entry.key_span, value: entry.key.clone() }, availability))
    };
    entries.iter().filter_map(&mut read).collect()
}
