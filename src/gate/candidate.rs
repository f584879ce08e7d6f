//! The candidate: a policy beside the one in force, which judges the same calls and decides nothing.
//!
//! **Why.** A change is tried on real traffic before it takes effect. Both policies judge every message by their
//! rules; the live one decides, and where the two differ, the record says so. **What it is not.** The caller is the
//! one that the live policy has established, and limits and redaction of the candidate are not tried: they have
//! counters and effects of their own, for which there is shadow mode.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::Verdict;
use super::rules::{Topic, decide};
use crate::identity::Caller;
use crate::names::Label;
use crate::policy::{Decision, Policy};

/// The place of a candidate; may be empty, and filled again while the gate runs.
#[derive(Debug, Default)]
pub struct Candidate(ArcSwapOption<Policy>);

/// What a candidate says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The first bytes of the candidate's digest.
    pub sha256: [u8; 4],
    /// What the rules of the policy in force said.
    pub live: Verdict,
    /// What those of the candidate say; never [`Verdict::Error`].
    pub verdict: Verdict,
    /// Why it would refuse.
    pub reason: Option<&'static str>,
    /// The rule of the candidate that decides.
    pub rule: Option<Label>,
}

impl Candidate {
    /// Puts a policy in the place, or empties it.
    pub fn put(&self, policy: Option<Arc<Policy>>) {
        self.0.store(policy);
    }

    /// Judges a message as the candidate would. A microsecond where there is one.
    pub(super) fn hear(
        &self,
        caller: &Caller,
        topic: &Topic<'_>,
        (unix_ms, version): (u64, Option<u32>),
        live: Verdict,
    ) -> Option<Trial> {
        let candidate = self.0.load();
        let policy = candidate.as_ref()?;
        let decision = decide(policy, &policy.standing(caller, unix_ms).on(version), topic)?;
        let mut sha256 = [0; 4];
        sha256.iter_mut().zip(policy.sha256).for_each(|(to, from)| *to = from);
        Some(match decision {
            Decision::Allow { by, .. } => {
                Trial { sha256, live, verdict: Verdict::Allow, reason: None, rule: Some(by.clone()) }
            }
            Decision::Forbid(forbid) => {
                let reason = Some(forbid.why.reason());
                Trial { sha256, live, verdict: Verdict::Deny, reason, rule: forbid.rule.cloned() }
            }
        })
    }
}
