//! For which tenants a tool is switched on, by the files and by the registry: a no of either wins.

use super::parts::ToolPart;
use super::roles::Standing;
use super::snapshot::{Policy, Tool};
use crate::names::Label;

/// For which tenants a tool is switched on.
#[derive(Debug, Clone, Default)]
pub(super) struct TenantSwitch {
    /// For tenants that are not named, and callers without one.
    pub others: Availability,
    /// Named tenants, in the order of their index.
    pub named: Vec<(usize, Availability)>,
}

/// Whether a tool is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Availability {
    Disabled,
    #[default]
    Enabled,
}

impl Policy {
    /// Whether a tool is switched on for the caller's tenant: not where the files or the registry say no.
    pub(super) fn availability(&self, tool: &Tool, standing: &Standing) -> Availability {
        let of_files = tool.tenants.named(standing.tenant);
        let registry = self.registry.as_ref();
        let said = registry.and_then(|registry| registry.says(standing.registered, tool, standing.unix_ms));
        match (of_files, said) {
            (Some(Availability::Disabled), _) | (_, Some(Availability::Disabled)) => Availability::Disabled,
            (Some(Availability::Enabled), _) | (_, Some(Availability::Enabled)) => Availability::Enabled,
            (None, None) => tool.tenants.others,
        }
    }
}

impl TenantSwitch {
    /// What a bundle says of a tool, by the indices of `tenants`, which are in order.
    pub fn new(part: &ToolPart, tenants: &[Label]) -> Self {
        let mut switch = Self { others: Availability::Enabled, named: Vec::new() };
        for (name, availability) in &part.tenants {
            match tenants.binary_search_by(|tenant| tenant.as_str().cmp(&name.value)) {
                Ok(tenant) => switch.named.push((tenant, *availability)),
                Err(_) => switch.others = *availability,
            }
        }
        switch.named.sort_by_key(|(tenant, _)| *tenant);
        switch
    }

    /// What is said of a tenant by name.
    fn named(&self, tenant: Option<usize>) -> Option<Availability> {
        let tenant = tenant?;
        let at = self.named.binary_search_by_key(&tenant, |&(known, _)| known).ok()?;
        self.named.get(at).map(|&(_, availability)| availability)
    }
}

/// The tenants that some tool is switched for, each once.
pub(super) fn tenant_names(tools: &[ToolPart]) -> Vec<Label> {
    let named =
        tools.iter().flat_map(|tool| &tool.tenants).filter_map(|(name, _)| Label::parse(&name.value).ok());
    let mut names: Vec<Label> = named.filter(|name| name.as_str() != "*").collect();
    names.sort_unstable();
    names.dedup();
    names
}
