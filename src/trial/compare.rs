//! What came, held against what a case wants.

use std::collections::BTreeMap;
use std::time::Duration;

use super::act::Came;
use super::inquiry::Question;
use super::message::told;
use crate::gate::Denial;
use crate::json::{Document, Value};
use crate::names::Label;
use crate::policy::{
    About, Case, Cases, Code, Decision, DeniedBy, Explanation, Forbid, Listing, Mark, Policy, Redacted,
    RuleTrace, Verdict, Wanted, Why,
};
use crate::scan::{Detector, Direction};

/// All that came of the messages of one case.
#[derive(Debug)]
pub(super) struct Runs<'p> {
    pub question: Question,
    /// The last one decides what is said of all.
    pub last: Option<(Came, Option<Explanation<'p>>)>,
    pub told: String,
    allowed: u32,
    sent: u32,
    denials: Vec<Denied>,
    found: BTreeMap<&'static str, u32>,
}

/// One message that did not go through.
#[derive(Debug)]
struct Denied {
    by: Option<DeniedBy>,
    wait: Option<Duration>,
}

impl<'p> Runs<'p> {
    pub fn new(question: Question) -> Self {
        let (denials, found) = (Vec::new(), BTreeMap::new());
        Self { question, last: None, told: String::new(), allowed: 0, sent: 0, denials, found }
    }

    pub fn add(&mut self, came: Came, explanation: Option<Explanation<'p>>) {
        self.sent += 1;
        for (_, finding) in &came.record.findings {
            let count = self.found.entry(finding.detector.as_str()).or_default();
            *count = count.saturating_add(finding.count);
        }
        let rule = came.record.rule.clone();
        match (came.verdict, &came.denial) {
            (Verdict::Allow, _) => self.allowed += 1,
            (Verdict::Deny, Some(Denial::Limited(limited))) => {
                let wait = limited.excess.wait();
                self.denials.push(Denied { by: rule.map(DeniedBy::Limit), wait });
            }
            (Verdict::Deny, _) => self.denials.push(Denied { by: rule.map(DeniedBy::Rule), wait: None }),
        }
        self.last = Some((came, explanation));
    }
}

/// Holds the runs of a case against what it wants, notes each difference and gives it back in words.
pub(super) fn compare(policy: &Policy, case: &Case, runs: &Runs<'_>, cases: &mut Cases) -> Vec<String> {
    let Some((came, explanation)) = &runs.last else { return Vec::new() };
    let mut differences = Differences { found: Vec::new() };
    let judge = Judge { case, runs, came, explanation: explanation.as_ref() };
    judge.decision(&mut differences);
    if differences.found.is_empty() {
        judge.rules(&mut differences);
        judge.words(&mut differences);
        judge.content(&mut differences);
        judge.limits(&mut differences);
        judge.list(policy, &mut differences);
    }
    let mut wrong = Vec::new();
    for (code, mark, message) in differences.found {
        cases.note(code, mark, format!("case `{}`: {message}", case.name), runs.told.clone());
        wrong.push(message);
    }
    wrong
}

struct Differences {
    found: Vec<(Code, Mark, String)>,
}

impl Differences {
    /// Notes a difference unless there is none.
    fn expect<T>(
        &mut self,
        code: Code,
        wanted: Option<&Wanted<T>>,
        differs: impl FnOnce(&T) -> Option<String>,
    ) {
        if let Some(wanted) = wanted
            && let Some(message) = differs(&wanted.value)
        {
            self.found.push((code, wanted.mark, message));
        }
    }
}

struct Judge<'j, 'p> {
    case: &'j Case,
    runs: &'j Runs<'p>,
    came: &'j Came,
    explanation: Option<&'j Explanation<'p>>,
}

impl<'p> Judge<'_, 'p> {
    fn decision(&self, differences: &mut Differences) {
        let came = self.came.verdict;
        differences.expect(Code::CaseFailed, self.case.expected.decision.as_ref(), |wanted| {
            let (wanted, came) = (wanted.as_str(), came.as_str());
            (wanted != came).then(|| format!("expected {wanted}, came {came}"))
        });
    }

    fn rules(&self, differences: &mut Differences) {
        let expected = &self.case.expected;
        let differs = |word: &str, wanted: &Label, came: Option<&Label>| {
            let came_word = came.map_or_else(|| "none".to_owned(), |came| format!("`{came}`"));
            (came != Some(wanted)).then(|| format!("expected {word} `{wanted}`, came {came_word}"))
        };
        let rule = self.came.record.rule.as_ref();
        differences
            .expect(Code::CaseRule, expected.rule.as_ref(), |wanted| differs("the rule", wanted, rule));
        differences.expect(Code::CaseRule, expected.nearest.as_ref(), |wanted| {
            differs("nearest", wanted, self.nearest())
        });
        differences.expect(Code::CaseRule, expected.shadow.as_ref(), |wanted| {
            differs("in shadow", wanted, self.came.shadow.as_ref())
        });
        let reason = self.came.record.reason.as_str();
        differences.expect(Code::CaseRule, expected.reason.as_ref(), |wanted| {
            (*wanted != reason).then(|| format!("expected the reason `{wanted}`, came `{reason}`"))
        });
        differences.expect(Code::CaseArgument, expected.failed.as_ref(), |wanted| {
            let failing = self.failing();
            let others: Vec<String> = wanted
                .iter()
                .filter(|path| !failing.contains(&&***path))
                .map(|path| format!("`{path}`"))
                .collect();
            let came: Vec<String> = failing.iter().map(|path| format!("`{path}`")).collect();
            let came = if came.is_empty() { "none".to_owned() } else { came.join(", ") };
            (!others.is_empty())
                .then(|| format!("expected the argument {} to fail, came {came}", others.join(", ")))
        });
    }

    /// The allow that comes nearest; none where a rule decides.
    fn nearest(&self) -> Option<&'p Label> {
        match &self.explanation?.decision {
            Decision::Forbid(Forbid { why: Why::Argument { .. } | Why::Scope { .. }, rule, .. }) => *rule,
            Decision::Forbid(_) | Decision::Allow { .. } => None,
        }
    }

    /// The arguments on which the decision turned.
    fn failing(&self) -> Vec<&str> {
        let Some(Explanation { decision: Decision::Forbid(forbid), rules }) = self.explanation else {
            return Vec::new();
        };
        if let Why::Schema(doubt) = &forbid.why {
            return vec![doubt.path()];
        }
        let of_rule = |trace: &&RuleTrace<'p>| Some(trace.rule) == forbid.rule;
        let is_denied = forbid.why == Why::Denied;
        let checks = rules.iter().filter(of_rule).flat_map(|trace| &trace.checks);
        let own = checks.filter(|check| check.release.is_none() && check.is_met == is_denied);
        let paths = own.filter_map(|check| match check.about {
            About::Argument(path) => Some(path),
            About::Caller | About::Target | About::Time => None,
        });
        paths.collect()
    }

    fn words(&self, differences: &mut Differences) {
        let expected = &self.case.expected;
        let reply = self.came.reply.as_ref();
        let text = reply.and_then(|reply| told(&reply.body));
        differences.expect(Code::CaseWords, expected.message.as_ref(), |wanted| {
            let came = text.as_deref().unwrap_or("nothing");
            let is_told = text.as_ref().is_some_and(|text| text.contains(&**wanted));
            (!is_told).then(|| format!("expected the caller to be told `{wanted}`, came `{came}`"))
        });
        differences.expect(Code::CaseWords, expected.scopes.as_ref(), |wanted| {
            let mut asked: Vec<&str> = match &self.came.denial {
                Some(Denial::Scope { missing }) => missing.iter().map(|scope| &**scope).collect(),
                _ => Vec::new(),
            };
            asked.sort_unstable();
            let is_same = asked.iter().copied().eq(wanted.iter().map(|scope| &**scope));
            let asked = if asked.is_empty() { "none".to_owned() } else { asked.join(" ") };
            (!is_same).then(|| format!("expected to be asked for `{}`, came {asked}", wanted.join(" ")))
        });
        let http = &expected.http;
        differences.expect(Code::CaseWords, http.status.as_ref(), |wanted| {
            let came = reply.map_or(200, |reply| reply.http_status);
            (came != *wanted).then(|| format!("expected the HTTP status {wanted}, came {came}"))
        });
        differences.expect(Code::CaseWords, http.code.as_ref(), |wanted| {
            let came = reply.and_then(|reply| reply.code);
            let came_word = came.map_or_else(|| "none".to_owned(), |code| code.to_string());
            (came != Some(*wanted)).then(|| format!("expected the error code {wanted}, came {came_word}"))
        });
        differences.expect(Code::CaseWords, http.challenge.as_ref(), |wanted| {
            let came = reply.and_then(|reply| reply.challenge.as_deref());
            let is_there = came.is_some_and(|came| came.contains(&**wanted));
            (!is_there)
                .then(|| format!("expected the challenge `{wanted}`, came `{}`", came.unwrap_or("none")))
        });
    }

    fn content(&self, differences: &mut Differences) {
        for wanted in &self.case.expected.redacted {
            differences.expect(Code::CaseContent, Some(wanted), |wanted| self.differs_at(wanted));
        }
        for wanted in &self.case.expected.found {
            differences.expect(Code::CaseContent, Some(wanted), |(detector, count): &(Detector, u32)| {
                let word = detector.as_str();
                let came = self.runs.found.get(word).copied().unwrap_or_default();
                (came != *count).then(|| format!("expected {count} of kind `{word}`, found {came}"))
            });
        }
    }

    fn differs_at(&self, wanted: &Redacted) -> Option<String> {
        let (body, outer, word) = match wanted.direction {
            Direction::Arguments => (self.came.sent.as_ref(), ["params", "arguments"].as_slice(), "args."),
            Direction::Results => (self.came.handed.as_ref(), ["result"].as_slice(), ""),
        };
        let path = &wanted.path;
        let Some(body) = body else {
            return Some(format!("expected `{word}{path}`, and nothing was passed on"));
        };
        let document = Document::parse(body).ok();
        let root = document.as_ref().map(Document::root);
        let inner = root.and_then(|root| outer.iter().try_fold(root, |value, key| value.get(key)));
        match inner.and_then(|inner| path.find(inner)) {
            Some(value) if is_same(value, &wanted.value) => None,
            Some(value) => {
                Some(format!("expected `{word}{path}` to be {}, came {}", wanted.value, value.raw()))
            }
            None => Some(format!("expected `{word}{path}` to be {}, and it is not there", wanted.value)),
        }
    }

    fn limits(&self, differences: &mut Differences) {
        let expected = &self.case.expected;
        let runs = self.runs;
        differences.expect(Code::CaseLimit, expected.allowed.as_ref(), |wanted| {
            let (came, sent) = (runs.allowed, runs.sent);
            (came != *wanted).then(|| format!("expected {wanted} of {sent} to go through, came {came}"))
        });
        differences.expect(Code::CaseLimit, expected.denied_by.as_ref(), |wanted| {
            if runs.denials.is_empty() {
                return Some(format!(
                    "expected to be denied by {}, and all went through",
                    denier(Some(wanted))
                ));
            }
            let other = runs.denials.iter().find(|denied| denied.by.as_ref() != Some(wanted))?;
            Some(format!(
                "expected to be denied by {}, came {}",
                denier(Some(wanted)),
                denier(other.by.as_ref())
            ))
        });
        differences.expect(Code::CaseLimit, expected.retry_after.as_ref(), |&(from, to)| {
            let waits = runs.denials.iter().filter_map(|denied| denied.wait);
            let Some(longest) = waits.clone().max() else {
                return Some("expected some to be told to wait, and no limit refused any".to_owned());
            };
            let outside = waits.clone().find(|wait| !(from..=to).contains(wait))?;
            Some(format!(
                "expected to be told to wait {} to {}, came {} (at most {})",
                spelled(from),
                spelled(to),
                spelled(outside),
                spelled(longest),
            ))
        });
    }

    fn list(&self, policy: &Policy, differences: &mut Differences) {
        let question = &self.runs.question;
        differences.expect(Code::CaseList, self.case.expected.lists.as_ref(), |wanted| {
            let standing = policy.standing(&question.caller, question.unix_ms);
            let tools = policy.tools().iter().map(|tool| tool.name.as_str());
            let mut shown: Vec<&str> =
                tools.filter(|tool| policy.lists(&standing, tool) == Listing::Shown).collect();
            shown.sort_unstable();
            let is_same = shown.iter().copied().eq(wanted.iter().map(|tool| &**tool));
            let words =
                |names: &[&str]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            let wanted: Vec<&str> = wanted.iter().map(|tool| &**tool).collect();
            (!is_same).then(|| format!("expected to be shown {}, came {}", words(&wanted), words(&shown)))
        });
    }
}

/// A span of time as cases write it, rounded up to milliseconds.
fn spelled(span: Duration) -> String {
    let ms = span.as_nanos().div_ceil(1_000_000);
    if ms.is_multiple_of(1000) { format!("{}s", ms / 1000) } else { format!("{ms}ms") }
}

fn denier(by: Option<&DeniedBy>) -> String {
    match by {
        Some(DeniedBy::Limit(id)) => format!("the limit `{id}`"),
        Some(DeniedBy::Rule(id)) => format!("the rule `{id}`"),
        None => "no rule".to_owned(),
    }
}

/// Whether two values are the same, however they are spelled.
fn is_same(value: Value<'_>, wanted: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    value.raw() == wanted || parse(value.raw()).is_some_and(|value| Some(value) == parse(wanted))
}
