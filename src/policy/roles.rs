//! Who a caller is to the rules: a set of roles, worked out once for a message.

use super::glob::Glob;
use crate::bounds::POLICY_ROLES_MAX;
use crate::identity::Caller;
use crate::names::Label;

const WORDS: usize = POLICY_ROLES_MAX / 64;

/// A set of roles, by their index in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RoleSet([u64; WORDS]);

impl RoleSet {
    /// Adds a role. An index beyond the bound adds nothing: the compiler refuses that many roles.
    pub fn insert(&mut self, role: usize) {
        if let Some(word) = self.0.get_mut(role / 64) {
            *word |= 1 << (role % 64);
        }
    }

    /// Whether any role is in both.
    pub fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(left, right)| left & right != 0)
    }

    /// Whether all of it is in `other`.
    pub fn is_within(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(left, right)| left & !right == 0)
    }

    /// The roles that are in both, by index.
    pub fn common(self, other: Self) -> impl Iterator<Item = usize> {
        let both = self.0.into_iter().zip(other.0).map(|(left, right)| left & right);
        both.enumerate().flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }
}

/// Whom a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Every caller.
    Everyone,
    /// Callers in any of these roles.
    Roles(RoleSet),
}

/// What a caller is to one policy at one time: the roles it has, and those it would have with more scopes.
///
/// Good for the policy that made it, and for one message. Cheap to copy, borrows the caller.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'c> {
    pub(super) caller: &'c Caller,
    pub(super) held: RoleSet,
    pub(super) but_for_scopes: RoleSet,
    pub(super) tenant: Option<usize>,
    /// The row of its tenant in the registry.
    pub(super) registered: Option<usize>,
    pub(super) unix_ms: u64,
    /// The version of the tool that is called, where that is known.
    pub(super) version: Option<u32>,
}

/// A role: all its conditions hold, each by any of its values. No value means no condition.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub id: Label,
    pub scopes: Box<[Label]>,
    pub groups: Box<[Box<str>]>,
    pub tenants: Box<[Label]>,
    pub agents: Box<[Box<str>]>,
    pub users: Box<[Box<str>]>,
    /// Patterns.
    pub workloads: Box<[Glob]>,
}

impl Role {
    /// Whether the caller meets everything but the scopes.
    pub fn fits(&self, caller: &Caller) -> bool {
        any_or_none(&self.groups, |group| caller.groups().iter().any(|held| held == group))
            && any_or_none(&self.tenants, |tenant| caller.tenant() == Some(tenant.as_str()))
            && any_or_none(&self.agents, |agent| caller.agent() == Some(agent))
            && any_or_none(&self.users, |user| caller.user() == &**user)
            && any_or_none(&self.workloads, |known| caller.workload().is_some_and(|own| known.matches(own)))
    }

    /// Whether the caller has a scope of it.
    pub fn is_scoped_for(&self, caller: &Caller) -> bool {
        any_or_none(&self.scopes, |scope| caller.has_scope(scope.as_str()))
    }
}

fn any_or_none<T>(values: &[T], is_met: impl Fn(&T) -> bool) -> bool {
    values.is_empty() || values.iter().any(is_met)
}

impl<'c> Standing<'c> {
    /// The same caller, about a call of this version of a tool.
    #[must_use]
    pub fn on(self, version: Option<u32>) -> Self {
        Self { version, ..self }
    }

    /// Works out what a caller is to `roles`, at a time; `tenants` are in order.
    pub(super) fn of(caller: &'c Caller, roles: &[Role], tenants: &[Label], unix_ms: u64) -> Self {
        let (held, but_for_scopes) = (RoleSet::default(), RoleSet::default());
        let mut standing =
            Self { caller, held, but_for_scopes, tenant: None, registered: None, unix_ms, version: None };
        for (index, role) in roles.iter().enumerate().filter(|(_, role)| role.fits(caller)) {
            standing.but_for_scopes.insert(index);
            if role.is_scoped_for(caller) {
                standing.held.insert(index);
            }
        }
        standing.tenant =
            caller.tenant().and_then(|name| tenants.binary_search_by(|known| known.as_str().cmp(name)).ok());
        standing
    }
}

impl Audience {
    /// Whether everyone in `other` is in it too.
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Everyone, _) => true,
            (Self::Roles(_), Self::Everyone) => false,
            (Self::Roles(wide), Self::Roles(narrow)) => narrow.is_within(wide),
        }
    }

    /// Whether a caller with these roles belongs to it.
    pub fn admits(self, roles: RoleSet) -> bool {
        match self {
            Self::Everyone => true,
            Self::Roles(wanted) => wanted.meets(roles),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_roles_apart_across_words() {
        let mut set = RoleSet::default();
        for role in [0, 63, 64, 255, POLICY_ROLES_MAX] {
            set.insert(role);
        }
        let mut other = RoleSet::default();
        other.insert(64);
        other.insert(65);
        other.insert(255);
        assert!(set.meets(other) && !set.meets(RoleSet::default()));
        assert_eq!(set.common(other).collect::<Vec<_>>(), [64, 255]);
    }
}
