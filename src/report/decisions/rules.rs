//! How often each rule and limit refused, or would have.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::bounds::RULES_COUNTED_MAX;
use crate::gate::Action;
use crate::names::Label;

/// The counts, since the start. Asked only where something was refused, or would have been.
#[derive(Debug, Default)]
pub(super) struct Rules(Mutex<HashMap<Label, (u64, u64)>>);

/// One rule or limit since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// Its name.
    pub rule: Label,
    /// Messages that it refused.
    pub denied: u64,
    /// Messages that it would have refused.
    pub would_deny: u64,
}

impl Rules {
    pub fn note(&self, rule: &Label, action: Action) {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !rules.contains_key(rule) {
            if rules.len() >= RULES_COUNTED_MAX {
                return;
            }
            rules.insert(rule.clone(), (0, 0));
        }
        let Some((denied, would_deny)) = rules.get_mut(rule) else { return };
        match action {
            Action::Deny => *denied += 1,
            Action::ShadowDeny => *would_deny += 1,
            Action::Allow | Action::Error | Action::Redact => {}
        }
    }

    /// The busiest first.
    pub fn counts(&self) -> Vec<RuleCount> {
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: Vec<RuleCount> = rules
            .iter()
            .map(|(rule, &(denied, would_deny))| RuleCount { rule: rule.clone(), denied, would_deny })
            .collect();
        counts.sort_by(|a, b| {
            (b.denied + b.would_deny).cmp(&(a.denied + a.would_deny)).then_with(|| a.rule.cmp(&b.rule))
        });
        counts
    }
}
