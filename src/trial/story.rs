//! What came of a message, in one line for people.

use jiff::Timestamp;

use super::act::Came;
use super::inquiry::{Question, seen};
use crate::gate::Denial;
use crate::identity::{Caller, Proof};
use crate::names::Label;
use crate::policy::{
    About, Check, Decision, Explanation, Forbid, Place, Policy, RuleOutcome, RuleTrace, Verdict, Why,
};

/// Says what was decided, by which rule, where that stands, and about whom and when.
pub fn story(
    policy: &Policy,
    question: &Question,
    came: &Came,
    explanation: Option<&Explanation<'_>>,
) -> String {
    let teller = Teller { policy, question };
    let what = match (came.verdict, &came.denial, explanation) {
        (Verdict::Allow, _, _) => teller.allowed(came),
        (Verdict::Deny, Some(Denial::Limited(_)), _) => teller.limited(came),
        (Verdict::Deny, denial, Some(Explanation { decision: Decision::Forbid(forbid), rules }))
            if denial.as_ref().is_none_or(is_of_a_rule) =>
        {
            teller.forbidden(came, forbid, rules)
        }
        (Verdict::Deny, _, _) => teller.stopped(came),
    };
    format!("{what}; {}, at {}", person(&question.caller), when(question.unix_ms))
}

/// Whether a refusal is the word of a rule, rather than of what comes before or after rules.
fn is_of_a_rule(denial: &Denial) -> bool {
    matches!(denial, Denial::Argument { .. } | Denial::Forbidden { .. } | Denial::Scope { .. })
}

struct Teller<'a> {
    policy: &'a Policy,
    question: &'a Question,
}

impl Teller<'_> {
    fn allowed(&self, came: &Came) -> String {
        let rule = came.record.rule.as_ref().map_or_else(|| "no rule".to_owned(), |rule| self.rule(rule));
        match &came.shadow {
            Some(shadow) => format!("allowed by {rule}, and in shadow denied by {}", self.rule(shadow)),
            None => format!("allowed by {rule}"),
        }
    }

    fn limited(&self, came: &Came) -> String {
        let limit = came.record.rule.as_ref().map_or("", Label::as_str);
        let detail = came.record.detail.as_deref().unwrap_or_default();
        format!("denied by the limit `{limit}` ({detail})")
    }

    fn stopped(&self, came: &Came) -> String {
        let reason = came.record.reason.as_str();
        match came.record.detail.as_deref() {
            Some(detail) => format!("denied for the reason `{reason}`: {detail}"),
            None => format!("denied for the reason `{reason}`"),
        }
    }

    fn forbidden(&self, came: &Came, forbid: &Forbid<'_>, rules: &[RuleTrace<'_>]) -> String {
        let reason = came.record.reason.as_str();
        let rule = forbid.rule.map_or_else(|| "a rule".to_owned(), |rule| self.rule(rule));
        let trace = rules.iter().find(|trace| Some(trace.rule) == forbid.rule);
        let why = match &forbid.why {
            Why::Denied => format!("{rule} forbids it"),
            Why::NotAllowed => "no rule allows it to this caller now".to_owned(),
            Why::Tenant => "the tool is disabled for the caller's tenant".to_owned(),
            Why::Schema(doubt) => doubt.to_string(),
            Why::Unjudged => "a Cedar policy cannot be evaluated".to_owned(),
            Why::UnknownTool => "the policy has no such tool".to_owned(),
            Why::Scope { missing } => {
                format!("{rule} comes nearest, and wants the scope {}", ticked(missing.iter().copied()))
            }
            Why::Argument { path } => {
                let failing = trace.into_iter().flat_map(failing);
                let told: Vec<String> = failing.map(|check| self.check(check)).collect();
                let told = if told.is_empty() { format!("another `{path}`") } else { told.join(", ") };
                format!("{rule} comes nearest, and wants {told}")
            }
        };
        format!("denied for the reason `{reason}`: {why}")
    }

    fn check(&self, check: &Check<'_>) -> String {
        match check.about {
            About::Argument(path) => match seen(&self.question.body, path) {
                Some(value) => format!("`{}`, which is {}", check.asked, short(&value)),
                None => format!("`{}`, which is missing", check.asked),
            },
            About::Caller | About::Target | About::Time => format!("`{}`", check.asked),
        }
    }

    /// A rule with its place.
    fn rule(&self, id: &Label) -> String {
        match self.policy.rule_place(id) {
            Some(at) => format!("`{id}` ({})", place(self.policy, at)),
            None => format!("`{id}`"),
        }
    }
}

/// What keeps a rule from applying, of what it asks itself.
fn failing<'t, 'p>(trace: &'t RuleTrace<'p>) -> impl Iterator<Item = &'t Check<'p>> {
    let is_released = matches!(trace.outcome, RuleOutcome::Released(_));
    trace.checks.iter().filter(move |check| !is_released && check.release.is_none() && !check.is_met)
}

/// `policy.yaml:10:5`.
pub(super) fn place(policy: &Policy, at: Place) -> String {
    format!("{}:{}:{}", policy.file(at), at.line, at.column)
}

fn ticked<'t>(words: impl Iterator<Item = &'t str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A value as it was sent, cut where it is long.
fn short(value: &str) -> String {
    const SHOWN_MAX: usize = 60;
    match value.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

/// Who calls, with everything that rules may ask about.
pub fn person(caller: &Caller) -> String {
    if caller.proof() == Proof::Anonymous {
        return "anonymous".to_owned();
    }
    let mut text = format!("as {}", caller.user());
    for (word, value) in
        [(" of ", caller.tenant()), (" by agent ", caller.agent()), (" on ", caller.workload())]
    {
        if let Some(value) = value {
            text.push_str(word);
            text.push_str(value);
        }
    }
    for (word, values) in [(" in ", caller.groups()), (" with ", caller.scopes())] {
        if !values.is_empty() {
            text.push_str(word);
            text.push_str(&values.join(" "));
        }
    }
    text
}

/// A time in UTC, as RFC 3339 writes it.
pub fn when(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| format!("{unix_ms} ms after 1970"), |time| time.to_string())
}
