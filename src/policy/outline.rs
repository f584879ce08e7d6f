//! Which rules and limits a policy has, and what can take them back: what tests are measured against.

use std::sync::Arc;

use super::places::Place;
use super::roles::Audience;
use super::rules::{Clause, Docket, When};
use super::snapshot::{MethodRules, Policy, Tool};
use crate::limit;
use crate::names::{Label, Mode};

/// One rule.
#[derive(Debug, Clone)]
pub struct RuleOutline<'p> {
    /// Its name.
    pub rule: &'p Label,
    /// Where it stands.
    pub place: Place,
    /// Whether it takes effect.
    pub mode: Mode,
    /// Whether it asks nothing, so that it applies to every message that it is about.
    pub is_unconditional: bool,
    /// What can take it back.
    pub taken_back: Vec<TakenBack<'p>>,
}

/// Something that takes a rule back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack<'p> {
    /// The name of an exception; `None` for the rule's own `unless`.
    pub exception: Option<&'p Label>,
    /// Where it stands.
    pub place: Place,
}

impl Policy {
    /// Every allow and deny that is about something, in the order of the policy.
    pub fn outline(&self) -> Vec<RuleOutline<'_>> {
        let clauses: Vec<&Clause> =
            self.dockets().flat_map(|docket| docket.deny.iter().chain(&docket.allow)).collect();
        let outline = self.book.rules.iter().enumerate().filter_map(|(index, rule)| {
            let own = clauses.iter().filter(|clause| clause.rule == index);
            let first = own.clone().next()?;
            let mut taken_back = Vec::new();
            for release in own.clone().flat_map(|clause| &clause.releases) {
                let one = TakenBack { exception: release.exception.as_ref(), place: release.place };
                if !taken_back.contains(&one) {
                    taken_back.push(one);
                }
            }
            let asks_nothing = |clause: &&&Clause| {
                clause.audience == Audience::Everyone
                    && matches!(clause.when, When::Always)
                    && clause.time.is_none()
                    && clause.releases.is_empty()
            };
            let is_unconditional = own.clone().all(|clause| asks_nothing(&clause));
            Some(RuleOutline {
                rule: &rule.id,
                place: rule.place,
                mode: first.mode,
                is_unconditional,
                taken_back,
            })
        });
        outline.collect()
    }

    fn dockets(&self) -> impl Iterator<Item = &Docket> {
        let of_methods = self.methods.iter().filter_map(|rules| match rules {
            MethodRules::Free(docket) | MethodRules::Ruled(docket) => Some(docket),
            MethodRules::Never => None,
        });
        self.tools.iter().map(|tool| &tool.docket).chain(of_methods)
    }

    /// The limits that requests of one kind about `tool` are charged to, in the order of the policy.
    pub fn limits<'p>(
        &'p self,
        tool: Option<&'p Tool>,
        requests: limit::Requests,
    ) -> impl Iterator<Item = &'p Arc<limit::Rule>> + Clone {
        let indices = tool.map_or(&self.limits_of_all, |tool| &tool.limits);
        let rules = indices.iter().filter_map(|&index| self.limits.get(index));
        rules.filter(move |rule| rule.requests().has(requests))
    }

    /// The limits that the registry has for a tenant and a tool at a time, beside those of the policy. Allocates nothing.
    pub fn quotas(&self, tool: Option<&Tool>, tenant: Option<&str>, unix_ms: u64) -> &[Arc<limit::Rule>] {
        let (Some(registry), Some(tool), Some(tenant)) = (&self.registry, tool, tenant) else { return &[] };
        registry.limits(tenant, tool, unix_ms)
    }

    /// Every limit, in the order of the policy; of those in a registry one for each name, kind and unit.
    pub fn all_limits(&self) -> &[Arc<limit::Rule>] {
        &self.limits
    }

    /// The names of all limits, in the order of the policy.
    pub fn limit_ids(&self) -> impl Iterator<Item = &Label> {
        self.limits.iter().map(|limit| limit.id())
    }

    /// Every name that a record may give for what decided: of rules, of limits, of flows, and of what the protocol needs.
    pub fn deciding_ids(&self) -> impl Iterator<Item = &Label> {
        let flows = self.flows.iter().map(|flow| &flow.id);
        self.rule_ids().chain(self.limit_ids()).chain(flows).chain([&self.built_in, &self.built_in_schema])
    }

    /// Where a rule stands.
    pub fn rule_place(&self, id: &Label) -> Option<Place> {
        self.book.rules.iter().find(|rule| rule.id == *id).map(|rule| rule.place)
    }
}
