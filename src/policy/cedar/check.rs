//! The cross-check: both evaluators judge the same messages, and must agree.

use std::collections::BTreeSet;
use std::fmt;

use super::random::Choices;
use super::requests::{Maker, Matter, Message, describe};
use super::second::{Judgement, Second};
use super::subject::{Kind, Subject};
use crate::json::{Document, DuplicateKeys};
use crate::names::Mode;
use crate::policy::decision::{Decision, Forbid, Why};
use crate::policy::predicates::{Facts, Sight};
use crate::policy::snapshot::Policy;
use crate::policy::trace::{Explanation, RuleOutcome};

/// Both evaluators came to the same judgement of every message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    /// How many messages both have judged.
    pub judged: usize,
    /// How many of these are allowed.
    pub allowed: usize,
    /// How many were refused before any rule was asked, and so not put to Cedar.
    pub unasked: usize,
    /// The rules that determined a judgement, or would have in shadow, each once.
    pub rules: BTreeSet<String>,
}

/// Where the evaluators part: a bug of this program, never of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disagreement {
    /// Cedar does not take what a rule is lowered to, or could not judge.
    Failed(String),
    /// They judge one message differently.
    Judged {
        /// Who says what, and when.
        message: String,
        /// What the native evaluator says.
        native: String,
        /// What Cedar says.
        cedar: String,
    },
}

/// What an evaluator says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

impl Policy {
    /// Puts so many messages, made from the policy itself, to both evaluators. Alike for the same seed.
    ///
    /// Some tens of microseconds each, and some hundreds to begin with: for tests and the command line.
    ///
    /// # Errors
    /// The first [`Disagreement`].
    pub fn cross_check(&self, messages: usize, seed: u64) -> Result<Agreement, Disagreement> {
        let second = Second::new(self).map_err(Disagreement::Failed)?;
        let subjects: Vec<Subject<'_>> = Subject::all(self).collect();
        let mut choices = Choices::new(seed);
        let maker = Maker::new(self, &subjects, &mut choices).map_err(Disagreement::Failed)?;
        let mut agreement = Agreement::default();
        for _ in 0..messages {
            let Some(message) = maker.next(&mut choices) else { break };
            self.compare(&message, &second, &mut agreement)?;
        }
        Ok(agreement)
    }

    fn compare(
        &self,
        message: &Message<'_>,
        second: &Second<'_>,
        agreement: &mut Agreement,
    ) -> Result<(), Disagreement> {
        let standing = self.standing(&message.caller, message.unix_ms);
        let kind = message.subject.kind;
        let document;
        let (facts, explanation) = match (&message.matter, kind) {
            (Matter::Arguments(json), Kind::Tool(tool)) => {
                let arguments = match json {
                    None => None,
                    Some(json) => {
                        let read = Document::parse_with(json.as_bytes(), DuplicateKeys::RejectProtocol);
                        document = read.map_err(|fault| Disagreement::Failed(format!("{fault}: {json}")))?;
                        Some(document.root())
                    }
                };
                (Facts::Arguments(arguments), self.explain_call_natively(&standing, tool, arguments))
            }
            (Matter::Target(target), Kind::Free(method) | Kind::Ruled(method)) => {
                let target = target.as_deref();
                (Facts::Target(target), self.explain_method_natively(&standing, method, target))
            }
            (Matter::Arguments(_) | Matter::Target(_), _) => return Ok(()),
        };
        if is_refused_before_rules(&explanation) {
            agreement.unasked += 1;
            return Ok(());
        }
        let sight = Sight::new(facts, message.unix_ms);
        let asked = second.judge(kind, &message.caller, &sight);
        let nothing = || Err(format!("Cedar knows nothing of `{}`", kind.name()));
        let cedar = asked.unwrap_or_else(nothing).map_err(Disagreement::Failed)?;
        let native = native(&explanation);
        agreement.judged += 1;
        agreement.allowed += usize::from(native.verdict == Verdict::Allow);
        agreement.rules.extend(native.rules.iter().chain(&native.shadow).cloned());
        if native == cedar { Ok(()) } else { Err(disagreement(message, &native, &cedar)) }
    }
}

fn is_refused_before_rules(explanation: &Explanation<'_>) -> bool {
    matches!(explanation.decision, Decision::Forbid(Forbid { why: Why::Tenant | Why::UnknownTool, .. }))
}

/// The native judgement, with every rule that determines it.
fn native(explanation: &Explanation<'_>) -> Judgement {
    let applying = |mode: Mode, is_allow: bool| {
        let applies = explanation.rules.iter().filter(move |rule| {
            rule.outcome == RuleOutcome::Applies && rule.mode == mode && rule.is_allow == is_allow
        });
        let mut ids: Vec<String> = applies.map(|rule| rule.rule.to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let (verdict, rules) = match &explanation.decision {
        Decision::Allow { by, .. } => {
            let mut rules = applying(Mode::Enforce, true);
            if !rules.contains(&by.to_string()) {
                rules.push(by.to_string());
                rules.sort_unstable();
            }
            (Verdict::Allow, rules)
        }
        Decision::Forbid(_) => (Verdict::Deny, applying(Mode::Enforce, false)),
    };
    let denies = applying(Mode::Shadow, false);
    let shadow = if denies.is_empty() { applying(Mode::Shadow, true) } else { denies };
    Judgement { verdict, rules, shadow }
}

fn disagreement(message: &Message<'_>, native: &Judgement, cedar: &Judgement) -> Disagreement {
    let said = match &message.matter {
        Matter::Arguments(json) => json.clone().unwrap_or_else(|| "no arguments".to_owned()),
        Matter::Target(target) => target.clone().unwrap_or_else(|| "no target".to_owned()),
    };
    let message = format!(
        "`{}` {said} by {{ {} }} at {}",
        message.subject.kind.name(),
        describe(&message.caller),
        message.unix_ms
    );
    Disagreement::Judged { message, native: native.to_string(), cedar: cedar.to_string() }
}

impl fmt::Display for Judgement {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} by [{}]", self.verdict.as_str(), self.rules.join(", "))?;
        if self.shadow.is_empty() {
            return Ok(());
        }
        write!(to, ", in shadow [{}]", self.shadow.join(", "))
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(fault) => write!(to, "Cedar cannot judge by this policy: {fault}"),
            Self::Judged { message, native, cedar } => {
                write!(to, "{message}: native says {native}, Cedar says {cedar}")
            }
        }
    }
}

impl std::error::Error for Disagreement {}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl From<cedar_policy::Decision> for Verdict {
    fn from(decision: cedar_policy::Decision) -> Self {
        match decision {
            cedar_policy::Decision::Allow => Self::Allow,
            cedar_policy::Decision::Deny => Self::Deny,
        }
    }
}
