//! What is written down of the name of what a message is about.
//!
//! The author of a policy has written down the names of its tools; every other name, and every URI, is the client's
//! text, and a secret may stand in it: a token in the query of a URI, a card number for a tool. Rules of the policy
//! see such names only where they look at arguments, and only after the message was allowed. So the record of each
//! message leaves out a name in which a credential or a card number can be seen, whatever the policy looks for.
//!
//! This hides nothing from the server and refuses nothing: that is for rules.

use super::Record;
use super::record::cut;
use super::rules::Topic;
use crate::bounds::TARGET_BYTES_MAX;
use crate::json::{self, Document};
use crate::names::{Label, Mode};
use crate::policy::Policy;
use crate::scan::{Action, Confidence, Detector, Direction, Pack, Plan, PlanFault, Rule};

/// Finds names that may not be written down.
#[derive(Debug)]
pub(super) struct Blotter(Plan);

impl Blotter {
    pub(super) fn new() -> Self {
        // INVARIANT: one rule with detectors is a plan.
        Self(plan().expect("one rule makes a plan"))
    }

    /// Notes what a message is about, unless that may not be written down.
    pub(super) fn aim(&self, policy: &Policy, topic: &Topic<'_>, record: &mut Record) {
        let Some(target) = topic.target() else { return };
        let is_ours = topic.tool_name().is_some_and(|name| policy.tool(name).is_some());
        if is_ours || self.is_fit(target) {
            record.target = Some(cut(target, TARGET_BYTES_MAX).into());
        }
    }

    fn is_fit(&self, target: &str) -> bool {
        let quoted = json::quote(target);
        let Ok(document) = Document::parse(quoted.as_bytes()) else { return false };
        self.0.scan(Direction::Arguments, document.root()).findings.is_empty()
    }
}

fn plan() -> Result<Plan, PlanFault> {
    // INVARIANT: a literal that is a label.
    let id = Label::parse("names").expect("the name of the rule is a label");
    Plan::new(vec![Rule {
        id,
        on: Direction::Arguments,
        detectors: Detector::of(Pack::Credentials).chain([Detector::PAN]).collect(),
        fields: Vec::new(),
        action: Action::Replace,
        keep_last: None,
        confidence: Confidence::Likely,
        allow_pan: false,
        mode: Mode::Enforce,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_secrets() {
        let blotter = Blotter::new();
        for name in [
            "delete_all",
            "payments.refund",
            "get_token",
            "reset-password",
            "file:///orders/2026/11/23.json",
            "https://acme.example/tokens?page=2",
            "note://people/123-45-6789",
            "name \" with \\ anything \u{1}",
        ] {
            assert!(blotter.is_fit(name), "{name}");
        }
        for name in [
            "refund_4111111111111111",
            "pay.4111-1111-1111-1111",
            "https://ann:secret-1@acme.example/x",
            "https://acme.example/x?password=hunter2&y=1",
            concat!("sk", "_live_aaaaaaaaaaaaaaaaaaaaaaaa"),
        ] {
            assert!(!blotter.is_fit(name), "{name}");
        }
    }
}
