//! Which rules a set of cases has seen at work, and at rest.
//!
//! A test that only sees a rule apply holds nothing when the rule is widened, and one that only sees it
//! stay silent holds nothing when it is removed. So a rule counts as covered when some case saw it apply
//! and some case about the same tool or method saw it not apply. One that asks nothing needs only the
//! first. What takes a rule back (`unless`, an exception) is covered when it was seen to do so.

use crate::names::Label;
use crate::policy::{Decision, Explanation, Forbid, Place, Policy, RuleOutcome, RuleOutline, Why};

/// What a set of cases has seen of every rule.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// In the order of the policy.
    pub rules: Vec<CoveredRule>,
}

/// What was seen of one rule.
#[derive(Debug, Clone)]
pub struct CoveredRule {
    /// Its name.
    pub rule: Label,
    /// The file that it stands in.
    pub file: Box<str>,
    /// Where.
    pub place: Place,
    /// Whether it asks nothing, and so always applies.
    pub is_unconditional: bool,
    /// Whether some case saw it apply.
    pub has_applied: bool,
    /// Whether some case about its tools or methods saw it not apply.
    pub has_rested: bool,
    /// What can take it back.
    pub releases: Vec<Release>,
}

/// What was seen of an `unless` or an exception.
#[derive(Debug, Clone)]
pub struct Release {
    /// The name of the exception; `None` for an `unless`.
    pub exception: Option<Label>,
    /// The file that it stands in.
    pub file: Box<str>,
    /// Where.
    pub place: Place,
    /// Whether some case saw it take its rule back.
    pub has_released: bool,
}

impl Coverage {
    /// Nothing seen yet.
    pub fn new(policy: &Policy) -> Self {
        let file = |place| policy.file(place).into();
        let rule = |outline: RuleOutline<'_>| CoveredRule {
            rule: outline.rule.clone(),
            file: file(outline.place),
            place: outline.place,
            is_unconditional: outline.is_unconditional,
            has_applied: false,
            has_rested: false,
            releases: outline
                .taken_back
                .iter()
                .map(|one| Release {
                    exception: one.exception.cloned(),
                    file: file(one.place),
                    place: one.place,
                    has_released: false,
                })
                .collect(),
        };
        Self { rules: policy.outline().into_iter().map(rule).collect() }
    }

    /// Takes note of what one message showed.
    pub fn observe(&mut self, explanation: &Explanation<'_>) {
        if matches!(&explanation.decision, Decision::Forbid(Forbid { why: Why::Schema(_), .. })) {
            // No rule was asked.
            return;
        }
        for trace in &explanation.rules {
            let Some(rule) = self.rules.iter_mut().find(|rule| rule.rule == *trace.rule) else { continue };
            match &trace.outcome {
                RuleOutcome::Applies => rule.has_applied = true,
                RuleOutcome::Foreign | RuleOutcome::Unmet | RuleOutcome::Untimely => rule.has_rested = true,
                RuleOutcome::Released(by) => {
                    rule.has_rested = true;
                    let own = rule.releases.iter_mut();
                    own.filter(|release| {
                        release.exception.as_ref() == by.exception && release.place == by.place
                    })
                    .for_each(|release| release.has_released = true);
                }
            }
        }
    }

    /// How many rules, and what takes them back, are covered, and of how many.
    pub fn counts(&self) -> (usize, usize) {
        let releases = self.rules.iter().flat_map(|rule| &rule.releases);
        let covered = self.rules.iter().filter(|rule| rule.is_covered()).count()
            + releases.clone().filter(|release| release.has_released).count();
        (covered, self.rules.len() + releases.count())
    }

    /// Whether at least so many of a hundred are covered; a policy without rules is covered wholly.
    pub fn reaches(&self, percent: u8) -> bool {
        let (covered, all) = self.counts();
        covered * 100 >= all * usize::from(percent)
    }

    /// Whole percent, rounded down: a hundred means all.
    pub fn percent(&self) -> usize {
        let (covered, all) = self.counts();
        (covered * 100).checked_div(all).unwrap_or(100)
    }
}

impl CoveredRule {
    /// Whether the rule was seen to apply, and not to.
    pub fn is_covered(&self) -> bool {
        self.has_applied && (self.has_rested || self.is_unconditional)
    }

    /// What no case has shown; `None` if it is covered.
    pub fn missing(&self) -> Option<&'static str> {
        match (self.has_applied, self.has_rested || self.is_unconditional) {
            (true, true) => None,
            (true, false) => Some("no case sees it not apply"),
            (false, true) => Some("no case sees it apply"),
            (false, false) => Some("no case is about it"),
        }
    }
}
