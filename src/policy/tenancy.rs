//! For whom the tools of a server are switched on.

/// For which tenants a tool is switched on.
#[derive(Debug, Clone, Default)]
pub(super) struct TenantSwitch {
    /// For tenants that are not named, and callers without one.
    pub others: Availability,
    /// Named tenants, by index.
    pub named: Vec<(usize, Availability)>,
}

/// Whether a tool is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Availability {
    Disabled,
    #[default]
    Enabled,
}

impl TenantSwitch {
    /// Whether the tool is there for a tenant, by index; `None` is a caller without one.
    pub fn of(&self, tenant: Option<usize>) -> Availability {
        let named = tenant.and_then(|tenant| self.named.iter().find(|(known, _)| *known == tenant));
        named.map_or(self.others, |&(_, availability)| availability)
    }
}
