//! Limits in a row of a registry: what a tenant may use of a tool.

use super::limits::{KINDS, LIMIT_KEYS, LimitPart, read_terms};
use crate::limit::{Kind, Level, Unit};
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Spanned};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

/// The keys of a limit that a row of a registry says by being one: for whom, for what, and since when.
const OF_THE_ROW: &[&str] = &["per", "match", "since"];

/// What the names of limits in rows begin with.
const QUOTA_PREFIX: &str = "registry:";

/// Reads the limits of a row in a registry, one or a list: each for its tenant and its tool.
pub(in crate::policy) fn read_quotas(node: &Node, findings: &mut Findings) -> Vec<LimitPart> {
    let items = match &node.content {
        Content::List(items) => items.as_slice(),
        Content::Map(_) | Content::Scalar(_) | Content::Unreadable => std::slice::from_ref(node),
    };
    let mut parts: Vec<LimitPart> = Vec::new();
    for item in items {
        let Some(part) = read_quota(item, findings) else { continue };
        let name = |part: &LimitPart| {
            let id = part.id.as_ref().map(|id| id.value.clone());
            (id, part.kind.as_ref().map(Kind::as_str), part.unit.value.clone())
        };
        if parts.iter().any(|known| name(known) == name(&part)) {
            let message = "two limits of one row have the same name";
            findings.advise(Code::DuplicateName, part.span, message, "give each of them an `id`");
        }
        parts.push(part);
    }
    parts
}

fn read_quota(node: &Node, findings: &mut Findings) -> Option<LimitPart> {
    let keys: Vec<_> = LIMIT_KEYS.iter().copied().filter(|key| !OF_THE_ROW.contains(key)).collect();
    let fields = Fields::open(node, "a limit of a tenant", &keys, findings)?;
    let own = fields.get("id").and_then(|node| walker::label(node, "a limit id", findings));
    let kind = KINDS.iter().find(|kind| fields.get(kind).is_some()).copied().unwrap_or_default();
    let name = own.as_ref().map_or(kind, |id| id.value.as_str());
    let value = Label::parse(&format!("{QUOTA_PREFIX}{name}")).ok();
    let id = value.map(|value| Spanned { span: fields.span(), value });
    let part = read_terms(&fields, id, vec![Level::Tenant, Level::Tool], findings);
    if matches!(part.unit.value, Unit::Argument(_)) {
        let message = "a limit of a tenant counts no argument";
        let help = "write it under `limits` of a policy, with `match: { tools: [...] }`";
        findings.advise(Code::LimitArgument, part.unit.span, message, help);
    }
    Some(part)
}
