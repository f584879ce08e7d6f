//! Limits of tenants: what a row says of how much its tenant may use its tool.
//!
//! ```json
//! { "rate": "60/min", "burst": 20 }
//! [{ "rate": "60/min" }, { "concurrency": 4 }, { "id": "tokens", "unit": "tokens", "budget": "2_000_000/day" }]
//! ```
//!
//! **How.** A limit counts for the tenant and the tool, in the same cells as those of files: its name is `registry:` and
//! its `id` or else its kind, so a row that says another number goes on counting where it was. Ten thousand tenants
//! have a few plans among them, so each text is read once, and a call looks at no more than its own.
//!
//! **What it is not.** It takes nothing of what the files say: a call has to have room in all of them.

use std::collections::HashMap;
use std::sync::Arc;

use super::check::{Desk, Row};
use super::{Registry, place};
use crate::bounds::REGISTRY_LIMITS_MAX;
use crate::limit::Rule;
use crate::names::Mode;
use crate::policy::Source;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Faults, Findings};
use crate::policy::lower;
use crate::policy::parts::{Bundle, read_quotas};
use crate::policy::yaml;

/// Limits that stand in rows.
#[derive(Debug, Default)]
pub(in crate::policy) struct Quotas {
    /// By the kind of what a row has more, where there are limits in it.
    by_kind: HashMap<usize, Arc<[Arc<Rule>]>>,
    /// One for each name, kind and unit.
    pub rules: Vec<Arc<Rule>>,
}

impl Quotas {
    /// Reads the limits of all rows.
    pub(super) fn new(registry: &Registry, bundle: &Bundle, mode: Mode, desk: &mut Desk<'_>) -> Self {
        desk.turn();
        let mut quotas = Self::default();
        let mut known: HashMap<&str, Arc<[Arc<Rule>]>> = HashMap::new();
        for (key, (kind, text)) in first_rows(registry) {
            if known.len() == REGISTRY_LIMITS_MAX && !known.contains_key(text) {
                let row = Row { table: "tenant_tool", key: &key, says: "limits" };
                let message = format!("tenants may have {REGISTRY_LIMITS_MAX} different limits at most");
                desk.raise(Code::TooLarge, row, message, "let tenants of one plan have the same limits");
                break;
            }
            let rules = match known.get(text) {
                Some(rules) => Arc::clone(rules),
                None => {
                    let name = format!("{} limits", place("tenant_tool", &key)).into();
                    let rules = read(Source { name, text: text.to_owned() }, bundle, mode, desk);
                    known.insert(text, Arc::clone(&rules));
                    rules
                }
            };
            for rule in rules.iter() {
                if quotas.rules.iter().all(|known| known.stamp() != rule.stamp()) {
                    quotas.rules.push(Arc::clone(rule));
                }
            }
            quotas.by_kind.insert(kind, rules);
        }
        quotas.note_doubles(bundle, desk);
        quotas
    }

    /// The limits of rows of one kind. Allocates nothing.
    pub fn of(&self, kind: usize) -> &[Arc<Rule>] {
        self.by_kind.get(&kind).map(|rules| &**rules).unwrap_or_default()
    }

    /// Whether no row has any.
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }

    /// Notes a limit of the files that has the name of one in a row: their counters would be mixed.
    fn note_doubles(&self, bundle: &Bundle, desk: &mut Desk<'_>) {
        for id in bundle.limits.iter().filter_map(|part| part.id.as_ref()) {
            if self.rules.iter().any(|rule| *rule.id() == id.value) {
                let message = format!("limits in the registry are called `{}`", id.value);
                desk.findings.advise(Code::DuplicateName, id.span, message, "give this one another `id`");
            }
        }
    }
}

/// Reads the limits of one row alone, as somebody wants to write it.
///
/// # Errors
/// What is wrong with them.
pub fn check_quotas(text: &str) -> Result<(), Faults> {
    let source = Source { name: "limits".into(), text: text.to_owned() };
    let mut findings = Findings::default();
    if let Some(node) = yaml::parse(0, &source, &mut findings) {
        read_quotas(&node, &mut findings);
    }
    let has_errors = findings.has_errors();
    let faults = findings.settle(&[source]);
    if has_errors { Err(faults) } else { Ok(()) }
}

/// A row for each kind with limits, as people call it, and its text.
fn first_rows(registry: &Registry) -> Vec<(String, (usize, &str))> {
    let grid = &registry.grid;
    let mut kinds: HashMap<usize, (usize, usize)> = HashMap::new();
    for (row, column, kind) in grid.firsts() {
        kinds.entry(kind).or_insert((row, column));
    }
    let mut found: Vec<((usize, usize), usize)> = kinds.into_iter().map(|(kind, at)| (at, kind)).collect();
    found.sort_unstable();
    let named = |((row, column), kind): ((usize, usize), usize)| {
        let text = grid.kinds().get(kind)?.limits.as_deref()?;
        let (tenant, tool) = grid.tenants().get(row).zip(grid.tools().get(column))?;
        Some((format!("{tenant}/{tool}"), (kind, text)))
    };
    found.into_iter().filter_map(named).collect()
}

fn read(source: Source, bundle: &Bundle, mode: Mode, desk: &mut Desk<'_>) -> Arc<[Arc<Rule>]> {
    let file = desk.sources.len();
    let node = yaml::parse(file, &source, desk.findings);
    desk.sources.push(source);
    let Some(node) = node else { return Arc::new([]) };
    let parts = read_quotas(&node, desk.findings);
    let rules = parts.iter().filter_map(|part| {
        lower::limit(part, bundle.shared.as_ref(), mode, desk.findings)
            .map(|terms| Arc::new(Rule::new(terms)))
    });
    rules.collect()
}
