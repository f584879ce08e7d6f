//! `*.test.yaml`: calls with the decision that the policy is expected to take.
//!
//! **Why.** A policy is read by people and changed under pressure; a case says in one line what must
//! stay so. Cases are judged by the compiled policy itself, so what passes here holds at the gate.
//!
//! **How.** The caller of a case is made the way every caller is made: a key is put into a directory
//! of its own, and presented.

mod read;

pub(super) use read::{CALL_KEYS, CALLER_KEYS, CASE_KEYS, EXPECT_KEYS, TESTS_KEYS};

use std::sync::Arc;
use std::time::Duration;

use super::code::Code;
use super::compile::Part;
use super::decision::{Decision, Forbid, Why};
use super::diagnostic::{Faults, Findings, Span, quoted, shown};
use super::snapshot::Policy;
use super::{Source, yaml};
use crate::identity::{Caller, Directory, Evidence, Settings};
use crate::json::Document;
use crate::mcp::Method;
use crate::names::{Label, Now};

/// What came of the test cases of a bundle.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// How many came out as expected.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Those that did not, with what was expected and what came, and faults of the test files.
    pub faults: Faults,
}

impl CaseReport {
    /// Whether every case could be judged and came out as expected.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One case as it is written.
struct Case {
    name: Box<str>,
    /// Where the expectation stands.
    span: Span,
    caller: Settings,
    authorization: Option<&'static str>,
    message: Message,
    expected: Expected,
}

/// What a case sends.
enum Message {
    /// A tool and its arguments as JSON.
    Call(Box<str>, Option<String>),
    /// Anything else, and what it is about.
    Method(Method, Option<Box<str>>),
}

/// What a case wants.
struct Expected {
    verdict: Verdict,
    rule: Option<Label>,
    reason: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Allow,
    Deny,
}

/// Judges every case of the bundle's `*.test.yaml` by `policy`, which was compiled from `sources`.
///
/// `unix_ms` is the time at which they are judged. Limits, redaction and `mode: shadow` of the bundle play no part: a case is about what the rules say.
pub fn run_cases(policy: &Policy, sources: &[Source], unix_ms: u64) -> CaseReport {
    let mut findings = Findings::default();
    let (mut passed, mut failed) = (0, 0);
    for (file, source) in
        sources.iter().enumerate().filter(|(_, source)| Part::of(&source.name) == Part::Test)
    {
        let Some(root) = yaml::parse(file, source, &mut findings) else { continue };
        for case in read::cases(&root, policy, &mut findings) {
            match check(policy, &case, unix_ms) {
                Ok(()) => passed += 1,
                Err(came) => {
                    failed += 1;
                    let message =
                        format!("case `{}`: expected {}", shown(&case.name), case.expected.describe());
                    findings.advise(Code::CaseFailed, case.span, message, format!("the policy says: {came}"));
                }
            }
        }
    }
    CaseReport { passed, failed, faults: findings.settle(sources) }
}

/// Judges one case.
///
/// # Errors
/// What came instead of what was expected.
fn check(policy: &Policy, case: &Case, unix_ms: u64) -> Result<(), String> {
    let caller = find_caller(case)?;
    let standing = policy.standing(&caller, unix_ms);
    let arguments;
    let decision = match &case.message {
        Message::Call(tool, None) => policy.judge_call(&standing, tool, None),
        Message::Call(tool, Some(json)) => {
            arguments = Document::parse(json.as_bytes())
                .map_err(|fault| format!("the arguments are no JSON: {fault}"))?;
            policy.judge_call(&standing, tool, Some(arguments.root()))
        }
        Message::Method(method, target) => policy.judge_method(&standing, *method, target.as_deref()),
    };
    if case.expected.is_met(&decision) { Ok(()) } else { Err(describe(&decision)) }
}

fn find_caller(case: &Case) -> Result<Arc<Caller>, String> {
    let now = Now { steady: Duration::ZERO, unix_ms: 0 };
    let directory = Directory::new(case.caller.clone())
        .map_err(|fault| format!("the caller cannot be: {}", fault.kind))?;
    let found = directory.verify(&Evidence::header(case.authorization), now);
    found.settled().map_err(|refused| format!("the caller is refused: {refused:?}"))
}

impl Expected {
    fn is_met(&self, decision: &Decision<'_>) -> bool {
        let (verdict, rule, reason) = match decision {
            Decision::Allow { by, .. } => (Verdict::Allow, Some(*by), None),
            Decision::Forbid(Forbid { why, rule, .. }) => (Verdict::Deny, *rule, Some(why.reason())),
        };
        verdict == self.verdict
            && self.rule.as_ref().is_none_or(|wanted| rule == Some(wanted))
            && self.reason.is_none_or(|wanted| reason == Some(wanted))
    }

    fn describe(&self) -> String {
        let mut text = String::from(match self.verdict {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
        });
        if let Some(rule) = &self.rule {
            text.push_str(&format!(" by `{rule}`"));
        }
        if let Some(reason) = self.reason {
            text.push_str(&format!(" for the reason `{reason}`"));
        }
        text
    }
}

/// Says in words what was decided, for people who did not expect it.
fn describe(decision: &Decision<'_>) -> String {
    let forbid = match decision {
        Decision::Allow { by, .. } => return format!("allow by `{by}`"),
        Decision::Forbid(forbid) => forbid,
    };
    let rule = forbid.rule.map_or_else(|| "a rule".to_owned(), |rule| format!("`{rule}`"));
    let why = match &forbid.why {
        Why::Argument { path } => format!("{rule} comes nearest, and does not allow this `{path}`"),
        Why::Denied => format!("{rule} forbids it"),
        Why::NotAllowed => "no rule for this caller allows it".to_owned(),
        Why::Scope { missing } => {
            format!("{rule} comes nearest, and wants the scope {}", quoted(missing.iter().copied()))
        }
        Why::Tenant => "the tool is disabled for the caller's tenant".to_owned(),
        Why::UnknownTool => "there is no such tool".to_owned(),
    };
    format!("deny for the reason `{}`: {why}", forbid.why.reason())
}
